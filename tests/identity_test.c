/*
 * Who the other end is, and whether it may stay. This program's impersonate_open_token is linked
 * instead of the library's: it counts, and refuses before the first read as Windows does, so that
 * the order is proved where Wine would let anything pass.
 */
#include "kit.h"

#include <wchar.h>

#include "iocp/port.h"
#include "pipe/identity.h"
#include "pipe/users.h"

static volatile LONG asked, asked_too_early, refuse_to_say;
static volatile LONG messages_written;

DWORD impersonate_open_token(HANDLE pipe, HANDLE *token)
{
    ULONG waiting = kit_bytes_waiting(pipe);

    InterlockedIncrement(&asked);
    /* The client has written one message, which is read when it no longer waits. */
    if (messages_written == 0 || waiting > 0)
        InterlockedIncrement(&asked_too_early);
    if (refuse_to_say || waiting > 0)
        return ERROR_CANNOT_IMPERSONATE;
    return OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token) ? ERROR_SUCCESS
                                                                     : GetLastError();
}

typedef struct guard {
    kit_counts counts; /* first: kit's handlers take it as their user */
    pp_peer at_open, at_identity, at_message;
    volatile LONG judged, reported;
    const char *verdict;
} guard;

static void guard_open(pp_conn *conn, void *user)
{
    guard *g = user;

    pp_conn_peer(conn, &g->at_open);
    kit_add(&g->counts.opened, 1);
}

static const char *guard_identity(pp_conn *conn, void *user, const pp_peer *peer)
{
    guard *g = user;

    (void)conn;
    g->at_identity = *peer;
    kit_add(&g->judged, 1);
    return g->verdict;
}

static pp_status guard_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    guard *g = user;

    (void)data, (void)length;
    pp_conn_peer(conn, &g->at_message);
    kit_add(&g->counts.messages, 1);
    return PP_OK;
}

static pp_listen_options guard_options(const char *name, guard *g)
{
    pp_listen_options options = kit_listen_options(name, PP_MODE_MESSAGE, &g->counts);

    asked = asked_too_early = refuse_to_say = messages_written = 0;
    options.conn.handlers.on_open = guard_open;
    options.conn.handlers.on_message = guard_message;
    options.conn.user = g;
    return options;
}

static rig *guard_rig(guard *g)
{
    rig *r = rig_open(1, PP_MODE_MESSAGE);

    r->listen = guard_options(r->name, g);
    return r;
}

static void say(HANDLE pipe)
{
    InterlockedIncrement(&messages_written);
    kit_write(pipe, "who am I", 8);
}

TEST_CASE(the_process_is_known_at_once_and_the_user_from_the_first_read)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    char sid[PP_SID_SIZE];
    HANDLE pipe;

    r->listen.conn.handlers.on_identity = guard_identity;
    pipe = rig_client(r);
    wait_for(g.counts.opened, 1);
    assert_int_equal(g.at_open.process_id, GetCurrentProcessId());
    assert_string_equal(g.at_open.user, "");
    assert_int_equal(asked, 0);
    say(pipe);
    wait_for(g.counts.messages, 1);
    kit_own_sid(sid, sizeof sid);
    assert_int_equal(g.judged, 1);
    assert_string_equal(g.at_identity.user, sid);
    assert_string_equal(g.at_message.user, sid);
    assert_int_equal(g.at_message.process_id, GetCurrentProcessId());
    say(pipe);
    wait_for(g.counts.messages, 2);
    assert_int_equal(g.judged, 1);
    assert_int_equal(asked, 1);
    assert_int_equal(asked_too_early, 0);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(nobody_is_asked_when_nobody_wants_to_know)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    HANDLE pipe;

    r->listen.conn.handlers = kit_echo();
    pipe = rig_client(r);
    say(pipe);
    wait_for(g.counts.messages, 1);
    assert_int_equal(asked, 0);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(a_client_can_be_refused_before_its_first_message)
{
    guard g = {.verdict = "not on the list"};
    rig *r = guard_rig(&g);
    HANDLE pipe;

    r->listen.conn.handlers.on_identity = guard_identity;
    pipe = rig_client(r);
    say(pipe);
    wait_for(g.counts.closed, 1);
    assert_status(g.counts.reason, PP_E_REFUSED);
    assert_int_equal(g.counts.messages, 0);
    assert_int_equal(kit_stats(r->port).connections_ended[PP_E_REFUSED], 1);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(a_client_that_lets_nobody_ask_has_no_user)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    HANDLE pipe;

    refuse_to_say = 1;
    r->listen.conn.handlers.on_identity = guard_identity;
    pipe = rig_client(r);
    say(pipe);
    wait_for(g.counts.messages, 1);
    assert_string_equal(g.at_identity.user, "");
    assert_int_equal(g.at_identity.process_id, GetCurrentProcessId());
    CloseHandle(pipe);
    rig_close(r);
}

