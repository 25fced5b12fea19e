/*
 * The judge: each row of `pipeport selftest` runs in a simulated Windows of its own, under many
 * seeds, and must see what the self-test expects on Windows.
 */
#include "judge.h"

#include "base/mem.h"
#include "server/selftest.h"
#include "sim.h"

#include <stdio.h>

#define JUDGE__SEEDS 200

static const selftest_table *const judge__tables[] = {SELFTEST_TABLES};

typedef struct judge__look {
    const selftest_row *row;
    trial *trial;
    bool ended;
} judge__look;

/* A process of its own: the library closes nothing on which something pends, but rows do. */
static const sim_process judge__process = {.id = 300, .session = 1, .user = "S-1-5-21-1-1-1-1000"};

static DWORD judge__row_main(void *argument)
{
    judge__look *look = argument;

    look->trial = trial_open();
    trial_run(look->trial, look->row->ends, look->row->look);
    return 0;
}

static void judge__world(void *context)
{
    judge__look *look = context;
    HANDLE thread = sim_spawn(&judge__process, judge__row_main, look);

    look->ended = WaitForSingleObject(thread, SELFTEST_LONGEST_MS) == WAIT_OBJECT_0;
    CloseHandle(thread);
    if (look->ended && sim_handles() != 0)
        sim_fail("%u handles are left", sim_handles());
}

/* Whether the row answers as on Windows under one seed. */
static bool judge__holds(const selftest_row *row, uint64_t seed)
{
    judge__look look = {.row = row};
    bool held;

    if (!sim_run(seed, judge__world, &look)) {
        printf("FAILS    %s\n", row->sentence);
        return false;
    }
    held = look.ended && trial_saw(look.trial, row->windows);
    if (!held)
        printf("DIFFERS  %s: %s (seed %llu); on Windows: %s\n", row->sentence,
               look.ended ? look.trial->seen : "it did not end", (unsigned long long)seed,
               row->windows);
    mem_free(look.trial);
    return held;
}

int judge_main(void)
{
    unsigned rows = 0, hold = 0, unknown = 0;

    sim_is_bare = true;
    for (size_t i = 0; i < sizeof judge__tables / sizeof *judge__tables; i++)
        for (size_t r = 0; r < judge__tables[i]->count; r++) {
            const selftest_row *row = &judge__tables[i]->rows[r];
            uint64_t seed = 1;

            if (!row->windows) {
                unknown++;
                continue;
            }
            while (seed <= JUDGE__SEEDS && judge__holds(row, seed))
                seed++;
            rows++;
            hold += seed > JUDGE__SEEDS;
        }
    printf("%u of %u rows answer as on Windows; for %u the self-test expects nothing there\n", hold,
           rows, unknown);
    return hold == rows ? 0 : 1;
}
