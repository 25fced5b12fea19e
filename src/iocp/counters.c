#include "iocp/counters.h"

#include "base/mem.h"
#include "iocp/port.h"
#include "iocp/worker.h"

void counter_add(pp_port *port, counter which, int64_t amount)
{
    worker *here = worker_current(port);

    if (here)
        here->counters.value[which] += amount;
    else
        InterlockedAdd64(&port->foreign.value[which], amount);
}

uint64_t counter_sum(pp_port *port, counter which)
{
    int64_t sum = port->foreign.value[which];

    for (unsigned i = 0; i < port->worker_count; i++)
        sum += port->workers[i].counters.value[which];
    return sum > 0 ? (uint64_t)sum : 0; /* a gauge that moves while it is read may seem negative */
}

/* Where each counter stands in pp_stats. */
static const struct {
    counter which;
    size_t offset;
} counters__members[] = {
    {COUNT_KERNEL_READ, offsetof(pp_stats, kernel_reads)},
    {COUNT_KERNEL_WRITE, offsetof(pp_stats, kernel_writes)},
    {COUNT_KERNEL_DEQUEUE, offsetof(pp_stats, kernel_dequeues)},
    {COUNT_KERNEL_OTHER, offsetof(pp_stats, kernel_other)},
    {COUNT_OP_READ, offsetof(pp_stats, operations_read)},
    {COUNT_OP_WRITE, offsetof(pp_stats, operations_write)},
    {COUNT_OP_CONNECT, offsetof(pp_stats, operations_connect)},
    {COUNT_OP_PENDING, offsetof(pp_stats, operations_pending)},
    {COUNT_HANDLES, offsetof(pp_stats, handles_open)},
    {COUNT_BYTES_IN, offsetof(pp_stats, bytes_in)},
    {COUNT_BYTES_OUT, offsetof(pp_stats, bytes_out)},
    {COUNT_MESSAGES_IN, offsetof(pp_stats, messages_in)},
    {COUNT_MESSAGES_OUT, offsetof(pp_stats, messages_out)},
    {COUNT_DATAGRAMS_IN, offsetof(pp_stats, datagrams_in)},
    {COUNT_DATAGRAMS_EMPTY, offsetof(pp_stats, datagrams_empty)},
    {COUNT_DATAGRAMS_OVERSIZED, offsetof(pp_stats, datagrams_oversized)},
    {COUNT_CONNECTIONS_TOTAL, offsetof(pp_stats, connections_total)},
    {COUNT_BUSY_RETRIES, offsetof(pp_stats, busy_retries)},
    {COUNT_REFUSED_SENDS, offsetof(pp_stats, refused_sends)},
    {COUNT_TIMEOUTS, offsetof(pp_stats, timeouts)},
    {COUNT_SLOW_CALLBACKS, offsetof(pp_stats, slow_callbacks)},
    {COUNT_ACCEPT_ERRORS, offsetof(pp_stats, accept_errors)},
};

pp_status pp_port_stats(pp_port *port, pp_stats *stats)
{
    if (!port || !stats)
        return PP_E_ARGUMENT;
    *stats = (pp_stats){0};
    for (size_t i = 0; i < sizeof counters__members / sizeof *counters__members; i++)
        *(uint64_t *)(void *)((char *)stats + counters__members[i].offset) =
            counter_sum(port, counters__members[i].which);
    for (int i = 0; i < PP_STATUS_COUNT; i++)
        stats->ended[i] = counter_sum(port, (counter)(COUNT_ENDED + i));
    stats->workers = port->worker_count;
    stats->connections_now = (uint64_t)port->connections_now;
    stats->connections_most = (uint64_t)port->connections_most;
    stats->bytes_buffered = budget_used(&port->budget);
    stats->bytes_buffered_most = (uint64_t)port->budget.most;
    stats->allocations = mem_allocations();
    return PP_OK;
}
