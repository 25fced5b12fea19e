/*
 * A ring of shared memory, both ends of it in one process.
 */
#include "kit.h"

#include "pipe/ring.h"

enum { BYTES = RING_LEAST };

typedef struct stage {
    ring_shared shared;
    char bytes[BYTES];
    ring producer, consumer;
} stage;

static stage *stage_open(uint32_t index)
{
    static stage s;

    memset(&s, 0, sizeof s);
    ring_init(&s.producer, &s.shared, s.bytes, BYTES);
    ring_init(&s.consumer, &s.shared, s.bytes, BYTES);
    s.shared.tail.value = s.shared.head.value = (LONG)index;
    s.producer.ours = s.producer.theirs = s.consumer.ours = s.consumer.theirs = index;
    return &s;
}

TEST_CASE(sizes_of_rings_are_powers_of_two)
{
    assert_true(ring_size_is_right(RING_LEAST));
    assert_true(ring_size_is_right(RING_MOST));
    assert_false(ring_size_is_right(RING_LEAST / 2));
    assert_false(ring_size_is_right(RING_MOST * 2));
    assert_false(ring_size_is_right(RING_LEAST + 1));
    assert_int_equal(1u << ring_bits(RING_MOST), RING_MOST);
}

/* Pieces of all sizes, round the ring many times, and past the end of the 32 bits. */
TEST_CASE(bytes_come_out_in_the_order_that_they_went_in)
{
    static char data[2 * BYTES], seen[2 * BYTES];
    stage *s = stage_open(0xFFFFF000u);
    uint64_t put = 0, taken = 0;

    for (size_t size = 0; size < 3000; size++) {
        size_t length = size * 7 % sizeof data, count;

        kit_fill(data, length, 3, put);
        put += ring_put(&s->producer, data, length);
        assert_true(put - taken <= BYTES);
        count = ring_take(&s->consumer, seen, size * 5 % sizeof seen);
        assert_true(kit_is_filled(seen, count, 3, taken));
        taken += count;
    }
    assert_true(taken > 100 * BYTES);
}

TEST_CASE(a_full_ring_takes_nothing_and_an_empty_one_gives_nothing)
{
    static char data[BYTES];
    stage *s = stage_open(0);

    assert_false(ring_has_bytes(&s->consumer));
    assert_int_equal(ring_take(&s->consumer, data, 1), 0);
    assert_int_equal(ring_put(&s->producer, data, BYTES), BYTES);
    assert_false(ring_has_room(&s->producer));
    assert_int_equal(ring_put(&s->producer, data, 1), 0);
    assert_true(ring_has_bytes(&s->consumer));
    assert_int_equal(ring_take(&s->consumer, data, 1), 1);
    assert_true(ring_has_room(&s->producer));
}

/* A bell is owed exactly to who asked for it, and once. */
TEST_CASE(who_asks_for_a_bell_is_owed_one)
{
    stage *s = stage_open(0);

    assert_false(ring_rouses_consumer(&s->producer));
    ring_ask_for_bytes(&s->consumer);
    assert_true(ring_rouses_consumer(&s->producer));
    assert_false(ring_rouses_consumer(&s->producer));
    assert_false(ring_forgo_bytes(&s->consumer)); /* it will come */
    ring_ask_for_bytes(&s->consumer);
    assert_true(ring_forgo_bytes(&s->consumer));
    assert_false(ring_rouses_consumer(&s->producer));
    ring_ask_for_room(&s->producer);
    assert_true(ring_rouses_producer(&s->consumer));
    assert_false(ring_forgo_room(&s->producer));
}

/* An index that cannot be: nothing of the ring counts from then on. */
TEST_CASE(a_wrong_index_is_never_followed)
{
    static const uint32_t wrong[] = {BYTES + 1, 0x80000000u, 0xFFFFFFFFu};
    static char data[BYTES];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        stage *s = stage_open(0);

        s->shared.tail.value = (LONG)wrong[i];
        assert_int_equal(ring_take(&s->consumer, data, BYTES), 0);
        assert_true(s->consumer.wrong && ring_has_bytes(&s->consumer));
        s->shared.head.value = (LONG)wrong[i];
        assert_int_equal(ring_put(&s->producer, data, BYTES), BYTES);
        assert_int_equal(ring_put(&s->producer, data, 1), 0);
        assert_true(s->producer.wrong);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(sizes_of_rings_are_powers_of_two),
    TEST(bytes_come_out_in_the_order_that_they_went_in),
    TEST(a_full_ring_takes_nothing_and_an_empty_one_gives_nothing),
    TEST(who_asks_for_a_bell_is_owed_one),
    TEST(a_wrong_index_is_never_followed),
};

HARNESS_MAIN(tests)
