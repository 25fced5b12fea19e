#include "server/writer.h"

#include "base/mem.h"
#include "base/win.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WRITER__MOST_BYTES (256u * 1024) /* of the queue, while the thread writes */
#define WRITER__NOTE 128                 /* for the line about dropped ones, terminator included */

struct writer {
    writer_fn *write;
    void *user;
    HANDLE thread;
    char *taken; /* the thread's own: the lines that it writes */

    SRWLOCK lock; /* for what follows */
    CONDITION_VARIABLE changed;
    char *waiting;
    size_t used;
    uint64_t dropped; /* lines, since the thread last took any */
    bool ending;
};

/* Takes the queue; the caller holds the lock. */
static void writer__swap(writer *w)
{
    char *taken = w->waiting;

    taken[w->used] = 0;
    if (w->dropped > 0)
        snprintf(taken + w->used, WRITER__NOTE,
                 "pipeport: %" PRIu64 " lines were dropped: nobody read them in time\n",
                 w->dropped);
    w->waiting = w->taken;
    w->taken = taken;
    w->used = 0;
    w->dropped = 0;
}

/* Waits for lines. False: the writer ends, and has no more. */
static bool writer__take(writer *w)
{
    bool more;

    AcquireSRWLockExclusive(&w->lock);
    while (w->used == 0 && w->dropped == 0 && !w->ending)
        SleepConditionVariableSRW(&w->changed, &w->lock, INFINITE, 0);
    more = w->used > 0 || w->dropped > 0;
    if (more)
        writer__swap(w);
    ReleaseSRWLockExclusive(&w->lock);
    return more;
}

static DWORD WINAPI writer__main(void *argument)
{
    writer *w = argument;

    while (writer__take(w))
        w->write(w->user, w->taken);
    return 0;
}

static void writer__free(writer *w)
{
    mem_free(w->taken);
    mem_free(w->waiting);
    mem_free(w);
}

writer *writer_open(writer_fn *write, void *user)
{
    writer *w = mem_alloc_zeroed(sizeof *w);

    if (!w)
        return NULL;
    w->write = write;
    w->user = user;
    InitializeSRWLock(&w->lock);
    InitializeConditionVariable(&w->changed);
    w->taken = mem_alloc(WRITER__MOST_BYTES + WRITER__NOTE);
    w->waiting = mem_alloc(WRITER__MOST_BYTES + WRITER__NOTE);
    if (w->taken && w->waiting)
        w->thread = CreateThread(NULL, 0, writer__main, w, 0, NULL);
    if (w->thread)
        return w;
    writer__free(w);
    return NULL;
}

void writer_add(writer *w, const char *line)
{
    size_t length = strlen(line);

    AcquireSRWLockExclusive(&w->lock);
    /* After a dropped line only the count may follow, so that lines keep their order. */
    if (w->dropped > 0 || length > WRITER__MOST_BYTES - w->used) {
        w->dropped++;
    } else {
        memcpy(w->waiting + w->used, line, length);
        w->used += length;
    }
    ReleaseSRWLockExclusive(&w->lock);
    WakeConditionVariable(&w->changed);
}

bool writer_close(writer *w, uint32_t ms)
{
    bool ended;

    AcquireSRWLockExclusive(&w->lock);
    w->ending = true;
    ReleaseSRWLockExclusive(&w->lock);
    WakeConditionVariable(&w->changed);
    ended = WaitForSingleObject(w->thread, ms) == WAIT_OBJECT_0;
    CloseHandle(w->thread);
    if (ended)
        writer__free(w);
    return ended;
}
