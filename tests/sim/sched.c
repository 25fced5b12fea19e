/*
 * The scheduler: coroutines, their waits, and virtual time; and of Windows what belongs to threads:
 * the last error and thread slots.
 */
#include "coroutines.h"
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHED__LOOK_NS 1000
#define SCHED__MOST_THREADS 1024 /* of a world; each attempt to dial is one */
#define SCHED__MOST_STEPS 5000000u
#define SCHED__LONGEST_HOLD 3000      /* steps */
#define SCHED__LONGEST_TICK 400000    /* ns that pass at one point */
#define SCHED__LONGEST_STAND 25000000 /* ns without a processor */

struct sim_thread {
    sim_object object; /* signalled when it has returned */
    coroutine coroutine;
    const sim_process *process;
    LPTHREAD_START_ROUTINE start;
    void *argument;
    DWORD last_error;
    void *slots[SIM_TLS_SLOTS];
    const void *waits_for; /* NULL: it can run */
    uint64_t deadline_ns;
    bool woken, returned, spared;
    unsigned number;
    uint64_t held_until;   /* a step: before it this thread runs only if no other can */
    uint64_t stands_until; /* ns: before that it has no processor */
};

static bool sched__traces;

static struct {
    uint64_t seed, random, now_ns, steps;
    uint32_t switch_one_in, hold_one_in, tick_one_in, pends_one_in; /* drawn for each world */
    sim_thread *threads[SCHED__MOST_THREADS];
    unsigned thread_count, slot_count;
    unsigned stands; /* so often a thread may still stand without a processor */
    sim_thread *here;
    char reason[512];
    void (*world)(void *context);
    void *world_context;
} sched;

const sim_process sim_server = {.id = 100, .session = 1, .user = "S-1-5-21-1-1-1-1000"};
const sim_process sim_client = {.id = 200, .session = 1, .user = "S-1-5-21-1-1-1-1000"};

sim_guide_fn *sim_guide;

/* ---- Chance and time ------------------------------------------------------------------------ */

/* splitmix64: each state gives a good number, also from neighbouring seeds. */
uint32_t sim_draw(uint32_t below)
{
    uint64_t z = sched.random += 0x9E3779B97F4A7C15u;

    if (sim_guide)
        return below > 1 && sim_guide(SIM_DRAW, 2, NULL) == 0 ? below - 1 : 0;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) % below);
}

bool sim_pends(void)
{
    return sched.pends_one_in > 0 && sim_chance(sched.pends_one_in);
}

uint64_t sim_now_ns(void)
{
    return sched.now_ns;
}

uint64_t sim_steps(void)
{
    return sched.steps;
}

void sim_tick(DWORD ms)
{
    sched.now_ns += ms * 1000000ull;
}

/* Who looks again and again takes time. */
BOOL SwitchToThread(void)
{
    sim_point();
    sched.now_ns += SCHED__LOOK_NS;
    return TRUE;
}

uint64_t sim_deadline(DWORD ms)
{
    return ms == INFINITE ? SIM_NEVER : sched.now_ns + ms * 1000000ull;
}

void sim_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sched.reason, sizeof sched.reason, format, arguments);
    va_end(arguments);
    coroutine_leave();
}

/* ---- Threads -------------------------------------------------------------------------------- */

static bool sched__can_run(const sim_thread *t)
{
    return !t->returned && t->stands_until <= sched.now_ns &&
           (!t->waits_for || t->woken || t->deadline_ns <= sched.now_ns);
}

static bool sched__is_held(const sim_thread *t)
{
    return t->held_until > sched.steps;
}

/* Goes on to the next deadline. Nobody could run. */
static void sched__pass_time(void)
{
    uint64_t next = SIM_NEVER;

    for (unsigned i = 0; i < sched.thread_count; i++) {
        const sim_thread *t = sched.threads[i];
        uint64_t at = t->stands_until > sched.now_ns ? t->stands_until : t->deadline_ns;

        if (!t->returned && at < next)
            next = at;
    }
    if (next == SIM_NEVER)
        sim_fail("no thread can ever run again");
    sched.now_ns = next;
}

/* One of so many, more than one, that are all the same to Windows. */
static unsigned sched__pick(unsigned count)
{
    return sim_guide ? sim_guide(SIM_BLOCK, count, NULL) : sim_draw(count);
}

