/*
 * Every schedule of the port-wide limit, and of standby with the watch.
 */
#include "all.h"

#include "iocp/budget.h"
#include "iocp/kernel.h"
#include "iocp/standby.h"

#include <string.h>

/* ---- The limit ------------------------------------------------------------------------------- */

#define TENANT__BYTES 150
#define TENANT__LIMIT 800 /* general: 172; each room of a kind: 264. So two of a kind fit */
#define TENANT__LONGEST 200
#define TENANTS 4

typedef struct tenant {
    budget_account account;
    bool told, holds, fickle; /* fickle: when it is told, it needs nothing any more */
} tenant;

static struct {
    budget budget;
    tenant all[TENANTS];
} house;

static void tenant__tell(void *owner, LONG event)
{
    tenant *t = owner;

    (void)event;
    t->told = true;
    sim_wake(t);
}

/* Counts for itself who holds. */
static void tenant__check(void)
{
    unsigned hold = 0;

    for (unsigned i = 0; i < TENANTS; i++)
        hold += house.all[i].holds;
    all_expect(hold <= 2, "the limit is passed");
    all_expect(budget_used(&house.budget) <= TENANT__LIMIT, "the sum passes the limit");
}

static bool tenant__grow(tenant *t)
{
    if (!budget_grow(&house.budget, &t->account, TENANT__BYTES, BUDGET_RESERVE))
        return false;
    t->holds = true;
    tenant__check();
    return true;
}

static DWORD tenant__leave(void *argument)
{
    tenant *t = argument;

    t->holds = false;
    budget_shrink(&house.budget, &t->account, budget_held(&t->account));
    budget_close(&house.budget, &t->account);
    return 0;
}

/* Each round is a turn of a strand: it begins with an event, and passes. */
static DWORD tenant__live(void *argument)
{
    tenant *t = argument;
    bool refused = false;

    for (;;) {
        t->told = false;
        if ((refused && t->fickle) || tenant__grow(t))
            break;
        refused = true;
        budget_wait(&house.budget, &t->account, TENANT__BYTES, BUDGET_RESERVE);
        budget_pass(&house.budget, &t->account);
        while (!t->told)
            sim_wait_for(t, SIM_NEVER);
    }
    budget_pass(&house.budget, &t->account);
    return tenant__leave(t);
}

static void house__open(void)
{
    memset(&house, 0, sizeof house);
    budget_init(&house.budget, TENANT__LIMIT, tenant__tell);
    for (unsigned i = 0; i < TENANTS; i++) {
        budget_account_init(&house.all[i].account, BUDGET_ANSWER, &house.all[i], 1);
        all_expect(budget_join(&house.budget, TENANT__LONGEST), "an account cannot join");
    }
    house.all[2].fickle = true;
    all_expect(tenant__grow(&house.all[0]) && tenant__grow(&house.all[1]), "there is no room");
    all_quiet(&house.budget.most, sizeof house.budget.most);
    all_calm();
}

static void house__close(void)
{
    all_expect(budget_used(&house.budget) == 0, "bytes are left");
    all_expect(house.budget.waiting.count == 0 && !house.budget.reserve[BUDGET_ANSWER].holder &&
                   house.budget.reserve[BUDGET_ANSWER].told == 0,
               "somebody is still in line");
    for (unsigned i = 0; i < TENANTS; i++)
        budget_leave(&house.budget, TENANT__LONGEST);
    budget_free(&house.budget);
}

static void house__world(void *context)
{
    static const all_event events[] = {{tenant__leave, &house.all[0], NULL},
                                       {tenant__leave, &house.all[1], NULL},
                                       {tenant__live, &house.all[2], NULL},
                                       {tenant__live, &house.all[3], NULL}};

    (void)context;
    house__open();
    all_at_once(events, 4);
    house__close();
}

/* The room of the kind stays taken, so nothing else tells those that wait. */
static void house__full_world(void *context)
{
    static const all_event events[] = {{tenant__leave, &house.all[0], NULL},
                                       {tenant__live, &house.all[2], NULL},
                                       {tenant__live, &house.all[3], NULL}};

    (void)context;
    house__open();
    all_at_once(events, 3);
    tenant__leave(&house.all[1]);
    house__close();
}

/* ---- Standby and the watch ------------------------------------------------------------------- */

#define GUARD__WORKERS 2
#define GUARD__SLEEPS_MS 10 /* a tick of the watch */

enum { GUARD__LONG_TURN = 1, GUARD__RELEASE, GUARD__EXIT };

typedef struct guard_worker {
    void *volatile running;
    LONG turns, turns_seen;
    volatile bool stuck;
    HANDLE thread;
} guard_worker;

/* Workers on one processor. A long turn lasts until another worker releases it. */
static struct {
    standby standby;
    watch watch;
    HANDLE port;
    guard_worker workers[GUARD__WORKERS];
    unsigned released, ended;
    bool over;
} guard;

