/*
 * Self-test: mailslots.
 */
#include "mailslot/slot.h"
#include "server/selftest.h"

#include <string.h>

#define MAILSLOT__LONGEST 64u
#define MAILSLOT__READ_MS 100u /* how long a read of a handle that is synchronous may wait */

static HANDLE mailslot__create(trial *t)
{
    HANDLE slot = CreateMailslotW(t->slot, MAILSLOT__LONGEST, MAILSLOT__READ_MS, NULL);

    if (slot == INVALID_HANDLE_VALUE)
        trial_see_ok(t, "create", FALSE);
    return trial_keep(t, slot);
}

/* Creates the slot as the library does, by the native call: CreateMailslot's handle may differ. */
static HANDLE mailslot__create_native(trial *t)
{
    static name_path path;
    security none = {0};
    HANDLE slot;
    DWORD error;

    memcpy(path.wide, t->slot, sizeof t->slot);
    error = slot_create(&path, MAILSLOT__LONGEST, &none, &slot);
    if (error == ERROR_SUCCESS)
        return trial_keep(t, slot);
    trial_see(t, "create: error %lu", error);
    return INVALID_HANDLE_VALUE;
}

static HANDLE mailslot__open(trial *t)
{
    HANDLE writer = CreateFileW(t->slot, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);

    if (writer == INVALID_HANDLE_VALUE)
        trial_see_ok(t, "open", FALSE);
    return trial_keep(t, writer);
}

/* Sends as the library does. */
static void mailslot__exact(trial *t)
{
    HANDLE slot = mailslot__create(t);
    DWORD next;

    trial_other_writes(
        t,
        trial_keep(t, CreateFileW(t->slot, FILE_WRITE_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                  NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL)),
        5);
    if (trial_see_ok(t, "slot", GetMailslotInfo(slot, NULL, &next, NULL, NULL)))
        trial_see(t, "%lu bytes wait", next);
}

static bool mailslot__associate(trial *t, HANDLE slot)
{
    return trial_see_ok(t, "port", CreateIoCompletionPort(slot, t->port, 0, 0) != NULL);
}

static void mailslot__read_on_port(trial *t, HANDLE slot)
{
    if (!mailslot__associate(t, slot))
        return;
    trial_skip_packets(slot);
    trial_read(t, slot, MAILSLOT__LONGEST);
    trial_other_writes(t, mailslot__open(t), 5);
    trial_see_packet(t);
}

static void mailslot__port(trial *t)
{
    mailslot__read_on_port(t, mailslot__create(t));
}

static void mailslot__native_port(trial *t)
{
    mailslot__read_on_port(t, mailslot__create_native(t));
}

static void mailslot__cancel(trial *t)
{
    HANDLE slot = mailslot__create_native(t);

    if (!mailslot__associate(t, slot))
        return;
    trial_read(t, slot, MAILSLOT__LONGEST);
    trial_cancel(t, slot);
    trial_see_packet(t);
}

static void mailslot__order(trial *t)
{
    HANDLE slot = mailslot__create(t), writer = mailslot__open(t);

    trial_other_writes(t, writer, 3);
    trial_other_writes(t, writer, 2);
    trial_other_reads(t, slot, MAILSLOT__LONGEST);
    trial_other_reads(t, slot, MAILSLOT__LONGEST);
}

static void mailslot__see_next(trial *t, HANDLE slot)
{
    DWORD next;

    if (!GetMailslotInfo(slot, NULL, &next, NULL, NULL))
        trial_see_ok(t, "next", FALSE);
    else if (next == MAILSLOT_NO_MESSAGE)
        trial_see(t, "next: none");
    else
        trial_see(t, "next: %lu bytes", next);
}

static void mailslot__too_small(trial *t)
{
    HANDLE slot = mailslot__create(t);

    mailslot__see_next(t, slot);
    trial_other_writes(t, mailslot__open(t), 10);
    mailslot__see_next(t, slot);
    trial_other_reads(t, slot, 4);
    mailslot__see_next(t, slot);
}

