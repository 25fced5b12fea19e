#include "iocp/poll.h"

#include "base/clock.h"

#define POLL__CALLS_A_SLEEP 3u     /* a sleep costs: two calls and a switch of threads */
#define POLL__FIRST_COST_NS 60000u /* until calls are measured */
#define POLL__MOST_SLEEPS 16       /* of credit */
#define POLL__SLEPT_SHARE 64u      /* of the time asleep, that may be wasted */
#define POLL__LOOKS_A_CLOCK 16u    /* looks between two readings of the clock */
#define POLL__MOST_STEP_NS 32000u  /* of 16 looks: more is what other threads took */
#define POLL__LOOKS_A_YIELD 8u

void polling_init(polling *p, unsigned processors, unsigned workers, uint64_t longest_ns)
{
    unsigned half = processors > 1 ? processors / 2 : 1;

    *p = (polling){
        .processors = processors, .longest_ns = longest_ns, .cost_ns = POLL__FIRST_COST_NS};
    p->most = (LONG)(workers < half ? workers : half);
}

/* A mean that follows slowly. Several threads may write at once, and one of them be lost. */
void polling_note_call(polling *p, uint64_t took_ns)
{
    int64_t cost = InterlockedCompareExchange64(&p->cost_ns, 0, 0);

    cost += ((int64_t)(POLL__CALLS_A_SLEEP * took_ns) - cost) / 16;
    InterlockedExchange64(&p->cost_ns, cost);
}

/* What a sleep costs that needs a bell for each strand. */
static int64_t poller__cost(const poller *p)
{
    return InterlockedCompareExchange64(&p->all->cost_ns, 0, 0) * (p->held > 1 ? p->held : 1);
}

static int64_t poller__most_credit(const poller *p)
{
    return POLL__MOST_SLEEPS * poller__cost(p);
}

static void poller__earn(poller *p, int64_t ns)
{
    int64_t most = poller__most_credit(p);

    p->credit_ns = p->credit_ns + ns < most ? p->credit_ns + ns : most;
}

void poller_init(poller *p, polling *all, local *l)
{
    *p = (poller){.all = all, .local = l};
    poller__earn(p, POLL__MOST_SLEEPS * POLL__FIRST_COST_NS);
}

/* ---- Who polls ------------------------------------------------------------------------------ */

static bool poller__begin(poller *p)
{
    if (p->local->polls)
        return true;
    if (InterlockedIncrement(&p->all->now) > p->all->most) {
        InterlockedDecrement(&p->all->now);
        return false;
    }
    AcquireSRWLockExclusive(&p->local->lock);
    p->local->polls = true;
    ReleaseSRWLockExclusive(&p->local->lock);
    return true;
}

/* If it is taken, the strand is not ours to touch any more. */
static bool poller__give(local *to, fifo_link *link)
{
    bool taken;

    AcquireSRWLockExclusive(&to->lock);
    taken = to->polls;
    if (taken)
        fifo_append(&to->polled, link);
    ReleaseSRWLockExclusive(&to->lock);
    return taken;
}

/* A worker in a turn that may not end looks at nothing: the watch has to see to it. */
static void poller__wake_watch(watch *w, const local *given_to)
{
    MemoryBarrier(); /* between `polled`, and what that worker runs */
    if (given_to->running)
        watch_wake(w);
}

static void poller__let_rest(poller *p, fifo_link *link)
{
    if (!strand_rest(CONTAINER_OF(link, strand, ready)))
        local_push(p->local, link);
}

/* If nobody polls any more who just did, the strand rests. */
void poller_add(poller *p, fifo_link *link)
{
    const locals *all = p->local->all;
    watch *w = CONTAINER_OF(link, strand, ready)->all->watch;

    if (poller__begin(p) && poller__give(p->local, link))
        return;
    for (unsigned i = 0; i < all->count; i++)
        if (poller__give(&all->of[i], link)) {
            poller__wake_watch(w, &all->of[i]);
            return;
        }
    poller__let_rest(p, link);
}

void poller_steal(poller *p, fifo *taken)
{
    bool polled;

    AcquireSRWLockExclusive(&p->local->lock);
    polled = p->local->polls;
    p->local->polls = false;
    fifo_move(taken, &p->local->polled);
    ReleaseSRWLockExclusive(&p->local->lock);
    if (polled)
        InterlockedDecrement(&p->all->now);
}

/* ---- Looking -------------------------------------------------------------------------------- */

bool poller_look(poller *p)
{
    local *l = p->local;
    bool found = false;
    fifo all;

    AcquireSRWLockExclusive(&l->lock);
    all = l->polled;
    l->polled = (fifo){NULL, NULL};
    p->held = 0;
    for (fifo_link *link; (link = fifo_take(&all)) != NULL;) {
        bool stirs = strand_stirs(CONTAINER_OF(link, strand, ready));

        fifo_append(stirs ? &l->ready : &l->polled, link);
        found = found || stirs;
        p->held++;
    }
    ReleaseSRWLockExclusive(&l->lock);
    if (found && p->looks > 0)
        poller__earn(p, poller__cost(p) - (int64_t)p->looked_ns);
    if (found)
        p->looks = 0;
    return found;
}

/* On one processor nothing comes while we look. */
static void poller__pause(const poller *p)
{
    if (p->all->processors == 1 || p->looks % POLL__LOOKS_A_YIELD == 0) {
        if (!SwitchToThread()) {
            /* nobody else was ready to run */
        }
    } else {
        YieldProcessor();
    }
}

static uint64_t poller__step(poller *p)
{
    uint64_t now = clock_ns(), step = now - p->last_ns;

    p->last_ns = now;
    return step < POLL__MOST_STEP_NS ? step : POLL__MOST_STEP_NS;
}

bool poller_goes_on(poller *p)
{
    int64_t most = 2 * poller__cost(p), longest = (int64_t)p->all->longest_ns;

    most = most < longest ? most : longest;
    if (p->looks == 0) {
        p->looked_ns = 0;
        p->last_ns = clock_ns();
        if (p->credit_ns < most)
            return false;
    }
    if (++p->looks % POLL__LOOKS_A_CLOCK == 0)
        p->looked_ns += poller__step(p);
    if ((int64_t)p->looked_ns >= most)
        return false;
    poller__pause(p);
    return true;
}

void poller_end(poller *p)
{
    fifo all = {NULL, NULL};

    if (p->looks > 0) {
        p->credit_ns -= (int64_t)p->looked_ns;
        local_count(p->local, COUNT_LANE_POLLED_NS, (int64_t)p->looked_ns);
    }
    p->looks = 0;
    poller_steal(p, &all);
    for (fifo_link *link; (link = fifo_take(&all)) != NULL;)
        poller__let_rest(p, link);
}

bool poller_lacks_credit(const poller *p)
{
    return p->credit_ns < poller__most_credit(p);
}

void poller_slept(poller *p, uint64_t slept_ns)
{
    poller__earn(p, (int64_t)(slept_ns / POLL__SLEPT_SHARE));
}
