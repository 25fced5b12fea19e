/*
 * Targets of libFuzzer. Each file beside fuzz.c is one, and its corpus stands in the folder of its
 * name. An input runs in a simulated Windows of its own (tests/sim).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the target does with an input. At the end no handle and no memory may be left. */
void fuzz_one(const uint8_t *data, size_t size);

/* Ends the process unless it is so. */
void fuzz_expect(bool so, const char *what);

/* A copy that ends in 0; up to FUZZ_TEXT bytes, the rest is cut off. */
#define FUZZ_TEXT 4096
const char *fuzz_text(const uint8_t *data, size_t size);

#endif
