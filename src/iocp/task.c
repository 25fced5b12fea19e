/*
 * Functions that users post to the port or set a timer for. Each is called exactly once.
 *
 * A task is a strand whose turn calls the function once and retires. One with a delay is in the
 * port's table, so that its id finds it, until it fires or is cancelled, whichever comes first.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "iocp/callback.h"

#define TASK__RUN STRAND_EVENT(0)
#define TASK__SET_TIMER STRAND_EVENT(1)
#define TASK__CANCEL STRAND_EVENT(2)
#define TASK__MOST_DELAY (366ull * 24 * 60 * 60 * 1000)

typedef struct task {
    strand strand;
    timer timer;
    bool delayed;
    uint64_t deadline;
    pp_task_fn *function;
    void *user;

    table_link place; /* this and the next: under the lock of the tasks */
    bool cancelled;
} task;

/* Takes it out of the table: nobody finds it any more. True: somebody has cancelled it. */
static bool task__unlist(pp_port *port, task *t)
{
    bool cancelled;

    if (!t->delayed)
        return false;
    AcquireSRWLockExclusive(&port->tasks_lock);
    table_remove(&port->tasks, &t->place);
    cancelled = t->cancelled;
    ReleaseSRWLockExclusive(&port->tasks_lock);
    return cancelled;
}

static void task__call(task *t, pp_status status)
{
    pp_port *port = port_of(&t->strand);
    uint64_t began = clock_ns(), took;

    t->function(t->user, status);
    took = callback_took(port, &began);
    if (took > 0)
        log_write(&port->log, PP_LOG_WARN,
                  "a %s function took %llu ms, longer than slow_callback_ms",
                  t->delayed ? "timer's" : "posted", (unsigned long long)took);
}

static bool task__turn(strand *s, LONG events)
{
    task *t = CONTAINER_OF(s, task, strand);
    bool cancelled;

    if (events == TASK__SET_TIMER) {
        timer_set(&t->timer, t->deadline);
        return true;
    }
    cancelled = task__unlist(port_of(s), t) || !(events & TASK__RUN);
    if (t->delayed)
        timer_close(&t->timer);
    task__call(t, cancelled ? PP_E_CANCELLED : PP_OK);
    strand_retire(s);
    mem_free(t);
    return false;
}

static task *task__new(pp_port *port, pp_task_fn *function, void *user)
{
    task *t = mem_alloc_zeroed(sizeof *t);

    if (!t)
        return NULL;
    strand_init(&t->strand, &port->strands, task__turn);
    t->function = function;
    t->user = user;
    return t;
}

pp_status pp_port_post(pp_port *port, pp_task_fn *function, void *user)
{
    task *t;

    if (!port || !function)
        return PP_E_ARGUMENT;
    t = task__new(port, function, user);
    if (!t)
        return PP_E_MEMORY;
    if (!strand_join(&t->strand)) {
        mem_free(t);
        return PP_E_CLOSING;
    }
    strand_go(&t->strand, TASK__RUN);
    return PP_OK;
}

pp_status pp_port_after(pp_port *port, uint64_t delay_ms, pp_task_fn *function, void *user,
                        uint64_t *id)
{
    uint64_t new_id;
    task *t;

    if (!port || !function || delay_ms > TASK__MOST_DELAY)
        return PP_E_ARGUMENT;
    t = task__new(port, function, user);
    if (!t)
        return PP_E_MEMORY;
    if (!timer_open(&t->timer, &port->timers, &t->strand, TASK__RUN)) {
        mem_free(t);
        return PP_E_MEMORY;
    }
    t->delayed = true;
    t->deadline = clock_ms() + delay_ms + 1; /* the clock rounds down: never early */
    new_id = port_next_id(port);
    if (!strand_join(&t->strand)) {
        timer_close(&t->timer);
        mem_free(t);
        return PP_E_CLOSING;
    }
    AcquireSRWLockExclusive(&port->tasks_lock);
    table_add(&port->tasks, &t->place, new_id);
    ReleaseSRWLockExclusive(&port->tasks_lock);
    if (id)
        *id = new_id;
    strand_go(&t->strand, TASK__SET_TIMER);
    return PP_OK;
}

pp_status pp_port_cancel(pp_port *port, uint64_t id)
{
    pp_status status = PP_E_NOT_FOUND;
    table_link *found;
    task *t;

    if (!port)
        return PP_E_ARGUMENT;
    AcquireSRWLockExclusive(&port->tasks_lock);
    found = table_find(&port->tasks, id);
    t = found ? CONTAINER_OF(found, task, place) : NULL;
    if (t && !t->cancelled) {
        t->cancelled = true;
        strand_raise(&t->strand, TASK__CANCEL);
        status = PP_OK;
    }
    ReleaseSRWLockExclusive(&port->tasks_lock);
    return status;
}
