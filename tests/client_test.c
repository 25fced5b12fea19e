/*
 * The blocking client against each mode; and for all who dial: the rights that they ask for, and
 * making sure of who serves the pipe.
 */
#include "kit.h"

#include "pipe/open.h"

#include <winternl.h>

static pp_client *open_client(const char *name, pp_mode mode)
{
    pp_client_options options = kit_client_options(name, mode);

    return kit_open_client(&options);
}

TEST_CASE(a_blocking_client_is_echoed_in_every_mode)
{
    static char data[100000], got[100000];

    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        rig *r = rig_open(1, (pp_mode)mode);
        pp_client *client;
        static const size_t lengths[] = {1, 17, 4096, 5000, 100000, 0, 3};

        rig_listen(r);
        client = open_client(r->name, (pp_mode)mode);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            size_t length, have = 0;

            kit_fill(data, lengths[i], (uint32_t)i, 0);
            assert_ok(pp_client_send(client, data, lengths[i], KIT_WAIT_MS));
            if (mode == PP_MODE_STREAM)
                for (; have < lengths[i]; have += length)
                    assert_ok(pp_client_receive(client, got + have, sizeof got - have, &length,
                                                KIT_WAIT_MS));
            else
                assert_ok(pp_client_receive(client, got, sizeof got, &have, KIT_WAIT_MS));
            assert_int_equal(have, lengths[i]);
            assert_memory_equal(got, data, have);
        }
        assert_ok(pp_client_close(&client));
        assert_null(client);
        wait_for(r->counts.closed, 1);
        assert_status(r->counts.reason, PP_E_PEER_CLOSED);
        rig_close(r);
    }
}

TEST_CASE(time_outs_are_kept_and_lose_nothing)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    char got[16];
    size_t length;
    ULONGLONG began;
    pp_client *client;

    rig_listen(r); /* echoes bytes: the test decides when a frame is whole */
    client = open_client(r->name, PP_MODE_FRAMED);
    began = GetTickCount64();
    assert_status(pp_client_receive(client, got, sizeof got, &length, 200), PP_E_TIMEOUT);
    assert_true(GetTickCount64() - began >= 180);
    assert_ok(pp_client_send(client, "in parts", 8, KIT_WAIT_MS));
    assert_status(pp_client_receive(client, got, 3, &length, KIT_WAIT_MS), PP_E_TOO_LONG);
    assert_int_equal(length, 8); /* and it is kept */
    assert_ok(pp_client_receive(client, got, sizeof got, &length, 0));
    assert_int_equal(length, 8);
    assert_memory_equal(got, "in parts", 8);
    assert_ok(pp_client_close(&client));
    rig_close(r);
}

TEST_CASE(bad_input_to_the_client_is_named)
{
    pp_client_options options;
    pp_client *client = NULL;
    pp_error error;
    size_t length;
    char byte;

    pp_client_options_init(NULL);
    pp_client_options_init(&options);
    options.name = kit_name();
    options.timeout_ms = 0;
    assert_status(pp_client_open(NULL, &options, &error), PP_E_ARGUMENT);
    assert_status(pp_client_open(&client, NULL, &error), PP_E_ARGUMENT);
    assert_status(pp_client_open(&client, &options, &error), PP_E_NOT_FOUND);
    assert_non_null(strstr(error.message, options.name));
    options.server_user = "nobody";
    assert_status(pp_client_open(&client, &options, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "server_user is \"nobody\""));
    options.server_user = NULL;
    options.server_process = UINT64_MAX;
    assert_status(pp_client_open(&client, &options, &error), PP_E_ARGUMENT);
    options.server_process = 0;
    options.direction = (pp_direction)3;
    assert_status(pp_client_open(&client, &options, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "direction is 3"));
    options.direction = PP_DIRECTION_DUPLEX;
    options.mode = (pp_mode)3;
    assert_status(pp_client_open(&client, &options, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "mode is 3"));
    options.mode = PP_MODE_STREAM;
    options.max_message = 0;
    assert_status(pp_client_open(&client, &options, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "max_message is 0"));
    assert_status(pp_client_send(NULL, "x", 1, 0), PP_E_ARGUMENT);
    assert_status(pp_client_receive(NULL, &byte, 1, &length, 0), PP_E_ARGUMENT);
    assert_status(pp_client_end_sending(NULL, 0), PP_E_ARGUMENT);
    assert_status(pp_client_close(NULL), PP_E_ARGUMENT);
    assert_status(pp_client_close(&client), PP_E_ARGUMENT);
}

TEST_CASE(who_dials_makes_sure_of_who_serves)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts impostor = {0}, right = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &impostor);
    char sid[PP_SID_SIZE];
    pp_conn *conn;

    rig_listen(r);
    dial.server_process = GetCurrentProcessId() + 4;
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    assert_ok(pp_conn_send(conn, "secret", 6));
    wait_for(impostor.closed, 1);
    assert_status(impostor.reason, PP_E_IMPOSTOR);
    pp_conn_unref(&conn);
    dial.server_process = 0;
    dial.server_user = "S-1-5-32-546"; /* the group of guests: nobody runs as it */
    assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    wait_for(impostor.closed, 2);
    assert_status(impostor.reason, PP_E_IMPOSTOR);
    kit_own_sid(sid, sizeof sid);
    dial.server_user = sid;
    dial.server_process = GetCurrentProcessId();
    dial.conn.user = &right;
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    assert_ok(pp_conn_send(conn, "hello", 5));
    wait_for(right.bytes, 5);
    assert_int_equal(r->counts.bytes, 5); /* nothing was said to the impostors */
    pp_conn_unref(&conn);
    rig_close(r);
}

