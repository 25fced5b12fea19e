/*
 * sim [--seed N] [--worlds N]: runs random worlds, one after the other, each from its seed. Ends
 * with status 1 at the first in which something does not hold, and prints its seed.
 * sim --judge: runs the rows of the self-test. sim --rules: runs the rules.
 * sim --walk: fails each call of a short session, one at a time.
 * --trace: of one world, or of the last one of --worlds, prints all that happens in it.
 */
#include "judge.h"
#include "rules.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t main__number(int argc, char **argv, const char *name, uint64_t preset)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    return preset;
}

static bool main__has(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    static world w;
    uint64_t first = main__number(argc, argv, "--seed", 1);
    bool traced = main__has(argc, argv, "--trace");
    uint64_t count = main__number(argc, argv, "--worlds", traced ? 1 : 1000), steps = 0;
    clock_t began = clock();

    if (main__has(argc, argv, "--judge"))
        return judge_main();
    if (main__has(argc, argv, "--rules"))
        return rules_main();
    if (main__has(argc, argv, "--walk"))
        return walk_all() ? 0 : 1;
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (traced && seed == first + count - 1)
            sim_trace_on();
        if (!sim_run(seed, world_run, &w))
            return 1;
        steps += sim_steps();
    }
    if (traced)
        return 0;
    printf("%llu worlds hold, %.0f a second, %.0f points each\n", (unsigned long long)count,
           (double)count / ((double)(clock() - began) / CLOCKS_PER_SEC),
           (double)steps / (double)count);
    return 0;
}
