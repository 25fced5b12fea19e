/*
 * Rules of two machines: the server is on ONE, and a client may be on TWO.
 */
#include "rules.h"

#include <string.h>

static void remote__refused(void)
{
    pp_access access = {.sddl = "D:(A;;GA;;;WD)"};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("a remote client", rule_call(&rule_remote, RULE_REMOTE_PIPE), ERROR_ACCESS_DENIED);
    rule_expect("a local one", rule_call(&rule_stranger, RULE_PIPE), ERROR_SUCCESS);
    rule_expect("connections", s.opened, 1);
    rule_close(&s);
}

static void remote__allowed(void)
{
    const char *users[] = {RULE_STRANGER};
    pp_access access = {.allow_remote = true};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("our remote user", rule_call(&rule_remote, RULE_REMOTE_PIPE), ERROR_SUCCESS);
    rule_expect("its user", strcmp(s.peer.user, rule_remote.user), 0);
    rule_expect("a remote stranger", rule_call(&rule_remote_stranger, RULE_REMOTE_PIPE),
                ERROR_ACCESS_DENIED);
    rule_close(&s);
    access.allow = users;
    access.allow_count = 1;
    rule_serve(&s, &access, PP_OK);
    rule_expect("an allowed user", rule_call(&rule_remote_stranger, RULE_REMOTE_PIPE),
                ERROR_SUCCESS);
    rule_expect("its user", strcmp(s.peer.user, RULE_STRANGER), 0);
    rule_close(&s);
}

/* Who comes over the network has its SID, also with a network logon on this machine. */
static void remote__network_denied(void)
{
    pp_access access = {.allow_remote = true, .sddl = "D:(D;;GA;;;NU)(A;;GA;;;WD)"};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("a remote client", rule_call(&rule_remote, RULE_REMOTE_PIPE), ERROR_ACCESS_DENIED);
    rule_expect("a network logon here", rule_call(&rule_ssh, RULE_PIPE), ERROR_ACCESS_DENIED);
    rule_expect("a local client", rule_call(&rule_stranger, RULE_PIPE), ERROR_SUCCESS);
    rule_close(&s);
}

/* Each machine has its names. */
static void remote__other_names(void)
{
    pp_access access = {.allow_remote = true};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("the name there", rule_call(&rule_remote, RULE_PIPE), ERROR_FILE_NOT_FOUND);
    rule_expect("on the other machine", rule_call(&sim_client, L"\\\\TWO\\pipe\\rule"),
                ERROR_FILE_NOT_FOUND);
    rule_expect("on no machine", rule_call(&sim_client, L"\\\\SIX\\pipe\\rule"), ERROR_BAD_NETPATH);
    rule_close(&s);
}

/* ---- Our own client ---------------------------------------------------------------------------
 */

typedef struct remote__dialled {
    const char *name;
    uint64_t timeout_ms;
    bool aborts;
    unsigned answers;
    volatile bool closed;
    pp_status reason;
} remote__dialled;

static pp_status remote__answer(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)data;
    rule_expect("bytes of the answer", length, 5);
    ((remote__dialled *)user)->answers++;
    pp_conn_close(conn);
    return PP_OK;
}

static void remote__closed(pp_conn *conn, void *user, pp_status reason)
{
    remote__dialled *d = user;

    (void)conn;
    d->reason = reason;
    d->closed = true;
}

/* In a process of the other machine: a port of its own. */
static DWORD remote__dial(void *argument)
{
    remote__dialled *d = argument;
    pp_dial_options dial;
    rule_server own;
    pp_conn *conn;

    rule_open(&own);
    pp_dial_options_init(&dial);
    dial.name = d->name;
    dial.conn.mode = PP_MODE_MESSAGE;
    dial.conn.handlers = (pp_handlers){.on_message = remote__answer, .on_close = remote__closed};
    dial.conn.user = d;
    dial.timeout_ms = d->timeout_ms;
    rule_expect("pp_dial", pp_dial(own.port, &dial, &conn, NULL), PP_OK);
    pp_conn_send(conn, "five", 5);
    if (d->aborts) {
        sim_sleep(sim_draw(30));
        pp_conn_abort(conn);
    }
    while (!d->closed)
        sim_sleep(5);
    pp_conn_unref(&conn);
    rule_close(&own);
    return 0;
}

static void remote__dials(void)
{
    remote__dialled d = {.name = "\\\\ONE\\pipe\\rule", .timeout_ms = 120000};
    pp_access access = {.allow_remote = true};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_in(&rule_remote, remote__dial, &d);
    rule_expect("answers", d.answers, 1);
    rule_expect("the reason", d.reason, PP_OK);
    rule_close(&s);
    rule_expect("its user", strcmp(s.peer.user, rule_remote.user), 0);
}

static void remote__dial_refused(void)
{
    remote__dialled d = {.name = "\\\\ONE\\pipe\\rule", .timeout_ms = 120000};
    pp_access access = {0};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_in(&rule_remote, remote__dial, &d);
    rule_expect("the reason", d.reason, PP_E_ACCESS);
    rule_close(&s);
    rule_expect("connections", s.opened, 0);
}

/* Opening a name on another machine may block for long; who dials does not wait for it. */
static void remote__dial_ends(void)
{
    remote__dialled d = {.name = "\\\\ONE\\pipe\\rule", .timeout_ms = 1 + sim_draw(30)};
    pp_access access = {.allow_remote = true};
    uint64_t began = sim_now_ns();
    rule_server s;

    d.aborts = sim_chance(2);
    rule_serve(&s, &access, PP_OK);
    rule_in(&rule_remote, remote__dial, &d);
    if (d.reason != PP_OK && d.reason != PP_E_TIMEOUT && d.reason != PP_E_ABORTED)
        sim_fail("the reason is %s", pp_status_name(d.reason));
    if (sim_now_ns() - began > 1000000000ull)
        sim_fail("it took %llu ms", (unsigned long long)((sim_now_ns() - began) / 1000000));
    rule_close(&s);
}

static const rule remote__rows[] = {
    {"an ordinary listener refuses clients of other machines", remote__refused},
    {"allow_remote lets in whom the access names, and knows its user", remote__allowed},
    {"an sddl that denies NETWORK denies other machines and network logons",
     remote__network_denied},
    {"the names of another machine are others", remote__other_names},
    {"our own client dials another machine", remote__dials},
    {"our own client is refused by another machine", remote__dial_refused},
    {"our own client does not wait for another machine", remote__dial_ends},
};

const rule_table remote_rules = {remote__rows, sizeof remote__rows / sizeof *remote__rows};
