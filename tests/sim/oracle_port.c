/*
 * What must hold for a port whatever happens: the contract of pipeport.h, sentence by sentence.
 */
#include "world.h"

/* ---- "max_buffered: limit of all queued bytes of the port together. The first 4 KiB that a
 * connection has queued do not count." -----------------------------------------------------------
 */

static uint64_t oracle__counted(watched *w)
{
    size_t queued = w->conn && !w->closed && !w->manners.shares ? pp_conn_queued(w->conn) : 0;

    return queued > 4096 ? queued - 4096 : 0;
}

/* The queues change while they are added up: only bytes that were there before and after count. */
void oracle_limit(world *w)
{
    uint64_t sum = 0;

    if (!w->heavy || !sim_chance(8))
        return;
    for (unsigned i = 0; i < w->served_count; i++)
        sum += oracle__counted(&w->served[i]);
    for (unsigned i = 0; i < w->client_count; i++)
        sum += oracle__counted(&w->clients[i].seen);
    if (sum > w->options.max_buffered + w->options.max_buffered / 4)
        sim_fail("%llu bytes are queued, and max_buffered is %llu", (unsigned long long)sum,
                 (unsigned long long)w->options.max_buffered);
}

/* ---- "The call is never early, and late by up to two ticks. A worker calls it exactly once." ---
 */

void oracle_timer(timer_seen *t, pp_status status)
{
    world *w = t->world;

    if (t->called)
        sim_fail("a timer's function is called twice");
    t->called = true;
    t->status = status;
    if (status != PP_OK && status != PP_E_CANCELLED)
        sim_fail("a timer's function gets %s", pp_status_name(status));
    if (status == PP_E_CANCELLED && !t->cancelled && t->cancelling == 0 && !w->stopping)
        sim_fail("a timer's function is cancelled, and nobody did that");
    if (status == PP_OK && t->cancelled)
        sim_fail("a timer that was cancelled fires");
    if (status == PP_OK && sim_now_ns() < t->due)
        sim_fail("a timer is early");
    if (status == PP_OK && !w->stopping && !w->sleeps && oracle_ms_since(t->due) > ORACLE_LATE_MS)
        sim_fail("a timer is %llu ms late", (unsigned long long)oracle_ms_since(t->due));
}

/* "Has a worker call `function` soon": also while callbacks take long, but for all workers. */
void oracle_posted(world *w, uint64_t at)
{
    w->posts_run++;
    if (!w->sleeps && oracle_ms_since(at) > ORACLE_LATE_MS)
        sim_fail("a posted function is called after %llu ms",
                 (unsigned long long)oracle_ms_since(at));
}

/* ---- At the end: "no operation is pending, no handle is open" ---------------------------------
 */

/* In a calm world that has come to its end, before the port stops: each listener waits. */
void oracle_at_rest(world *w)
{
    uint64_t waiting = w->place_count; /* at least: set_limits changes how many */
    pp_stats s;

    pp_port_stats(w->port, &s);
    if (s.operations_pending < waiting || s.handles_open < waiting)
        sim_fail("%llu listeners wait, with %llu operations", (unsigned long long)waiting,
                 (unsigned long long)s.operations_pending);
    if (s.connections_now > 0 || s.bytes_buffered > 0)
        sim_fail("at rest: %llu connections, %llu bytes", (unsigned long long)s.connections_now,
                 (unsigned long long)s.bytes_buffered);
}

/* pp_port_wait has returned. */
void oracle_stopped(world *w)
{
    uint64_t longest = 0, patience = oracle_patience(w) + (w->slot.listening ? ORACLE_LOOK_MS : 0);

    if (w->aborted && oracle_ms_since(w->aborted_at) > patience)
        sim_fail("the port took %llu ms to abort",
                 (unsigned long long)oracle_ms_since(w->aborted_at));
    for (unsigned i = 0; i < w->place_count; i++)
        if (w->places[i].options.conn.drain_timeout_ms > longest)
            longest = w->places[i].options.conn.drain_timeout_ms;
    for (unsigned i = 0; i < w->adopted_count; i++)
        if (w->adopted[i].options.conn.drain_timeout_ms > longest)
            longest = w->adopted[i].options.conn.drain_timeout_ms;
    if (w->slot.options.deliver_timeout_ms > longest)
        longest = w->slot.options.deliver_timeout_ms;
    if (oracle_ms_since(w->stopped_at) > longest + patience)
        sim_fail("the port took %llu ms to stop, and the longest time-out is %llu",
                 (unsigned long long)oracle_ms_since(w->stopped_at), (unsigned long long)longest);
}

