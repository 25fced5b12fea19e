#include "histogram.h"

#include "win.h"

#define HISTOGRAM__EXACT (2ull << HISTOGRAM_BITS) /* below it every value has its own bucket */

static unsigned histogram__index(uint64_t value)
{
    unsigned long highest;
    unsigned shift;

    if (value < HISTOGRAM__EXACT)
        return (unsigned)value;
    if (value >> HISTOGRAM_MOST_BITS)
        return HISTOGRAM_BUCKETS - 1;
    BitScanReverse64(&highest, value);
    shift = (unsigned)highest - HISTOGRAM_BITS;
    return (shift << HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

/* The middle of a bucket. */
static uint64_t histogram__value(unsigned index)
{
    unsigned shift;

    if (index < HISTOGRAM__EXACT)
        return index;
    shift = (index >> HISTOGRAM_BITS) - 1;
    return ((uint64_t)(index - (shift << HISTOGRAM_BITS)) << shift) + ((1ull << shift) >> 1);
}

void histogram_record(histogram *h, uint64_t value)
{
    h->buckets[histogram__index(value)]++;
    h->count++;
    h->sum += value;
    if (value > h->max)
        h->max = value;
}

void histogram_merge(histogram *into, const histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
    into->count += from->count;
    into->sum += from->sum;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t histogram_percentile(const histogram *h, double part)
{
    uint64_t wanted = (uint64_t)(part * (double)h->count + 0.5), seen = 0;

    if (wanted < 1)
        wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->count > 0; i++) {
        seen += h->buckets[i];
        if (seen >= wanted)
            return histogram__value(i) < h->max ? histogram__value(i) : h->max;
    }
    return h->max;
}

double histogram_mean(const histogram *h)
{
    return h->count > 0 ? (double)h->sum / (double)h->count : 0;
}
