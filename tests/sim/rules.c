#include "rules.h"

#include <sddl.h>
#include <stdio.h>
#include <string.h>

#define RULES__SEEDS 200

static const rule_table *const rules__tables[] = {&access_rules, &account_rules, &client_rules,
                                                  &remote_rules, &slot_rules,    &batch_rules};

const sim_process rule_stranger = {.id = 501, .session = 2, .user = RULE_STRANGER};
const sim_process rule_low = {
    .id = 502, .session = 1, .user = "S-1-5-21-1-1-1-1000", .integrity = 4096};
const sim_process rule_ssh = {
    .id = 503, .session = 3, .user = "S-1-5-21-1-1-1-1000", .network = true};
const sim_process rule_remote = {
    .id = 504, .session = 1, .user = "S-1-5-21-1-1-1-1000", .machine = 1};
const sim_process rule_remote_stranger = {
    .id = 505, .session = 1, .user = RULE_STRANGER, .machine = 1};

void rule_expect(const char *what, unsigned long long seen, unsigned long long wanted)
{
    if (seen != wanted)
        sim_fail("%s: %llu, not %llu", what, seen, wanted);
}

void rule_in(const sim_process *who, LPTHREAD_START_ROUTINE what, void *argument)
{
    HANDLE thread = sim_spawn(who, what, argument);

    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

/* ---- The server ------------------------------------------------------------------------------ */

static void rules__open(pp_conn *conn, void *user)
{
    (void)conn;
    ((rule_server *)user)->opened++;
}

static pp_status rules__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    rule_server *s = user;

    s->answered++;
    rule_expect("pp_conn_peer", pp_conn_peer(conn, &s->peer), PP_OK);
    return pp_conn_send(conn, data, length);
}

static void rules__close(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn;
    ((rule_server *)user)->reason = reason;
}

void rule_open(rule_server *s)
{
    pp_port_options options;

    memset(s, 0, sizeof *s);
    pp_port_options_init(&options);
    options.workers = 1 + sim_draw(3);
    rule_expect("pp_port_open", pp_port_open(&s->port, &options, NULL), PP_OK);
}

void rule_prepare(rule_server *s, pp_listen_options *listen)
{
    pp_listen_options_init(listen);
    listen->name = "rule";
    listen->conn.mode = PP_MODE_MESSAGE;
    listen->accept_ready = 2;
    listen->conn.handlers = (pp_handlers){
        .on_open = rules__open, .on_message = rules__message, .on_close = rules__close};
    listen->conn.user = s;
}

pp_status rule_listen(rule_server *s, const pp_listen_options *listen)
{
    return pp_listen(s->port, listen, &s->listener, NULL);
}

void rule_serve(rule_server *s, const pp_access *access, pp_status wanted)
{
    pp_listen_options listen;

    rule_open(s);
    rule_prepare(s, &listen);
    listen.access = *access;
    rule_expect("pp_listen", rule_listen(s, &listen), wanted);
}

void rule_close(rule_server *s)
{
    pp_stats stats;

    pp_listener_close(&s->listener);
    pp_mailslot_close(&s->mailslot);
    pp_port_stop(s->port);
    pp_port_wait(s->port);
    pp_port_stats(s->port, &stats);
    rule_expect("instances that failed", stats.accept_errors, 0);
    rule_expect("handles of the port", stats.handles_open, 0);
    pp_port_close(&s->port);
}

/* ---- The client ------------------------------------------------------------------------------ */

typedef struct rules__visit {
    const WCHAR *path;
    DWORD rights, flags, error;
} rules__visit;

static DWORD rules__ask(HANDLE pipe)
{
    char answer[8];
    DWORD bytes;

    if (!WriteFile(pipe, "five", 5, &bytes, NULL) ||
        !ReadFile(pipe, answer, sizeof answer, &bytes, NULL))
        return GetLastError();
    rule_expect("bytes of the answer", bytes, 5);
    return ERROR_SUCCESS;
}

static DWORD rules__visit_main(void *argument)
{
    rules__visit *v = argument;
    HANDLE pipe;

    for (;;) {
        pipe = CreateFileW(v->path, v->rights, 0, NULL, OPEN_EXISTING, v->flags, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            break;
        sim_sleep(1);
    }
    v->error = pipe == INVALID_HANDLE_VALUE ? GetLastError() : rules__ask(pipe);
    if (pipe != INVALID_HANDLE_VALUE)
        CloseHandle(pipe);
    return 0;
}

DWORD rule_visit(const sim_process *who, const WCHAR *path, DWORD rights, DWORD flags)
{
    rules__visit v = {.path = path, .rights = rights, .flags = flags};

    rule_in(who, rules__visit_main, &v);
    return v.error;
}

DWORD rule_call(const sim_process *who, const WCHAR *path)
{
    return rule_visit(who, path, GENERIC_READ | GENERIC_WRITE, 0);
}

DWORD rule_outcome(HANDLE pipe)
{
    DWORD error = pipe == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;

    if (pipe != INVALID_HANDLE_VALUE)
        CloseHandle(pipe);
    return error;
}

/* ---- A false server -------------------------------------------------------------------------- */

typedef struct rules__posing {
    const WCHAR *path;
    HANDLE pipe;
} rules__posing;

static DWORD rules__pose(void *argument)
{
    rules__posing *p = argument;
    SECURITY_ATTRIBUTES all = {.nLength = sizeof all};

    ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:(A;;GA;;;WD)", SDDL_REVISION_1,
                                                         &all.lpSecurityDescriptor, NULL);
    p->pipe =
        CreateNamedPipeW(p->path, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, 1, 100, 100, 0, &all);
    LocalFree(all.lpSecurityDescriptor);
    return 0;
}

HANDLE rule_pose(const sim_process *who, const WCHAR *path)
{
    rules__posing p = {.path = path};

    rule_in(who, rules__pose, &p);
    return p.pipe;
}

/* ---- The run --------------------------------------------------------------------------------- */

static void rules__world(void *context)
{
    ((const rule *)context)->world();
    sim_sleep(60000); /* what the pool's threads still do */
    rule_expect("handles that are left", sim_handles(), 0);
}

static bool rules__hold(const rule *r)
{
    for (uint64_t seed = 1; seed <= RULES__SEEDS; seed++)
        if (!sim_run(seed, rules__world, (void *)(uintptr_t)r)) {
            printf("BROKEN: %s\n", r->sentence);
            return false;
        }
    return true;
}

int rules_main(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < sizeof rules__tables / sizeof *rules__tables; i++)
        for (size_t r = 0; r < rules__tables[i]->count; r++, count++)
            if (!rules__hold(&rules__tables[i]->rows[r]))
                return 1;
    printf("%u rules hold, each under %u seeds\n", count, RULES__SEEDS);
    return 0;
}
