/*
 * The port's limit, alone: accounts that receive messages and answer them as connections do, in
 * random orders, beside a model that knows what each holds.
 */
#include "kit.h"

#include "iocp/budget.h"

enum { KIB = 1024, LIMIT = 1024 * KIB, LONGEST = LIMIT / 4, ENDS = 40, GOAL = 30 };

/* One end of a connection, whose other end does what it should: it writes whole messages and reads
 * what it is sent. One that hogs sends of itself, and its other end never reads. */
typedef struct end {
    budget *budget;
    budget_account in, out;
    size_t message, answer; /* bytes of what comes, and of what is owed for it */
    size_t queued;
    int done;           /* messages answered */
    bool hogs, blocked; /* it waits until it is told */
    volatile LONG told; /* it has a turn */
    HANDLE wake;        /* set with it, if there is one */
    uint32_t random;
} end;

static uint32_t end_draw(end *e, uint32_t below)
{
    return kit_draw(&e->random, below);
}

static void end_tell(void *owner, LONG event)
{
    end *e = owner;

    InterlockedExchange(&e->told, event);
    if (e->wake)
        SetEvent(e->wake);
}

static void end_next_message(end *e)
{
    bool small = end_draw(e, 3) > 0;

    e->message = 1 + end_draw(e, small ? 2000 : LONGEST);
    e->answer = 1 + end_draw(e, small ? 2000 : LONGEST);
}

static void end_open(end *e, budget *b, uint32_t seed, bool hogs)
{
    *e = (end){.budget = b, .random = seed, .hogs = hogs};
    assert_true(budget_join(b, LONGEST));
    budget_account_init(&e->in, BUDGET_MESSAGE, e, 1);
    budget_account_init(&e->out, BUDGET_ANSWER, e, 1);
    end_next_message(e);
}

static void end_close(end *e)
{
    budget_shrink(e->budget, &e->in, budget_held(&e->in));
    budget_shrink(e->budget, &e->out, budget_held(&e->out));
    budget_close(e->budget, &e->in);
    budget_close(e->budget, &e->out);
    budget_leave(e->budget, LONGEST);
}

static bool end_take(end *e, budget_account *a, size_t bytes, budget_reach reach)
{
    if (budget_grow(e->budget, a, bytes, reach))
        return true;
    e->blocked = true;
    budget_wait(e->budget, a, bytes, reach);
    return false;
}

/* Receives what is left of a message, and answers it. */
static void end_serve(end *e)
{
    size_t held = (size_t)budget_held(&e->in);

    if (held < e->message && !end_take(e, &e->in, e->message - held, BUDGET_RESERVE))
        return;
    if (!end_take(e, &e->out, e->answer, BUDGET_RESERVE))
        return;
    e->queued += e->answer;
    e->done++;
    budget_shrink(e->budget, &e->in, e->in.general + e->in.reserved); /* the rest is spare */
    end_next_message(e);
}

static void end_hog(end *e)
{
    size_t bytes = 1 + end_draw(e, 30 * KIB);

    if (end_take(e, &e->out, bytes, BUDGET_GENERAL))
        e->queued += bytes;
}

static bool end_has_turn(const end *e)
{
    return !e->blocked || e->told;
}

static void end_turn(end *e)
{
    InterlockedExchange(&e->told, 0);
    e->blocked = false;
    if (e->hogs)
        end_hog(e);
    else if (e->queued < 2 * LONGEST)
        end_serve(e);
    budget_pass(e->budget, &e->in);
    budget_pass(e->budget, &e->out);
}

/* The other end reads. */
static void end_is_read(end *e)
{
    size_t bytes = 1 + end_draw(e, (uint32_t)e->queued);

    e->queued -= bytes;
    budget_shrink(e->budget, &e->out, bytes);
}

/* ---- One thread, every order ---------------------------------------------------------------- */

