/*
 * A listener keeps instances of its name waiting for clients, and makes a connection of each that a
 * client has opened. How many wait follows the bursts in which clients come: doubled when one has
 * used them all up, halved when none came for a while. As long as it is open, one instance is, so
 * that nobody else can take the name.
 *
 * The rule. The listener's state belongs to its turn. Packets of its instances, and connections that
 * give instances back, only put them into a queue under the lock and raise an event. It retires when
 * it is closing, no instance waits, and every connection has given back its own.
 */
#include "pipe/listener.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/options.h"
#include "base/security.h"
#include "iocp/counters.h"
#include "iocp/strand.h"
#include "iocp/timer.h"
#include "pipe/conn.h"

#define LISTENER_CAME STRAND_EVENT(0)  /* an instance was connected, or came back */
#define LISTENER_CLOSE STRAND_EVENT(1) /* the user closes it */
#define LISTENER_RETRY STRAND_EVENT(2) /* instances could not be made a while ago */

#define LISTENER__LEAST_WAITING 4
#define LISTENER__CALM_MS 10000 /* without a burst, until fewer instances wait */
#define LISTENER__RETRY_MS 100
#define LISTENER__MOST_PER_TURN 64

/* One instance of the pipe: it waits for a client, or a connection has it. */
struct instance {
    op op;
    pp_listener *listener;
    kernel_handle pipe;
    list link; /* among the waiting */
    queue_link came;
    DWORD error;    /* how the wait ended */
    bool returned;  /* from a connection */
    bool reusable;  /* and can wait again */
};

struct pp_listener {
    strand strand;
    volatile LONG refs; /* the port's and the user's */
    pp_listen_options options;
    name_path path;
    security security;

    instance *first; /* made by pp_listen, until the first turn */
    list waiting;
    size_t waiting_count, connections; /* instances that wait, and that connections have */
    size_t target;                     /* how many should wait */
    uint64_t burst_at;
    bool closing;
    timer retry;

    SRWLOCK lock; /* for what follows */
    queue came;   /* instances whose wait has ended, or that came back */
};

void pp_listen_options_init(pp_listen_options *options)
{
    if (!options)
        return;
    *options = (pp_listen_options){0};
    options->name = "pipeport";
    option_set_defaults(&option_conn_table, &options->conn);
    option_set_defaults(&option_listen_table, options);
}

/* ---- Instances ------------------------------------------------------------------------------ */

static HANDLE listener__create(pp_listener *l, bool first)
{
    bool message = l->options.conn.mode == PP_MODE_MESSAGE;
    DWORD quota = (DWORD)l->options.pipe_buffer;

    kernel_count_other(l->strand.port);
    return CreateNamedPipeW(
        l->path.wide,
        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
        (message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE) |
            (l->options.access.allow_remote ? PIPE_ACCEPT_REMOTE_CLIENTS
                                            : PIPE_REJECT_REMOTE_CLIENTS),
        PIPE_UNLIMITED_INSTANCES, quota, quota, 0, &l->security.attributes);
}

static void instance__came(instance *i)
{
    pp_listener *l = i->listener;

    AcquireSRWLockExclusive(&l->lock);
    queue_append(&l->came, &i->came);
    ReleaseSRWLockExclusive(&l->lock);
    strand_raise(&l->strand, LISTENER_CAME);
}

static void instance__packet(op *o, DWORD error, DWORD bytes)
{
    instance *i = CONTAINER_OF(o, instance, op);

    (void)bytes;
    i->error = error;
    instance__came(i);
}

/* Owns `i`: closes its pipe and frees it. */
static void instance__discard(instance *i)
{
    kernel_close(i->listener->strand.port, &i->pipe);
    mem_free(i);
}

static void instance__failed(const instance *i)
{
    pp_listener *l = i->listener;

    if (l->closing)
        return; /* we cancelled it */
    counter_add(l->strand.port, COUNT_ACCEPT_ERRORS, 1);
    port_log(l->strand.port, PP_LOG_WARN, "%s: an instance failed: Windows error %lu",
             l->path.text, (unsigned long)i->error);
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
    i->error = ERROR_NOT_ENOUGH_MEMORY;
    instance__failed(i);
    instance__discard(i);
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
    instance__discard(i);
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
    } else if (now - l->burst_at > LISTENER__CALM_MS && l->target > LISTENER__LEAST_WAITING) {
        l->target /= 2;
        l->burst_at = now;
    }
}

static void listener__retry_later(pp_listener *l)
{
    port_log(l->strand.port, PP_LOG_WARN, "%s: an instance cannot be made: Windows error %lu",
             l->path.text, (unsigned long)GetLastError());
    counter_add(l->strand.port, COUNT_ACCEPT_ERRORS, 1);
    timer_set(&l->retry, clock_ms() + LISTENER__RETRY_MS);
}

/* A new instance, not yet waiting. NULL: GetLastError says why. */
static instance *listener__make_instance(pp_listener *l, bool first)
{
    instance *i = mem_alloc_zeroed(sizeof *i);
    HANDLE handle;
    DWORD error;

    if (!i) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    i->listener = l;
    i->pipe = KERNEL_NO_HANDLE;
    list_init(&i->link);
    handle = listener__create(l, first);
    error = handle == INVALID_HANDLE_VALUE ? GetLastError()
                                           : kernel_attach(l->strand.port, &i->pipe, handle,
                                                           l->options.conn.mode != PP_MODE_MESSAGE);
    if (error == ERROR_SUCCESS)
        return i;
    mem_free(i);
    SetLastError(error);
    return NULL;
}

