/*
 * The parts of a port, each alone: no port, no worker and no pipe, so that their arithmetic and
 * their order are seen directly. The test's own thread plays the worker.
 */
#include "kit.h"

#include "iocp/timer.h"

enum { MANY = 300, FAR_AWAY = 1000000 };

/* ---- A stage: what strands need, without the rest of a port -----------------------------------
 */

typedef struct stage {
    strands all;
    kernel kernel;
    watch watch;
    inbox inbox;
    log_sink log;
    timers timers;
    volatile LONG over;
} stage;

static void note_over(void *context)
{
    ((stage *)context)->over++;
}

static local *stage_worker(stage *s)
{
    return &s->all.locals.of[0];
}

static void stage_open(stage *s)
{
    *s = (stage){0};
    assert_int_equal(locals_init(&s->all.locals, 2), ERROR_SUCCESS);
    assert_int_equal(kernel_init(&s->kernel, &s->all.locals, &s->watch, 1), ERROR_SUCCESS);
    inbox_init(&s->inbox, &s->kernel, &s->log);
    strands_init(&s->all, &s->inbox, &s->watch, note_over, s);
    timers_init(&s->timers);
    local_enter(stage_worker(s));
}

static void stage_close(stage *s)
{
    local_enter(NULL);
    strands_free(&s->all);
    timers_free(&s->timers);
    kernel_free(&s->kernel);
    locals_free(&s->all.locals);
}

/* An object whose turns only note what they saw. */
typedef struct actor {
    strand strand;
    timer timer;
    LONG seen, turns, raise_again;
    bool retires;
    int order;
} actor;

static int turns_so_far;

static bool actor_turn(strand *s, LONG events)
{
    actor *a = CONTAINER_OF(s, actor, strand);
    LONG again = a->raise_again;

    a->seen |= events;
    a->turns++;
    a->order = ++turns_so_far;
    a->raise_again = 0;
    if (again)
        strand_raise(s, again);
    if (a->retires)
        strand_retire(s);
    return !a->retires;
}

static void actor_open(actor *a, stage *s)
{
    *a = (actor){0};
    strand_init(&a->strand, &s->all, actor_turn);
    assert_true(strand_join(&a->strand));
    strand_go(&a->strand, 0);
}

/* Runs turns as a worker does, until none is ready; returns how many. */
static int stage_run(stage *s)
{
    local *here = stage_worker(s);
    int turns = 0;

    for (fifo_link *link; (link = local_next(here)) != NULL; turns++) {
        strand *next = CONTAINER_OF(link, strand, ready);
        bool again;

        here->running = next;
        again = strand_run(next, here) == STRAND_AGAIN;
        here->running = NULL;
        if (again)
            local_push(here, link);
    }
    return turns;
}

static void actor_retire(actor *a, stage *s)
{
    a->retires = true;
    strand_raise(&a->strand, STRAND_EVENT(0));
    stage_run(s);
}

/* ---- Strands -------------------------------------------------------------------------------- */

