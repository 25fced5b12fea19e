/*
 * A walk: for each kind of call and for allocations, the first, the second, the third ... of a
 * short session fails, until the session has no such call left; in each mode, for some sessions.
 */
#include "world.h"

#include <stdio.h>

#define WALK__SEED 4711
#define WALK__SESSIONS 6 /* two of each mode */

static world walked;

/* How many calls of the kind failed in a session; UINT_MAX: something does not hold. */
static unsigned walk__kind(sim_call which, int session)
{
    pp_mode mode = (pp_mode)(session % 3);

    for (unsigned nth = 1;; nth++) {
        walked.walk = (walk){true, mode, which, nth};
        if (!sim_run(WALK__SEED + (uint64_t)session, world_run, &walked)) {
            printf("in session %d, when %s fails its time %u\n", session, faults_name(which), nth);
            return UINT32_MAX;
        }
        if (!faults_hit())
            return nth - 1;
    }
}

bool walk_all(void)
{
    bool ok = true;

    for (int which = 0; which < CALL_COUNT && ok; which++) {
        unsigned count = 0;

        if (!faults_can_fail((sim_call)which))
            continue;
        for (int session = 0; session < WALK__SESSIONS && ok; session++) {
            unsigned points = walk__kind((sim_call)which, session);

            ok = points != UINT32_MAX;
            count += points;
        }
        printf("%6u %s\n", count, faults_name((sim_call)which));
        ok = ok && count > 0;
    }
    return ok;
}