/* PUBLIC_OBJECT_BASIC_INFORMATION, from Microsoft's page of NtQueryObject. */
typedef struct basic_information {
    ULONG attributes, granted_access, handles, pointers, reserved[10];
} basic_information;

TEST_CASE(who_dials_asks_for_exactly_the_rights_it_needs)
{
    static const DWORD least =
        FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE;

    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        rig *r = rig_open(1, (pp_mode)mode);
        static open_request request;
        basic_information information;
        HANDLE pipe;
        DWORD error;

        rig_listen(r);
        assert_ok(
            open_prepare(&request, r->name, (pp_mode)mode, PP_DIRECTION_DUPLEX, 0, NULL, NULL));
        assert_ok(open_once(&request, &pipe, &error));
        assert_int_equal(
            NtQueryObject(pipe, ObjectBasicInformation, &information, sizeof information, NULL), 0);
        assert_int_equal(information.granted_access,
                         mode == PP_MODE_MESSAGE ? least | FILE_WRITE_ATTRIBUTES : least);
        assert_int_equal(information.granted_access & ~(DWORD)0x12019B, 0); /* strict lets it in */
        CloseHandle(pipe);
        rig_close(r);
    }
}

TEST_CASE(strict_grants_exactly_what_it_says)
{
    const char *const everyone[] = {"S-1-1-0"};
    rig *r = rig_open(1, PP_MODE_STREAM);
    union {
        SECURITY_DESCRIPTOR header;
        char bytes[2048];
    } buffer;
    BOOL present, defaulted;
    DWORD used, rights = 0;
    HANDLE pipe;
    PSID sid;
    ACL *acl;

    r->listen.access.allow = everyone;
    r->listen.access.allow_count = 1;
    r->listen.access.strict = true;
    pipe = rig_client(r);
    assert_true(
        GetKernelObjectSecurity(pipe, DACL_SECURITY_INFORMATION, &buffer, sizeof buffer, &used));
    assert_true(GetSecurityDescriptorDacl(&buffer, &present, &acl, &defaulted));
    assert_true(present);
    assert_true(ConvertStringSidToSidA("S-1-1-0", &sid));
    for (DWORD i = 0; i < acl->AceCount; i++) {
        void *ace;

        assert_true(GetAce(acl, i, &ace));
        if (EqualSid((PSID) & ((ACCESS_ALLOWED_ACE *)ace)->SidStart, sid))
            rights |= ((ACCESS_ALLOWED_ACE *)ace)->Mask;
    }
    assert_int_equal(rights, 0x12019B);
    LocalFree(sid);
    CloseHandle(pipe);
    rig_close(r);
}

typedef struct prober {
    wchar_t path[128];
    volatile LONG stop, probes, absent;
} prober;

static DWORD WINAPI probe(void *argument)
{
    prober *p = argument;

    while (!p->stop) {
        if (!WaitNamedPipeW(p->path, 1) && GetLastError() == ERROR_FILE_NOT_FOUND)
            InterlockedIncrement(&p->absent);
        kit_add(&p->probes, 1);
    }
    return 0;
}

/* With one client at most, each that leaves takes the only connected instance with it. */
TEST_CASE(the_name_is_never_free_from_start_to_stop)
{
    rig *r = rig_open(2, PP_MODE_FRAMED);
    static prober p;
    HANDLE thread;

    r->listen.max_clients = 1;
    rig_listen(r);
    swprintf(p.path, sizeof p.path / sizeof *p.path, L"\\\\.\\pipe\\%hs", r->name);
    thread = CreateThread(NULL, 0, probe, &p, 0, NULL);
    for (LONG i = 0; i < 300; i++) {
        HANDLE pipe = rig_client(r);

        if (i % 2)
            kit_write(pipe, "\1\0\0\x80", 4); /* the end of sending: the server closes first */
        else
            kit_write(pipe, "\4\0\0\x80", 4); /* unknown: the server ends it */
        wait_for(r->counts.closed, i + 1);
        CloseHandle(pipe);
    }
    wait_for(p.probes, 100);
    p.stop = 1;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    assert_int_equal(p.absent, 0);
    rig_close(r);
}

TEST_CASE(a_taken_name_names_its_owner)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    char owner[32];
    pp_error error;

    rig_listen(r);
    snprintf(owner, sizeof owner, "process %lu", (unsigned long)GetCurrentProcessId());
    assert_status(pp_listen(r->port, &r->listen, NULL, &error), PP_E_NAME_TAKEN);
    assert_non_null(strstr(error.message, owner));
    rig_close(r);
}

static const struct CMUnitTest tests[] = {
    TEST(a_blocking_client_is_echoed_in_every_mode),
    TEST(time_outs_are_kept_and_lose_nothing),
    TEST(bad_input_to_the_client_is_named),
    TEST(who_dials_makes_sure_of_who_serves),
    TEST(who_dials_asks_for_exactly_the_rights_it_needs),
    TEST(strict_grants_exactly_what_it_says),
    TEST(the_name_is_never_free_from_start_to_stop),
    TEST(a_taken_name_names_its_owner),
};

HARNESS_MAIN(tests)
