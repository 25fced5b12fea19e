#include "iocp/callback.h"

#include "base/clock.h"

#define CALLBACK__NS_PER_MS 1000000u

uint64_t callback_took(pp_port *port, uint64_t *began)
{
    uint64_t limit = port->options.slow_callback_ms * CALLBACK__NS_PER_MS;
    uint64_t took = clock_ns() - *began;
    local *here = local_here(&port->strands.locals);

    *began += took;
    if (here)
        here->callback_ns += took;
    if (limit == 0 || took <= limit)
        return 0;
    port_count(port, COUNT_SLOW_CALLBACKS, 1);
    return took / CALLBACK__NS_PER_MS;
}
