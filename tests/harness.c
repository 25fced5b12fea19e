#include "harness.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HARNESS__SKIPPED 77 /* the status that Meson counts as a skip */

static bool harness__skipped;

void harness_skip(const char *reason, const char *file, int line)
{
    printf("SKIP: %s\n", reason);
    harness__skipped = true;
    _skip(file, line);
}

int harness_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count)
{
    size_t i;

    /* Nothing is lost when a test ends the process, and the order of both streams is kept. */
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc < 2)
        return _cmocka_run_group_tests(argv[0], tests, count, NULL, NULL) ? 1 : 0;

    for (i = 0; i < count; i++) {
        if (strcmp(argv[1], "--list") == 0)
            printf("%s\n", tests[i].name);
        else if (strcmp(argv[1], tests[i].name) == 0)
            break;
    }
    if (i < count) {
        if (_cmocka_run_group_tests(argv[0], &tests[i], 1, NULL, NULL) != 0)
            return 1;
        return harness__skipped ? HARNESS__SKIPPED : 0;
    }
    if (strcmp(argv[1], "--list") == 0)
        return 0;
    fprintf(stderr, "%s: no test %s\n", argv[0], argv[1]);
    return 2;
}
