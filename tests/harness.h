/*
 * What every test program shares: a table of named tests, and a main that runs one or all of them.
 *
 *     x_test NAME     runs that test; status 0, 1 if it failed, 77 if it was skipped, 2 if no such
 *     x_test          runs all
 *     x_test --list   prints the names
 *
 * cmocka leaves a failed assertion by longjmp: assert on the main thread only.
 */
#ifndef PP_TESTS_HARNESS_H
#define PP_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Begins a test: `TEST_CASE(sentence_that_it_proves)`, and the body in braces. */
#define TEST_CASE(name)                                                                            \
    static void name##_proved(void);                                                               \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        name##_proved();                                                                           \
    }                                                                                              \
    static void name##_proved(void)

/* A row of the table: `static const struct CMUnitTest tests[] = {TEST(first), TEST(second)};` */
#define TEST(function) cmocka_unit_test(function)

/* The whole of main: `HARNESS_MAIN(tests)`. */
#define HARNESS_MAIN(tests)                                                                        \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return harness_main(argc, argv, tests, sizeof(tests) / sizeof((tests)[0]));                \
    }

int harness_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count);

/* Ends the running test as skipped; the reason is printed, and tests/skips.txt must know the test.
 */
#define test_skip(reason) harness_skip(reason, __FILE__, __LINE__)

void harness_skip(const char *reason, const char *file, int line);

#endif
