/*
 * The containers that find their members by a key, each beside a plain model.
 */
#include "kit.h"

#include "base/heap.h"
#include "base/table.h"

enum { MANY = 300 };

TEST_CASE(a_heap_gives_the_least_of_what_is_in_it)
{
    static heap_node nodes[MANY];
    uint32_t random = 3;
    heap h = {0};

    assert_true(heap_reserve(&h, MANY));
    for (int i = 0; i < MANY; i++)
        heap_node_init(&nodes[i]);
    for (int step = 0; step < 20 * MANY; step++) {
        heap_node *one = &nodes[kit_draw(&random, MANY)];
        uint64_t least = UINT64_MAX;

        if (kit_draw(&random, 3) == 0)
            heap_remove(&h, one);
        else
            heap_put(&h, one, kit_draw(&random, 1000));
        for (int i = 0; i < MANY; i++)
            if (heap_has(&nodes[i]) && nodes[i].key < least)
                least = nodes[i].key;
        assert_true(heap_first(&h) ? heap_first(&h)->key == least : least == UINT64_MAX);
        for (size_t i = 1; i < h.count; i++) /* a parent is never later */
            assert_true(h.nodes[(i - 1) / 2]->key <= h.nodes[i]->key);
    }
    heap_unreserve(&h, MANY);
    heap_free(&h);
}

#define APART 16 /* of their numbers, so that several are in one chain */

TEST_CASE(a_table_finds_those_that_are_in_it)
{
    static table_link links[MANY];
    table t;

    table_init(&t);
    for (uint64_t id = 0; id < MANY; id++)
        table_add(&t, &links[id], id * APART);
    assert_true(t.chain_count >= MANY); /* or finding one would take ever longer */
    for (uint64_t id = 0; id < MANY; id += 2)
        table_remove(&t, &links[id]);
    for (uint64_t id = 0; id < MANY; id++)
        assert_ptr_equal(table_find(&t, id * APART), id % 2 ? &links[id] : NULL);
    table_remove(&t, &links[0]); /* it is not in it: nothing happens */
    assert_int_equal(t.count, MANY / 2);
    for (uint64_t id = 1; id < MANY; id += 2)
        table_remove(&t, &links[id]);
    table_free(&t);
}

static const struct CMUnitTest tests[] = {
    TEST(a_heap_gives_the_least_of_what_is_in_it),
    TEST(a_table_finds_those_that_are_in_it),
};

HARNESS_MAIN(tests)
