/*
 * Rules: small worlds, each of which shows one promise of the library that rests on a rule of
 * Windows which Wine does not have: access, other users, other machines, mailslots.
 */
#ifndef SIM_RULES_H
#define SIM_RULES_H

#include "sim.h"

#include "pipeport.h"

typedef struct rule {
    const char *sentence;
    void (*world)(void);
} rule;

typedef struct rule_table {
    const rule *rows;
    size_t count;
} rule_table;

extern const rule_table access_rules, account_rules, client_rules, remote_rules, slot_rules,
    batch_rules;

/* Runs each rule under many seeds. The exit status: 0 if all hold. */
int rules_main(void);

/* ---- Who is there; the server is sim_server -------------------------------------------------- */

#define RULE_STRANGER "S-1-5-21-1-1-1-1001"

extern const sim_process rule_stranger; /* another user */
extern const sim_process rule_low;      /* the server's user, at low integrity */
extern const sim_process rule_ssh;      /* the server's user, by a network logon here */
extern const sim_process rule_remote;   /* the server's user on the other machine */
extern const sim_process rule_remote_stranger;

/* Fails the world unless both are the same. */
void rule_expect(const char *what, unsigned long long seen, unsigned long long wanted);

/* Runs a function in a process, and waits until it returns. */
void rule_in(const sim_process *who, LPTHREAD_START_ROUTINE what, void *argument);

/* ---- A server, which echoes, and a plain client ---------------------------------------------- */

typedef struct rule_server {
    pp_port *port;
    pp_listener *listener;
    pp_mailslot *mailslot;
    pp_peer peer; /* the last one that sent something */
    unsigned opened, answered;
    pp_status reason; /* of the last connection that ended */
} rule_server;

#define RULE_PIPE L"\\\\.\\pipe\\rule"
#define RULE_REMOTE_PIPE L"\\\\ONE\\pipe\\rule"

void rule_open(rule_server *s);
void rule_prepare(rule_server *s, pp_listen_options *listen);
pp_status rule_listen(rule_server *s, const pp_listen_options *listen);

/* Opens it, and listens with this access, which gives `wanted`. */
void rule_serve(rule_server *s, const pp_access *access, pp_status wanted);
void rule_close(rule_server *s);

/* Opens the pipe, asks something, and reads the answer: an error, or 0. */
DWORD rule_visit(const sim_process *who, const WCHAR *path, DWORD rights, DWORD flags);

/* The same with the rights of a plain client. */
DWORD rule_call(const sim_process *who, const WCHAR *path);

/* The error of the call that has just made or opened this handle, or 0; closes it. */
DWORD rule_outcome(HANDLE pipe);

/* The only instance of a pipe that everybody may open, made by this process. */
HANDLE rule_pose(const sim_process *who, const WCHAR *path);

#endif
