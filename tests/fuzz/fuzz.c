#include "fuzz.h"

#include "../sim/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const uint8_t *data;
    size_t size;
} input;

void fuzz_expect(bool so, const char *what)
{
    if (!so)
        sim_fail("%s", what);
}

const char *fuzz_text(const uint8_t *data, size_t size)
{
    static char text[FUZZ_TEXT + 1];

    if (size > FUZZ_TEXT)
        size = FUZZ_TEXT;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    return text;
}

static void fuzz__world(void *context)
{
    (void)context;
    faults_none();
    fuzz_one(input.data, input.size);
    sim_sleep(60000); /* what the threads of the pool still do */
    fuzz_expect(sim_handles() == 0, "handles are left");
    fuzz_expect(faults_blocks() == 0, "memory is left");
}

/* The first byte also chooses the schedule. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input.data = data;
    input.size = size;
    if (!sim_run(size > 0 ? data[0] : 0, fuzz__world, NULL)) {
        fflush(stdout); /* which says why */
        abort();
    }
    return 0;
}
