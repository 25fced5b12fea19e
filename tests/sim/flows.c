/*
 * What is sent, and what must come: nothing is lost, doubled, in another order, or another's.
 */
#include "world.h"

#include <string.h>

#define FLOWS__PERIOD 65521u

static char pattern[FLOWS__PERIOD + WORLD_LONGEST + 64];

static const char *flows__at(const flow *f, uint64_t at)
{
    if (!pattern[1])
        for (uint32_t i = 0; i < sizeof pattern; i++)
            pattern[i] = (char)((i % FLOWS__PERIOD * 2654435761u) >> 24);
    return pattern + (at + f->id * 7919ull) % FLOWS__PERIOD;
}

const char *flow_noise(void)
{
    return pattern;
}

void flow_init(flow *f, world *w, unsigned id, const place *p)
{
    const pp_conn_options *o = &p->options.conn;

    memset(f, 0, sizeof *f);
    f->world = w;
    f->id = id;
    f->stream = o->mode == PP_MODE_STREAM;
    f->empties = !f->stream && !o->half_close;
    f->longest = o->max_message;
    memcpy(f->head, flows__at(f, 0), sizeof f->head);
    memcpy(f->head, &f->id, sizeof f->id);
}

/* Of a message: some are empty, some as long as allowed. */
static size_t flows__length(const flow *f, unsigned number)
{
    uint32_t hash = (number * 97 + f->id) * 2654435761u >> 8;

    if (number == 0)
        return 4 + hash % (f->longest < 64 ? f->longest - 3 : 60);
    if (hash % 8 == 0 && f->empties)
        return 0;
    return hash % 8 == 1 ? f->longest : 1 + hash % f->longest;
}

const char *flow_next(flow *f, size_t most, size_t *length)
{
    bool first = f->accepted < sizeof f->id;

    *length = flows__length(f, f->sent);
    if (f->stream && *length > most)
        *length = most;
    if (f->stream && first && *length > sizeof f->head - f->accepted)
        *length = sizeof f->head - (size_t)f->accepted;
    f->offered = f->accepted + *length;
    return first ? f->head + f->accepted : flows__at(f, f->accepted);
}

void flow_sent(flow *f, size_t length)
{
    f->accepted += length;
    f->sent++;
}

/* The flow has told its id. */
static void flows__link(reader *r, const unsigned char *head)
{
    unsigned id;

    memcpy(&id, head, sizeof id);
    if (id == 0 || id > WORLD_MOST_CLIENTS + WORLD_MOST_SERVED || !r->world->flows[id - 1].world) {
        if (!r->world->hostile)
            sim_fail("bytes came that nobody has sent");
        r->wild = true;
        return;
    }
    if (r->world->flows[id - 1].reader && r->world->flows[id - 1].reader != r) {
        if (!r->world->hostile) /* who raves may begin like another */
            sim_fail("flow %u comes to two", id);
        r->wild = true;
        return;
    }
    r->from = &r->world->flows[id - 1];
    r->wild = r->from->wild;
    r->from->reader = r;
}

void flow_check(reader *r, const void *data, size_t length)
{
    unsigned char head[4];
    size_t begin = length < 4 - r->have ? length : 4 - r->have;
    uint64_t at;
    const flow *f;

    if (!r->from && !r->wild) {
        memcpy(head, r->head, r->have);
        memcpy(head + r->have, data, begin);
        if (r->have + begin == sizeof head)
            flows__link(r, head);
    }
    f = r->from;
    if (r->wild || !f)
        return;
    if (!f->stream && length != flows__length(f, f->received))
        sim_fail("flow %u: message %u has %zu bytes, not %zu", f->id, f->received, length,
                 flows__length(f, f->received));
    at = f->arrived;
    if (at >= sizeof f->id)
        begin = 0;
    else
        at = sizeof f->id; /* what stands before it is the id */
    if (memcmp((const char *)data + begin, flows__at(f, at), length - begin) != 0)
        sim_fail("flow %u: what follows on byte %llu is wrong", f->id, (unsigned long long)at);
    if (at + length - begin > f->offered)
        sim_fail("flow %u: more has come than was sent", f->id);
}

void flow_take(reader *r, const void *data, size_t length)
{
    size_t begin = length < 4 - r->have ? length : 4 - r->have;

    memcpy(r->head + r->have, data, begin);
    r->have += (unsigned)begin;
    if (!r->from || r->wild)
        return;
    r->from->arrived = r->from->arrived < 4 ? r->have + length - begin : r->from->arrived + length;
    r->from->received++;
}
