/*
 * The settings of the server: what they belong to, what messages say of them, and what services
 * get.
 */
#include "kit.h"

#include "server/arguments.h"
#include "server/setting.h"

#define MOST_ARGUMENTS 32

/* Reads a command line, which it takes apart at its spaces. */
static void read_arguments(program *p, char *line)
{
    char *arguments[MOST_ARGUMENTS];
    int count = 0;
    pp_error error;

    for (char *at = strtok(line, " "); at && count < MOST_ARGUMENTS; at = strtok(NULL, " "))
        arguments[count++] = at;
    if (arguments_read(p, count, arguments, &error) != PP_OK)
        fail_msg("%s", error.message);
}

TEST_CASE(a_setting_reaches_the_targets_of_its_scopes)
{
    char line[] = "--workers=3 --high-mark 2M --allow S-1-1-0 --allow S-1-5-18 --strict"
                  " --allow-remote --service sink --log-level debug --mode framed"
                  " --mailslot orders --json --max-datagram 1K --sddl D:(A;;GA;;;SY)";
    endpoint *pipe, *slot;
    program p;

    read_arguments(&p, line);
    pipe = program_find(&p, SCOPE_PIPE);
    slot = program_find(&p, SCOPE_MAILSLOT);
    assert_int_equal(p.endpoint_count, 2);
    assert_int_equal(p.port.workers, 3);
    assert_int_equal(p.port.log_level, PP_LOG_DEBUG);
    assert_true(p.json && !p.help);
    assert_int_equal(pipe->listen.conn.high_mark, 2 * 1024 * 1024);
    assert_int_equal(pipe->listen.conn.mode, PP_MODE_FRAMED);
    assert_int_equal(slot->mailslot.max_datagram, 1024);
    assert_string_equal(slot->mailslot.name, "orders");
    assert_true(slot->named && !pipe->named && !slot->left_out);
    assert_true(pipe->access.strict && !slot->access.strict);
    for (size_t i = 0; i < p.endpoint_count; i++) {
        const endpoint *e = &p.endpoints[i];

        assert_ptr_equal(e->service, &service_sink);
        assert_int_equal(e->access.allow_count, 2);
        assert_string_equal(e->access.allow[0], "S-1-1-0");
        assert_string_equal(e->access.allow[1], "S-1-5-18");
        assert_string_equal(e->access.sddl, "D:(A;;GA;;;SY)");
        assert_true(e->access.allow_remote);
    }
    program_free(&p);
}

TEST_CASE(every_setting_has_a_name_a_scope_and_a_bit_of_its_own)
{
    setting s, other;
    unsigned count = 0;

    for (; setting_at(&s, count); count++) {
        assert_true(s.scopes != 0);
        assert_true(setting_find(&other, s.name, strlen(s.name)));
        assert_int_equal(other.index, count); /* the first of the name is itself */
    }
    assert_in_range(count, WORD_COUNT + 1, sizeof((program *)NULL)->given * 8);
    assert_false(setting_find(&s, "high-mar", 8));
    assert_false(setting_find(&s, "high-marks", 10));
}

/* What the endpoint answers to `name = value`. */
static const char *answer_of(endpoint *e, const where *w, const char *name, const char *value)
{
    static pp_error error;
    setting s;

    assert_true(setting_find(&s, name, strlen(name)));
    assert_status(setting_for_endpoint(&s, e, value, w, &error), PP_E_ARGUMENT);
    return error.message;
}

TEST_CASE(a_message_says_where_the_setting_stands)
{
    const where line = {"orders.conf:12: ", ""};
    pp_error error;
    endpoint e;

    endpoint_init(&e, SCOPE_PIPE);
    assert_string_equal(answer_of(&e, &where_command_line, "high-mark", "x"),
                        "--high-mark is \"x\"; allowed: 1 to 256M bytes");
    endpoint_init(&e, SCOPE_PIPE);
    assert_string_equal(answer_of(&e, &line, "high-mark", "x"),
                        "orders.conf:12: high-mark is \"x\"; allowed: 1 to 256M bytes");
    assert_string_equal(answer_of(&e, &line, "high-mark", "1K"),
                        "orders.conf:12: high-mark is given twice; allowed: once");
    assert_string_equal(answer_of(&e, &line, "mode", "pipe"),
                        "orders.conf:12: mode is \"pipe\"; allowed: stream, message or framed");
    assert_non_null(
        strstr(answer_of(&e, &line, "pipe", "a/b"), "orders.conf:12: pipe is \"a/b\"; "));
    assert_non_null(
        strstr(answer_of(&e, &line, "strict", "2"), "orders.conf:12: strict is \"2\"; "));
    e.listen.conn.high_mark = 1;
    e.listen.conn.low_mark = 2;
    assert_status(endpoint_check(&e, &line, &error), PP_E_ARGUMENT);
    assert_string_equal(error.message,
                        "orders.conf:12: low-mark is 2; allowed: at most high-mark, which is 1");
    endpoint_free(&e);
}

