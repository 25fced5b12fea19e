/*
 * Bad input to every public function, and calls on objects that are closing.
 */
#include "kit.h"

TEST_CASE(null_is_refused_everywhere)
{
    pp_port *port = kit_port(1), *no_port = NULL;
    pp_port_options port_options;
    pp_listen_options listen;
    pp_dial_options dial;
    pp_mailslot_options mailslot;
    pp_listener *listener = NULL;
    pp_mailslot *slot = NULL;
    pp_sender *sender = NULL;
    pp_conn *conn = NULL;
    pp_stats stats;
    pp_error error;

    pp_port_options_init(NULL);
    pp_listen_options_init(NULL);
    pp_dial_options_init(NULL);
    pp_mailslot_options_init(NULL);
    pp_port_options_init(&port_options);
    pp_listen_options_init(&listen);
    pp_dial_options_init(&dial);
    pp_mailslot_options_init(&mailslot);

    assert_status(pp_port_open(NULL, &port_options, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "port is NULL"));
    assert_status(pp_port_open(&no_port, NULL, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "options is NULL"));
    assert_status(pp_port_stop(NULL), PP_E_ARGUMENT);
    assert_status(pp_port_abort(NULL), PP_E_ARGUMENT);
    assert_status(pp_port_wait(NULL), PP_E_ARGUMENT);
    assert_status(pp_port_close(NULL), PP_E_ARGUMENT);
    assert_status(pp_port_close(&no_port), PP_E_ARGUMENT);
    assert_status(pp_port_post(NULL, (pp_task_fn *)1, NULL), PP_E_ARGUMENT);
    assert_status(pp_port_post(port, NULL, NULL), PP_E_ARGUMENT);
    assert_status(pp_port_after(NULL, 1, (pp_task_fn *)1, NULL, NULL), PP_E_ARGUMENT);
    assert_status(pp_port_after(port, 1, NULL, NULL, NULL), PP_E_ARGUMENT);
    assert_status(pp_port_after(port, UINT64_MAX, (pp_task_fn *)1, NULL, NULL), PP_E_ARGUMENT);
    assert_status(pp_port_cancel(NULL, 1), PP_E_ARGUMENT);
    assert_status(pp_port_cancel(port, 12345), PP_E_NOT_FOUND);
    assert_status(pp_port_stats(NULL, &stats), PP_E_ARGUMENT);
    assert_status(pp_port_stats(port, NULL), PP_E_ARGUMENT);

    assert_status(pp_listen(NULL, &listen, &listener, &error), PP_E_ARGUMENT);
    assert_status(pp_listen(port, NULL, &listener, &error), PP_E_ARGUMENT);
    assert_status(pp_listener_close(NULL), PP_E_ARGUMENT);
    assert_status(pp_listener_close(&listener), PP_E_ARGUMENT);
    assert_status(pp_listener_set_limits(NULL, NULL, NULL), PP_E_ARGUMENT);
    assert_string_equal(pp_listener_path(NULL), "");
    assert_status(pp_dial(NULL, &dial, &conn, &error), PP_E_ARGUMENT);
    assert_status(pp_dial(port, NULL, &conn, &error), PP_E_ARGUMENT);

    assert_status(pp_conn_send(NULL, "x", 1), PP_E_ARGUMENT);
    assert_status(pp_conn_end_sending(NULL), PP_E_ARGUMENT);
    assert_status(pp_conn_pause(NULL), PP_E_ARGUMENT);
    assert_status(pp_conn_resume(NULL), PP_E_ARGUMENT);
    assert_status(pp_conn_close(NULL), PP_E_ARGUMENT);
    assert_status(pp_conn_abort(NULL), PP_E_ARGUMENT);
    assert_false(pp_conn_writable(NULL));
    assert_int_equal(pp_conn_queued(NULL), 0);
    assert_int_equal(pp_conn_id(NULL), 0);
    assert_null(pp_conn_user(NULL));
    pp_conn_set_user(NULL, NULL);
    pp_conn_ref(NULL);
    pp_conn_unref(NULL);
    pp_conn_unref(&conn);

    assert_status(pp_mailslot_listen(NULL, &mailslot, &slot, &error), PP_E_ARGUMENT);
    assert_status(pp_mailslot_listen(port, NULL, &slot, &error), PP_E_ARGUMENT);
    assert_status(pp_mailslot_resume(NULL), PP_E_ARGUMENT);
    assert_status(pp_mailslot_close(NULL), PP_E_ARGUMENT);
    assert_status(pp_mailslot_close(&slot), PP_E_ARGUMENT);
    assert_string_equal(pp_mailslot_path(NULL), "");
    assert_status(pp_sender_open(NULL, "x", &error), PP_E_ARGUMENT);
    assert_status(pp_sender_open(&sender, NULL, &error), PP_E_ARGUMENT);
    assert_status(pp_sender_send(NULL, "x", 1), PP_E_ARGUMENT);
    assert_status(pp_sender_close(NULL), PP_E_ARGUMENT);
    assert_status(pp_sender_close(&sender), PP_E_ARGUMENT);
    kit_close(&port);
}

