#include "iocp/port.h"

#include <assert.h>

uint64_t port_next_id(pp_port *port)
{
    return (uint64_t)InterlockedIncrement64(&port->next_id);
}

void port_count_connection(pp_port *port, int change)
{
    LONG64 now = InterlockedAdd64(&port->connections_now, change), most = port->connections_most;

    assert(now >= 0);
    while (now > most) {
        LONG64 before = InterlockedCompareExchange64(&port->connections_most, now, most);

        if (before == most)
            break;
        most = before;
    }
}
