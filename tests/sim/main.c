/*
 * sim [--seed N] [--worlds N]: runs random worlds, one after the other, each from its seed. Ends
 * with status 1 at the first in which something does not hold, and prints its seed.
 * sim --judge: runs the rows of the self-test. sim --rules: runs the rules.
 * sim --walk: fails each call of a short session, one at a time.
 * sim --all [NAME] [--long] [--trace N]: runs every schedule of small scenarios, or of one; traces
 * the one of a number.
 * --trace: of one world, or of the last one of --worlds, prints all that happens in it.
 */
#include "all.h"
#include "judge.h"
#include "rules.h"
#include "world.h"

#include <malloc.h>
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

/* --all [NAME] [--long] [--trace N] */
static int main__all(int argc, char **argv)
{
    const char *name = NULL;

    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--all") == 0 && argv[i + 1][0] != '-')
            name = argv[i + 1];
    return all_main(name, main__has(argc, argv, "--long"), main__number(argc, argv, "--trace", 0));
}

int main(int argc, char **argv)
{
    static world w;
    uint64_t first = main__number(argc, argv, "--seed", 1);
    bool traced = main__has(argc, argv, "--trace");
    uint64_t count = main__number(argc, argv, "--worlds", traced ? 1 : 1000), steps = 0;
    clock_t began = clock();

    /* Large blocks come from the heap, which is kept: the kernel's part was a third of the time. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    if (main__has(argc, argv, "--judge"))
        return judge_main();
    if (main__has(argc, argv, "--rules"))
        return rules_main();
    if (main__has(argc, argv, "--walk"))
        return walk_all() ? 0 : 1;
    if (main__has(argc, argv, "--all"))
        return main__all(argc, argv);
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
