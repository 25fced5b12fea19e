#include "iocp/callback.h"

#include "base/clock.h"

#define CALLBACK__NS_PER_MS 1000000u
#define CALLBACK__TICK_NS 16000000u
#define CALLBACK__QUICK_NS 10000u
#define CALLBACK__MOST_A_CLOCK 16u

bool callback_ends(local *here)
{
    return ++here->callbacks >= here->callbacks_a_clock || GetTickCount64() != here->tick;
}

/* What is shorter than a tick and must be reported is read each time. */
static void callback__note(local *here, uint64_t took, uint64_t limit)
{
    bool quick = took < (uint64_t)CALLBACK__QUICK_NS * (here->callbacks > 0 ? here->callbacks : 1);

    here->callback_ns += took;
    here->callbacks = 0;
    here->callbacks_a_clock =
        quick && (limit == 0 || limit > CALLBACK__TICK_NS) ? CALLBACK__MOST_A_CLOCK : 1;
    here->tick = GetTickCount64();
}

uint64_t callback_took(pp_port *port, uint64_t *began)
{
    uint64_t limit = port->options.slow_callback_ms * CALLBACK__NS_PER_MS;
    uint64_t took = clock_ns() - *began;
    local *here = local_here(&port->strands.locals);

    *began += took;
    if (here)
        callback__note(here, took, limit);
    if (limit == 0 || took <= limit)
        return 0;
    port_count(port, COUNT_SLOW_CALLBACKS, 1);
    return took / CALLBACK__NS_PER_MS;
}
