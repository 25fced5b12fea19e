#include "mailslot/slot_reader.h"

#define SLOT_READER__AHEAD (64u * 1024) /* bytes besides one datagram, unread by the consumer */
#define SLOT_READER__STACK (64u * 1024)

/* Waits for room for the longest datagram. False: the thread should stop. */
static bool slot_reader__wait_for_room(slot_reader *r, char **at)
{
    size_t length;
    bool stopping;

    AcquireSRWLockExclusive(&r->lock);
    for (*at = datagrams_room(&r->filling, &length); !r->stopping && length < r->longest;
         *at = datagrams_room(&r->filling, &length))
        SleepConditionVariableSRW(&r->room, &r->lock, INFINITE, 0);
    stopping = r->stopping;
    ReleaseSRWLockExclusive(&r->lock);
    return !stopping;
}

/* Adds the datagram in `scratch`. */
static void slot_reader__add(slot_reader *r, const char *scratch, DWORD bytes)
{
    size_t length;

    AcquireSRWLockExclusive(&r->lock);
    memcpy(datagrams_room(&r->filling, &length), scratch, bytes);
    datagrams_add(&r->filling, bytes);
    ReleaseSRWLockExclusive(&r->lock);
    strand_raise(r->strand, r->event);
}

static DWORD slot_reader__loop(slot_reader *r, char *scratch)
{
    char *at;
    DWORD bytes;

    while (slot_reader__wait_for_room(r, &at)) {
        DWORD error = kernel_read_blocking(r->kernel, r->slot, scratch, r->longest, &bytes);

        if (error == ERROR_SEM_TIMEOUT)
            continue; /* nothing came: looks whether it should stop */
        /* A slot has no other end that could break: Wine reports an empty datagram in this way. */
        if (error == ERROR_BROKEN_PIPE)
            bytes = 0;
        else if (error != ERROR_SUCCESS)
            return error;
        slot_reader__add(r, scratch, bytes);
    }
    return ERROR_SUCCESS;
}

static DWORD WINAPI slot_reader__main(void *argument)
{
    slot_reader *r = argument;
    char *scratch = mem_alloc(r->longest);
    DWORD error = scratch ? slot_reader__loop(r, scratch) : ERROR_NOT_ENOUGH_MEMORY;

    mem_free(scratch);
    AcquireSRWLockExclusive(&r->lock);
    r->error = error;
    r->finished = true;
    strand_raise(r->strand, r->event); /* under the lock: the reader may be gone afterwards */
    ReleaseSRWLockExclusive(&r->lock);
    return 0;
}

bool slot_reader_open_datagrams(datagrams *b, DWORD longest)
{
    return datagrams_open(b, longest, SLOT_READER__AHEAD);
}

DWORD slot_reader_start(slot_reader *r, kernel *k, HANDLE slot, DWORD longest, strand *s,
                        LONG event)
{
    r->kernel = k;
    r->slot = slot;
    r->strand = s;
    r->event = event;
    r->longest = longest;
    InitializeSRWLock(&r->lock);
    InitializeConditionVariable(&r->room);
    if (!slot_reader_open_datagrams(&r->filling, longest))
        return ERROR_NOT_ENOUGH_MEMORY;
    kernel_count_other(k);
    if (!SetMailslotInfo(slot, SLOT_READER_LOOK_MS))
        return win_last_error();
    r->thread = CreateThread(NULL, SLOT_READER__STACK, slot_reader__main, r,
                             STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return r->thread ? ERROR_SUCCESS : win_last_error();
}

bool slot_reader_take(slot_reader *r, datagrams *b)
{
    datagrams empty = *b;

    AcquireSRWLockExclusive(&r->lock);
    *b = r->filling;
    r->filling = empty;
    ReleaseSRWLockExclusive(&r->lock);
    WakeConditionVariable(&r->room);
    return !datagrams_are_empty(b);
}

void slot_reader_stop(slot_reader *r)
{
    AcquireSRWLockExclusive(&r->lock);
    r->stopping = true;
    ReleaseSRWLockExclusive(&r->lock);
    WakeConditionVariable(&r->room);
}

bool slot_reader_has_ended(slot_reader *r)
{
    bool finished;

    AcquireSRWLockExclusive(&r->lock);
    finished = r->finished;
    ReleaseSRWLockExclusive(&r->lock);
    return finished;
}

void slot_reader_free(slot_reader *r)
{
    if (r->thread) {
        WaitForSingleObject(r->thread, INFINITE); /* the thread has ended, but for its return */
        CloseHandle(r->thread);
    }
    datagrams_close(&r->filling);
}
