#include "iocp/inbox.h"

void inbox_init(inbox *in, kernel *k, const log_sink *log)
{
    *in = (inbox){.kernel = k, .log = log};
    InitializeSRWLock(&in->lock);
}

static void inbox__announce(inbox *in)
{
    DWORD error = kernel_wake(in->kernel, KERNEL_KEY_INBOX);

    if (error != ERROR_SUCCESS)
        log_write(in->log, PP_LOG_ERROR,
                  "Windows queued no packet, and the watch retries: Windows error %lu",
                  (unsigned long)error);
}

void inbox_give(inbox *in, fifo *strands)
{
    bool announced;

    AcquireSRWLockExclusive(&in->lock);
    fifo_move(&in->strands, strands);
    announced = in->announced;
    in->announced = true;
    ReleaseSRWLockExclusive(&in->lock);
    if (!announced)
        inbox__announce(in);
}

void inbox_push(inbox *in, fifo_link *strand)
{
    fifo one = {NULL, NULL};

    fifo_append(&one, strand);
    inbox_give(in, &one);
}

void inbox_wake(inbox *in)
{
    inbox_give(in, &(fifo){NULL, NULL});
}

void inbox_take(inbox *in, fifo *taken, unsigned most)
{
    bool more;

    AcquireSRWLockExclusive(&in->lock);
    for (fifo_link *link; most > 0 && (link = fifo_take(&in->strands)) != NULL; most--)
        fifo_append(taken, link);
    more = in->strands.first != NULL;
    in->announced = more;
    ReleaseSRWLockExclusive(&in->lock);
    if (more)
        inbox__announce(in);
}