static void mailslot__empty(trial *t)
{
    HANDLE slot = mailslot__create(t);

    trial_other_writes(t, mailslot__open(t), 0);
    trial_other_reads(t, slot, MAILSLOT__LONGEST);
}

static void mailslot__taken(trial *t)
{
    for (int i = 0; i < 2; i++) {
        HANDLE slot = CreateMailslotW(t->slot, 0, 0, NULL);

        trial_see_ok(t, "create", trial_keep(t, slot) != INVALID_HANDLE_VALUE);
    }
}

static void mailslot__absent(trial *t)
{
    mailslot__open(t);
}

static void mailslot__two_writers(trial *t)
{
    HANDLE slot = mailslot__create(t), first = mailslot__open(t);

    trial_other_writes(t, mailslot__open(t), 2);
    trial_other_reads(t, slot, MAILSLOT__LONGEST);
    trial_other_writes(t, first, 3);
    trial_other_reads(t, slot, MAILSLOT__LONGEST);
}

/* Microsoft does not document the error, and the library does not look at it. */
static void mailslot__too_long(trial *t)
{
    char datagram[MAILSLOT__LONGEST + 1] = "";
    HANDLE slot = mailslot__create(t);
    HANDLE writer = slot == INVALID_HANDLE_VALUE ? slot : mailslot__open(t);
    DWORD bytes;

    if (writer == INVALID_HANDLE_VALUE)
        return;
    if (WriteFile(writer, datagram, sizeof datagram, &bytes, NULL)) {
        trial_see(t, "taken");
    } else {
        trial_see_aside(t, "error %lu", GetLastError());
        trial_see(t, "refused");
    }
}

static void mailslot__other_machine(trial *t)
{
    trial_see(t, "takes a second machine");
}

static const selftest_row mailslot__rows[] = {
    {"a sender needs the right to write data alone", TRIAL_ALONE, mailslot__exact,
     "slot: ok; 5 bytes wait", NULL},
    {"the handle of CreateMailslot can be on a port", TRIAL_ALONE, mailslot__port,
     "port: ok; read: pending; packet: 5 bytes", "port: error 87"},
    {"the handle of NtCreateMailslotFile can be on a port", TRIAL_ALONE, mailslot__native_port,
     "port: ok; read: pending; packet: 5 bytes", "port: error 87"},
    {"a mailslot's cancelled read brings its packet", TRIAL_ALONE, mailslot__cancel,
     "port: ok; read: pending; cancel: ok; packet: error 995", "port: error 87"},
    {"datagrams arrive whole and in order", TRIAL_ALONE, mailslot__order,
     "reads 3 bytes; reads 2 bytes", NULL},
    {"a datagram too long for a read stays, and its length is told", TRIAL_ALONE,
     mailslot__too_small, "next: none; next: 10 bytes; reads error 122; next: 10 bytes",
     "next: none; next: 10 bytes; reads 4 bytes; next: none"},
    {"a datagram of no bytes is delivered", TRIAL_ALONE, mailslot__empty, "reads 0 bytes",
     "reads error 109"},
    {"a second slot of a name is refused", TRIAL_ALONE, mailslot__taken,
     "create: ok; create: error 183", NULL},
    {"an absent slot is told at once", TRIAL_ALONE, mailslot__absent, "open: error 2", NULL},
    {"two writers that share can have a slot open", TRIAL_ALONE, mailslot__two_writers,
     "reads 2 bytes; reads 3 bytes", NULL},
    {"a datagram longer than the slot takes is refused", TRIAL_ALONE, mailslot__too_long, "refused",
     "taken"},
    {"424 bytes reach a slot of another machine", TRIAL_ALONE, mailslot__other_machine, NULL, NULL},
};

const selftest_table selftest_mailslot_table = SELFTEST_TABLE(mailslot__rows);
