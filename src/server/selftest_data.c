/*
 * Self-test: bytes and messages, and what becomes of them when an end goes.
 */
#include "base/mem.h"
#include "server/selftest.h"

static void data__left_by_client(trial *t)
{
    trial_other_writes(t, t->client, 5);
    trial_drop(t, t->client);
    trial_read(t, t->server, 10);
    trial_read(t, t->server, 10);
    trial_write(t, t->server, 5);
}

static void data__left_by_server(trial *t)
{
    trial_write(t, t->server, 5);
    trial_drop(t, t->server);
    trial_other_reads(t, t->client, 10);
    trial_other_reads(t, t->client, 10);
    trial_other_writes(t, t->client, 5);
}

static void data__dropped(trial *t)
{
    trial_write(t, t->server, 5);
    trial_other_writes(t, t->client, 5);
    trial_see_ok(t, "disconnect", DisconnectNamedPipe(t->server));
    trial_other_reads(t, t->client, 10);
    trial_other_writes(t, t->client, 5);
    trial_read(t, t->server, 10);
}

static void data__read_broken(trial *t)
{
    trial_read(t, t->server, 10);
    trial_drop(t, t->client);
    trial_see_packet(t);
}

static void data__write_broken(trial *t)
{
    trial_write(t, t->server, TRIAL_BUFFER);
    trial_drop(t, t->client);
    trial_see_packet(t);
}

static void data__over_quota(trial *t)
{
    trial_write(t, t->server, TRIAL_BUFFER);
    trial_see_no_packet(t);
    trial_other_reads(t, t->client, TRIAL_BUFFER);
    trial_see_packet(t);
}

#define DATA__LONG (64u * 1024 * 1024)

/* The system holds the part over the quota. A write that does not end keeps its memory. */
static void data__long_message(trial *t)
{
    char *message = mem_alloc_zeroed(DATA__LONG);
    DWORD bytes;

    if (!message)
        return;
    if (!WriteFile(t->server, message, DATA__LONG, NULL, &t->operation[0]) &&
        GetLastError() != ERROR_IO_PENDING) {
        trial_see_ok(t, "write", FALSE);
        mem_free(message);
        return;
    }
    trial_other_reads(t, t->client, TRIAL_BUFFER);
    trial_cancel(t, t->server);
    if (GetOverlappedResultEx(t->server, &t->operation[0], &bytes, TRIAL_COMES_MS, FALSE) ||
        GetLastError() != WAIT_TIMEOUT)
        mem_free(message);
}

static void data__no_quota(trial *t)
{
    trial_write(t, t->server, 5);
    trial_other_reads(t, t->client, 10);
    trial_see_packet(t);
}

static void data__empty_message(trial *t)
{
    trial_read(t, t->server, 10);
    trial_other_writes(t, t->client, 0);
    trial_see_packet(t);
    trial_other_writes(t, t->client, 5);
    trial_read(t, t->server, 10);
}

static void data__empty_bytes(trial *t)
{
    trial_read(t, t->server, 10);
    trial_other_writes(t, t->client, 0);
    trial_see_no_packet(t);
    trial_other_writes(t, t->client, 5);
    trial_see_packet(t);
}

static void data__boundaries(trial *t)
{
    trial_other_writes(t, t->client, 3);
    trial_other_writes(t, t->client, 2);
    trial_read(t, t->server, 10);
    trial_see_packet(t);
    trial_read(t, t->server, 10);
    trial_see_packet(t);
}

static void data__merged(trial *t)
{
    trial_other_writes(t, t->client, 3);
    trial_other_writes(t, t->client, 2);
    trial_read(t, t->server, 10);
}

/* The read is pending first, so that its packet brings the piece. */
static void data__pieces(trial *t)
{
    trial_read(t, t->server, 4);
    trial_other_writes(t, t->client, 10);
    trial_see_packet(t);
    trial_read(t, t->server, 10);
    trial_see_packet(t);
}