/* Where two may stay: the third ends for its message. Those from `unknown` on let nobody ask. */
static void three_come_and_two_stay(guard *g, const char *name, HANDLE *pipes, int unknown)
{
    for (int i = 0; i < 3; i++) {
        refuse_to_say = i >= unknown;
        pipes[i] = kit_open(name, true);
        say(pipes[i]);
        assert_true(i == 2 ? kit_wait(&g->counts.closed, 1) : kit_wait(&g->counts.messages, i + 1));
    }
    assert_status(g->counts.reason, PP_E_USER_LIMIT);
}

TEST_CASE(a_user_has_no_more_connections_than_allowed)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    HANDLE pipes[4];

    r->listen.max_clients_per_user = 2;
    rig_listen(r);
    three_come_and_two_stay(&g, r->name, pipes, 3);
    assert_int_equal(kit_stats(r->port).connections_ended[PP_E_USER_LIMIT], 1);
    say(pipes[0]); /* the others go on */
    wait_for(g.counts.messages, 3);
    CloseHandle(pipes[1]);
    wait_for(g.counts.closed, 2);
    pipes[3] = rig_client(r); /* and there is room again */
    say(pipes[3]);
    wait_for(g.counts.messages, 4);
    CloseHandle(pipes[0]);
    CloseHandle(pipes[2]);
    CloseHandle(pipes[3]);
    rig_close(r);
}

TEST_CASE(who_is_unknown_counts_apart_from_who_is_known)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    HANDLE pipes[3];

    r->listen.max_clients_per_user = 1;
    rig_listen(r);
    three_come_and_two_stay(&g, r->name, pipes, 1); /* two unknown ones of our session */
    for (int i = 0; i < 3; i++)
        CloseHandle(pipes[i]);
    rig_close(r);
}

TEST_CASE(those_unknown_count_by_their_session)
{
    pp_peer known = {.session_id = 1, .user = "S-1-5-21-1-2-3-1001"};
    pp_peer one = {.session_id = 1}, other = {.session_id = 2};
    users_entry *first, *second, *third, *none;
    users u;

    users_init(&u);
    users_set_limits(&u, 1, 0);
    assert_status(users_enter(&u, &known, &first), PP_OK);
    assert_status(users_enter(&u, &one, &second), PP_OK);
    assert_status(users_enter(&u, &other, &third), PP_OK);
    assert_status(users_enter(&u, &one, &none), PP_E_USER_LIMIT);
    users_leave(&u, second);
    assert_status(users_enter(&u, &one, &second), PP_OK);
    users_free(&u);
}

TEST_CASE(limits_of_users_change)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    pp_listener *listener;
    HANDLE pipes[3];

    r->listen.max_clients_per_user = 1;
    listener = kit_listen(r->port, &r->listen);
    r->listen.max_clients_per_user = 2;
    assert_ok(pp_listener_set_limits(listener, &r->listen, NULL));
    three_come_and_two_stay(&g, r->name, pipes, 3);
    r->listen.max_clients_per_user = 1; /* nobody is ended who is over it */
    assert_ok(pp_listener_set_limits(listener, &r->listen, NULL));
    say(pipes[1]);
    wait_for(g.counts.messages, 3);
    assert_int_equal(g.counts.closed, 1);
    for (int i = 0; i < 3; i++)
        CloseHandle(pipes[i]);
    rig_close(r);
}

/* Who sends nothing is never asked who he is. */
TEST_CASE(what_needs_identities_is_refused_where_clients_do_not_send)
{
    pp_port *port = kit_port(1);
    guard g = {0};
    pp_listen_options plain = guard_options(kit_name(), &g), options;
    pp_listener *listener;
    pp_error error;

    plain.conn.direction = PP_DIRECTION_OUTBOUND;
    for (int i = 0; i < 4; i++) {
        static const char *const members[] = {"max_clients_per_user", "max_connects_per_user",
                                              "refuse_unknown", "on_identity"};

        options = plain;
        options.max_clients_per_user = i == 0;
        options.max_connects_per_user = i == 1;
        options.refuse_unknown = i == 2;
        options.conn.handlers.on_identity = i == 3 ? guard_identity : NULL;
        assert_status(pp_listen(port, &options, NULL, &error), PP_E_ARGUMENT);
        assert_non_null(strstr(error.message, members[i]));
    }
    listener = kit_listen(port, &plain);
    options.max_clients_per_user = 1;
    assert_status(pp_listener_set_limits(listener, &options, &error), PP_E_ARGUMENT);
    kit_close(&port);
    assert_ok(pp_listener_close(&listener));
}

TEST_CASE(who_is_unknown_may_be_refused)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    HANDLE pipe, known;

    r->listen.refuse_unknown = true;
    known = rig_client(r);
    say(known);
    wait_for(g.counts.messages, 1);
    refuse_to_say = 1;
    for (LONG i = 1; i <= 2; i++) {
        pipe = rig_client(r);
        say(pipe);
        wait_for(g.counts.closed, i);
        assert_status(g.counts.reason, PP_E_REFUSED);
        CloseHandle(pipe);
    }
    assert_int_equal(g.counts.messages, 1);
    CloseHandle(known);
    rig_close(r);
}

static void count_unknown(void *user, pp_log_level level, const char *line)
{
    (void)level;
    if (strstr(line, "could not be determined"))
        InterlockedIncrement(&((guard *)user)->reported);
}

