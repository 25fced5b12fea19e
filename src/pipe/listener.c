#include "pipe/listener.h"

#include "base/clock.h"
#include "base/mem.h"
#include "iocp/counters.h"
#include "pipe/conn.h"

#define LISTENER__CALM_MS 10000 /* without a burst, until fewer instances wait */
#define LISTENER__RETRY_MS 100
#define LISTENER__MOST_PER_TURN 64

/* ---- Instances ------------------------------------------------------------------------------ */

/* Once it is in the queue, a turn may settle it, retire and go: the reference is for the raise. */
static void instance__came(instance *i)
{
    pp_listener *l = i->listener;

    InterlockedIncrement(&l->refs);
    AcquireSRWLockExclusive(&l->lock);
    queue_append(&l->came, &i->came);
    ReleaseSRWLockExclusive(&l->lock);
    strand_raise(&l->strand, LISTENER_CAME);
    listener_unref(l);
}

static void instance__packet(op *o, DWORD error, DWORD bytes)
{
    instance *i = CONTAINER_OF(o, instance, op);

    (void)bytes;
    i->error = error;
    instance__came(i);
}

static void instance__failed(const instance *i)
{
    pp_listener *l = i->listener;

    if (l->closing)
        return; /* we cancelled it */
    counter_add(l->strand.port, COUNT_ACCEPT_ERRORS, 1);
    port_log(l->strand.port, PP_LOG_WARN, "%s: an instance failed: Windows error %lu",
             utf_shorten(l->path.text).text, (unsigned long)i->error);
}

/* A client has opened this instance: a connection gets its pipe. Owns `i`. */
static void instance__connected(instance *i)
{
    pp_listener *l = i->listener;
    pp_conn *c = conn_new(l->strand.port, &l->options.conn);

    l->connections++;
    if (c && conn_start_accepted(c, &i->pipe, i))
        return; /* the instance is the connection's now */
    l->connections--;
    if (!c) {
        i->error = ERROR_NOT_ENOUGH_MEMORY;
        instance__failed(i);
    } /* else the port stops */
    instance_discard(i);
}

/* What a wait ends with. A client that has already gone may have left data. */
static bool instance__has_client(DWORD error)
{
    return error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
}

/* Begins to wait. Owns `i`, also when a client was already there, or it failed: then false. */
static bool instance__listen(instance *i)
{
    pp_listener *l = i->listener;

    op_init(&i->op, instance__packet);
    list_append(&l->waiting, &i->link);
    l->waiting_count++;
    if (kernel_connect(l->strand.port, &i->pipe, &i->op, &i->error) == OP_PENDING)
        return true;
    list_remove(&i->link);
    l->waiting_count--;
    if (instance__has_client(i->error)) {
        instance__connected(i);
        return true;
    }
    instance__failed(i);
    instance_discard(i);
    return false;
}

/* ---- The turn ------------------------------------------------------------------------------- */

/* A connection has ended. Owns `i`; what cannot be used again goes to `dying`. */
static void listener__settle_returned(pp_listener *l, instance *i, queue *dying)
{
    bool again = i->reusable && !l->closing && l->waiting_count < l->target;

    l->connections--;
    i->returned = false;
    if (again && kernel_disconnect(l->strand.port, &i->pipe) == ERROR_SUCCESS)
        instance__listen(i);
    else
        queue_append(dying, &i->came);
}

/* The wait of an instance has ended. Owns `i`. */
static void listener__settle_waited(pp_listener *l, instance *i, queue *dying)
{
    list_remove(&i->link);
    l->waiting_count--;
    if (instance__has_client(i->error) && !l->closing) {
        instance__connected(i);
        return;
    }
    instance__failed(i);
    queue_append(dying, &i->came);
}

static void listener__settle_all(pp_listener *l, queue *dying)
{
    queue came = {NULL, NULL};

    AcquireSRWLockExclusive(&l->lock);
    queue_move(&came, &l->came);
    ReleaseSRWLockExclusive(&l->lock);
    for (queue_link *link; (link = queue_take(&came)) != NULL;) {
        instance *i = CONTAINER_OF(link, instance, came);

        if (i->returned)
            listener__settle_returned(l, i, dying);
        else
            listener__settle_waited(l, i, dying);
    }
}

/* A burst that used up all that waited doubles how many should; calm halves it. */
static void listener__adapt(pp_listener *l)
{
    uint64_t now = clock_ms();

    if (l->waiting_count == 0) {
        l->target = l->target * 2 < l->options.accept_depth ? l->target * 2
                                                            : (size_t)l->options.accept_depth;
        l->burst_at = now;
    } else if (now - l->burst_at > LISTENER__CALM_MS && l->target > LISTENER_LEAST_WAITING) {
        l->target /= 2;
        l->burst_at = now;
    }
}

static void listener__retry_later(pp_listener *l)
{
    port_log(l->strand.port, PP_LOG_WARN, "%s: an instance cannot be made: Windows error %lu",
             utf_shorten(l->path.text).text, (unsigned long)GetLastError());
    counter_add(l->strand.port, COUNT_ACCEPT_ERRORS, 1);
    timer_set(&l->retry, clock_ms() + LISTENER__RETRY_MS);
}

static void listener__replenish(pp_listener *l)
{
    for (int made = 0;
         l->waiting_count < l->target && l->waiting_count + l->connections < l->options.max_clients;
         made++) {
        if (made == LISTENER__MOST_PER_TURN) {
            strand_raise(&l->strand, LISTENER_CAME); /* the others' turn */
            return;
        }
        instance *i = instance_make(l, false);

        if (!i || !instance__listen(i)) {
            listener__retry_later(l);
            return;
        }
    }
}

void listener_unref(pp_listener *l)
{
    if (InterlockedDecrement(&l->refs) > 0)
        return;
    if (l->security.attributes.lpSecurityDescriptor)
        security_close(&l->security);
    users_free(&l->users);
    mem_free(l);
}

static void listener__begin_close(pp_listener *l)
{
    if (l->closing)
        return;
    l->closing = true;
    for (list *link = l->waiting.next; link != &l->waiting; link = link->next) {
        instance *i = CONTAINER_OF(link, instance, link);

        kernel_cancel(l->strand.port, &i->pipe, &i->op);
    }
}

bool listener_turn(strand *s, LONG events)
{
    pp_listener *l = CONTAINER_OF(s, pp_listener, strand);
    queue dying = {NULL, NULL};

    if (l->first) {
        instance__listen(l->first);
        l->first = NULL;
    }
    if (events & (LISTENER_CLOSE | STRAND_STOP | STRAND_ABORT))
        listener__begin_close(l);
    listener__settle_all(l, &dying);
    if (!l->closing) {
        listener__adapt(l);
        listener__replenish(l);
    }
    /* Only now: what was made above guards the name. */
    for (queue_link *link; (link = queue_take(&dying)) != NULL;)
        instance_discard(CONTAINER_OF(link, instance, came));
    if (!l->closing || l->waiting_count > 0 || l->connections > 0)
        return true;
    budget_leave(&s->port->budget, l->options.conn.max_message);
    timer_close(&l->retry);
    strand_retire(s);
    listener_unref(l);
    return false;
}

void listener_take_back(instance *i, kernel_handle *pipe, bool reusable)
{
    i->pipe = *pipe;
    *pipe = KERNEL_NO_HANDLE;
    i->returned = true;
    i->reusable = reusable;
    instance__came(i);
}