static void check_rooms(const budget *b, const end *ends, size_t count)
{
    uint64_t general = 0, spare = 0, reserved[BUDGET_KINDS] = {0};
    int holders[BUDGET_KINDS] = {0};

    for (size_t i = 0; i < count; i++) {
        general += ends[i].in.general + ends[i].out.general;
        spare += ends[i].in.spare;
        assert_int_equal(ends[i].out.spare, 0);
        reserved[BUDGET_MESSAGE] += ends[i].in.reserved;
        reserved[BUDGET_ANSWER] += ends[i].out.reserved;
        holders[BUDGET_MESSAGE] += ends[i].in.reserved > 0;
        holders[BUDGET_ANSWER] += ends[i].out.reserved > 0;
        assert_int_equal(budget_held(&ends[i].out), ends[i].queued);
    }
    assert_int_equal(budget_used(b), general + spare + reserved[0] + reserved[1]);
    assert_true(budget_used(b) <= LIMIT);
    assert_true((int64_t)general <= b->general_limit);
    assert_true((int64_t)spare <= b->spare_limit);
    for (int kind = 0; kind < BUDGET_KINDS; kind++) {
        assert_true(holders[kind] <= 1);
        assert_true((int64_t)reserved[kind] <= b->reserve_size);
    }
}

/* Whether any end can do something; `least` receives the fewest messages that one has answered. */
static bool anyone_can_move(const end *ends, size_t count, int *least)
{
    bool can = false;

    *least = GOAL;
    for (size_t i = 0; i < count; i++) {
        can = can || (!ends[i].hogs && (end_has_turn(&ends[i]) || ends[i].queued > 0));
        if (!ends[i].hogs && ends[i].done < *least)
            *least = ends[i].done;
    }
    return can;
}

static void run_ends(uint32_t seed, int hogs)
{
    enum { MOST_STEPS = 4000000 };
    static end ends[ENDS];
    budget b;
    int least = 0, steps = 0;
    end dice = {.random = seed};

    budget_init(&b, LIMIT, end_tell);
    for (int i = 0; i < ENDS; i++)
        end_open(&ends[i], &b, seed * 977 + (uint32_t)i, i < hogs);
    for (; least < GOAL && steps < MOST_STEPS; steps++) {
        end *e = &ends[end_draw(&dice, ENDS)];

        assert_true(anyone_can_move(ends, ENDS, &least));
        if (e->queued > 0 && !e->hogs && end_draw(&dice, 2))
            end_is_read(e);
        else if (end_has_turn(e))
            end_turn(e);
        if (end_draw(&dice, 2000) == 0) { /* it leaves wherever it is, and another comes */
            int done = e->done;
            bool hog = e->hogs;

            end_close(e);
            end_open(e, &b, dice.random, hog);
            e->done = done;
        }
        check_rooms(&b, ends, ENDS);
    }
    assert_true(steps < MOST_STEPS);
    for (int i = 0; i < ENDS; i++)
        end_close(&ends[i]);
    assert_int_equal(budget_used(&b), 0);
    assert_false(budget_is_short(&b));
    budget_free(&b);
}

TEST_CASE(honest_ends_get_on_in_every_order)
{
    for (uint32_t seed = 1; seed <= 40; seed++)
        run_ends(seed, 0);
}

TEST_CASE(who_never_reads_stops_nobody_else)
{
    for (uint32_t seed = 1; seed <= 20; seed++)
        run_ends(seed, ENDS / 2);
}

/* ---- Rules ---------------------------------------------------------------------------------- */

TEST_CASE(what_is_kept_back_follows_the_objects)
{
    budget b;
    int64_t before, with_long;

    budget_init(&b, 64 * LIMIT, end_tell);
    assert_true(budget_join(&b, 1000));
    before = b.general_limit;
    assert_int_equal(budget_longest(&b, UINT64_MAX), 16 * LIMIT);
    assert_int_equal(budget_longest(&b, 5), 5);
    assert_true(budget_join(&b, 16 * LIMIT));
    with_long = b.general_limit;
    assert_true(with_long < before - 31 * LIMIT);
    assert_true(with_long >= 16 * LIMIT); /* the longest message fits when nothing else is there */
    assert_true(budget_join(&b, 100));
    assert_int_equal(b.general_limit, with_long);
    budget_leave(&b, 16 * LIMIT);
    assert_int_equal(b.general_limit, before);
    budget_leave(&b, 1000);
    budget_leave(&b, 100);
    assert_true(b.general_limit > before);
    budget_free(&b);
}

