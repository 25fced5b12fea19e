/*
 * A task is a strand whose turn calls the function once and retires. One with a delay is listed, so
 * that it can be found by its id, until it fires or is cancelled, whichever comes first.
 */
#include "iocp/task.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "iocp/port.h"
#include "iocp/slow.h"
#include "iocp/strand.h"

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

    struct task *next; /* in its chain; this and the next: under the lock of the tasks */
    uint64_t id;
    bool cancelled;
} task;

void tasks_init(tasks *t)
{
    InitializeSRWLock(&t->lock);
    t->chains = t->few;
    t->chain_count = TASKS_FEW;
}

void tasks_free(tasks *t)
{
    if (t->chains != t->few)
        mem_free(t->chains);
}

/* Where the chain begins that has this id. */
static task **tasks__chain(tasks *all, uint64_t id)
{
    return &all->chains[id & (all->chain_count - 1)];
}

static void tasks__insert(tasks *all, task *t)
{
    task **chain = tasks__chain(all, t->id);

    t->next = *chain;
    *chain = t;
}

/* Twice as many chains. Without memory for them the old ones only grow longer. */
static void tasks__grow(tasks *all)
{
    task **old = all->chains, **chains = mem_alloc_zeroed(2 * all->chain_count * sizeof *chains);
    size_t old_count = all->chain_count;

    if (!chains)
        return;
    all->chains = chains;
    all->chain_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++)
        for (task *t = old[i], *next; t; t = next) {
            next = t->next;
            tasks__insert(all, t);
        }
    if (old != all->few)
        mem_free(old);
}

static void task__list(tasks *all, task *t)
{
    AcquireSRWLockExclusive(&all->lock);
    if (all->count == all->chain_count)
        tasks__grow(all);
    tasks__insert(all, t);
    all->count++;
    ReleaseSRWLockExclusive(&all->lock);
}

/* After this nobody finds it any more. True: somebody had cancelled it. */
static bool task__unlist(tasks *all, task *t)
{
    bool cancelled;

    if (!t->delayed)
        return false;
    AcquireSRWLockExclusive(&all->lock);
    for (task **link = tasks__chain(all, t->id); *link; link = &(*link)->next)
        if (*link == t) {
            *link = t->next;
            all->count--;
            break;
        }
    cancelled = t->cancelled;
    ReleaseSRWLockExclusive(&all->lock);
    return cancelled;
}

static void task__call(task *t, pp_status status)
{
    pp_port *port = t->strand.port;
    uint64_t began = clock_ns(), took;

    t->function(t->user, status);
    took = slow_took(port, &began);
    if (took > 0)
        port_log(port, PP_LOG_WARN, "a %s function took %llu ms, longer than allowed",
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
    cancelled = task__unlist(&s->port->tasks, t) || !(events & TASK__RUN);
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
    strand_init(&t->strand, port, task__turn);
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
    task *t;

    if (!port || !function || delay_ms > TASK__MOST_DELAY)
        return PP_E_ARGUMENT;
    t = task__new(port, function, user);
    if (!t)
        return PP_E_MEMORY;
    if (!timer_open(&t->timer, &t->strand, TASK__RUN)) {
        mem_free(t);
        return PP_E_MEMORY;
    }
    t->delayed = true;
    t->deadline = clock_ms() + delay_ms + 1; /* the clock rounds down: never early */
    t->id = port_next_id(port);
    if (!strand_join(&t->strand)) {
        timer_close(&t->timer);
        mem_free(t);
        return PP_E_CLOSING;
    }
    task__list(&port->tasks, t);
    if (id)
        *id = t->id;
    strand_go(&t->strand, TASK__SET_TIMER);
    return PP_OK;
}

pp_status pp_port_cancel(pp_port *port, uint64_t id)
{
    pp_status status = PP_E_NOT_FOUND;
    task *t;

    if (!port)
        return PP_E_ARGUMENT;
    AcquireSRWLockExclusive(&port->tasks.lock);
    t = *tasks__chain(&port->tasks, id);
    while (t && t->id != id)
        t = t->next;
    if (t && !t->cancelled) {
        t->cancelled = true;
        strand_raise(&t->strand, TASK__CANCEL);
        status = PP_OK;
    }
    ReleaseSRWLockExclusive(&port->tasks.lock);
    return status;
}
