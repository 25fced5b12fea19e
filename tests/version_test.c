/*
 * What a program that was built against another version's header may rely on: the version, the size
 * of each structure, and a plain word where it asks for what this library does not know.
 */
#include "kit.h"

TEST_CASE(the_header_and_the_library_are_of_one_version)
{
    char numbers[32];

    snprintf(numbers, sizeof numbers, "%d.%d.%d", PIPEPORT_VERSION_MAJOR, PIPEPORT_VERSION_MINOR,
             PIPEPORT_VERSION_PATCH);
    assert_string_equal(PIPEPORT_VERSION, numbers);
    assert_string_equal(pp_version(), numbers);
    assert_true(PP_STATUS_COUNT <= PP_STATUS_MOST);
}

/* A number that changes here breaks the programs that were built before. */
TEST_CASE(structures_keep_their_size)
{
    assert_int_equal(sizeof(pp_error), 264);
    assert_int_equal(sizeof(pp_port_options), 112);
    assert_int_equal(sizeof(pp_stats), 992);
    assert_int_equal(sizeof(pp_peer), 232);
    assert_int_equal(sizeof(pp_handlers), 80);
    assert_int_equal(sizeof(pp_conn_options), 216);
    assert_int_equal(sizeof(pp_access), 64);
    assert_int_equal(sizeof(pp_listen_options), 432);
    assert_int_equal(sizeof(pp_dial_options), 312);
    assert_int_equal(sizeof(pp_spawn_options), 96);
    assert_int_equal(sizeof(pp_child), 72);
    assert_int_equal(sizeof(pp_client_options), 120);
    assert_int_equal(sizeof(pp_mailslot_options), 176);
}

static void assert_refused(pp_status status, const pp_error *error)
{
    assert_status(status, PP_E_ARGUMENT);
    assert_non_null(strstr(error->message, "pipeport " PIPEPORT_VERSION));
}

TEST_CASE(what_a_later_version_asks_for_is_refused)
{
    kit_counts counts = {0};
    pp_port *port = kit_port(1), *none;
    pp_port_options port_options;
    pp_listen_options listen = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts), later;
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), &counts);
    pp_client_options client = kit_client_options(kit_name(), PP_MODE_STREAM);
    pp_mailslot_options mailslot;
    pp_spawn_options spawn;
    pp_client *no_client;
    pp_child child;
    pp_error error;

    pp_port_options_init(&port_options);
    port_options.reserved[5] = 1;
    assert_refused(pp_port_open(&none, &port_options, &error), &error);
    later = listen;
    later.reserved[0] = 1;
    assert_refused(pp_listen(port, &later, NULL, &error), &error);
    later = listen;
    later.conn.reserved[4] = 1;
    assert_refused(pp_listen(port, &later, NULL, &error), &error);
    later = listen;
    later.conn.handlers.reserved[3] = 1;
    assert_refused(pp_listen(port, &later, NULL, &error), &error);
    later = listen;
    later.access.reserved[3] = 1;
    assert_refused(pp_listen(port, &later, NULL, &error), &error);
    dial.reserved[7] = 1;
    assert_refused(pp_dial(port, &dial, NULL, &error), &error);
    client.reserved[7] = 1;
    assert_refused(pp_client_open(&no_client, &client, &error), &error);
    pp_mailslot_options_init(&mailslot);
    mailslot.reserved[7] = 1;
    assert_refused(pp_mailslot_listen(port, &mailslot, NULL, &error), &error);
    pp_spawn_options_init(&spawn);
    spawn.command_line = "cmd /c exit";
    spawn.reserved[7] = 1;
    assert_refused(pp_spawn(port, &spawn, &child, &error), &error);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(the_header_and_the_library_are_of_one_version),
    TEST(structures_keep_their_size),
    TEST(what_a_later_version_asks_for_is_refused),
};

HARNESS_MAIN(tests)