/* As src/iocp/worker.c looks. */
static bool guard__look(void *context, bool after_tick)
{
    bool again = false;

    (void)context;
    for (unsigned i = 0; i < GUARD__WORKERS; i++) {
        guard_worker *w = &guard.workers[i];
        bool moved = w->turns != w->turns_seen;

        sim_point();
        if (after_tick && w->running && !moved)
            standby_replace(&guard.standby, &w->stuck);
        w->turns_seen = w->turns;
        again = again || w->running || moved;
    }
    return again;
}

static void guard__long_turn(guard_worker *w)
{
    w->turns++;
    InterlockedExchangePointer(&w->running, w);
    if (watch_sleeps(&guard.watch))
        watch_wake(&guard.watch);
    while (guard.released == guard.ended)
        sim_wait_for(&guard.released, SIM_NEVER);
    guard.ended++;
    sim_wake(&guard.ended);
    w->running = NULL;
    if (w->stuck)
        standby_return(&guard.standby, &w->stuck);
}

static DWORD guard__main(void *argument)
{
    OVERLAPPED_ENTRY entry;
    ULONG count;

    while (!guard.over) {
        if (standby_has_too_many(&guard.standby))
            standby_wait(&guard.standby);
        GetQueuedCompletionStatusEx(guard.port, &entry, 1, &count, INFINITE, FALSE);
        if (entry.lpCompletionKey == GUARD__LONG_TURN)
            guard__long_turn(argument);
        if (entry.lpCompletionKey == GUARD__RELEASE) {
            guard.released++;
            sim_wake(&guard.released);
        }
    }
    PostQueuedCompletionStatus(guard.port, 0, GUARD__EXIT, NULL);
    return 0;
}

static DWORD guard__ask(void *argument)
{
    for (unsigned i = 1; i <= *(const unsigned *)argument; i++) {
        PostQueuedCompletionStatus(guard.port, 0, GUARD__LONG_TURN, NULL);
        PostQueuedCompletionStatus(guard.port, 0, GUARD__RELEASE, NULL);
        while (guard.ended < i)
            sim_wait_for(&guard.ended, SIM_NEVER);
        sim_sleep(GUARD__SLEEPS_MS); /* the watch is about to sleep */
    }
    return 0;
}

/* A worker that the watch takes for stuck just when its turn ends counts so until its next one. */
static void guard__check(void)
{
    LONG stuck = 0;

    for (unsigned i = 0; i < GUARD__WORKERS; i++)
        stuck += guard.workers[i].stuck;
    all_expect(guard.standby.active + guard.standby.waiting + stuck == GUARD__WORKERS,
               "a worker is not counted");
    all_expect(guard.standby.waiting < GUARD__WORKERS, "all workers stand by");
}

/* As the port does when it is over. */
static void guard__end(void)
{
    guard__check();
    guard.over = true;
    PostQueuedCompletionStatus(guard.port, 0, GUARD__EXIT, NULL);
    standby_end(&guard.standby);
    for (unsigned i = 0; i < GUARD__WORKERS; i++) {
        WaitForSingleObject(guard.workers[i].thread, INFINITE);
        CloseHandle(guard.workers[i].thread);
    }
    watch_end(&guard.watch);
    CloseHandle(guard.port);
}

static DWORD guard__call(void *argument)
{
    (void)argument;
    standby_call(&guard.standby);
    return 0;
}

static void guard__run(const all_event *events, unsigned count)
{
    memset(&guard, 0, sizeof guard);
    standby_init(&guard.standby, 1, GUARD__WORKERS);
    guard.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    watch_start(&guard.watch, true, guard__look, NULL);
    for (unsigned i = 0; i < GUARD__WORKERS; i++)
        guard.workers[i].thread = sim_spawn(&sim_server, guard__main, &guard.workers[i]);
    sim_sleep(1);
    all_calm();
    all_at_once(events, count);
    sim_sleep(100);
    guard__end();
}

static unsigned guard__once = 1, guard__twice = 2;

static void guard__world(void *context)
{
    static const all_event events[] = {{guard__ask, &guard__twice, NULL}};

    (void)context;
    guard__run(events, 1);
}

/* A worker with slow callbacks calls one in. */
static void guard__call_world(void *context)
{
    static const all_event events[] = {{guard__ask, &guard__once, NULL}, {guard__call, NULL, NULL}};

    (void)context;
    guard__run(events, 2);
}

static const all_scenario rooms__rows[] = {
    {"budget", "the limit is kept, everybody in line gets a turn, and nothing is left",
     house__world, 3, 3, 0, false},
    {"full", "the same while one account keeps the room of its kind", house__full_world, 3, 4, 0,
     false},
    {"standby", "a worker that is stuck is replaced, also when the watch is about to sleep",
     guard__world, 3, 4, 0, false},
    {"calling", "the same while a worker is called in", guard__call_world, 3, 4, 0, false},
};
const all_table all_rooms = {rooms__rows, sizeof rooms__rows / sizeof *rooms__rows};
