#include "pipe/dialler.h"

#include "base/error.h"
#include "base/mem.h"

#include <assert.h>

#define DIALLER__FIRST_RETRY_MS 1
#define DIALLER__MOST_RETRY_MS 64

/*
 * An attempt by a thread of the pool. The thread and the dialler race to set `left`, and the first
 * to set it leaves. The thread leaves when it has the result: the dialler then takes the result and
 * the attempt. The dialler leaves when its connection ends before that: the thread, which knows
 * only the attempt, then closes what it opened and frees the attempt.
 */
typedef struct attempt {
    open_request request;
    strand *strand;
    LONG opened;
    volatile LONG left;
    HANDLE handle;
    DWORD error;
    pp_status status;
} attempt;

struct dialler {
    open_request request;
    strand *strand;
    LONG opened;
    uint64_t deadline, next_try; /* by clock_ms; next_try is CLOCK_NEVER during an attempt */
    uint64_t retry_ms;
    bool one_try;
    attempt *attempt; /* on a thread of the pool */
};

dialler *dialler_new(const open_request *request, uint64_t timeout_ms, strand *s, LONG opened)
{
    dialler *d = mem_alloc_zeroed(sizeof *d);

    if (!d)
        return NULL;
    d->request = *request;
    d->strand = s;
    d->opened = opened;
    d->one_try = timeout_ms == 0;
    d->retry_ms = DIALLER__FIRST_RETRY_MS;
    d->deadline = clock_ms() + timeout_ms;
    return d;
}

void dialler_free(dialler *d)
{
    assert(!d || !d->attempt);
    mem_free(d);
}

static dialler_result dialler__failed(pp_status status)
{
    return (dialler_result){.step = DIALLER_FAILED, .status = status};
}

/* What to do after an attempt that ended with `status`. */
static dialler_result dialler__ended(dialler *d, pp_status status, HANDLE handle)
{
    uint64_t now = clock_ms();

    if (status == PP_OK)
        return (dialler_result){.step = DIALLER_OPENED, .handle = handle};
    if (!open_may_succeed_later(status) || now >= d->deadline)
        return dialler__failed(status);
    port_count(port_of(d->strand), COUNT_BUSY_RETRIES, 1);
    d->next_try = now + d->retry_ms < d->deadline ? now + d->retry_ms : d->deadline;
    d->retry_ms = clock_back_off(d->retry_ms, DIALLER__MOST_RETRY_MS);
    return (dialler_result){.step = DIALLER_WAITS};
}

/* ---- On a thread of the pool ---------------------------------------------------------------- */

static void CALLBACK dialler__attempt(TP_CALLBACK_INSTANCE *instance, void *argument)
{
    attempt *a = argument;

    CallbackMayRunLong(instance);
    a->status = open_once(&a->request, &a->handle, &a->error);
    if (InterlockedExchange(&a->left, 1) == 0) {
        strand_raise(a->strand, a->opened);
        return;
    }
    if (a->status == PP_OK)
        CloseHandle(a->handle);
    mem_free(a);
}

static dialler_result dialler__try_elsewhere(dialler *d)
{
    attempt *a = mem_alloc_zeroed(sizeof *a);
    pp_status status;

    if (!a)
        return dialler__failed(PP_E_MEMORY);
    a->request = d->request;
    a->strand = d->strand;
    a->opened = d->opened;
    d->next_try = CLOCK_NEVER;
    d->attempt = a;
    if (TrySubmitThreadpoolCallback(dialler__attempt, a, NULL))
        return (dialler_result){.step = DIALLER_WAITS};
    status = error_from_windows(win_last_error());
    d->attempt = NULL;
    mem_free(a);
    return dialler__ended(d, status, NULL);
}

dialler_result dialler_take(dialler *d, bool wanted)
{
    attempt *a = d->attempt;
    dialler_result result = {.step = DIALLER_WAITS};

    assert(a && a->left);
    d->attempt = NULL;
    if (wanted)
        result = dialler__ended(d, a->status, a->handle);
    else if (a->status == PP_OK)
        CloseHandle(a->handle);
    mem_free(a);
    return result;
}

bool dialler_leave(dialler *d)
{
    if (d->attempt && InterlockedExchange(&d->attempt->left, 1) != 0)
        return false; /* the thread has left: its event is on its way */
    d->attempt = NULL;
    return true;
}

/* ---- The turn ------------------------------------------------------------------------------- */

static dialler_result dialler__try(dialler *d)
{
    HANDLE handle = NULL;
    DWORD error;
    pp_status status;

    kernel_count_other(&port_of(d->strand)->kernel);
    if (!d->request.path.local)
        return dialler__try_elsewhere(d);
    status = open_once(&d->request, &handle, &error);
    return dialler__ended(d, status, handle);
}

dialler_result dialler_advance(dialler *d)
{
    uint64_t now = clock_ms();

    if (d->attempt && !d->one_try && now >= d->deadline)
        return dialler__failed(PP_E_TIMEOUT);
    if (!d->attempt && now >= d->next_try)
        return dialler__try(d);
    return (dialler_result){.step = DIALLER_WAITS};
}

uint64_t dialler_deadline(const dialler *d)
{
    return d->attempt && !d->one_try ? d->deadline : d->next_try;
}
