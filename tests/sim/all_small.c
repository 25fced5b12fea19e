/*
 * Every schedule of strands, the gate, the inbox and timers. Their workers do the steps of
 * src/iocp/worker.c, one packet at a time, without what does not concern these.
 */
#include "all.h"
#include "calls.h"

#include "base/clock.h"
#include "base/gate.h"
#include "iocp/inbox.h"
#include "iocp/timer.h"

#include <string.h>

#define SMALL__MOST_WORKERS 2

/* ---- Workers --------------------------------------------------------------------------------- */

static struct {
    strands strands;
    inbox inbox;
    kernel kernel;
    watch watch;
    timers timers;
    log_sink log;
    HANDLE threads[SMALL__MOST_WORKERS];
    bool over;
} small;

static void small__is_over(void *context)
{
    (void)context;
    small.over = true;
    kernel_wake(&small.kernel, KERNEL_KEY_EXIT);
    all_calm();
}

static void small__run_turns(local *l)
{
    for (fifo_link *next; (next = local_next(l)) != NULL;) {
        strand *s = CONTAINER_OF(next, strand, ready);
        bool again;

        l->running = s;
        again = strand_run(s, l) == STRAND_AGAIN;
        l->running = NULL;
        if (again)
            local_push(l, &s->ready);
    }
}

static void small__round(local *l)
{
    fifo taken = {NULL, NULL};
    OVERLAPPED_ENTRY entry;
    uint64_t deadline;
    DWORD wait = timers_begin_wait(&small.timers, &deadline);
    ULONG count = kernel_dequeue(&small.kernel, &entry, 1, wait);

    timers_end_wait(&small.timers, deadline);
    if (count > 0 && entry.lpCompletionKey == KERNEL_KEY_INBOX) {
        inbox_take(&small.inbox, &taken, 1);
        local_push_all(l, &taken);
    }
    timers_run(&small.timers);
    small__run_turns(l);
}

static DWORD small__worker_main(void *argument)
{
    local_enter(argument);
    while (!small.over)
        small__round(argument);
    kernel_wake(&small.kernel, KERNEL_KEY_EXIT);
    return 0;
}

/* No watch steals, so a worker's lock is its own; nobody decides by a counter. */
static void small__open(unsigned workers, LPTHREAD_START_ROUTINE worker)
{
    locals *all = &small.strands.locals;

    memset(&small, 0, sizeof small);
    all_expect(locals_init(all, workers) == ERROR_SUCCESS, "there are no locals");
    strands_init(&small.strands, &small.inbox, &small.watch, small__is_over, NULL);
    inbox_init(&small.inbox, &small.kernel, &small.log);
    timers_init(&small.timers);
    kernel_init(&small.kernel, all, &small.watch, workers);
    all_quiet(all->of, workers * sizeof *all->of);
    all_quiet(&all->foreign, sizeof all->foreign);
    for (unsigned i = 0; i < all->count; i++)
        small.threads[i] = sim_spawn(&sim_server, worker, &all->of[i]);
    sim_sleep(1); /* until they wait */
}

static void small__close(void)
{
    for (unsigned i = 0; i < small.strands.locals.count; i++) {
        WaitForSingleObject(small.threads[i], INFINITE);
        CloseHandle(small.threads[i]);
    }
    strands_free(&small.strands);
    timers_free(&small.timers);
    kernel_free(&small.kernel);
    locals_free(&small.strands.locals);
}

/* An object with a strand: begun, and at rest. */
static void small__make(strand *s, strand_fn *turn)
{
    strand_init(s, &small.strands, turn);
    all_expect(strand_join(s), "a strand cannot join");
    strand_go(s, 0);
    sim_sleep(1);
}

/* ---- Strands --------------------------------------------------------------------------------- */

static struct {
    strand strand;
    bool raised[2], seen[2], stops, inside, retired;
} raising;

/* Retires when it has seen the stop and the first event: the second may come too late. */
static bool raising__turn(strand *s, LONG events)
{
    all_expect(!raising.inside && !raising.retired, "two turns at once, or one after the last");
    raising.inside = true;
    raising.stops |= (events & STRAND_STOP) != 0;
    for (int i = 0; i < 2; i++) {
        raising.seen[i] |= (events & STRAND_EVENT(i)) != 0;
        all_expect(raising.seen[i] || !raising.raised[i], "a turn misses an event");
    }
    sim_point();
    raising.inside = false;
    if (!raising.stops || !raising.seen[0])
        return true;
    raising.retired = true;
    strand_retire(s);
    return false;
}

