/*
 * Every schedule: a search through all of them, depth first and without any state but the way that
 * led here. A run notes the choices that there were. The next run makes the same choices up to the
 * last one that has another alternative, takes that, and goes on with the first of each. So no
 * schedule is left out, and none runs twice.
 *
 * Bounded. A preemption takes a thread that could have gone on from the processor. A schedule has
 * at most so many of them; who goes on where a thread blocks or ends is free. (Musuvathi and
 * Qadeer, "Iterative context bounding", 2007: most defects need two.) A draw of what Windows leaves
 * open counts for itself.
 *
 * What it does not see: memory is consistent, as on one processor, so a barrier that is missing
 * shows only if the compiler or the source changes the order. A plain read or write belongs to the
 * operation before it: no thread goes on between them.
 */
#include "all.h"

#include "calls.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ALL__MOST_CHOICES 4096
#define ALL__MOST_SCHEDULES 20000000
#define ALL__MOST_QUIET 8

static const all_table *const all__tables[] = {&all_small, &all_rooms, &all_pipes, &all_lane};

static struct {
    const all_scenario *scenario;
    unsigned most_preemptions;
    struct {
        unsigned char count, chosen;
    } way[ALL__MOST_CHOICES];
    unsigned length, at; /* of the way; how far this run has come */
    unsigned preemptions, draws;
    unsigned events_left;
    bool explores, calm;
    struct {
        const volatile char *from;
        size_t size;
    } quiet[ALL__MOST_QUIET];
    unsigned quiet_count;
} all;

/* ---- Choosing -------------------------------------------------------------------------------- */

static bool all__is_quiet(const volatile void *what)
{
    for (unsigned i = 0; i < all.quiet_count; i++)
        if ((size_t)((const volatile char *)what - all.quiet[i].from) < all.quiet[i].size)
            return true;
    return false;
}

/* Whether there is a choice at all. */
static bool all__may_choose(sim_choice choice, const volatile void *what)
{
    if (!all.explores)
        return false;
    switch (choice) {
    case SIM_LOCK_POINT:
    case SIM_WORD_POINT:
        if (all.scenario->coarse || all__is_quiet(what))
            return false;
        /* fall through */
    case SIM_CALL_POINT:
        return all.preemptions < all.most_preemptions;
    case SIM_DRAW:
        return all.draws < all.scenario->draws;
    case SIM_BLOCK:
        break;
    }
    return true;
}

static unsigned all__choose(sim_choice choice, unsigned count, const volatile void *what)
{
    unsigned chosen = 0;

    if (!all__may_choose(choice, what))
        return 0;
    if (all.at == ALL__MOST_CHOICES)
        sim_fail("more than %d choices", ALL__MOST_CHOICES);
    if (all.at < all.length) {
        chosen = all.way[all.at].chosen;
        if (all.way[all.at].count != count)
            sim_fail("the same choices lead elsewhere");
    } else {
        all.way[all.at].count = (unsigned char)count;
        all.way[all.at].chosen = 0;
        all.length++;
    }
    all.at++;
    if (choice == SIM_DRAW)
        all.draws += chosen != 0;
    else if (choice != SIM_BLOCK)
        all.preemptions += chosen != 0;
    return chosen;
}

/* Backs up to the last choice that has another alternative. False: none has. */
static bool all__next_way(void)
{
    while (all.length > 0 && all.way[all.length - 1].chosen + 1 == all.way[all.length - 1].count)
        all.length--;
    if (all.length == 0)
        return false;
    all.way[all.length - 1].chosen++;
    return true;
}

/* ---- What scenarios use ---------------------------------------------------------------------- */

static void all__settle(void)
{
    if (all.events_left > 0 || !all.calm)
        return;
    all.explores = false;
    sim_wake(&all);
}

void all_calm(void)
{
    all.calm = true;
    all__settle();
}

void all_quiet(const volatile void *from, size_t size)
{
    if (all.quiet_count == ALL__MOST_QUIET)
        sim_fail("more than %d quiet places", ALL__MOST_QUIET);
    all.quiet[all.quiet_count].from = from;
    all.quiet[all.quiet_count++].size = size;
}

void all_expect(bool so, const char *what)
{
    if (!so)
        sim_fail("%s", what);
}

static DWORD all__event_main(void *argument)
{
    const all_event *event = argument;
    DWORD result = event->run(event->argument);

    all.events_left--;
    all__settle();
    return result;
}

void all_at_once(const all_event *events, unsigned count)
{
    HANDLE threads[8];

    all.events_left = count;
    for (unsigned i = 0; i < count; i++)
        threads[i] = sim_spawn(events[i].process ? events[i].process : &sim_server, all__event_main,
                               (void *)(uintptr_t)&events[i]);
    all.explores = true;
    while (all.explores)
        sim_wait_for(&all, SIM_NEVER);
    for (unsigned i = 0; i < count; i++) {
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

static void all__world(void *context)
{
    (void)context;
    all.at = all.preemptions = all.draws = all.quiet_count = 0;
    all.explores = all.calm = false;
    faults_none();
    sim_is_bare = all.scenario->draws == 0;
    all.scenario->world(NULL);
    all.explores = false;
    all_expect(all.at >= all.length, "the same choices lead to fewer");
    all_expect(sim_handles() == 0, "a handle is left");
    all_expect(faults_blocks() == 0, "memory is left");
}

/* The first run makes what the process keeps, and its way differs: it does not count. */
static bool all__warm_up(void)
{
    unsigned preemptions = all.most_preemptions;
    bool ok;

    all.length = all.most_preemptions = 0;
    ok = sim_run(1, all__world, NULL);
    all.length = 0;
    all.most_preemptions = preemptions;
    return ok;
}

static bool all__run(const all_scenario *s, bool longer, uint64_t traced)
{
    clock_t began = clock();
    uint64_t schedules = 0, steps = 0;

    memset(&all, 0, sizeof all);
    all.scenario = s;
    all.most_preemptions = longer ? s->longer : s->preemptions;
    if (!all__warm_up())
        return false;
    do {
        if (++schedules == traced)
            sim_trace_on();
        if (schedules > ALL__MOST_SCHEDULES || !sim_run(1, all__world, NULL)) {
            printf("%s: schedule %llu %s\n", s->name, (unsigned long long)schedules,
                   schedules > ALL__MOST_SCHEDULES ? "is more than may be" : "fails");
            return false;
        }
        steps += sim_steps();
    } while (schedules != traced && all__next_way());
    printf("%-9s %8llu schedules, up to %u preemptions, %.0f points, %.1f s: %s\n", s->name,
           (unsigned long long)schedules, all.most_preemptions, (double)steps / (double)schedules,
           (double)(clock() - began) / CLOCKS_PER_SEC, s->holds);
    fflush(stdout);
    return true;
}

int all_main(const char *name, bool longer, uint64_t traced)
{
    bool found = false, ok = true;

    sim_guide = all__choose;
    for (size_t i = 0; i < sizeof all__tables / sizeof *all__tables; i++)
        for (size_t k = 0; k < all__tables[i]->count; k++) {
            const all_scenario *s = &all__tables[i]->rows[k];

            if (name && strcmp(name, s->name) != 0)
                continue;
            found = true;
            ok = all__run(s, longer, traced) && ok;
        }
    if (!found)
        printf("no scenario has the name %s\n", name ? name : "");
    return found && ok ? 0 : 1;
}
