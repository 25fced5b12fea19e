/*
 * Mailslots: slots, whose handles are asynchronous, with reads that time out; and senders, on this
 * machine and on another.
 */
#include "files.h"
#include "security.h"

#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#define SLOTS__MOST_REMOTE 424 /* Microsoft, About Mailslots */

typedef struct datagram {
    struct datagram *next;
    DWORD size;
    char bytes[];
} datagram;

typedef struct slot {
    file file;
    struct slot *next;
    uint64_t number;
    unsigned machine;
    WCHAR name[FILE_NAME_ROOM];
    DWORD longest, ms;
    descriptor *descriptor;
    datagram *first;
    file_op *reads;
} slot;

typedef struct sender {
    file file;
    uint64_t number; /* of the slot on this machine */
    bool remote;
    unsigned machine;
    WCHAR name[FILE_NAME_ROOM];
} sender;

bool sim_slots_take_no_port;
uint64_t sim_datagrams_taken;
static slot *slots; /* also what the threads that watch time-outs wait for */

void slots_reset(void)
{
    slots = NULL;
    sim_slots_take_no_port = false;
    sim_datagrams_taken = 0;
}

static slot *slots__find(unsigned machine, const WCHAR *name)
{
    slot *s = slots;

    while (s && (s->machine != machine || _wcsicmp(s->name, name) != 0))
        s = s->next;
    return s;
}