/* A thread that is held runs only if no other can. */
static sim_thread *sched__choose(void)
{
    sim_thread *able[SCHED__MOST_THREADS];
    unsigned count = 0, held = 0;

    for (;; sched__pass_time()) {
        for (unsigned i = 0; i < sched.thread_count; i++) {
            if (!sched__can_run(sched.threads[i]))
                continue;
            if (sched__is_held(sched.threads[i]))
                held++;
            else
                able[count++] = sched.threads[i];
        }
        for (unsigned i = 0; count == 0 && i < sched.thread_count && held > 0; i++)
            if (sched__can_run(sched.threads[i]))
                able[count++] = sched.threads[i];
        if (count > 0)
            return able[count == 1 ? 0 : sched__pick(count)];
    }
}

static void sched__go_on(sim_thread *next)
{
    sim_thread *before = sched.here;

    if (next == before)
        return;
    sched.here = next;
    coroutine_switch(&before->coroutine, &next->coroutine);
    sim_trace("goes on");
}

/* The running thread, or another that can run. */
static sim_thread *sched__guided(sim_choice choice, const volatile void *what)
{
    sim_thread *able[SCHED__MOST_THREADS];
    unsigned count = 1;

    able[0] = sched.here;
    for (unsigned i = 0; i < sched.thread_count; i++)
        if (sched.threads[i] != sched.here && sched__can_run(sched.threads[i]))
            able[count++] = sched.threads[i];
    return able[count == 1 ? 0 : sim_guide(choice, count, what)];
}

static void sched__count_step(void)
{
    if (++sched.steps > SCHED__MOST_STEPS)
        sim_fail("more than %u steps: something spins", SCHED__MOST_STEPS);
}

/* Now and then a thread has no processor for more than a tick of the library's watch. */
static void sched__stand(sim_thread *t)
{
    if (sched.stands == 0 || !sim_chance(64))
        return;
    sched.stands--;
    t->stands_until = sched.now_ns + sim_draw(SCHED__LONGEST_STAND);
}

/* A thread may be held for long at any point, and time goes on while threads run. */
static void sched__point(sim_choice choice, const volatile void *what)
{
    sched__count_step();
    if (sim_guide) {
        sched__go_on(sched__guided(choice, what));
        return;
    }
    if (!sim_chance(sched.switch_one_in))
        return;
    if (sched.hold_one_in > 0 && sim_chance(sched.hold_one_in))
        sched.here->held_until = sched.steps + sim_draw(SCHED__LONGEST_HOLD);
    sched__stand(sched.here);
    if (sched.tick_one_in > 0 && sim_chance(sched.tick_one_in))
        sched.now_ns += sim_draw(SCHED__LONGEST_TICK);
    sched__go_on(sched__choose());
}

void sim_point(void)
{
    sched__point(SIM_CALL_POINT, NULL);
}

void sim_lock_point(const void *lock)
{
    sched__point(SIM_LOCK_POINT, lock);
}

void sim_word_point(const volatile void *word)
{
    sched__point(SIM_WORD_POINT, word);
}

bool sim_wait_for(const void *what, uint64_t deadline_ns)
{
    sim_thread *t = sched.here;

    t->waits_for = what;
    t->deadline_ns = deadline_ns;
    t->woken = false;
    sched__count_step();
    sched__go_on(sched__choose());
    t->waits_for = NULL;
    t->deadline_ns = SIM_NEVER;
    return t->woken;
}

void sim_wake(const void *what)
{
    for (unsigned i = 0; i < sched.thread_count; i++)
        if (sched.threads[i]->waits_for == what)
            sched.threads[i]->woken = true;
}

void sim_wake_one(const void *what)
{
    unsigned waiting = 0, chosen;

    for (unsigned i = 0; i < sched.thread_count; i++)
        waiting += sched.threads[i]->waits_for == what && !sched.threads[i]->woken;
    if (waiting == 0)
        return;
    chosen = sched__pick(waiting);
    for (unsigned i = 0; i < sched.thread_count; i++)
        if (sched.threads[i]->waits_for == what && !sched.threads[i]->woken && chosen-- == 0)
            sched.threads[i]->woken = true;
}

void sim_sleep(DWORD ms)
{
    static const char nobody;

    sim_wait_for(&nobody, sim_deadline(ms));
}

void sim_spare(void)
{
    sched.here->spared = true;
}

