#include "mailslot/reader.h"

#define READER__AHEAD (64u * 1024) /* bytes read ahead of the consumer, besides one datagram */
#define READER__STACK (64u * 1024)

/* Waits for room for the longest datagram; false when it is to stop. */
static bool reader__wait_for_room(reader *r, char **at)
{
    size_t length;
    bool stopping;

    AcquireSRWLockExclusive(&r->lock);
    for (*at = batch_room(&r->filling, &length); !r->stopping && length < r->longest;
         *at = batch_room(&r->filling, &length))
        SleepConditionVariableSRW(&r->room, &r->lock, INFINITE, 0);
    stopping = r->stopping;
    ReleaseSRWLockExclusive(&r->lock);
    return !stopping;
}

/* Adds what was read into `scratch`. */
static void reader__add(reader *r, const char *scratch, DWORD bytes)
{
    size_t length;

    AcquireSRWLockExclusive(&r->lock);
    memcpy(batch_room(&r->filling, &length), scratch, bytes);
    batch_add(&r->filling, bytes);
    ReleaseSRWLockExclusive(&r->lock);
    strand_raise(r->strand, r->event);
}

static DWORD reader__loop(reader *r, char *scratch)
{
    char *at;
    DWORD bytes;

    while (reader__wait_for_room(r, &at)) {
        DWORD error = kernel_read_blocking(r->kernel, r->slot, scratch, r->longest, &bytes);

        if (error == ERROR_SEM_TIMEOUT)
            continue; /* nothing came: it looks whether it is to stop */
        /* A slot has no other end that could break: this is how Wine shows an empty datagram. */
        if (error == ERROR_BROKEN_PIPE)
            bytes = 0;
        else if (error != ERROR_SUCCESS)
            return error;
        reader__add(r, scratch, bytes);
    }
    return ERROR_SUCCESS;
}

static DWORD WINAPI reader__main(void *argument)
{
    reader *r = argument;
    char *scratch = mem_alloc(r->longest);
    DWORD error = scratch ? reader__loop(r, scratch) : ERROR_NOT_ENOUGH_MEMORY;

    mem_free(scratch);
    AcquireSRWLockExclusive(&r->lock);
    r->error = error;
    r->ended = true;
    strand_raise(r->strand, r->event); /* under the lock: afterwards the reader may be gone */
    ReleaseSRWLockExclusive(&r->lock);
    return 0;
}

bool reader_open_batch(batch *b, DWORD longest)
{
    return batch_open(b, longest, READER__AHEAD);
}

DWORD reader_start(reader *r, kernel *k, HANDLE slot, DWORD longest, strand *s, LONG event)
{
    r->kernel = k;
    r->slot = slot;
    r->strand = s;
    r->event = event;
    r->longest = longest;
    InitializeSRWLock(&r->lock);
    InitializeConditionVariable(&r->room);
    if (!reader_open_batch(&r->filling, longest))
        return ERROR_NOT_ENOUGH_MEMORY;
    kernel_count_other(k);
    if (!SetMailslotInfo(slot, READER_LOOK_MS))
        return GetLastError();
    r->thread =
        CreateThread(NULL, READER__STACK, reader__main, r, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return r->thread ? ERROR_SUCCESS : GetLastError();
}

bool reader_take(reader *r, batch *b)
{
    batch empty = *b;

    AcquireSRWLockExclusive(&r->lock);
    *b = r->filling;
    r->filling = empty;
    ReleaseSRWLockExclusive(&r->lock);
    WakeConditionVariable(&r->room);
    return !batch_is_empty(b);
}

void reader_stop(reader *r)
{
    AcquireSRWLockExclusive(&r->lock);
    r->stopping = true;
    ReleaseSRWLockExclusive(&r->lock);
    WakeConditionVariable(&r->room);
}

bool reader_has_ended(reader *r)
{
    bool ended;

    AcquireSRWLockExclusive(&r->lock);
    ended = r->ended;
    ReleaseSRWLockExclusive(&r->lock);
    return ended;
}

void reader_free(reader *r)
{
    if (r->thread) {
        WaitForSingleObject(r->thread, INFINITE); /* it has ended: only its return is left */
        CloseHandle(r->thread);
    }
    batch_close(&r->filling);
}