static slot *slots__numbered(uint64_t number)
{
    slot *s = slots;

    while (s && s->number != number)
        s = s->next;
    return s;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void slots__drop_first(slot *s)
{
    datagram *gone = s->first;

    s->first = gone->next;
    free(gone);
}

/* Wine's kernel32/tests/mailslot.c: a datagram that is too long for a read stays. */
static NTSTATUS slots__take(slot *s, const file_op *op, DWORD *bytes)
{
    if (s->first->size > op->size)
        return SIM_BUFFER_TOO_SMALL;
    *bytes = s->first->size;
    if (*bytes > 0)
        memcpy(op->buffer, s->first->bytes, *bytes);
    slots__drop_first(s);
    sim_datagrams_taken++;
    return 0;
}

static NTSTATUS slots__start_read(file *f, file_op *op)
{
    slot *s = (slot *)f;

    if (!s->reads && s->first)
        return slots__take(s, op, &op->bytes);
    if (s->ms == 0)
        return SIM_TIMED_OUT;
    op->deadline_ns = sim_deadline(s->ms);
    file_append(&s->reads, op);
    sim_wake(&slots);
    return SIM_PENDING;
}

/* Ends the reads whose time is over. Returns when the next one's will be. */
static uint64_t slots__time_out(slot *s)
{
    uint64_t next = SIM_NEVER;

    for (file_op **place = &s->reads; *place;)
        if ((*place)->deadline_ns <= sim_now_ns()) {
            file_end(&s->file, place, SIM_TIMED_OUT, 0);
        } else {
            next = (*place)->deadline_ns < next ? (*place)->deadline_ns : next;
            place = &(*place)->next;
        }
    return next;
}

static DWORD slots__watch(void *argument)
{
    uint64_t number = (uintptr_t)argument;
    slot *s;

    while ((s = slots__numbered(number)) != NULL)
        sim_wait_for(&slots, slots__time_out(s));
    return 0;
}

static void slots__set_time(slot *s, DWORD ms)
{
    s->ms = ms;
    if (ms != 0 && ms != MAILSLOT_WAIT_FOREVER)
        CloseHandle(sim_spawn(s->file.owner, slots__watch, (void *)(uintptr_t)s->number));
}

static NTSTATUS slots__refuse_write(file *f, file_op *op)
{
    (void)f, (void)op;
    return SIM_ACCESS_DENIED;
}

static bool slots__cancel(file *f, OVERLAPPED *o)
{
    return file_cancel(f, &((slot *)f)->reads, o, NULL);
}

static const file_calls slots__calls = {slots__start_read, slots__refuse_write, slots__cancel};

/* ---- Slots ---------------------------------------------------------------------------------- */

static void slots__close(sim_object *object)
{
    slot *s = (slot *)object, **place = &slots;

    if (s->reads && s->file.owner == &sim_server)
        sim_fail("the library closes a mailslot on which a read is pending");
    file_cancel(&s->file, &s->reads, NULL, NULL);
    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    while (s->first)
        slots__drop_first(s);
    security_free(s->descriptor);
    free(s);
    sim_wake(&slots);
}

/* Windows has CreateMailslot and the native call make the same asynchronous handle (Microsoft,
 * CreateMailslot; Wine's ntdll/tests/file.c). A second slot of a name: Wine's
 * kernel32/tests/mailslot.c. */
static DWORD slots__create(const WCHAR *name, DWORD longest, DWORD ms, const void *sd, HANDLE *made)
{
    static uint64_t number;
    slot *s;

    if (slots__find(sim_process_here()->machine, name))
        return ERROR_ALREADY_EXISTS;
    s = calloc(1, sizeof *s);
    file_init(&s->file, SIM_SLOT, &slots__calls, slots__close);
    memcpy(s->name, name, (wcslen(name) + 1) * sizeof *name);
    s->number = ++number;
    s->machine = sim_process_here()->machine;
    s->file.overlapped = true;
    s->file.rights = FILE_GENERIC_READ;
    s->longest = longest;
    s->descriptor = sd ? security_copy(sd) : security_default(true);
    s->next = slots;
    slots = s;
    *made = sim_handle(&s->file.object);
    slots__set_time(s, ms);
    return ERROR_SUCCESS;
}

HANDLE CreateMailslotW(const WCHAR *text, DWORD longest, DWORD ms, SECURITY_ATTRIBUTES *sa)
{
    file_path path;
    HANDLE made;
    DWORD error;

    sim_point();
    if (file_parse(text, &path) != ERROR_SUCCESS || !path.slot || path.remote)
        return file_refuse(ERROR_INVALID_NAME);
    error = slots__create(path.name, longest, ms, sa ? sa->lpSecurityDescriptor : NULL, &made);
    return error == ERROR_SUCCESS ? made : file_refuse(error);
}

/* Of time-outs it knows none and for ever alone. */
NTSTATUS NtCreateMailslotFile(HANDLE *made, ULONG access, OBJECT_ATTRIBUTES *attributes,
                              IO_STATUS_BLOCK *result, ULONG options, ULONG quota, ULONG longest,
                              LARGE_INTEGER *timeout)
{
    static const WCHAR before[] = L"\\??\\mailslot\\";
    const WCHAR *name = attributes->name->Buffer;
    size_t length = wcslen(before);

    (void)access, (void)result, (void)quota;
    sim_point();
    if (_wcsnicmp(name, before, length) != 0 || options != 0)
        sim_fail("NtCreateMailslotFile: another name or option is not modelled yet");
    return slots__create(name + length, longest,
                         timeout && timeout->QuadPart == 0 ? 0 : MAILSLOT_WAIT_FOREVER,
                         attributes->descriptor, made) == ERROR_SUCCESS
               ? 0
               : SIM_NAME_COLLISION;
}

BOOL GetMailslotInfo(HANDLE handle, DWORD *longest, DWORD *next, DWORD *count, DWORD *ms)
{
    slot *s;
    DWORD waiting = 0;

    sim_point();
    s = (slot *)sim_look(handle, SIM_SLOT);
    if (!s)
        return FALSE;
    for (const datagram *d = s->first; d; d = d->next)
        waiting++;
    if (longest)
        *longest = s->longest;
    if (next)
        *next = s->first ? s->first->size : MAILSLOT_NO_MESSAGE;
    if (count)
        *count = waiting;
    if (ms)
        *ms = s->ms;
    return TRUE;
}

BOOL SetMailslotInfo(HANDLE handle, DWORD ms)
{
    slot *s;

    sim_point();
    s = (slot *)sim_look(handle, SIM_SLOT);
    if (!s)
        return FALSE;
    slots__set_time(s, ms);
    return TRUE;
}

/* ---- Sending -------------------------------------------------------------------------------- */

/* The error for a datagram that is longer than the slot takes: not known, and drawn. */
static NTSTATUS slots__add(slot *s, const void *bytes, DWORD size)
{
    static const NTSTATUS too_long[] = {SIM_INVALID_PARAMETER, SIM_BUFFER_TOO_SMALL,
                                        SIM_BAD_NETPATH};
    datagram *d, **last = &s->first;
    NTSTATUS status;
    DWORD taken = 0;

    if (s->longest != 0 && size > s->longest)
        return too_long[sim_draw(3)];
    d = malloc(sizeof *d + size);
    d->next = NULL;
    d->size = size;
    if (size > 0)
        memcpy(d->bytes, bytes, size);
    while (*last)
        last = &(*last)->next;
    *last = d;
    while (s->reads && s->first) {
        status = slots__take(s, s->reads, &taken);
        file_end(&s->file, &s->reads, status, status == 0 ? taken : 0);
    }
    return 0;
}

/* Microsoft, About Mailslots and CreateMailslot: nobody acknowledges a datagram; it may be lost, or
 * arrive once for each transport. Whether the descriptor counts for it: not known. */
static NTSTATUS senders__send_away(const sender *from, const file_op *op)
{
    if (op->size > SLOTS__MOST_REMOTE)
        return SIM_BAD_NETPATH;
    for (slot *s = slots; s; s = s->next) {
        bool meant = from->machine == FILE_ALL_MACHINES || s->machine == from->machine;
        uint32_t copies = sim_is_bare ? 1 : sim_draw(3);

        if (meant && _wcsicmp(s->name, from->name) == 0)
            for (; copies > 0; copies--)
                slots__add(s, op->buffer, op->size);
    }
    return 0;
}

/* A slot that has closed since: not known. */
static NTSTATUS senders__start_write(file *f, file_op *op)
{
    sender *from = (sender *)f;
    slot *s;

    op->bytes = op->size;
    if (from->remote)
        return senders__send_away(from, op);
    s = slots__numbered(from->number);
    return s ? slots__add(s, op->buffer, op->size) : SIM_FORCED_CLOSED;
}

static bool senders__cancel(file *f, OVERLAPPED *o)
{
    (void)f, (void)o;
    return false;
}

static const file_calls senders__calls = {slots__refuse_write, senders__start_write,
                                          senders__cancel};

static void senders__close(sim_object *object)
{
    free(object);
}

/* Microsoft, CreateFile: a slot of another machine opens whether it is there or not. Sharing modes
 * do not count since Vista: Wine's kernel32/tests/mailslot.c. */
HANDLE slot_open_sender(const file_path *path, DWORD rights, DWORD flags)
{
    subject who = security_here();
    slot *s = path->remote ? NULL : slots__find(path->machine, path->name);
    DWORD error = s ? security_check(s->descriptor, &who, rights) : ERROR_SUCCESS;
    sender *made;

    if (!path->remote && !s)
        return file_refuse(ERROR_FILE_NOT_FOUND);
    if (error != ERROR_SUCCESS)
        return file_refuse(error);
    made = calloc(1, sizeof *made);
    file_init(&made->file, SIM_SENDER, &senders__calls, senders__close);
    made->file.rights = rights & ~FILE_READ_DATA;
    made->file.overlapped = (flags & FILE_FLAG_OVERLAPPED) != 0;
    made->number = s ? s->number : 0;
    made->remote = path->remote;
    made->machine = path->machine;
    memcpy(made->name, path->name, (wcslen(path->name) + 1) * sizeof *path->name);
    return sim_handle(&made->file.object);
}