static DWORD raising__raise(void *argument)
{
    bool *raised = argument;

    strand_raise(&raising.strand, STRAND_EVENT(raised - raising.raised));
    *raised = true;
    return 0;
}

static DWORD small__stop(void *argument)
{
    (void)argument;
    strands_stop(&small.strands, STRANDS_STOPPING, STRAND_STOP);
    return 0;
}

static void raising__world(void *context)
{
    static const all_event events[] = {{raising__raise, &raising.raised[0], NULL},
                                       {raising__raise, &raising.raised[1], NULL},
                                       {small__stop, NULL, NULL}};

    (void)context;
    memset(&raising, 0, sizeof raising);
    small__open(2, small__worker_main);
    all_quiet(&small.timers, sizeof small.timers); /* none is set */
    all_quiet(&small.inbox, sizeof small.inbox);   /* it has a scenario of its own */
    small__make(&raising.strand, raising__turn);
    all_at_once(events, 3);
    small__close();
}

/* ---- The gate -------------------------------------------------------------------------------- */

static struct {
    strand strand;
    gate gate;
    unsigned left;
    bool refused, paused;
} gated;

/* As src/pipe/conn_read.c delivers. The first delivery is refused: "not now". */
static bool gated__turn(strand *s, LONG events)
{
    (void)events;
    for (LONG ticket; gated.left > 0 && !gate_is_shut(&gated.gate); gated.left--) {
        all_expect(!gated.paused, "a delivery begins while it is paused");
        sim_point();
        ticket = gate_ticket(&gated.gate);
        sim_point(); /* the consumer */
        if (gated.refused)
            continue;
        gated.refused = true;
        sim_wake(&gated.refused);
        sim_point();
        if (!gate_shut_unless_reopened(&gated.gate, ticket))
            strand_raise(s, STRAND_EVENT(0));
        return true;
    }
    if (gated.left > 0)
        return true;
    strand_retire(s);
    return false;
}

static void gated__open(void)
{
    gated.paused = false;
    gate_open(&gated.gate);
    strand_raise(&gated.strand, STRAND_EVENT(0));
}

/* Resumes once, after the refusal. */
static DWORD gated__resume(void *argument)
{
    (void)argument;
    while (!gated.refused)
        sim_wait_for(&gated.refused, SIM_NEVER);
    gated__open();
    return 0;
}

static DWORD gated__pause(void *argument)
{
    (void)argument;
    gate_shut(&gated.gate);
    gated.paused = true;
    gated__open();
    return 0;
}

static DWORD gated__begin(void *argument)
{
    (void)argument;
    strand_raise(&gated.strand, STRAND_EVENT(0));
    small__stop(NULL);
    return 0;
}

static bool gated__rest(strand *s, LONG events)
{
    (void)events;
    s->turn = gated__turn;
    return true;
}

static void gated__world(void *context)
{
    static const all_event events[] = {
        {gated__begin, NULL, NULL}, {gated__resume, NULL, NULL}, {gated__pause, NULL, NULL}};

    (void)context;
    memset(&gated, 0, sizeof gated);
    gated.left = 2;
    small__open(1, small__worker_main);
    all_quiet(&small.timers, sizeof small.timers);
    all_quiet(&small.inbox, sizeof small.inbox);
    small__make(&gated.strand, gated__rest);
    all_at_once(events, 3);
    small__close();
    all_expect(gated.left == 0 && gated.refused, "something was not delivered");
}

/* ---- The inbox ------------------------------------------------------------------------------- */

#define POSTED__LINKS 3

static struct {
    fifo_link links[POSTED__LINKS];
    bool taken[POSTED__LINKS];
    unsigned count;
} posted;

static void posted__take(void)
{
    fifo taken = {NULL, NULL};
    fifo_link *link;

    inbox_take(&small.inbox, &taken, 1);
    link = fifo_take(&taken);
    all_expect(link != NULL, "a packet announces nothing");
    all_expect(!posted.taken[link - posted.links], "a strand is taken twice");
    posted.taken[link - posted.links] = true;
    if (++posted.count == POSTED__LINKS)
        small__is_over(NULL);
}

static DWORD posted__worker_main(void *argument)
{
    OVERLAPPED_ENTRY entry;

    local_enter(argument);
    while (!small.over)
        if (kernel_dequeue(&small.kernel, &entry, 1, INFINITE) > 0 &&
            entry.lpCompletionKey == KERNEL_KEY_INBOX)
            posted__take();
    kernel_wake(&small.kernel, KERNEL_KEY_EXIT);
    return 0;
}

static DWORD posted__push(void *argument)
{
    inbox_push(&small.inbox, argument);
    return 0;
}

