#include "iocp/strand.h"

#include "iocp/port.h"
#include "iocp/worker.h"

void strand_init(strand *s, pp_port *port, strand_fn *turn)
{
    s->events = STRAND_SCHEDULED;
    s->turn = turn;
    s->port = port;
    list_init(&s->member);
}

static void strand__make_ready(strand *s)
{
    worker *here = worker_current(s->port);

    if (here)
        worker_push(here, s);
    else
        inbox_push(s->port, s);
}

bool strand_join(strand *s)
{
    return port_join(s->port, s);
}

void strand_go(strand *s, LONG events)
{
    InterlockedOr(&s->events, events);
    strand__make_ready(s);
}

void strand_raise(strand *s, LONG events)
{
    /* When it was scheduled, its turn comes and sees them, or it has retired. */
    if (!(InterlockedOr(&s->events, events | STRAND_SCHEDULED) & STRAND_SCHEDULED))
        strand__make_ready(s);
}

bool strand_is_here(const strand *s)
{
    worker *here = worker_current(s->port);

    return here && here->running == s;
}

bool strand_turn_is_long(const strand *s)
{
    worker *here = worker_current(s->port);

    return here && here->callback_ns - here->callback_ns_before > STRAND_MOST_TURN_NS;
}

bool strand_has_others(const strand *s)
{
    worker *here = worker_current(s->port);

    return here && worker_batch_goes_on(here);
}

void strand_set_answering(strand *s, bool answering)
{
    worker *here = worker_current(s->port);

    if (here)
        here->answering = answering;
}

bool strand_is_answering(const strand *s)
{
    worker *here = worker_current(s->port);

    return here && here->answering;
}

void strand_retire(strand *s)
{
    port_leave(s->port, s);
}

bool strand_run(strand *s)
{
    LONG events = InterlockedExchange(&s->events, STRAND_SCHEDULED) & ~STRAND_SCHEDULED;

    if (!s->turn(s, events))
        return false;
    return InterlockedCompareExchange(&s->events, 0, STRAND_SCHEDULED) != STRAND_SCHEDULED;
}
