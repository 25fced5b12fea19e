#include "pipe/demand.h"

void demand_came(demand *d, uint64_t ready, uint64_t now)
{
    uint64_t age = now - d->window_at;

    if (age >= DEMAND_WINDOW_MS) {
        d->before = age < 2 * DEMAND_WINDOW_MS ? d->in_window : 0;
        d->in_window = 0;
        d->window_at = now;
    }
    d->in_window++;
    if (d->before + d->in_window >= ready)
        d->burst_ends = now + DEMAND_CALM_MS;
}

uint64_t demand_target(const demand *d, uint64_t ready, uint64_t depth, uint64_t now)
{
    return now < d->burst_ends ? depth : ready;
}