bool sim_is_spared(void)
{
    return sched.here->spared;
}

void sim_trace_on(void)
{
    sched__traces = true;
}

void sim_trace(const char *format, ...)
{
    va_list arguments;

    if (!sched__traces)
        return;
    printf("%llu.%09llu t%u ", (unsigned long long)(sched.now_ns / 1000000000u),
           (unsigned long long)(sched.now_ns % 1000000000u), sched.here->number);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static void sched__main(void)
{
    sim_thread *t = sched.here;

    if (t->number > 0)
        sim_trace("goes on");
    t->start(t->argument);
    t->returned = true;
    t->object.signalled = true;
    sim_wake(&t->object);
    sched.here = sched__choose();
    coroutine_enter(&sched.here->coroutine);
}

static sim_thread *sched__new(const sim_process *process, LPTHREAD_START_ROUTINE start,
                              void *argument)
{
    sim_thread *t = calloc(1, sizeof *t);

    if (sched.thread_count == SCHED__MOST_THREADS)
        sim_fail("more than %d threads", SCHED__MOST_THREADS);
    t->object.kind = SIM_THREAD;
    t->process = process;
    t->start = start;
    t->argument = argument;
    t->deadline_ns = SIM_NEVER;
    t->number = sched.thread_count;
    coroutine_init(&t->coroutine, sched__main);
    sched.threads[sched.thread_count++] = t;
    return t;
}

HANDLE sim_spawn(const sim_process *process, LPTHREAD_START_ROUTINE start, void *argument)
{
    return sim_handle(&sched__new(process, start, argument)->object);
}

const sim_process *sim_process_here(void)
{
    return sched.here->process;
}

static DWORD sched__run_world(void *argument)
{
    (void)argument;
    sched.world(sched.world_context);
    coroutine_leave();
    return 0;
}

void sim_reset_handles(void);
void pipes_reset(void);
void sections_reset(void);

static void sched__free(void)
{
    for (unsigned i = 0; i < sched.thread_count; i++) {
        coroutine_keep(&sched.threads[i]->coroutine);
        free(sched.threads[i]);
    }
    sim_reset_handles();
    pipes_reset();
    sections_reset();
}

bool sim_run(uint64_t seed, void (*world)(void *context), void *context)
{
    unsigned slots = sched.slot_count;

    memset(&sched, 0, sizeof sched);
    sched.slot_count = slots; /* the library keeps its own for the life of the process */
    sched.seed = sched.random = seed;
    sched.now_ns = 1000000000ull * 3600;
    sched.switch_one_in = 1u << (1 + sim_draw(6));
    sched.hold_one_in = sim_chance(2) ? 8u << sim_draw(6) : 0;
    sched.tick_one_in = sim_chance(3) ? 2u << sim_draw(6) : 0;
    sched.pends_one_in = sim_chance(3) ? 0 : 2u << sim_draw(4);
    sched.stands = seed % 4 == 0 ? 2 : 0;
    sched.world = world;
    sched.world_context = context;
    sched.here = sched__new(&sim_server, sched__run_world, NULL);
    coroutine_run(&sched.here->coroutine);
    if (sched.reason[0]) {
        printf("seed %llu: %s (after %llu points)\n", (unsigned long long)seed, sched.reason,
               (unsigned long long)sched.steps);
        return false; /* what is left is for a debugger */
    }
    sched__free();
    return true;
}

/* ---- What belongs to a thread --------------------------------------------------------------- */

DWORD GetLastError(void)
{
    return sched.here->last_error;
}

void SetLastError(DWORD error)
{
    sched.here->last_error = error;
}

DWORD TlsAlloc(void)
{
    return sched.slot_count < SIM_TLS_SLOTS ? sched.slot_count++ : TLS_OUT_OF_INDEXES;
}

void *TlsGetValue(DWORD slot)
{
    return sched.here->slots[slot];
}

BOOL TlsSetValue(DWORD slot, void *value)
{
    sched.here->slots[slot] = value;
    return TRUE;
}

HANDLE CreateThread(void *attributes, SIZE_T stack, LPTHREAD_START_ROUTINE start, void *argument,
                    DWORD flags, DWORD *id)
{
    (void)attributes, (void)stack, (void)flags, (void)id;
    sim_point();
    return sim_spawn(sched.here->process, start, argument);
}