TEST_CASE(nobody_overtakes_who_waits_for_the_answers_room)
{
    end full, first, second, third;
    budget b;

    budget_init(&b, LIMIT, end_tell);
    end_open(&full, &b, 1, true);
    end_open(&first, &b, 2, false);
    end_open(&second, &b, 3, false);
    end_open(&third, &b, 4, false);
    budget_grow_anyway(&b, &full.out, (uint64_t)b.general_limit);
    assert_false(budget_grow(&b, &first.out, 100, BUDGET_GENERAL));
    assert_true(budget_grow(&b, &first.out, 100, BUDGET_RESERVE));
    assert_true(budget_grow(&b, &first.out, LONGEST - 100, BUDGET_RESERVE)); /* it is the first's */
    assert_false(end_take(&second, &second.out, 100, BUDGET_RESERVE));
    assert_int_equal(second.told, 0);
    budget_shrink(&b, &first.out, LONGEST);
    assert_int_equal(second.told, 1);
    assert_false(budget_grow(&b, &third.out, 100, BUDGET_RESERVE)); /* the second was called */
    assert_false(end_take(&third, &third.out, 100, BUDGET_RESERVE));
    assert_int_equal(third.told, 0);
    budget_pass(&b, &second.out); /* its turn ends, and it took nothing: the next is called */
    assert_int_equal(third.told, 1);
    assert_true(budget_grow(&b, &second.out, 100, BUDGET_RESERVE)); /* a late one may, too */
    assert_false(budget_grow(&b, &third.out, 100, BUDGET_RESERVE));
    for (end **e = (end *[]){&full, &first, &second, &third, NULL}; *e; e++)
        end_close(*e);
    assert_int_equal(budget_used(&b), 0);
    budget_free(&b);
}

TEST_CASE(who_waits_is_told_when_there_is_room)
{
    end full, little, much;
    budget b;

    budget_init(&b, LIMIT, end_tell);
    end_open(&full, &b, 1, true);
    end_open(&little, &b, 2, false);
    end_open(&much, &b, 3, false);
    budget_grow_anyway(&b, &full.out, (uint64_t)b.general_limit);
    assert_false(end_take(&much, &much.out, 100 * KIB, BUDGET_GENERAL));
    assert_false(end_take(&little, &little.out, 10 * KIB, BUDGET_GENERAL));
    assert_true(budget_is_short(&b));
    budget_shrink(&b, &full.out, 5 * KIB);
    assert_int_equal(little.told + much.told, 0);
    budget_shrink(&b, &full.out, 20 * KIB); /* who needs least is told first */
    assert_int_equal(little.told, 1);
    budget_shrink(&b, &full.out, 100 * KIB);
    assert_int_equal(much.told, 1);
    assert_false(budget_is_short(&b));
    assert_false(budget_grow(&b, &much.out, 200 * KIB, BUDGET_GENERAL));
    budget_shrink(&b, &full.out, budget_held(&full.out)); /* before it begins to wait */
    assert_int_equal(InterlockedExchange(&much.told, 0), 1);
    budget_wait(&b, &much.out, 200 * KIB, BUDGET_GENERAL);
    assert_int_equal(much.told, 1);
    for (end **e = (end *[]){&full, &little, &much, NULL}; *e; e++)
        end_close(*e);
    assert_int_equal(budget_used(&b), 0);
    budget_free(&b);
}