TEST_CASE(a_wrong_choice_is_refused_with_all_names)
{
    endpoint e;
    const char *message;

    endpoint_init(&e, SCOPE_PIPE);
    message = answer_of(&e, &where_command_line, "service", "chat");
    for (size_t i = 0; service_name(i); i++)
        assert_non_null(strstr(message, service_name(i)));
    assert_string_equal(service_name(0), e.service->name); /* the default */
    endpoint_free(&e);
}

/* ---- Services ------------------------------------------------------------------------------- */

typedef struct hub {
    volatile LONG opened, messages, datagrams, closed;
    bool port_is_closed;
} hub;

static hub the_hub;

static pp_status hub__open(pp_port *port, void **state)
{
    *state = &the_hub;
    kit_add(&the_hub.opened, port != NULL);
    return PP_OK;
}

static void hub__close(void *state)
{
    hub *h = state;

    kit_add(&h->closed, h->port_is_closed);
}

static pp_status hub__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    hub *h = user;

    kit_add(&h->messages, 1);
    return pp_conn_send(conn, data, length);
}

static pp_status hub__datagram(void *state, const void *data, size_t length)
{
    hub *h = state;

    (void)data, (void)length;
    kit_add(&h->datagrams, 1);
    return PP_OK;
}

static const service hub_service = {
    .name = "hub",
    .handlers = {.on_message = hub__message},
    .open = hub__open,
    .close = hub__close,
    .on_datagram = hub__datagram,
};

/* Serves what it was made for, as the program does. */
static void serve(service_states *states, endpoint *e, pp_port *port, const char *name)
{
    static sessions all;
    void *state;
    pp_error error;

    if (!all.all.next)
        sessions_init(&all);
    e->service = &hub_service;
    e->listen.name = e->mailslot.name = name;
    assert_ok(service_open(states, e->service, port, &state, &error));
    assert_ptr_equal(state, &the_hub);
    assert_ok(endpoint_open(e, port, state, &all, &error));
    assert_non_null(strstr(endpoint_path(e), name));
}

TEST_CASE(the_endpoints_of_a_service_share_its_state)
{
    const char *name = kit_name();
    pp_port *port = kit_port(1);
    service_states states = {0};
    endpoint pipe, slot;
    pp_sender *sender;
    pp_error error;
    HANDLE client;

    endpoint_init(&pipe, SCOPE_PIPE);
    endpoint_init(&slot, SCOPE_MAILSLOT);
    assert_string_equal(endpoint_path(&pipe), "none");
    serve(&states, &slot, port, name);
    serve(&states, &pipe, port, name);
    assert_int_equal(the_hub.opened, 1);

    client = kit_open(name, false);
    kit_write(client, "news", 4);
    kit_expect(client, "news", 4);
    assert_ok(pp_sender_open(&sender, name, &error));
    assert_ok(pp_sender_send(sender, "news", 4));
    pp_sender_close(&sender);
    wait_for(the_hub.messages, 1);
    wait_for(the_hub.datagrams, 1);
    CloseHandle(client);

    endpoint_close(&slot);
    endpoint_close(&pipe);
    kit_close(&port);
    the_hub.port_is_closed = true;
    service_close_all(&states);
    assert_int_equal(the_hub.closed, 1);
}

static pp_status cannot_open(pp_port *port, void **state)
{
    (void)port, (void)state;
    return PP_E_MEMORY;
}

TEST_CASE(a_service_that_cannot_open_is_named)
{
    static const service broken = {.name = "broken", .open = cannot_open};
    service_states states = {0};
    pp_error error;
    void *of_service;

    assert_status(service_open(&states, &broken, NULL, &of_service, &error), PP_E_MEMORY);
    assert_non_null(strstr(error.message, "the service broken "));
    service_close_all(&states); /* it is not among them: it has no close */
    assert_int_equal(states.count, 0);
}

static const struct CMUnitTest tests[] = {
    TEST(a_setting_reaches_the_targets_of_its_scopes),
    TEST(every_setting_has_a_name_a_scope_and_a_bit_of_its_own),
    TEST(a_message_says_where_the_setting_stands),
    TEST(a_wrong_choice_is_refused_with_all_names),
    TEST(the_endpoints_of_a_service_share_its_state),
    TEST(a_service_that_cannot_open_is_named),
};

HARNESS_MAIN(tests)
