/*
 * How the two directions of a blocking client end: each by itself.
 */
#include "kit.h"

#define LONGEST 20000 /* more than a plain server takes in unread */

static pp_client *open_client(const char *name, pp_mode mode)
{
    pp_client_options options = kit_client_options(name, mode);

    options.half_close = true;
    options.max_message = LONGEST;
    return kit_open_client(&options);
}

/* A server as others write it, and its client. */
static HANDLE plain_server(pp_mode mode, pp_client **client)
{
    const char *name = kit_name();
    char path[128];
    HANDLE server;

    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", name);
    server = CreateNamedPipeA(path, PIPE_ACCESS_DUPLEX,
                              mode == PP_MODE_MESSAGE ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                                                      : PIPE_TYPE_BYTE,
                              1, 65536, 4096, 0, NULL);
    assert_true(server != INVALID_HANDLE_VALUE);
    *client = open_client(name, mode);
    return server;
}

/* Two messages that fit the pipe; in stream mode they come as one. */
static void write_words(HANDLE server, pp_mode mode)
{
    if (mode == PP_MODE_FRAMED) {
        kit_write(server, "\4\0\0\0last\4\0\0\0word", 16);
    } else {
        kit_write(server, "last", 4);
        kit_write(server, "word", 4);
    }
}

static void receive_words(pp_client *client)
{
    char got[16] = "";
    size_t have = 0, length;

    while (have < 8) {
        assert_ok(pp_client_receive(client, got + have, sizeof got - have, &length, KIT_WAIT_MS));
        have += length;
    }
    assert_string_equal(got, "lastword");
}

/* A server says why it refuses, and leaves: the reason outlives the request that fails. */
TEST_CASE(what_came_is_received_after_a_send_that_fails)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        pp_client *client;
        HANDLE server = plain_server((pp_mode)mode, &client);
        char got[16];
        size_t length;

        write_words(server, (pp_mode)mode);
        CloseHandle(server);
        assert_status(pp_client_send(client, "request", 7, KIT_WAIT_MS), PP_E_PEER_CLOSED);
        assert_status(pp_client_send(client, "request", 7, KIT_WAIT_MS), PP_E_PEER_CLOSED);
        if (mode != PP_MODE_STREAM)
            assert_status(pp_client_end_sending(client, KIT_WAIT_MS), PP_E_PEER_CLOSED);
        receive_words(client);
        for (int i = 0; i < 2; i++)
            assert_status(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS),
                          PP_E_PEER_CLOSED);
        assert_status(pp_client_send(client, "request", 7, KIT_WAIT_MS), PP_E_PEER_CLOSED);
        assert_ok(pp_client_close(&client));
    }
}

/* And an end that cannot be declared costs nothing of what came, either. */
TEST_CASE(what_came_is_received_after_an_end_that_fails)
{
    for (int mode = PP_MODE_MESSAGE; mode <= PP_MODE_FRAMED; mode++) {
        pp_client *client;
        HANDLE server = plain_server((pp_mode)mode, &client);

        write_words(server, (pp_mode)mode);
        CloseHandle(server);
        assert_status(pp_client_end_sending(client, KIT_WAIT_MS), PP_E_PEER_CLOSED);
        receive_words(client);
        assert_ok(pp_client_close(&client));
    }
}

TEST_CASE(a_send_that_runs_out_of_time_ends_sending_alone)
{
    static char data[LONGEST];

    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        pp_client *client;
        HANDLE server = plain_server((pp_mode)mode, &client); /* which does not read */

        assert_status(pp_client_send(client, data, sizeof data, 300), PP_E_TIMEOUT);
        assert_status(pp_client_send(client, data, 1, 300), PP_E_CLOSING);
        if (mode != PP_MODE_STREAM)
            assert_status(pp_client_end_sending(client, 300), PP_E_CLOSING);
        write_words(server, (pp_mode)mode);
        receive_words(client);
        assert_ok(pp_client_close(&client));
        CloseHandle(server);
    }
}

/* The client can still say so. */
TEST_CASE(what_is_wrong_ends_receiving_alone)
{
    static char data[LONGEST + 1];

    for (int mode = PP_MODE_MESSAGE; mode <= PP_MODE_FRAMED; mode++) {
        pp_client *client;
        HANDLE server = plain_server((pp_mode)mode, &client);
        bool framed = mode == PP_MODE_FRAMED;
        char got[16];
        size_t length;

        if (framed)
            kit_write(server, "\4\0\0\x80", 4);
        else
            kit_write(server, data, sizeof data);
        for (int i = 0; i < 2; i++) {
            pp_status status = pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS);

            assert_int_equal(status, framed ? PP_E_PROTOCOL : PP_E_TOO_LONG);
            assert_int_equal(length, 0);
        }
        assert_ok(pp_client_send(client, "why", 3, KIT_WAIT_MS));
        kit_expect(server, framed ? "\3\0\0\0why" : "why", framed ? 7 : 3);
        assert_ok(pp_client_close(&client));
        CloseHandle(server);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(what_came_is_received_after_a_send_that_fails),
    TEST(what_came_is_received_after_an_end_that_fails),
    TEST(a_send_that_runs_out_of_time_ends_sending_alone),
    TEST(what_is_wrong_ends_receiving_alone),
};

HARNESS_MAIN(tests)