TEST_CASE(events_before_a_turn_are_one_turn_and_none_is_lost)
{
    stage s;
    actor a;

    stage_open(&s);
    actor_open(&a, &s);
    strand_raise(&a.strand, STRAND_EVENT(1));
    strand_raise(&a.strand, STRAND_EVENT(2));
    assert_int_equal(stage_run(&s), 1);
    assert_int_equal(a.seen, STRAND_EVENT(1) | STRAND_EVENT(2));

    a.raise_again = STRAND_EVENT(3); /* one raised in a turn brings another */
    strand_raise(&a.strand, STRAND_EVENT(1));
    assert_int_equal(stage_run(&s), 2);
    assert_true(a.seen & STRAND_EVENT(3));
    assert_int_equal(stage_run(&s), 0);

    actor_retire(&a, &s);
    a.turns = 0;
    strand_raise(&a.strand, STRAND_EVENT(1)); /* a retired strand has no more turns */
    assert_int_equal(stage_run(&s), 0);
    assert_int_equal(a.turns, 0);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

TEST_CASE(turns_come_in_the_order_of_their_raising)
{
    stage s;
    actor a[5];

    stage_open(&s);
    turns_so_far = 0;
    for (int i = 0; i < 5; i++)
        actor_open(&a[i], &s);
    assert_int_equal(stage_run(&s), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(a[i].order, i + 1);
    for (int i = 0; i < 5; i++)
        actor_retire(&a[i], &s);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

TEST_CASE(the_end_comes_once_and_after_the_last)
{
    stage s;
    actor a[2], late;

    stage_open(&s);
    actor_open(&a[0], &s);
    actor_open(&a[1], &s);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_run(&s);
    assert_int_equal(a[0].seen, STRAND_STOP);
    strand_init(&late.strand, &s.all, actor_turn);
    assert_false(strand_join(&late.strand)); /* nobody joins what stops */
    strands_stop(&s.all, STRANDS_ABORTING, STRAND_ABORT);
    a[0].retires = true;
    stage_run(&s);
    assert_int_equal(a[0].seen, STRAND_STOP | STRAND_ABORT);
    assert_int_equal(s.over, 0); /* the other has not left */
    actor_retire(&a[1], &s);
    assert_int_equal(s.over, 1);
    strands_stop(&s.all, STRANDS_ABORTING, STRAND_ABORT);
    assert_int_equal(s.over, 1);
    stage_close(&s);
}

static ULONG packets_of(stage *s)
{
    OVERLAPPED_ENTRY entries[8];
    ULONG count = kernel_dequeue(&s->kernel, entries, 8, 0);

    for (ULONG i = 0; i < count; i++)
        assert_int_equal(entries[i].lpCompletionKey, KERNEL_KEY_INBOX);
    return count;
}

/* One packet announces all, and the rest again when not all are taken. */
TEST_CASE(what_other_threads_raise_comes_by_one_packet)
{
    stage s;
    actor a[5];
    fifo taken = {NULL, NULL};

    stage_open(&s);
    local_enter(NULL); /* not a worker's thread any more */
    for (int i = 0; i < 5; i++)
        actor_open(&a[i], &s);
    assert_int_equal(packets_of(&s), 1);
    inbox_take(&s.inbox, &taken, 2);
    assert_int_equal(packets_of(&s), 1);
    inbox_take(&s.inbox, &taken, 64);
    assert_int_equal(packets_of(&s), 0);
    inbox_wake(&s.inbox); /* with nothing in it */
    assert_int_equal(packets_of(&s), 1);
    inbox_take(&s.inbox, &taken, 64);

    local_enter(stage_worker(&s));
    local_push_all(stage_worker(&s), &taken);
    assert_int_equal(stage_run(&s), 5);
    for (int i = 0; i < 5; i++)
        actor_retire(&a[i], &s);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

TEST_CASE(what_is_ready_is_stolen_whole_and_in_order)
{
    stage s;
    fifo_link links[3];
    fifo stolen = {NULL, NULL};

    stage_open(&s);
    for (int i = 0; i < 3; i++)
        local_push(stage_worker(&s), &links[i]);
    assert_ptr_equal(local_next(stage_worker(&s)), &links[0]);
    local_steal(stage_worker(&s), &stolen);
    assert_false(local_has_ready(stage_worker(&s)));
    assert_ptr_equal(fifo_take(&stolen), &links[1]);
    assert_ptr_equal(fifo_take(&stolen), &links[2]);
    assert_null(fifo_take(&stolen));
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

TEST_CASE(counters_of_all_threads_are_summed)
{
    stage s;

    stage_open(&s);
    counter_add(&s.all.locals, COUNT_TIMEOUTS, 3); /* here */
    s.all.locals.of[1].counters.value[COUNT_TIMEOUTS] = 4;
    local_enter(NULL);
    counter_add(&s.all.locals, COUNT_TIMEOUTS, 5); /* elsewhere */
    assert_int_equal(counter_sum(&s.all.locals, COUNT_TIMEOUTS), 12);
    counter_add(&s.all.locals, COUNT_HANDLES, -1);
    assert_int_equal(counter_sum(&s.all.locals, COUNT_HANDLES), 0); /* a gauge is never less */
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

/* ---- Packets ------------------------------------------------------------------------------- */

/* For a message that is longer than its read Windows makes a packet whose own count is 0. Wine
 * fills that in, so this packet is made by hand. */
TEST_CASE(a_packet_gives_the_result_of_its_operation)
{
    OVERLAPPED o = {.Internal = 0x80000005, .InternalHigh = 7}; /* STATUS_BUFFER_OVERFLOW */
    OVERLAPPED_ENTRY entry = {.lpOverlapped = &o};
    DWORD error, bytes;

    kernel_result(&entry, &error, &bytes);
    assert_int_equal(error, ERROR_MORE_DATA);
    assert_int_equal(bytes, 7);

    o = (OVERLAPPED){.InternalHigh = 64};
    kernel_result(&entry, &error, &bytes);
    assert_int_equal(error, ERROR_SUCCESS);
    assert_int_equal(bytes, 64);
}

/* ---- Timers --------------------------------------------------------------------------------- */

static void set_in_turn(stage *s, actor *a, uint64_t deadline)
{
    stage_worker(s)->running = &a->strand;
    timer_set(&a->timer, deadline);
    stage_worker(s)->running = NULL;
}

/* Some are moved, some closed; those that are due fire in the order of their deadlines. */
TEST_CASE(timers_that_are_due_fire_in_order_and_no_others)
{
    static actor a[MANY];
    static uint64_t due[MANY]; /* 0: it must not fire */
    uint64_t now = clock_ms();
    uint32_t random = 7;
    stage s;

    stage_open(&s);
    for (int i = 0; i < MANY; i++) {
        actor_open(&a[i], &s);
        assert_true(timer_open(&a[i].timer, &s.timers, &a[i].strand, STRAND_EVENT(2)));
    }
    stage_run(&s);
    for (int i = 0; i < 3 * MANY; i++) {
        int one = (int)kit_draw(&random, MANY);
        bool is_due = kit_draw(&random, 2) == 0;

        due[one] = is_due ? now - 1 - kit_draw(&random, 100000) : 0;
        set_in_turn(&s, &a[one], is_due ? due[one] : now + FAR_AWAY + kit_draw(&random, 1000));
    }
    for (int i = 0; i < MANY; i += 7) {
        timer_close(&a[i].timer);
        due[i] = 0;
    }
    turns_so_far = 0;
    timers_run(&s.timers);
    stage_run(&s);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal((a[i].seen & STRAND_EVENT(2)) != 0, due[i] != 0);
        for (int k = 0; k < i; k++)
            if (due[i] != 0 && due[k] != 0 && due[i] != due[k])
                assert_int_equal(a[i].order < a[k].order, due[i] < due[k]);
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 7 != 0)
            timer_close(&a[i].timer);
        actor_retire(&a[i], &s);
    }
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

TEST_CASE(one_worker_covers_the_first_deadline)
{
    uint64_t covered, other, now = clock_ms();
    stage s;
    actor a;
    DWORD wait;

    stage_open(&s);
    actor_open(&a, &s);
    stage_run(&s);
    assert_true(timer_open(&a.timer, &s.timers, &a.strand, STRAND_EVENT(2)));
    assert_int_equal(timers_begin_wait(&s.timers, &other), INFINITE);
    assert_true(other == CLOCK_NEVER);

    set_in_turn(&s, &a, now + FAR_AWAY);
    assert_true(timers_need_a_waiter(&s.timers));
    wait = timers_begin_wait(&s.timers, &covered);
    assert_true(wait > FAR_AWAY - 60000 && wait <= FAR_AWAY + 1);
    assert_false(timers_need_a_waiter(&s.timers));
    assert_int_equal(timers_begin_wait(&s.timers, &other), INFINITE); /* it is covered */

    set_in_turn(&s, &a, now + FAR_AWAY / 2); /* an earlier one is not */
    assert_true(timers_need_a_waiter(&s.timers));
    timers_end_wait(&s.timers, covered);
    set_in_turn(&s, &a, now - 1);
    assert_int_equal(timers_begin_wait(&s.timers, &covered), 0);
    timers_end_wait(&s.timers, covered);
    assert_true(timers_need_a_waiter(&s.timers)); /* until it has fired */
    timers_run(&s.timers);
    assert_false(timers_need_a_waiter(&s.timers));
    timer_close(&a.timer);
    actor_retire(&a, &s);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

/* What every message moves away costs nothing: the heap stays as it is. */
TEST_CASE(a_later_deadline_leaves_an_earlier_one)
{
    uint64_t covered, now = clock_ms();
    stage s;
    actor a;

    stage_open(&s);
    actor_open(&a, &s);
    stage_run(&s);
    assert_true(timer_open(&a.timer, &s.timers, &a.strand, STRAND_EVENT(2)));
    stage_worker(&s)->running = &a.strand;
    timer_set_earlier(&a.timer, now + 2 * FAR_AWAY); /* none was set */
    timer_set_earlier(&a.timer, now + FAR_AWAY);
    timer_set_earlier(&a.timer, now + 2 * FAR_AWAY);
    stage_worker(&s)->running = NULL;
    timers_begin_wait(&s.timers, &covered);
    assert_true(covered == now + FAR_AWAY);
    timers_end_wait(&s.timers, covered);
    timer_close(&a.timer);
    actor_retire(&a, &s);
    strands_stop(&s.all, STRANDS_STOPPING, STRAND_STOP);
    stage_close(&s);
}

static const struct CMUnitTest tests[] = {
    TEST(events_before_a_turn_are_one_turn_and_none_is_lost),
    TEST(turns_come_in_the_order_of_their_raising),
    TEST(the_end_comes_once_and_after_the_last),
    TEST(what_other_threads_raise_comes_by_one_packet),
    TEST(what_is_ready_is_stolen_whole_and_in_order),
    TEST(counters_of_all_threads_are_summed),
    TEST(a_packet_gives_the_result_of_its_operation),
    TEST(timers_that_are_due_fire_in_order_and_no_others),
    TEST(one_worker_covers_the_first_deadline),
    TEST(a_later_deadline_leaves_an_earlier_one),
};

HARNESS_MAIN(tests)