TEST_CASE(null_is_refused_beside_what_is_not)
{
    pp_port *port = kit_port(1);
    pp_conn_options options;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), adopted;
    pp_buffer *buffer = pp_buffer_new(1);
    pp_conn *conn;
    pp_peer peer;
    pp_error error;

    pp_conn_options_init(NULL);
    pp_conn_options_init(&options);
    assert_status(pp_conn_send_buffer(NULL, buffer), PP_E_ARGUMENT);
    assert_status(pp_conn_peer(NULL, &peer), PP_E_ARGUMENT);
    /* What fails closes the handle. */
    assert_true(DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &adopted, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    assert_status(pp_conn_adopt(NULL, adopted, &options, &conn, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "port is NULL"));
    assert_null(conn);
    assert_false(SetEvent(adopted));
    assert_status(pp_conn_adopt(port, event, NULL, NULL, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "options is NULL"));
    assert_false(SetEvent(event));
    pp_buffer_unref(&buffer);
    kit_close(&port);
}

/* Listens with these users, and expects a text in the refusal. */
static pp_status listen_for(pp_port *port, const char *const *users, size_t count, const char *text)
{
    pp_listen_options options;
    pp_status status;
    pp_error error;

    pp_listen_options_init(&options);
    options.name = kit_name();
    options.access.allow = users;
    options.access.allow_count = count;
    status = pp_listen(port, &options, NULL, &error);
    assert_non_null(strstr(error.message, text));
    return status;
}

TEST_CASE(users_who_are_none_are_refused)
{
    static const char *const nobody[] = {NULL}, *const empty[] = {""};
    static const char *many[257];
    pp_port *port = kit_port(1);

    for (int i = 0; i < 257; i++)
        many[i] = "S-1-1-0";
    assert_status(listen_for(port, nobody, 1, "allow is \"NULL\""), PP_E_SECURITY);
    assert_status(listen_for(port, empty, 1, "allow is \"\""), PP_E_SECURITY);
    assert_status(listen_for(port, NULL, 1, "allow is NULL"), PP_E_ARGUMENT);
    assert_status(listen_for(port, many, 257, "allow has 257 users; allowed: at most 256"),
                  PP_E_ARGUMENT);
    kit_close(&port);
}

