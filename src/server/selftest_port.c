/*
 * Self-test: completion packets. Will one come, when, and with what?
 */
#include "server/selftest.h"

static void port__pending(trial *t)
{
    trial_read(t, t->server, 10);
    trial_other_writes(t, t->client, 5);
    trial_see_packet(t);
    trial_see_no_packet(t);
}

static void port__skipped_meanwhile(trial *t)
{
    trial_read(t, t->server, 10);
    trial_skip_packets(t->server);
    trial_other_writes(t, t->client, 5);
    trial_see_packet(t);
    trial_see_no_packet(t);
}

static void port__failed_at_once(trial *t)
{
    trial_drop(t, t->client);
    trial_write(t, t->server, 5);
    trial_see_no_packet(t);
}

/* A write and a read that can complete at once. */
static void port__at_once(trial *t)
{
    trial_write(t, t->server, 3);
    trial_see_no_packet(t);
    trial_other_writes(t, t->client, 5);
    trial_read(t, t->server, 10);
    trial_see_no_packet(t);
}

static void port__too_small(trial *t)
{
    trial_other_writes(t, t->client, 10);
    trial_read(t, t->server, 4);
    trial_see_no_packet(t);
}

static void port__cancelled(trial *t)
{
    trial_read(t, t->server, 10);
    trial_cancel(t, t->server);
    trial_see_packet(t);
    trial_see_no_packet(t);
}

static void port__cancelled_write(trial *t)
{
    trial_write(t, t->server, TRIAL_BUFFER);
    trial_cancel(t, t->server);
    trial_see_packet(t);
}

static void port__cancelled_too_late(trial *t)
{
    trial_read(t, t->server, 10);
    trial_other_writes(t, t->client, 5);
    trial_cancel(t, t->server);
    trial_see_packet(t);
}

static void port__closed_with_read(trial *t)
{
    trial_read(t, t->server, 10);
    trial_drop(t, t->server);
    trial_see_packet(t);
}

static void port__event_skipped(trial *t)
{
    trial_read(t, t->server, 10);
    trial_other_writes(t, t->client, 5);
    trial_see_packet(t);
    trial_see(t, "handle: %s",
              WaitForSingleObject(t->server, 0) == WAIT_OBJECT_0 ? "signalled" : "not signalled");
}

static DWORD WINAPI port__read_and_exit(void *argument)
{
    trial *t = argument;

    trial_read(t, t->server, 10);
    return 0;
}

static void port__thread_exits(trial *t)
{
    HANDLE thread = trial_keep(t, CreateThread(NULL, 0, port__read_and_exit, t, 0, NULL));

    if (!trial_see_ok(t, "thread", thread && WaitForSingleObject(thread, TRIAL_COMES_MS) == 0))
        return;
    trial_see_no_packet(t);
    trial_other_writes(t, t->client, 5);
    trial_see_packet(t);
}

static void port__not_filled(trial *t)
{
    OVERLAPPED_ENTRY entries[8];
    ULONG count = 0;
    BOOL ok;

    PostQueuedCompletionStatus(t->port, 0, 7, NULL);
    ok = GetQueuedCompletionStatusEx(t->port, entries, 8, &count, TRIAL_COMES_MS, FALSE);
    trial_see_ok(t, "dequeue", ok);
    trial_see(t, "%lu of 8 entries; key %lu", count, (unsigned long)entries[0].lpCompletionKey);
}

static void port__batch(trial *t)
{
    OVERLAPPED_ENTRY entries[8];
    ULONG count = 0;

    for (ULONG_PTR key = 1; key <= 3; key++)
        PostQueuedCompletionStatus(t->port, 0, key, NULL);
    GetQueuedCompletionStatusEx(t->port, entries, 8, &count, TRIAL_COMES_MS, FALSE);
    for (ULONG i = 0; i < count && i < 8; i++)
        trial_see(t, "key %lu", (unsigned long)entries[i].lpCompletionKey);
}

/* The library's clock, in microseconds. */
static long long port__now_us(void)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (long long)((double)now.QuadPart / (double)frequency.QuadPart * 1e6);
}