static bool posted__look(void *context, bool after_tick)
{
    (void)context, (void)after_tick;
    return kernel_pay(&small.kernel);
}

/* `short_of`: Windows has no memory for the first packet. */
static void posted__run(bool short_of)
{
    static const all_event events[] = {{posted__push, &posted.links[0], NULL},
                                       {posted__push, &posted.links[1], NULL},
                                       {posted__push, &posted.links[2], NULL}};

    memset(&posted, 0, sizeof posted);
    posted.count = short_of; /* then two are pushed */
    small__open(2, posted__worker_main);
    if (short_of) {
        watch_start(&small.watch, false, posted__look, NULL);
        sim_sleep(1);
        faults_at(CALL_PostQueuedCompletionStatus, 1);
    }
    all_at_once(events, short_of ? 2 : 3);
    watch_end(&small.watch);
    small__close();
    all_expect(!small.inbox.announced && !small.inbox.strands.first, "the inbox is not empty");
}

static void posted__world(void *context)
{
    (void)context;
    posted__run(false);
}

static void posted__short_world(void *context)
{
    (void)context;
    posted__run(true);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

#define TIMED__SET STRAND_EVENT(0)
#define TIMED__CLOSE STRAND_EVENT(1)
#define TIMED__FIRST STRAND_EVENT(2)
#define TIMED__SECOND STRAND_EVENT(3)

static struct {
    strand strand;
    timer first, second;
    uint64_t began;
    bool fired, closed, may_fire;
} timed;

static void timed__set(void)
{
    timed.began = clock_ms();
    timer_set(&timed.first, timed.began + 20);
    if (!timed.closed)
        timer_set(&timed.second, timed.began + 10);
    timer_set_earlier(&timed.first, timed.began + 15);
}

/* What is raised before the closing is over comes once more. */
static void timed__close(strand *s, LONG events)
{
    timer_close(&timed.second);
    timed.closed = true;
    timed.may_fire = ((s->events | events) & TIMED__SECOND) != 0;
}

static bool timed__turn(strand *s, LONG events)
{
    if (events & TIMED__SECOND) {
        all_expect(!timed.closed || timed.may_fire, "a timer fires that is closed");
        timed.may_fire = false;
    }
    if (events & TIMED__FIRST) {
        all_expect(!timed.fired, "a timer fires twice");
        all_expect(clock_ms() >= timed.began + 15, "a timer fires early");
        timed.fired = true;
    }
    if (events & TIMED__SET)
        timed__set();
    if ((events & TIMED__CLOSE) && !timed.closed)
        timed__close(s, events);
    if (!timed.fired || !timed.closed)
        return true;
    timer_close(&timed.first);
    strand_retire(s);
    return false;
}

static DWORD timed__raise_set(void *argument)
{
    (void)argument;
    strand_raise(&timed.strand, TIMED__SET);
    small__stop(NULL);
    return 0;
}

/* After the second deadline, or what would be it. */
static DWORD timed__raise_close(void *argument)
{
    (void)argument;
    sim_tick(12);
    strand_raise(&timed.strand, TIMED__CLOSE);
    return 0;
}

/* If no worker covers a deadline, nothing wakes up for it. */
static void timed__world(void *context)
{
    static const all_event events[] = {{timed__raise_set, NULL, NULL},
                                       {timed__raise_close, NULL, NULL}};

    (void)context;
    memset(&timed, 0, sizeof timed);
    small__open(2, small__worker_main);
    all_quiet(&small.inbox, sizeof small.inbox);
    small__make(&timed.strand, timed__turn);
    all_expect(timer_open(&timed.first, &small.timers, &timed.strand, TIMED__FIRST) &&
                   timer_open(&timed.second, &small.timers, &timed.strand, TIMED__SECOND),
               "a timer cannot open");
    all_at_once(events, 2);
    small__close();
}

static const all_scenario small__rows[] = {
    {"strand",
     "turns never overlap, each event is seen by the turn after it, none comes after the last",
     raising__world, 3, 3, 0, false},
    {"gate", "a pause holds, and no resume is lost against a refusal", gated__world, 3, 4, 0,
     false},
    {"inbox", "each strand is taken once, and each packet brings one", posted__world, 3, 4, 0,
     false},
    {"shortage", "a packet that Windows has no memory for comes later", posted__short_world, 3, 4,
     0, false},
    {"timers", "a deadline is covered, a timer fires once and in time, and never when closed",
     timed__world, 3, 3, 0, false},
};
const all_table all_small = {small__rows, sizeof small__rows / sizeof *small__rows};