/* Sets one option to a value outside its range and expects the name and the range in the text. */
#define REFUSES(options, member, value, call, range)                                               \
    do {                                                                                           \
        uint64_t good = (options).member;                                                          \
        pp_error refusal;                                                                          \
        (options).member = (value);                                                                \
        assert_string_equal(pp_status_name(call), "PP_E_ARGUMENT");                                \
        assert_non_null(strstr(refusal.message, strrchr("." #member, '.') + 1));                   \
        assert_non_null(strstr(refusal.message, range));                                           \
        (options).member = good;                                                                   \
    } while (0)

TEST_CASE(options_out_of_range_are_named_with_their_range)
{
    pp_port *port = kit_port(1), *p;
    pp_port_options po;
    pp_listen_options lo;
    pp_dial_options d;
    pp_mailslot_options mo;
    pp_listener *l;
    pp_mailslot *m;

    pp_port_options_init(&po);
    pp_listen_options_init(&lo);
    pp_dial_options_init(&d);
    pp_mailslot_options_init(&mo);
    REFUSES(po, workers, 257, pp_port_open(&p, &po, &refusal), "1 to 256");
    REFUSES(po, max_buffered, 1, pp_port_open(&p, &po, &refusal), "1048576 to 68719476736 bytes");
    REFUSES(po, slow_callback_ms, 3600001, pp_port_open(&p, &po, &refusal), "1 to 3600000 ms");
    assert_null(p);
    REFUSES(lo, accept_depth, 0, pp_listen(port, &lo, &l, &refusal), "1 to 1024");
    REFUSES(lo, max_clients, 100001, pp_listen(port, &lo, &l, &refusal), "1 to 100000");
    REFUSES(lo, pipe_buffer, 1048577, pp_listen(port, &lo, &l, &refusal), "0 to 1048576 bytes");
    REFUSES(lo, conn.max_message, 0, pp_listen(port, &lo, &l, &refusal), "1 to 268435456");
    REFUSES(lo, conn.high_mark, 0, pp_listen(port, &lo, &l, &refusal), "1 to 268435456");
    REFUSES(lo, conn.low_mark, lo.conn.high_mark + 1, pp_listen(port, &lo, &l, &refusal),
            "at most high_mark");
    REFUSES(lo, conn.drain_timeout_ms, 3600001, pp_listen(port, &lo, &l, &refusal),
            "0 to 3600000 ms");
    assert_null(l);
    REFUSES(d, timeout_ms, UINT64_MAX, pp_dial(port, &d, NULL, &refusal), "0 to 604800000 ms");
    REFUSES(d, conn.max_message, 0, pp_dial(port, &d, NULL, &refusal), "1 to 268435456");
    REFUSES(mo, max_datagram, 0, pp_mailslot_listen(port, &mo, &m, &refusal), "1 to 16777216");
    assert_null(m);
    lo.conn.mode = (pp_mode)3;
    {
        pp_error error;

        assert_status(pp_listen(port, &lo, &l, &error), PP_E_ARGUMENT);
        assert_non_null(strstr(error.message, "mode is 3"));
    }
    kit_close(&port);
}

TEST_CASE(wrong_names_are_refused_with_what_is_allowed)
{
    static const char *const names[] = {NULL, "", "a\\b", "\\\\other\\pipe\\x"};
    pp_port *port = kit_port(1);
    pp_listen_options lo;
    pp_mailslot_options mo;
    pp_error error;

    pp_listen_options_init(&lo);
    pp_mailslot_options_init(&mo);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lo.name = mo.name = names[i];
        assert_status(pp_listen(port, &lo, NULL, &error), PP_E_ARGUMENT);
        assert_non_null(strstr(error.message, "pipe is "));
        assert_status(pp_mailslot_listen(port, &mo, NULL, &error), PP_E_ARGUMENT);
        assert_non_null(strstr(error.message, "mailslot is "));
    }
    kit_close(&port);
}

/* The line says so, and is UTF-8 itself: what is not is not repeated in it. */
static void says_it_is_not_utf8(pp_status status, pp_status wanted, const pp_error *error,
                                const char *field)
{
    char line[64];

    snprintf(line, sizeof line, "%s is not UTF-8", field);
    assert_int_equal(status, wanted);
    assert_string_equal(error->message, line);
}

TEST_CASE(text_that_is_not_utf8_is_said_to_be_so)
{
    static const char bad[] = "caf\xE9"; /* as Latin-1 has it */
    static const char *const users[] = {bad};
    pp_port *port = kit_port(1);
    pp_listen_options lo;
    pp_mailslot_options mo;
    pp_dial_options dial;
    pp_client_options co;
    pp_spawn_options so = {.command_line = bad};
    pp_client *client;
    pp_sender *sender;
    pp_child child;
    pp_error e;

    pp_listen_options_init(&lo);
    pp_mailslot_options_init(&mo);
    pp_dial_options_init(&dial);
    pp_client_options_init(&co);
    lo.name = mo.name = dial.name = co.name = bad;
    says_it_is_not_utf8(pp_listen(port, &lo, NULL, &e), PP_E_ARGUMENT, &e, "pipe");
    says_it_is_not_utf8(pp_mailslot_listen(port, &mo, NULL, &e), PP_E_ARGUMENT, &e, "mailslot");
    says_it_is_not_utf8(pp_dial(port, &dial, NULL, &e), PP_E_ARGUMENT, &e, "pipe");
    says_it_is_not_utf8(pp_client_open(&client, &co, &e), PP_E_ARGUMENT, &e, "pipe");
    says_it_is_not_utf8(pp_sender_open(&sender, bad, &e), PP_E_ARGUMENT, &e, "mailslot");
    says_it_is_not_utf8(pp_spawn(port, &so, &child, &e), PP_E_ARGUMENT, &e, "command_line");
    lo.name = dial.name = kit_name();
    dial.server_user = bad;
    says_it_is_not_utf8(pp_dial(port, &dial, NULL, &e), PP_E_ARGUMENT, &e, "server_user");
    lo.access.allow = users;
    lo.access.allow_count = 1;
    says_it_is_not_utf8(pp_listen(port, &lo, NULL, &e), PP_E_SECURITY, &e, "allow");
    lo.access.sddl = bad;
    says_it_is_not_utf8(pp_listen(port, &lo, NULL, &e), PP_E_SECURITY, &e, "sddl");
    kit_close(&port);
}

TEST_CASE(a_taken_name_is_refused)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    const char *name = kit_name();
    pp_listen_options options = kit_listen_options(name, PP_MODE_STREAM, &counts);
    pp_listener *first = kit_listen(port, &options), *second;
    pp_error error;

    assert_status(pp_listen(port, &options, &second, &error), PP_E_NAME_TAKEN);
    assert_null(second);
    assert_non_null(strstr(error.message, name));
    assert_ok(pp_listener_close(&first));
    while (pp_listen(port, &options, &second, &error) == PP_E_NAME_TAKEN) /* until it is free */
        kit_wait_ms(&counts.opened, 1, 1);
    assert_ok(pp_listener_close(&second));
    kit_close(&port);
}

TEST_CASE(a_message_that_is_too_long_is_refused)
{
    static char data[1001];
    rig *r = rig_open(1, PP_MODE_FRAMED);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_client_options options;
    pp_client *blocking;
    pp_conn *conn;

    dial.conn.max_message = 1000;
    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    assert_status(pp_conn_send(conn, data, 1001), PP_E_TOO_LONG);
    assert_status(pp_conn_send(conn, NULL, 1), PP_E_ARGUMENT);
    assert_ok(pp_conn_send(conn, data, 1000));
    assert_ok(pp_conn_send(conn, NULL, 0));
    wait_for(client.messages, 2);
    assert_true(pp_conn_id(conn) != 0);
    pp_conn_unref(&conn);
    options = kit_client_options(r->name, PP_MODE_FRAMED);
    options.max_message = 1000;
    blocking = kit_open_client(&options);
    assert_status(pp_client_send(blocking, data, 1001, 0), PP_E_TOO_LONG);
    assert_ok(pp_client_close(&blocking));
    rig_close(r);
}

TEST_CASE(closing_objects_answer_and_nothing_more)
{
    rig *r = rig_open(2, PP_MODE_FRAMED);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_mailslot_options mailslot;
    pp_conn *conn, *late = NULL;
    pp_error error;

    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    wait_for(client.opened, 1);
    assert_ok(pp_port_stop(r->port));
    assert_ok(pp_port_stop(r->port));
    r->listen.name = kit_name(); /* the other may be taken yet */
    assert_status(pp_listen(r->port, &r->listen, NULL, &error), PP_E_CLOSING);
    assert_status(pp_dial(r->port, &dial, &late, &error), PP_E_CLOSING);
    assert_null(late);
    pp_mailslot_options_init(&mailslot);
    mailslot.name = kit_name();
    assert_status(pp_mailslot_listen(r->port, &mailslot, NULL, &error), PP_E_CLOSING);
    assert_status(pp_port_post(r->port, (pp_task_fn *)1, NULL), PP_E_CLOSING);
    assert_status(pp_port_after(r->port, 1, (pp_task_fn *)1, NULL, NULL), PP_E_CLOSING);
    rig_close(r);
    /* The reference outlives the r->port. */
    assert_int_equal(client.closed, 1);
    assert_status(pp_conn_send(conn, "x", 1), PP_E_CLOSING);
    assert_status(pp_conn_end_sending(conn), PP_E_CLOSING);
    assert_false(pp_conn_writable(conn));
    assert_int_equal(pp_conn_queued(conn), 0);
    assert_status(pp_conn_pause(conn), PP_E_CLOSING);
    assert_status(pp_conn_resume(conn), PP_E_CLOSING);
    assert_status(pp_conn_close(conn), PP_E_CLOSING);
    assert_status(pp_conn_abort(conn), PP_E_CLOSING);
    assert_ptr_equal(pp_conn_user(conn), &client);
    pp_conn_unref(&conn);
}

static volatile LONG lines[4];

static void count_line(void *user, pp_log_level level, const char *line)
{
    (void)user, (void)line;
    kit_add(&lines[level], 1);
}

TEST_CASE(the_log_keeps_to_its_level)
{
    pp_port_options options;
    pp_error error;

    pp_port_options_init(&options);
    options.log = count_line;
    for (int level = PP_LOG_ERROR; level <= PP_LOG_DEBUG; level++) {
        const char *name = kit_name();
        kit_counts counts = {0};
        pp_listen_options listen = kit_listen_options(name, PP_MODE_FRAMED, &counts);
        pp_port *port;
        HANDLE pipe;

        for (int i = 0; i < 4; i++)
            lines[i] = 0;
        options.log_level = (pp_log_level)level;
        assert_ok(pp_port_open(&port, &options, NULL));
        listen.conn.max_message = options.max_buffered; /* cut, which is a warning */
        kit_listen(port, &listen);
        pipe = kit_open(name, false);
        CloseHandle(pipe);
        wait_for(counts.closed, 1); /* which is told for debugging */
        kit_close(&port);
        assert_int_equal(lines[PP_LOG_WARN], level >= PP_LOG_WARN);
        assert_int_equal(lines[PP_LOG_DEBUG], level >= PP_LOG_DEBUG);
    }
    options.log_level = (pp_log_level)4;
    assert_status(pp_port_open(&(pp_port *){NULL}, &options, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "log_level is 4"));
}

static const struct CMUnitTest tests[] = {
    TEST(null_is_refused_everywhere),
    TEST(null_is_refused_beside_what_is_not),
    TEST(users_who_are_none_are_refused),
    TEST(options_out_of_range_are_named_with_their_range),
    TEST(wrong_names_are_refused_with_what_is_allowed),
    TEST(text_that_is_not_utf8_is_said_to_be_so),
    TEST(a_taken_name_is_refused),
    TEST(a_message_that_is_too_long_is_refused),
    TEST(closing_objects_answer_and_nothing_more),
    TEST(the_log_keeps_to_its_level),
};

HARNESS_MAIN(tests)
