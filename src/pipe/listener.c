#include "pipe/listener.h"

#include "base/clock.h"
#include "base/mem.h"
#include "iocp/callback.h"
#include "pipe/conn_turn.h"

#define LISTENER__FIRST_RETRY_MS 100u
#define LISTENER__MOST_RETRY_MS 5000u
#define LISTENER__MOST_PER_TURN 64 /* clients and instances, before other strands run */

/* The listeners of all ports of this process: they tell whether one of them has a name. */
static SRWLOCK listener__all_lock = SRWLOCK_INIT;
static list listener__all = {&listener__all, &listener__all};

/* ---- Instances ------------------------------------------------------------------------------ */

static pp_listener *instance__listener(const instance *i)
{
    return CONTAINER_OF(i->seat.host, pp_listener, host);
}

/* As soon as we release the lock, a turn may take this instance, retire the listener and drop its
 * last reference. Our own keeps the listener alive for strand_raise. */
static void instance__came(instance *i)
{
    pp_listener *l = instance__listener(i);

    InterlockedIncrement(&l->refs);
    AcquireSRWLockExclusive(&l->lock);
    fifo_append(&l->came, &i->came);
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

/* The results of a wait that mean a client. A client that has already left may have left data. */
static bool instance__has_client(DWORD error)
{
    return error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
}

/* Begins to wait. The turn settles a wait that ends at once like any other. */
static void instance__listen(instance *i)
{
    pp_listener *l = instance__listener(i);

    op_init(&i->op, instance__packet);
    list_append(&l->waiting, &i->link);
    l->waiting_count++;
    if (kernel_connect(l->kind.kernel, &i->pipe, &i->op, &i->error) != OP_PENDING)
        instance__came(i);
}

/* ---- How many wait -------------------------------------------------------------------------- */

static uint64_t listener__room(const pp_listener *l)
{
    uint64_t most = l->options.max_clients;

    return l->connections < most ? most - l->connections : 0;
}

static uint64_t listener__target(pp_listener *l)
{
    uint64_t room = listener__room(l);
    uint64_t target =
        demand_target(&l->demand, l->options.accept_ready, l->options.accept_depth, clock_ms());

    return target < room ? target : room;
}

/* An instance could not be made, or used: the listener retries, and backs off. It counts each
 * failure, and logs the first of a series. */
static void listener__failed(pp_listener *l, DWORD error)
{
    if (l->closing)
        return; /* our own cancel */
    if (l->retry_ms == 0)
        log_write(&port_of(&l->strand)->log, PP_LOG_WARN,
                  "%s: an instance failed, and the listener retries: Windows error %lu%s",
                  utf_shorten(l->kind.path.text).text, (unsigned long)error,
                  error == ERROR_ACCESS_DENIED ? LISTENER_NOT_ALLOWED : "");
    port_count(port_of(&l->strand), COUNT_ACCEPT_ERRORS, 1);
    l->retry_ms = l->retry_ms == 0 ? LISTENER__FIRST_RETRY_MS
                                   : clock_back_off(l->retry_ms, LISTENER__MOST_RETRY_MS);
    l->retry_at = clock_ms() + l->retry_ms;
}

/* Makes another instance, if one more should wait. False: none should, or Windows refused it. */
static bool listener__make_one(pp_listener *l)
{
    instance *i;

    if (l->closing || l->retry_at != CLOCK_NEVER || l->waiting_count >= listener__target(l))
        return false;
    i = instance_make(&l->kind, false);
    if (!i) {
        listener__failed(l, win_last_error());
        return false;
    }
    l->retry_ms = 0;
    instance__listen(i);
    return true;
}

static void listener__replenish(pp_listener *l)
{
    for (unsigned made = 0; listener__make_one(l);)
        if (++made == LISTENER__MOST_PER_TURN) {
            strand_raise(&l->strand, LISTENER_CAME);
            return;
        }
}

static void instance__stop_waiting(instance *i)
{
    pp_listener *l = instance__listener(i);

    i->surplus = true;
    list_remove(&i->link);
    l->waiting_count--;
    l->surplus_count++;
    kernel_cancel(l->kind.kernel, &i->pipe, &i->op);
}

/* Only a smaller max_clients takes instances away; until a cancelled one closes, a client can still
 * open it. After a burst, surplus instances wait until clients have taken them. */
static void listener__shrink(pp_listener *l)
{
    uint64_t room = listener__room(l);

    for (unsigned n = 0; l->waiting_count > room && n < LISTENER__MOST_PER_TURN; n++)
        instance__stop_waiting(CONTAINER_OF(l->waiting.next, instance, link));
    if (l->waiting_count > room)
        strand_raise(&l->strand, LISTENER_CAME);
}

static void listener__take_limits(pp_listener *l)
{
    AcquireSRWLockExclusive(&l->lock);
    l->options.accept_ready = l->wanted.accept_ready;
    l->options.accept_depth = l->wanted.accept_depth;
    l->options.max_clients = l->wanted.max_clients;
    ReleaseSRWLockExclusive(&l->lock);
}

/* ---- The turn ------------------------------------------------------------------------------- */

/* A client has opened this instance: a connection gets the pipe. Owns `i`. */
static void listener__connected(pp_listener *l, instance *i)
{
    pp_conn *c;

    l->connections++;
    demand_came(&l->demand, l->options.accept_ready, clock_ms());
    listener__make_one(l); /* first, for the next client */
    c = conn_new(port_of(&l->strand), &l->options.conn);
    if (c && conn_start_accepted(c, &i->pipe, &i->seat))
        return; /* the connection owns the instance now */
    l->connections--;
    if (!c)
        listener__failed(l, ERROR_NOT_ENOUGH_MEMORY); /* otherwise the port stops */
    fifo_append(&l->dying, &i->came);
}

/* A connection has ended. Owns `i`. */
static void listener__settle_returned(pp_listener *l, instance *i)
{
    bool again;

    l->connections--;
    i->returned = false;
    again = i->reusable && !l->closing && l->waiting_count < listener__target(l);
    if (again && kernel_disconnect(l->kind.kernel, &i->pipe) == ERROR_SUCCESS)
        instance__listen(i);
    else
        fifo_append(&l->dying, &i->came);
}

/* The wait of an instance has ended. Owns `i`. */
static void listener__settle_waited(pp_listener *l, instance *i)
{
    if (i->surplus) {
        l->surplus_count--;
    } else {
        list_remove(&i->link);
        l->waiting_count--;
    }
    if (instance__has_client(i->error) && !l->closing) {
        listener__connected(l, i);
        return;
    }
    if (!i->surplus)
        listener__failed(l, i->error);
    fifo_append(&l->dying, &i->came);
}

static instance *listener__next_came(pp_listener *l)
{
    fifo_link *link;

    AcquireSRWLockExclusive(&l->lock);
    link = fifo_take(&l->came);
    ReleaseSRWLockExclusive(&l->lock);
    return link ? CONTAINER_OF(link, instance, came) : NULL;
}

static void listener__settle_all(pp_listener *l)
{
    unsigned settled = 0;

    for (instance *i; (i = listener__next_came(l)) != NULL;) {
        if (i->returned)
            listener__settle_returned(l, i);
        else
            listener__settle_waited(l, i);
        if (++settled == LISTENER__MOST_PER_TURN) {
            strand_raise(&l->strand, LISTENER_CAME);
            return;
        }
    }
}

/* The instances that pp_listen made begin to wait. */
static void listener__begin(pp_listener *l)
{
    for (fifo_link *link; (link = fifo_take(&l->made)) != NULL;)
        instance__listen(CONTAINER_OF(link, instance, came));
}

/* Closes unused instances. One of them must stay while no other guards the name. */
static void listener__bury(pp_listener *l)
{
    bool guarded = l->closing || l->waiting_count + l->surplus_count + l->connections > 0;

    while (l->dying.first && (guarded || l->dying.first->next))
        instance_discard(CONTAINER_OF(fifo_take(&l->dying), instance, came), l->kind.kernel);
}

void listener_unref(pp_listener *l)
{
    if (InterlockedDecrement(&l->refs) > 0)
        return;
    if (l->kind.security.attributes.lpSecurityDescriptor)
        security_close(&l->kind.security);
    users_free(&l->host.users);
    mem_free(l);
}

static void listener__begin_close(pp_listener *l)
{
    if (l->closing)
        return;
    l->closing = true;
    for (list *link = l->waiting.next; link != &l->waiting; link = link->next) {
        instance *i = CONTAINER_OF(link, instance, link);

        kernel_cancel(l->kind.kernel, &i->pipe, &i->op);
    }
}

void listener_enter(pp_listener *l)
{
    AcquireSRWLockExclusive(&listener__all_lock);
    list_append(&listener__all, &l->sibling);
    ReleaseSRWLockExclusive(&listener__all_lock);
}

static void listener__leave(pp_listener *l)
{
    AcquireSRWLockExclusive(&listener__all_lock);
    list_remove(&l->sibling);
    ReleaseSRWLockExclusive(&listener__all_lock);
}

bool listener_is_ours(const name_path *path)
{
    bool found = false;

    AcquireSRWLockShared(&listener__all_lock);
    for (list *link = listener__all.next; link != &listener__all && !found; link = link->next)
        found = _wcsicmp(CONTAINER_OF(link, pp_listener, sibling)->kind.path.wide, path->wide) == 0;
    ReleaseSRWLockShared(&listener__all_lock);
    return found;
}

/* The last turn. */
static void listener__finish(pp_listener *l)
{
    pp_port *port = port_of(&l->strand);
    uint64_t began = clock_ns(), took;

    listener__leave(l);
    budget_leave(&port->budget, l->options.conn.max_message);
    timer_close(&l->timer);
    if (l->options.on_close)
        l->options.on_close(l->options.user);
    took = callback_took(port, &began);
    if (took > 0)
        log_write(&port->log, PP_LOG_WARN,
                  "%s: on_close took %llu ms, longer than slow_callback_ms",
                  utf_shorten(l->kind.path.text).text, (unsigned long long)took);
    strand_retire(&l->strand);
    listener_unref(l);
}

bool listener_turn(strand *s, LONG events)
{
    pp_listener *l = CONTAINER_OF(s, pp_listener, strand);

    if (l->retry_at <= clock_ms())
        l->retry_at = CLOCK_NEVER;
    listener__begin(l);
    if (events & (LISTENER_CLOSE | STRAND_STOP | STRAND_ABORT))
        listener__begin_close(l);
    if (events & LISTENER_LIMITS)
        listener__take_limits(l);
    listener__settle_all(l);
    if (!l->closing) {
        listener__replenish(l);
        listener__shrink(l);
        timer_set_earlier(&l->timer, l->retry_at);
    }
    listener__bury(l);
    if (!l->closing || l->waiting_count + l->surplus_count + l->connections > 0 || l->held > 0)
        return true;
    listener__finish(l);
    return false;
}

/* ---- What connections know of it ------------------------------------------------------------- */

/* The connection's on_close may take long. Until it has returned, the connection holds the
 * listener, whose own on_close comes last. The pipe closes only when another instance guards the
 * name. */
static void listener__take_back(seat *s, kernel_handle *pipe, bool reusable)
{
    instance *i = CONTAINER_OF(s, instance, seat);

    InterlockedIncrement(&instance__listener(i)->refs);
    InterlockedIncrement(&instance__listener(i)->held);
    i->pipe = *pipe;
    *pipe = KERNEL_NO_HANDLE;
    i->returned = true;
    i->reusable = reusable;
    instance__came(i);
}

static void listener__let_go(host *h)
{
    pp_listener *l = CONTAINER_OF(h, pp_listener, host);

    if (InterlockedDecrement(&l->held) == 0)
        strand_raise(&l->strand, LISTENER_CAME);
    listener_unref(l);
}

void listener_init_host(pp_listener *l)
{
    users_init(&l->host.users);
    users_set_limits(&l->host.users, l->options.max_clients_per_user,
                     l->options.max_connects_per_user);
    l->host.refuse_unknown = l->options.refuse_unknown;
    l->host.take_back = listener__take_back;
    l->host.let_go = listener__let_go;
}