TEST_CASE(nobody_holds_more_than_is_left_free)
{
    end ends[3];
    budget b;

    budget_init(&b, LIMIT, end_tell);
    for (int i = 0; i < 3; i++) {
        int64_t left;

        end_open(&ends[i], &b, (uint32_t)i, true);
        left = b.general_limit - b.general;
        while (budget_grow(&b, &ends[i].out, KIB, BUDGET_GENERAL)) {
        }
        assert_in_range(budget_held(&ends[i].out), (size_t)left / 2 - KIB, (size_t)left / 2 + KIB);
    }
    for (int i = 0; i < 3; i++)
        end_close(&ends[i]);
    budget_free(&b);
}

TEST_CASE(empty_buffers_keep_nobody_waiting)
{
    end readers[20], sender;
    budget b;

    budget_init(&b, LIMIT, end_tell);
    end_open(&sender, &b, 1, false);
    for (int i = 0; i < 20; i++) { /* as far as the spare room goes, and not further */
        end_open(&readers[i], &b, (uint32_t)i, false);
        budget_grow(&b, &readers[i].in, 20 * KIB, BUDGET_SPARE);
    }
    assert_true(b.spare > 0);
    assert_int_equal(b.general, 0);
    assert_true(budget_grow(&b, &sender.out, LONGEST, BUDGET_GENERAL));
    for (int i = 0; i < 20; i++)
        end_close(&readers[i]);
    end_close(&sender);
    assert_int_equal(budget_used(&b), 0);
    budget_free(&b);
}

/* ---- Threads -------------------------------------------------------------------------------- */

typedef struct crew {
    budget *budget;
    uint32_t seed;
    bool stalled;
} crew;

/* Serves some ends, until each has answered its messages; the others are threads, too. */
static DWORD WINAPI crew_main(void *argument)
{
    enum { MINE = 10 };
    crew *c = argument;
    HANDLE wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    end ends[MINE];
    int open = MINE;

    for (int i = 0; i < MINE; i++) {
        end_open(&ends[i], c->budget, c->seed + (uint32_t)i, false);
        ends[i].wake = wake;
    }
    while (open > 0 && !c->stalled) {
        bool moved = false;

        for (int i = 0; i < MINE; i++) {
            end *e = &ends[i];

            if (e->done == 10 * GOAL)
                continue;
            moved = moved || e->queued > 0 || end_has_turn(e);
            if (e->queued > 0)
                end_is_read(e);
            else if (end_has_turn(e))
                end_turn(e);
            if (e->done == 10 * GOAL) {
                end_close(e);
                open--;
            }
        }
        if (!moved)
            c->stalled = WaitForSingleObject(wake, KIT_WAIT_MS) != WAIT_OBJECT_0;
    }
    CloseHandle(wake);
    return 0;
}

TEST_CASE(threads_lose_no_byte_and_no_wake_up)
{
    enum { CREWS = 4 };
    HANDLE threads[CREWS];
    crew crews[CREWS];
    budget b;

    budget_init(&b, LIMIT, end_tell);
    for (int i = 0; i < CREWS; i++) {
        crews[i] = (crew){.budget = &b, .seed = (uint32_t)i * 1000 + 1};
        threads[i] = CreateThread(NULL, 0, crew_main, &crews[i], 0, NULL);
        assert_non_null(threads[i]);
    }
    for (int i = 0; i < CREWS; i++) {
        assert_int_equal(WaitForSingleObject(threads[i], 2 * KIT_WAIT_MS), WAIT_OBJECT_0);
        CloseHandle(threads[i]);
        assert_false(crews[i].stalled);
    }
    assert_int_equal(budget_used(&b), 0);
    assert_false(budget_is_short(&b));
    budget_free(&b);
}

static const struct CMUnitTest tests[] = {
    TEST(honest_ends_get_on_in_every_order),
    TEST(who_never_reads_stops_nobody_else),
    TEST(what_is_kept_back_follows_the_objects),
    TEST(nobody_overtakes_who_waits_for_the_answers_room),
    TEST(who_waits_is_told_when_there_is_room),
    TEST(nobody_holds_more_than_is_left_free),
    TEST(empty_buffers_keep_nobody_waiting),
    TEST(threads_lose_no_byte_and_no_wake_up),
};

HARNESS_MAIN(tests)
