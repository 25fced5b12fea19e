/*
 * pp_port_stats: what a port counted, as its users see it.
 */
#include "base/mem.h"
#include "iocp/port.h"

/* Which members of pp_stats each counter adds to. */
static const struct {
    counter which;
    size_t offset;
} stats__members[] = {
    {COUNT_OP_READ, offsetof(pp_stats, kernel_reads)},
    {COUNT_READ_BLOCKING, offsetof(pp_stats, kernel_reads)},
    {COUNT_OP_WRITE, offsetof(pp_stats, kernel_writes)},
    {COUNT_KERNEL_DEQUEUE, offsetof(pp_stats, kernel_dequeues)},
    {COUNT_KERNEL_OTHER, offsetof(pp_stats, kernel_other)},
    {COUNT_OP_CONNECT, offsetof(pp_stats, kernel_other)},
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
    {COUNT_LANES_NOW, offsetof(pp_stats, lanes_now)},
    {COUNT_LANES_TOTAL, offsetof(pp_stats, lanes_total)},
    {COUNT_LANE_BELLS, offsetof(pp_stats, lane_bells)},
    {COUNT_LANE_BYTES_IN, offsetof(pp_stats, lane_bytes_in)},
    {COUNT_LANE_BYTES_OUT, offsetof(pp_stats, lane_bytes_out)},
};

pp_status pp_port_stats(pp_port *port, pp_stats *stats)
{
    const locals *all;

    if (!port || !stats)
        return PP_E_ARGUMENT;
    all = &port->strands.locals;
    *stats = (pp_stats){0};
    for (size_t i = 0; i < sizeof stats__members / sizeof *stats__members; i++)
        *(uint64_t *)(void *)((char *)stats + stats__members[i].offset) +=
            counter_sum(all, stats__members[i].which);
    for (int i = 0; i < PP_LANE_REASONS; i++)
        stats->lanes_refused[i] = counter_sum(all, (counter)(COUNT_LANES_REFUSED + i));
    stats->lane_polled_us = counter_sum(all, COUNT_LANE_POLLED_NS) / 1000;
    for (int i = 0; i < PP_STATUS_COUNT; i++)
        stats->connections_ended[i] = counter_sum(all, (counter)(COUNT_ENDED + i));
    stats->workers = all->count;
    stats->connections_now = (uint64_t)port->connections_now;
    stats->connections_most = (uint64_t)port->connections_most;
    stats->bytes_buffered = budget_used(&port->budget);
    stats->bytes_buffered_most = budget_most(&port->budget);
    stats->allocations = mem_allocations();
    return PP_OK;
}