static long long port__time_wait(trial *t, DWORD wait_ms)
{
    OVERLAPPED_ENTRY entry;
    ULONG count;
    long long began = port__now_us();
    BOOL ok = GetQueuedCompletionStatusEx(t->port, &entry, 1, &count, wait_ms, FALSE);

    trial_see_ok(t, "dequeue", ok);
    return port__now_us() - began;
}

/* The library looks at the clock again after a wait, so one that ends early by less than the
 * system's tick does no harm; one that returns at once would be a busy loop. */
static void port__wait(trial *t)
{
    long long one = port__time_wait(t, 1), fifty = port__time_wait(t, 50);

    trial_see(t, fifty < 30000 ? "early" : fifty > 1000000 ? "late" : "in time");
    trial_see_aside(t, "1 ms took %lld us, 50 ms %lld us", one, fifty);
}

static const selftest_row port__rows[] = {
    {"a call that returns pending brings one packet", TRIAL_BYTES | TRIAL_SKIPS, port__pending,
     "read: pending; packet: 5 bytes; no packet", NULL},
    {"what is pending brings its packet though packets are skipped from then on", TRIAL_BYTES,
     port__skipped_meanwhile, "read: pending; packet: 5 bytes; no packet", NULL},
    {"a call that fails at once brings no packet", TRIAL_BYTES, port__failed_at_once,
     "write: error 232; no packet", NULL},
    {"a success at once brings no packet where that is skipped", TRIAL_BYTES | TRIAL_SKIPS,
     port__at_once, "write: 3 bytes; no packet; read: 5 bytes; no packet", NULL},
    {"a success at once brings a packet where it is not skipped", TRIAL_BYTES, port__at_once,
     "write: 3 bytes; packet: 3 bytes; read: 5 bytes; packet: 5 bytes", NULL},
    {"a message read that is too small brings a packet even where success is skipped",
     TRIAL_MESSAGES | TRIAL_SKIPS, port__too_small,
     "read: error 234; packet: error 234 with 4 bytes or "
     "read: pending; packet: error 234 with 4 bytes",
     "read: error 234; no packet"},
    {"a message read that is too small brings a packet where success is not skipped",
     TRIAL_MESSAGES, port__too_small,
     "read: error 234; packet: error 234 with 4 bytes or "
     "read: pending; packet: error 234 with 4 bytes",
     NULL},
    {"a cancelled read brings its packet", TRIAL_BYTES, port__cancelled,
     "read: pending; cancel: ok; packet: error 995; no packet", NULL},
    {"a cancelled write brings its packet", TRIAL_BYTES, port__cancelled_write,
     "write: pending; cancel: ok; packet: error 995", NULL},
    {"cancelling what has completed changes nothing, and the packet comes", TRIAL_BYTES,
     port__cancelled_too_late,
     "read: pending; cancel: error 1168; packet: 5 bytes or "
     "read: pending; cancel: ok; packet: 5 bytes",
     NULL},
    {"closing a handle ends its pending read with a packet", TRIAL_BYTES, port__closed_with_read,
     "read: pending; packet: error 109", NULL},
    {"a handle that skips its event is not signalled", TRIAL_BYTES | TRIAL_SKIPS,
     port__event_skipped, "read: pending; packet: 5 bytes; handle: not signalled", NULL},
    {"a read outlives the thread that started it", TRIAL_BYTES, port__thread_exits,
     "read: pending; thread: ok; no packet; packet: 5 bytes", NULL},
    {"a dequeue of many does not wait until it is full", TRIAL_ALONE, port__not_filled,
     "dequeue: ok; 1 of 8 entries; key 7", NULL},
    {"posted packets come in order, many at once", TRIAL_ALONE, port__batch, "key 1; key 2; key 3",
     NULL},
    {"a dequeue waits as long as it was told", TRIAL_ALONE, port__wait,
     "dequeue: error 258; dequeue: error 258; in time", NULL},
};

const selftest_table selftest_port_table = SELFTEST_TABLE(port__rows);
