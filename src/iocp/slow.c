#include "iocp/slow.h"

#include "base/clock.h"
#include "iocp/counters.h"
#include "iocp/port.h"
#include "iocp/worker.h"

#define SLOW__NS_PER_MS 1000000u

uint64_t slow_took(pp_port *port, uint64_t *began)
{
    uint64_t limit = port->options.slow_callback_ms * SLOW__NS_PER_MS, took = clock_ns() - *began;
    worker *here = worker_current(port);

    *began += took;
    if (here)
        here->callback_ns += took;
    if (limit == 0 || took <= limit)
        return 0;
    counter_add(port, COUNT_SLOW_CALLBACKS, 1);
    return took / SLOW__NS_PER_MS;
}
