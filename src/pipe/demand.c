#include "pipe/demand.h"

#include "base/clock.h"

void demand_came(demand *d, uint64_t ready, uint64_t now)
{
    uint64_t age = now - d->window_at;

    if (age >= DEMAND_WINDOW_MS) {
        d->before = age < 2 * DEMAND_WINDOW_MS ? d->in_window : 0;
        d->in_window = 0;
        d->window_at = now;
    }
    d->in_window++;
    if (d->before + d->in_window < ready)
        return;
    d->expected = UINT64_MAX;
    d->expected_at = now;
}

uint64_t demand_target(demand *d, uint64_t ready, uint64_t depth, uint64_t now)
{
    if (d->expected > depth)
        d->expected = depth;
    if (d->expected > ready && now - d->expected_at >= DEMAND_CALM_MS) {
        d->expected /= 2;
        d->expected_at = now;
    }
    return d->expected > ready ? d->expected : ready;
}

uint64_t demand_falls_at(const demand *d, uint64_t ready)
{
    return d->expected > ready ? d->expected_at + DEMAND_CALM_MS : CLOCK_NEVER;
}