static void oracle__judge_stats(const world *w)
{
    pp_stats s;

    pp_port_stats(w->port, &s);
    if (s.operations_pending || s.handles_open || s.connections_now || s.bytes_buffered)
        sim_fail("left: %u operations, %u handles, %u connections, %u bytes",
                 (unsigned)s.operations_pending, (unsigned)s.handles_open,
                 (unsigned)s.connections_now, (unsigned)s.bytes_buffered);
    for (int i = 0; i < PP_STATUS_COUNT; i++)
        if (s.connections_ended[i] != w->closed_for[i])
            sim_fail("%u connections ended with %s, and the port counts %u", w->closed_for[i],
                     pp_status_name((pp_status)i), (unsigned)s.connections_ended[i]);
    if (s.connections_most < w->most_seen)
        sim_fail("%u connections were open at once, and the port counts %u", (unsigned)w->most_seen,
                 (unsigned)s.connections_most);
    if (s.busy_retries > w->retries)
        sim_fail("dials retried %u times, and %u would do", (unsigned)s.busy_retries, w->retries);
    if (s.connections_total != w->opened)
        sim_fail("%u connections opened, and the port counts %u", w->opened,
                 (unsigned)s.connections_total);
    if (s.messages_in > w->messages_in || s.messages_in + w->unsure < w->messages_in)
        sim_fail("%u messages came, and the port counts %u", (unsigned)w->messages_in,
                 (unsigned)s.messages_in);
    if (s.refused_sends != w->refused)
        sim_fail("%u sends were refused, and the port counts %u", (unsigned)w->refused,
                 (unsigned)s.refused_sends);
    if (s.slow_callbacks < w->slow)
        sim_fail("%u callbacks were slow, and the port counts %u", w->slow,
                 (unsigned)s.slow_callbacks);
    if (s.bytes_buffered_most > w->options.max_buffered + 4096)
        sim_fail("%llu bytes were buffered", (unsigned long long)s.bytes_buffered_most);
}

/* Listeners, timers and posted functions. */
static void oracle__judge_calls(const world *w)
{
    for (unsigned i = 0; i < w->place_count; i++)
        if (w->places[i].listening && !w->places[i].closed)
            sim_fail("a listener has no on_close");
    for (unsigned i = 0; i < w->timer_count; i++)
        if (w->timers[i].set && !w->timers[i].called)
            sim_fail("a timer's function is never called");
    if (w->posts_run != w->posted)
        sim_fail("%u functions were posted, and %u ran", w->posted, w->posts_run);
}

void oracle_judge(world *w)
{
    oracle__judge_calls(w);
    for (unsigned i = 0; i < w->served_count; i++)
        oracle_judge_conn(&w->served[i]);
    for (unsigned i = 0; i < w->client_count; i++) {
        oracle_judge_conn(&w->clients[i].seen);
        oracle_judge_reader(&w->clients[i]);
        if (w->calm)
            oracle_judge_client(&w->clients[i]);
        if (w->clients[i].expects_other && w->clients[i].seen.opened)
            sim_fail("a dial takes a server that it does not expect");
    }
    for (unsigned i = 0; i < w->place_count; i++)
        if (w->places[i].serving > 0)
            sim_fail("%u connections of the server have not closed", w->places[i].serving);
    for (unsigned i = 0; i < w->adopted_count; i++)
        if (w->adopted[i].serving > 0)
            sim_fail("an adopted connection has not closed");
    oracle__judge_stats(w);
}
