/*
 * Who is told of room in the port's limit, and when: the corners that random orders seldom reach.
 */
#include "kit.h"

#include "iocp/budget.h"

enum { KIB = 1024, LIMIT = 1024 * KIB, LONGEST = LIMIT / 4 };

/* One end of a connection. */
typedef struct waiter {
    budget *budget;
    budget_account in, out;
    LONG told;
} waiter;

static void tell(void *owner, LONG event)
{
    ((waiter *)owner)->told += event;
}

static void waiter_open(waiter *w, budget *b)
{
    *w = (waiter){.budget = b};
    assert_true(budget_join(b, LONGEST));
    budget_account_init(&w->in, BUDGET_MESSAGE, w, 1);
    budget_account_init(&w->out, BUDGET_ANSWER, w, 1);
}

static void waiter_close(waiter *w)
{
    budget_shrink(w->budget, &w->in, budget_held(&w->in));
    budget_shrink(w->budget, &w->out, budget_held(&w->out));
    budget_close(w->budget, &w->in);
    budget_close(w->budget, &w->out);
    budget_leave(w->budget, LONGEST);
}

static bool take_or_wait(waiter *w, budget_account *a, uint64_t bytes, budget_reach reach)
{
    if (budget_grow(w->budget, a, bytes, reach))
        return true;
    budget_wait(w->budget, a, bytes, reach);
    return false;
}

TEST_CASE(exactly_enough_is_enough)
{
    waiter full, one;
    budget b;

    budget_init(&b, LIMIT, tell);
    waiter_open(&full, &b);
    waiter_open(&one, &b);
    budget_grow_anyway(&b, &full.out, (uint64_t)b.general_limit);
    assert_false(take_or_wait(&one, &one.out, 100 * KIB, BUDGET_GENERAL));
    budget_shrink(&b, &full.out, 100 * KIB);
    assert_int_equal(one.told, 1);
    assert_true(budget_grow(&b, &one.out, 100 * KIB, BUDGET_GENERAL));
    waiter_close(&full);
    waiter_close(&one);
    budget_free(&b);
}

/* General room is gone, and another has the message room: spare room is enough. */
TEST_CASE(a_reader_is_told_of_spare_room)
{
    enum { READERS = 12 };
    waiter full, inside, readers[READERS], one;
    budget b;

    budget_init(&b, LIMIT, tell);
    waiter_open(&full, &b);
    waiter_open(&inside, &b);
    waiter_open(&one, &b);
    budget_grow_anyway(&b, &full.out, (uint64_t)b.general_limit);
    for (int i = 0; i < READERS; i++) {
        waiter_open(&readers[i], &b);
        while (budget_grow(&b, &readers[i].in, 16, BUDGET_SPARE)) {
        }
    }
    assert_true(budget_grow(&b, &inside.in, LONGEST, BUDGET_RESERVE));
    assert_false(take_or_wait(&one, &one.in, KIB, BUDGET_RESERVE));
    assert_int_equal(one.told, 0);
    budget_shrink(&b, &readers[0].in, budget_held(&readers[0].in));
    assert_int_equal(one.told, 1);
    assert_true(budget_grow(&b, &one.in, KIB, BUDGET_SPARE));
    for (int i = 0; i < READERS; i++)
        waiter_close(&readers[i]);
    for (waiter **e = (waiter *[]){&full, &inside, &one, NULL}; *e; e++)
        waiter_close(*e);
    assert_int_equal(budget_used(&b), 0);
    budget_free(&b);
}

/* The first was called and took nothing in its turn; the second has the room meanwhile. */
TEST_CASE(one_that_comes_too_late_overtakes_nobody)
{
    waiter full, holder, first, second, third;
    budget b;

    budget_init(&b, LIMIT, tell);
    for (waiter **e = (waiter *[]){&full, &holder, &first, &second, &third, NULL}; *e; e++)
        waiter_open(*e, &b);
    budget_grow_anyway(&b, &full.out, (uint64_t)b.general_limit);
    assert_true(budget_grow(&b, &holder.out, LONGEST, BUDGET_RESERVE));
    assert_false(take_or_wait(&first, &first.out, 100, BUDGET_RESERVE));
    assert_false(take_or_wait(&second, &second.out, 100, BUDGET_RESERVE));
    budget_shrink(&b, &holder.out, LONGEST);
    assert_int_equal(first.told, 1);
    budget_pass(&b, &first.out);
    assert_int_equal(second.told, 1);
    assert_true(budget_grow(&b, &second.out, 100, BUDGET_RESERVE));
    assert_false(budget_grow(&b, &first.out, 100, BUDGET_RESERVE)); /* too late */
    assert_false(take_or_wait(&third, &third.out, 100, BUDGET_RESERVE));
    budget_pass(&b, &second.out);
    budget_shrink(&b, &second.out, 100);
    assert_int_equal(third.told, 1);
    assert_false(budget_grow(&b, &first.out, 100, BUDGET_RESERVE)); /* it is the third's turn */
    assert_true(budget_grow(&b, &third.out, 100, BUDGET_RESERVE));
    for (waiter **e = (waiter *[]){&full, &holder, &first, &second, &third, NULL}; *e; e++)
        waiter_close(*e);
    assert_int_equal(budget_used(&b), 0);
    budget_free(&b);
}

static const struct CMUnitTest tests[] = {
    TEST(exactly_enough_is_enough),
    TEST(a_reader_is_told_of_spare_room),
    TEST(one_that_comes_too_late_overtakes_nobody),
};

HARNESS_MAIN(tests)
