/*
 * Self-test: bytes and messages, and what becomes of them when an end goes.
 */
#include "base/mem.h"
#include "server/selftest.h"

static void data__left_by_client(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_skip_packets(server);
    trial_other_writes(t, client, 5);
    trial_drop(t, client);
    trial_read(t, server, 10);
    trial_read(t, server, 10);
    trial_write(t, server, 5);
}

static void data__left_by_server(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_write(t, server, 5);
    trial_drop(t, server);
    trial_other_reads(t, client, 10);
    trial_other_reads(t, client, 10);
    trial_other_writes(t, client, 5);
}

static void data__dropped(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_skip_packets(server);
    trial_write(t, server, 5);
    trial_other_writes(t, client, 5);
    trial_see_ok(t, "disconnect", DisconnectNamedPipe(server));
    trial_other_reads(t, client, 10);
    trial_other_writes(t, client, 5);
    trial_read(t, server, 10);
}

static void data__read_broken(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_read(t, server, 10);
    trial_drop(t, client);
    trial_see_packet(t);
}

static void data__write_broken(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_write(t, server, TRIAL_BUFFER);
    trial_drop(t, client);
    trial_see_packet(t);
}

static void data__over_quota(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_write(t, server, TRIAL_BUFFER);
    trial_see_no_packet(t);
    trial_other_reads(t, client, TRIAL_BUFFER);
    trial_see_packet(t);
}

#define DATA__LONG (64u * 1024 * 1024)

/* What exceeds the quota stays with the system. The memory is left to a write that does not end. */
static void data__long_message(trial *t)
{
    char *message = mem_alloc_zeroed(DATA__LONG);
    HANDLE server, client;
    DWORD bytes;

    if (!message || !trial_connect(t, TRIAL_MESSAGES, TRIAL_QUOTA, &server, &client)) {
        mem_free(message);
        return;
    }
    if (!WriteFile(server, message, DATA__LONG, NULL, &t->operation[0]) &&
        GetLastError() != ERROR_IO_PENDING) {
        trial_see_ok(t, "write", FALSE);
        mem_free(message);
        return;
    }
    trial_other_reads(t, client, TRIAL_BUFFER);
    trial_cancel(t, server);
    if (GetOverlappedResultEx(server, &t->operation[0], &bytes, TRIAL_COMES_MS, FALSE) ||
        GetLastError() != WAIT_TIMEOUT)
        mem_free(message);
}

static void data__no_quota(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, 0, &server, &client))
        return;
    trial_skip_packets(server);
    trial_write(t, server, 5);
    trial_other_reads(t, client, 10);
    trial_see_packet(t);
}

static void data__empty_message(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_MESSAGES, TRIAL_QUOTA, &server, &client))
        return;
    trial_read(t, server, 10);
    trial_other_writes(t, client, 0);
    trial_see_packet(t);
    trial_other_writes(t, client, 5);
    trial_read(t, server, 10);
}

static void data__empty_bytes(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_read(t, server, 10);
    trial_other_writes(t, client, 0);
    trial_see_no_packet(t);
    trial_other_writes(t, client, 5);
    trial_see_packet(t);
}

static void data__boundaries(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_MESSAGES, TRIAL_QUOTA, &server, &client))
        return;
    trial_other_writes(t, client, 3);
    trial_other_writes(t, client, 2);
    trial_read(t, server, 10);
    trial_see_packet(t);
    trial_read(t, server, 10);
    trial_see_packet(t);
}

static void data__merged(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_BYTES, TRIAL_QUOTA, &server, &client))
        return;
    trial_skip_packets(server);
    trial_other_writes(t, client, 3);
    trial_other_writes(t, client, 2);
    trial_read(t, server, 10);
}

/* The read is pending first, so that it is its packet that brings the piece. */
static void data__pieces(trial *t)
{
    HANDLE server, client;

    if (!trial_connect(t, TRIAL_MESSAGES, TRIAL_QUOTA, &server, &client))
        return;
    trial_read(t, server, 4);
    trial_other_writes(t, client, 10);
    trial_see_packet(t);
    trial_read(t, server, 10);
    trial_see_packet(t);
}

/* TransactNamedPipe of `client`, answered by the server's end. */
static void data__transaction(trial *t)
{
    DWORD message = PIPE_READMODE_MESSAGE, bytes = 0;
    char request[5] = "five", reply[10];
    OVERLAPPED o = {0};
    HANDLE server, client;
    BOOL ok;

    if (!trial_connect(t, TRIAL_MESSAGES, TRIAL_QUOTA, &server, &client) ||
        !SetNamedPipeHandleState(client, &message, NULL, NULL))
        return;
    o.hEvent = trial_keep(t, CreateEventW(NULL, TRUE, FALSE, NULL));
    ok = TransactNamedPipe(client, request, sizeof request, reply, sizeof reply, NULL, &o);
    trial_see(t, ok || GetLastError() != ERROR_IO_PENDING ? "not pending" : "pending");
    trial_read(t, server, 10);
    trial_see_packet(t);
    trial_write(t, server, 7);
    ok = GetOverlappedResultEx(client, &o, &bytes, TRIAL_COMES_MS, FALSE);
    if (trial_see_ok(t, "transaction", ok))
        trial_see(t, "%lu bytes", bytes);
    else if (CancelIoEx(client, &o)) /* `o` is ours: it may not stay with the system */
        GetOverlappedResult(client, &o, &bytes, TRUE);
}

static const selftest_row data__rows[] = {
    {"what a client left behind is read, then the pipe is broken", data__left_by_client,
     "read: 5 bytes; read: error 109; write: error 232", NULL},
    {"what a server left behind is read, then the pipe is broken", data__left_by_server,
     "write: 5 bytes; reads 5 bytes; reads error 109; writes error 232", NULL},
    {"DisconnectNamedPipe drops what nobody has read", data__dropped,
     "write: 5 bytes; disconnect: ok; reads error 233; writes error 233; read: error 233", NULL},
    {"a pending read ends when the other end goes", data__read_broken,
     "read: pending; packet: error 109", NULL},
    {"a pending write ends when the other end goes", data__write_broken,
     "write: pending; packet: error 109", NULL},
    {"a write over the quota is pending until it fits, whole", data__over_quota,
     "write: pending; no packet; reads 65536 bytes; packet: 65536 bytes", NULL},
    {"a message of 64 MiB is one write", data__long_message, "reads 65536 bytes; cancel: ok", NULL},
    {"without a quota a write is pending until it is read", data__no_quota,
     "write: pending; reads 5 bytes; packet: 5 bytes", NULL},
    {"a message of no bytes is delivered, and is not the end", data__empty_message,
     "read: pending; packet: 0 bytes; read: 5 bytes", NULL},
    {"writing no bytes to a byte pipe does nothing", data__empty_bytes,
     "read: pending; no packet; packet: 5 bytes", NULL},
    {"messages keep their boundaries", data__boundaries,
     "read: 3 bytes; packet: 3 bytes; read: 2 bytes; packet: 2 bytes", NULL},
    {"one read takes the bytes of several writes", data__merged, "read: 5 bytes", NULL},
    {"a message too long for a read is read in pieces", data__pieces,
     "read: pending; packet: error 234 with 4 bytes; read: 6 bytes; packet: 6 bytes", NULL},
    {"a client that transacts is served by a read and a write", data__transaction,
     "pending; read: 5 bytes; packet: 5 bytes; write: 7 bytes; transaction: ok; 7 bytes", NULL},
};

const selftest_table selftest_data_table = SELFTEST_TABLE(data__rows);