/* The client's end calls TransactNamedPipe, and the server's end answers. */
static void data__transaction(trial *t)
{
    DWORD message = PIPE_READMODE_MESSAGE, bytes = 0;
    char request[5] = "five", reply[10];
    OVERLAPPED o = {0};
    BOOL ok;

    SetNamedPipeHandleState(t->client, &message, NULL, NULL);
    o.hEvent = trial_keep(t, CreateEventW(NULL, TRUE, FALSE, NULL));
    ok = TransactNamedPipe(t->client, request, sizeof request, reply, sizeof reply, NULL, &o);
    trial_see(t, ok || GetLastError() != ERROR_IO_PENDING ? "not pending" : "pending");
    trial_read(t, t->server, 10);
    trial_see_packet(t);
    trial_write(t, t->server, 7);
    ok = GetOverlappedResultEx(t->client, &o, &bytes, TRIAL_COMES_MS, FALSE);
    if (trial_see_ok(t, "transaction", ok))
        trial_see(t, "%lu bytes", bytes);
    else if (CancelIoEx(t->client, &o)) /* the system must not keep `o`, which is on our stack */
        GetOverlappedResult(t->client, &o, &bytes, TRUE);
}

static const selftest_row data__rows[] = {
    {"what a client left behind is read, then the pipe is broken", TRIAL_BYTES | TRIAL_SKIPS,
     data__left_by_client, "read: 5 bytes; read: error 109; write: error 232", NULL},
    {"what a server left behind is read, then the pipe is broken", TRIAL_BYTES,
     data__left_by_server, "write: 5 bytes; reads 5 bytes; reads error 109; writes error 232",
     NULL},
    {"DisconnectNamedPipe drops what nobody has read", TRIAL_BYTES | TRIAL_SKIPS, data__dropped,
     "write: 5 bytes; disconnect: ok; reads error 233; writes error 233; read: error 233", NULL},
    {"a pending read ends when the other end goes", TRIAL_BYTES, data__read_broken,
     "read: pending; packet: error 109", NULL},
    {"a pending write ends when the other end goes", TRIAL_BYTES, data__write_broken,
     "write: pending; packet: error 109", NULL},
    {"a write over the quota is pending until it fits, whole", TRIAL_BYTES, data__over_quota,
     "write: pending; no packet; reads 65536 bytes; packet: 65536 bytes", NULL},
    {"a message of 64 MiB is one write", TRIAL_MESSAGES, data__long_message,
     "reads 65536 bytes; cancel: ok", NULL},
    {"without a quota a write is pending until it is read",
     TRIAL_BYTES | TRIAL_NO_QUOTA | TRIAL_SKIPS, data__no_quota,
     "write: pending; reads 5 bytes; packet: 5 bytes", NULL},
    {"a message of no bytes is delivered, and is not the end", TRIAL_MESSAGES, data__empty_message,
     "read: pending; packet: 0 bytes; read: 5 bytes", NULL},
    {"writing no bytes to a byte pipe does nothing", TRIAL_BYTES, data__empty_bytes,
     "read: pending; no packet; packet: 5 bytes", NULL},
    {"messages keep their boundaries", TRIAL_MESSAGES, data__boundaries,
     "read: 3 bytes; packet: 3 bytes; read: 2 bytes; packet: 2 bytes", NULL},
    {"one read takes the bytes of several writes", TRIAL_BYTES | TRIAL_SKIPS, data__merged,
     "read: 5 bytes", NULL},
    {"a message too long for a read is read in pieces", TRIAL_MESSAGES, data__pieces,
     "read: pending; packet: error 234 with 4 bytes; read: 6 bytes; packet: 6 bytes", NULL},
    {"a client that transacts is served by a read and a write", TRIAL_MESSAGES, data__transaction,
     "pending; read: 5 bytes; packet: 5 bytes; write: 7 bytes; transaction: ok; 7 bytes", NULL},
};

const selftest_table selftest_data_table = SELFTEST_TABLE(data__rows);