TEST_CASE(those_unknown_are_reported_once)
{
    pp_port_options with_log;
    pp_port *port;
    guard g = {0};
    const char *name = kit_name();
    pp_listen_options options = guard_options(name, &g);

    pp_port_options_init(&with_log);
    with_log.log = count_unknown;
    with_log.log_user = &g;
    assert_ok(pp_port_open(&port, &with_log, NULL));
    options.max_clients_per_user = 100;
    refuse_to_say = 1;
    kit_listen(port, &options);
    for (LONG i = 1; i <= 3; i++) {
        HANDLE pipe = kit_open(name, true);

        say(pipe);
        wait_for(g.counts.messages, i);
        CloseHandle(pipe);
    }
    kit_close(&port);
    assert_int_equal(g.reported, 1);
}

TEST_CASE(a_user_connects_no_faster_than_allowed)
{
    guard g = {0};
    rig *r = guard_rig(&g);
    HANDLE first, pipe;
    LONG refused;

    r->listen.max_connects_per_user = 5;
    first = rig_client(r);
    say(first);
    for (int i = 0; i < 20; i++) {
        pipe = rig_client(r);
        say(pipe);
        CloseHandle(pipe);
    }
    wait_for(g.counts.closed, 20);
    refused = g.counts.reasons[PP_E_USER_RATE];
    assert_in_range(refused, 1, 16);
    say(first); /* who is in stays in */
    wait_for(g.counts.messages, 22 - refused);
    kit_wait_ms(&g.counts.closed, MAXLONG, 1100); /* a second later it may connect again */
    pipe = rig_client(r);
    say(pipe);
    wait_for(g.counts.messages, 23 - refused);
    assert_int_equal(g.counts.reasons[PP_E_USER_RATE], refused);
    CloseHandle(pipe);
    CloseHandle(first);
    rig_close(r);
}

TEST_CASE(an_adopted_server_end_knows_its_client)
{
    pp_port *port = kit_port(1);
    guard g = {0};
    pp_listen_options options = guard_options(kit_name(), &g);
    char sid[PP_SID_SIZE];
    wchar_t path[128];
    HANDLE serving, client;

    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\pipe\\%hs", options.name);
    serving = CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                               PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 4096, 4096, 0, NULL);
    assert_true(serving != INVALID_HANDLE_VALUE);
    client = kit_open(options.name, true);
    assert_ok(pp_conn_adopt(port, serving, &options.conn, NULL, NULL));
    wait_for(g.counts.opened, 1);
    assert_int_equal(g.at_open.process_id, GetCurrentProcessId());
    say(client);
    wait_for(g.counts.messages, 1);
    kit_own_sid(sid, sizeof sid);
    assert_string_equal(g.at_message.user, sid);
    CloseHandle(client);
    wait_for(g.counts.closed, 1);
    kit_close(&port);
}

/* What the library asks for the sessions of both ends, while Windows does not know. */
extern void *__imp_GetNamedPipeClientSessionId, *__imp_GetNamedPipeServerSessionId;

static BOOL WINAPI session_unknown(HANDLE pipe, ULONG *id)
{
    (void)pipe, (void)id;
    SetLastError(ERROR_NOT_FOUND);
    return FALSE;
}

TEST_CASE(an_end_whose_session_is_unknown_is_of_none)
{
    void *client = __imp_GetNamedPipeClientSessionId, *server = __imp_GetNamedPipeServerSessionId;
    pp_port *port = kit_port(1);
    pp_peer peer = {0};

    kit_import(&__imp_GetNamedPipeClientSessionId, (void *)(uintptr_t)session_unknown);
    kit_import(&__imp_GetNamedPipeServerSessionId, (void *)(uintptr_t)session_unknown);
    for (int is_server_end = 0; is_server_end < 2; is_server_end++) {
        peer.session_id = 0;
        identity_of_process(&port->kernel, INVALID_HANDLE_VALUE, is_server_end, &peer);
        assert_int_equal(peer.session_id, UINT32_MAX);
    }
    kit_import(&__imp_GetNamedPipeClientSessionId, client);
    kit_import(&__imp_GetNamedPipeServerSessionId, server);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(the_process_is_known_at_once_and_the_user_from_the_first_read),
    TEST(nobody_is_asked_when_nobody_wants_to_know),
    TEST(a_client_can_be_refused_before_its_first_message),
    TEST(a_client_that_lets_nobody_ask_has_no_user),
    TEST(an_end_whose_session_is_unknown_is_of_none),
    TEST(a_user_has_no_more_connections_than_allowed),
    TEST(who_is_unknown_counts_apart_from_who_is_known),
    TEST(those_unknown_count_by_their_session),
    TEST(limits_of_users_change),
    TEST(what_needs_identities_is_refused_where_clients_do_not_send),
    TEST(who_is_unknown_may_be_refused),
    TEST(those_unknown_are_reported_once),
    TEST(a_user_connects_no_faster_than_allowed),
    TEST(an_adopted_server_end_knows_its_client),
};

HARNESS_MAIN(tests)