static void listener__replenish(pp_listener *l)
{
    for (int made = 0; l->waiting_count < l->target &&
                       l->waiting_count + l->connections < l->options.max_clients;
         made++) {
        if (made == LISTENER__MOST_PER_TURN) {
            strand_raise(&l->strand, LISTENER_CAME); /* the others' turn */
            return;
        }
        instance *i = listener__make_instance(l, false);

        if (!i || !instance__listen(i)) {
            listener__retry_later(l);
            return;
        }
    }
}

static void listener__unref(pp_listener *l);

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

static bool listener__turn(strand *s, LONG events)
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
        instance__discard(CONTAINER_OF(link, instance, came));
    if (!l->closing || l->waiting_count > 0 || l->connections > 0)
        return true;
    timer_close(&l->retry);
    strand_retire(s);
    listener__unref(l);
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

/* ---- Opening and closing -------------------------------------------------------------------- */

/* The name must be ours alone: Windows sees to that with FILE_FLAG_FIRST_PIPE_INSTANCE; where that
 * flag is not honoured, the count of the instances tells. */
static DWORD listener__make_first(pp_listener *l)
{
    DWORD count = 0;

    l->first = listener__make_instance(l, true);
    if (!l->first)
        return GetLastError();
    kernel_count_other(l->strand.port);
    if (!GetNamedPipeHandleStateW(l->first->pipe.handle, NULL, &count, NULL, NULL, NULL, 0) ||
        count <= 1)
        return ERROR_SUCCESS;
    instance__discard(l->first);
    l->first = NULL;
    return ERROR_ALREADY_EXISTS;
}

static pp_status listener__explain(const pp_listener *l, DWORD code, pp_error *error)
{
    switch (code) {
    case ERROR_ACCESS_DENIED: /* what FILE_FLAG_FIRST_PIPE_INSTANCE answers */
    case ERROR_PIPE_BUSY:
    case ERROR_ALREADY_EXISTS:
        return error_set(error, PP_E_NAME_TAKEN, code, "%s is taken by another process or listener",
                         l->path.text);
    default:
        return error_set_windows(error, code, l->path.text);
    }
}

static void listener__unref(pp_listener *l)
{
    if (InterlockedDecrement(&l->refs) > 0)
        return;
    if (l->security.attributes.lpSecurityDescriptor)
        security_close(&l->security);
    mem_free(l);
}

static pp_status listener__init(pp_listener *l, pp_port *port, const pp_listen_options *options,
                                pp_error *error)
{
    pp_status status;

    strand_init(&l->strand, port, listener__turn);
    l->refs = 1;
    l->options = *options;
    l->target = options->accept_depth < LISTENER__LEAST_WAITING ? (size_t)options->accept_depth
                                                                : LISTENER__LEAST_WAITING;
    list_init(&l->waiting);
    InitializeSRWLock(&l->lock);
    status = name_parse(&l->path, NAME_PIPE, options->name, true, "pipe", error);
    if (status == PP_OK)
        status = option_check(&option_listen_table, options, error);
    if (status == PP_OK)
        status = conn_check_options(port, &options->conn, &l->options.conn, error);
    if (status == PP_OK)
        status = security_open(&l->security, &options->access, false, error);
    return status;
}

/* Takes the name and begins. On failure nothing is left but `l`. */
static pp_status listener__start(pp_listener *l, pp_error *error)
{
    DWORD code;

    if (!timer_open(&l->retry, &l->strand, LISTENER_RETRY))
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    code = listener__make_first(l);
    if (code == ERROR_SUCCESS && strand_start(&l->strand, LISTENER_CAME))
        return PP_OK;
    timer_close(&l->retry);
    if (code != ERROR_SUCCESS)
        return listener__explain(l, code, error);
    instance__discard(l->first);
    return error_set(error, PP_E_CLOSING, 0, "the port stops");
}

pp_status pp_listen(pp_port *port, const pp_listen_options *options, pp_listener **listener,
                    pp_error *error)
{
    pp_listener *l;
    pp_status status;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    l = mem_alloc_zeroed(sizeof *l);
    if (!l)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    status = listener__init(l, port, options, error);
    l->refs = listener ? 2 : 1;
    if (listener)
        *listener = l; /* before the first callback */
    if (status == PP_OK)
        status = listener__start(l, error);
    if (status == PP_OK)
        return PP_OK;
    if (listener)
        *listener = NULL;
    l->refs = 1;
    listener__unref(l);
    return status;
}

pp_status pp_listener_close(pp_listener **listener)
{
    pp_listener *l = listener ? *listener : NULL;

    if (!l)
        return PP_E_ARGUMENT;
    *listener = NULL;
    strand_raise(&l->strand, LISTENER_CLOSE);
    listener__unref(l);
    return PP_OK;
}

const char *pp_listener_path(pp_listener *l)
{
    return l ? l->path.text : "";
}
