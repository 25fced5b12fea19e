/*
 * A histogram of times with a constant relative error: each power of two is divided into 1,024
 * buckets, so that a value is known to within 0.1%, which is three significant digits, from
 * nanoseconds to days. Recording is an index and an increment. It does not lock.
 */
#ifndef PIPE_LOAD_HISTOGRAM_H
#define PIPE_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 10      /* buckets of each power of two */
#define HISTOGRAM_MOST_BITS 50 /* values are below 2^50 ns, which is 13 days */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_MOST_BITS - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

typedef struct histogram {
    uint64_t count, sum, max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
} histogram;

void histogram_record(histogram *h, uint64_t value);
void histogram_merge(histogram *into, const histogram *from);

/* The value below which the fraction `part` of all values lies; 0 when there are none. */
uint64_t histogram_percentile(const histogram *h, double part);

double histogram_mean(const histogram *h);

#endif
