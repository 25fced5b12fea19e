/*
 * The outbox and its records, alone: no pipe and no worker, so that order, marks, counts and the
 * port's limit are seen directly.
 */
#include "kit.h"

#include "base/buffer.h"
#include "pipe/framing.h"
#include "pipe/outbox.h"
#include "pipe/transport.h"

enum { KIB = 1024, LONGEST = 64 * KIB, LIMIT = 4 * LONGEST };

static LONG told;

static void tell(void *owner, LONG event)
{
    (void)owner;
    told += event;
}

typedef struct stage {
    strands all;
    strand strand;
    budget budget;
    outbox outbox;
    pp_conn_options options;
} stage;

static bool no_turn(strand *s, LONG events)
{
    (void)s, (void)events;
    return true;
}

static void stage_open(stage *s, pp_mode mode, uint32_t most)
{
    *s = (stage){0};
    assert_int_equal(locals_init(&s->all.locals, 1), ERROR_SUCCESS);
    strands_init(&s->all, NULL, NULL, NULL, NULL);
    strand_init(&s->strand, &s->all, no_turn);
    budget_init(&s->budget, LIMIT, tell);
    assert_true(budget_join(&s->budget, LONGEST));
    pp_conn_options_init(&s->options);
    s->options.mode = mode;
    s->options.max_message = LONGEST;
    s->options.high_mark = 1000;
    s->options.low_mark = 200;
    outbox_init(&s->outbox, &s->options, most, &s->budget, &s->strand, 1);
    told = 0;
}

static void stage_close(stage *s)
{
    outbox_free(&s->outbox);
    assert_int_equal(budget_used(&s->budget), 0);
    budget_leave(&s->budget, LONGEST);
    budget_free(&s->budget);
    strands_free(&s->all);
    locals_free(&s->all.locals);
    assert_int_equal(buffer_count(), 0);
}

/* Hands over everything, at most `part` bytes of a piece at once; returns what was written. */
static size_t write_all(stage *s, char *wire, size_t part, records_tally *sum)
{
    size_t size = 0;
    piece p;

    *sum = (records_tally){0, 0};
    while (outbox_next(&s->outbox, &p)) {
        size_t bytes = p.size < part ? p.size : part;
        records_tally tally;

        memcpy(wire + size, p.data, bytes);
        size += bytes;
        tally = outbox_done(&s->outbox, bytes);
        sum->messages += tally.messages;
        sum->payload += tally.payload;
    }
    assert_int_equal(outbox_bytes(&s->outbox), 0);
    assert_int_equal(s->outbox.copied, 0); /* the places of shared buffers are given back, too */
    return size;
}

/* Copied and shared messages leave in the order in which they were sent, whatever parts a write
 * takes, and each is counted once. */
static void what_was_sent_leaves_in_order_and_is_counted(pp_mode mode, size_t part)
{
    static char wire[32 * KIB];
    char data[50];
    size_t size, at = 0;
    uint64_t payload = 0;
    records_tally sum;
    stage s;

    stage_open(&s, mode, 100);
    for (uint32_t i = 0; i < 30; i++) {
        size_t length = i % 3 == 0 ? i : 50;
        pp_buffer *shared = pp_buffer_new(length);

        kit_fill(i % 2 ? data : pp_buffer_data(shared), length, i, 0);
        s.outbox.high_mark = UINT64_MAX;
        assert_ok(i % 2 ? outbox_send(&s.outbox, data, length)
                        : outbox_send_shared(&s.outbox, shared));
        pp_buffer_unref(&shared);
        payload += length;
    }
    size = write_all(&s, wire, part, &sum);
    for (uint32_t i = 0; i < 30; i++) {
        size_t length = i % 3 == 0 ? i : 50;

        if (mode == PP_MODE_FRAMED) {
            assert_int_equal(framing_read(wire + at), length);
            at += FRAMING_HEADER;
        }
        assert_true(kit_is_filled(wire + at, length, i, 0));
        at += length;
    }
    assert_int_equal(at, size);
    assert_int_equal(sum.messages, mode == PP_MODE_STREAM ? 29 : 30); /* no send of no bytes */
    assert_int_equal(sum.payload, payload);
    assert_int_equal(outbox_bytes(&s.outbox), 0);
    stage_close(&s);
}

TEST_CASE(a_stream_leaves_in_order_whatever_part_a_write_takes)
{
    for (size_t part = 1; part < 120; part += 7)
        what_was_sent_leaves_in_order_and_is_counted(PP_MODE_STREAM, part);
}

TEST_CASE(frames_leave_in_order_whatever_part_a_write_takes)
{
    for (size_t part = 1; part < 120; part += 7)
        what_was_sent_leaves_in_order_and_is_counted(PP_MODE_FRAMED, part);
}

TEST_CASE(each_message_is_one_write)
{
    what_was_sent_leaves_in_order_and_is_counted(PP_MODE_MESSAGE, SIZE_MAX);
}

/* Frames of which some were handed over when the other end left. */
TEST_CASE(what_was_handed_over_before_the_end_is_counted)
{
    records_tally tally;
    stage s;
    piece p;

    stage_open(&s, PP_MODE_FRAMED, 12);
    for (int i = 0; i < 5; i++)
        assert_ok(outbox_send(&s.outbox, "four", 4));
    assert_true(outbox_next(&s.outbox, &p));
    assert_int_equal(p.size, 12);
    tally = outbox_done(&s.outbox, 12); /* one frame of 8, and half of the next */
    assert_int_equal(tally.messages, 0);
    tally = outbox_abandon(&s.outbox);
    assert_int_equal(tally.messages, 1);
    assert_int_equal(tally.payload, 4);
    assert_int_equal(outbox_bytes(&s.outbox), 0);
    assert_status(outbox_send(&s.outbox, "x", 1), PP_E_CLOSING);
    stage_close(&s);
}

/* A sender is refused at the high mark, and told at the low one, once. */
TEST_CASE(a_refused_sender_is_told_at_the_low_mark)
{
    char data[100] = {0};
    uint64_t refusals;
    stage s;
    piece p;

    stage_open(&s, PP_MODE_STREAM, 100);
    for (int i = 0; i < 10; i++) {
        assert_true(outbox_is_writable(&s.outbox));
        assert_ok(outbox_send(&s.outbox, data, 100));
    }
    assert_false(outbox_is_writable(&s.outbox));
    assert_status(outbox_send(&s.outbox, data, 100), PP_E_AGAIN);
    for (size_t left = 900; left >= 300; left -= 100) {
        assert_true(outbox_next(&s.outbox, &p));
        outbox_done(&s.outbox, 100);
        assert_int_equal(outbox_bytes(&s.outbox), left);
        assert_false(outbox_has_room_again(&s.outbox, true, &refusals));
        assert_int_equal(refusals, left == 900);
    }
    assert_true(outbox_next(&s.outbox, &p));
    outbox_done(&s.outbox, 100);
    assert_false(outbox_has_room_again(&s.outbox, false, &refusals)); /* not before on_open */
    assert_true(outbox_has_room_again(&s.outbox, true, &refusals));
    assert_false(outbox_has_room_again(&s.outbox, true, &refusals));
    stage_close(&s);
}

/* Each of several that the port's limit refused is told when there is room, one after the other. */
TEST_CASE(all_who_wait_for_the_limit_are_told)
{
    static char data[LONGEST];
    outbox others[3];
    budget_account hog;
    uint64_t refusals;
    stage s;

    stage_open(&s, PP_MODE_STREAM, LONGEST);
    budget_account_init(&hog, BUDGET_ANSWER, NULL, 0);
    budget_grow_anyway(&s.budget, &hog, LIMIT);
    for (int i = 0; i < 3; i++) {
        outbox_init(&others[i], &s.options, LONGEST, &s.budget, &s.strand, 1);
        assert_status(outbox_send(&others[i], data, 20 * KIB), PP_E_AGAIN);
        assert_false(outbox_has_room_again(&others[i], true, &refusals));
    }
    assert_int_equal(told, 0);
    budget_shrink(&s.budget, &hog, LIMIT);
    for (LONG so_far = 1; so_far <= 3; so_far++) {
        LONG before = told;

        assert_int_equal(before, so_far);
        for (int i = 0; i < 3 && told == before; i++)
            outbox_pass(&others[i]); /* of the one that was told */
    }
    for (int i = 0; i < 3; i++)
        assert_true(outbox_has_room_again(&others[i], true, &refusals));
    for (int i = 0; i < 3; i++)
        outbox_free(&others[i]);
    stage_close(&s);
}

/* With the general room full: an answer, or one whose account was called for it, takes the room of
 * answers, and nobody else does. */
TEST_CASE(only_answers_and_those_called_use_the_room_of_answers)
{
    static char data[LONGEST], wire[LONGEST];
    outbox called, other;
    budget_account hog;
    records_tally sum;
    uint64_t refusals;
    stage s;

    stage_open(&s, PP_MODE_STREAM, LONGEST);
    outbox_init(&called, &s.options, LONGEST, &s.budget, &s.strand, 1);
    outbox_init(&other, &s.options, LONGEST, &s.budget, &s.strand, 1);
    budget_account_init(&hog, BUDGET_ANSWER, NULL, 0);
    budget_grow_anyway(&s.budget, &hog, LIMIT);
    local_enter(&s.all.locals.of[0]);
    s.strand.here = &s.all.locals.of[0];
    assert_status(outbox_send(&s.outbox, data, 20 * KIB), PP_E_AGAIN);
    strand_set_answering(&s.strand, true);
    assert_ok(outbox_send(&s.outbox, data, 20 * KIB));
    assert_status(outbox_send(&called, data, 20 * KIB), PP_E_AGAIN); /* one at a time */
    strand_set_answering(&s.strand, false);
    assert_false(outbox_has_room_again(&called, true, &refusals));
    assert_int_equal(told, 0);
    assert_int_equal(write_all(&s, wire, SIZE_MAX, &sum), 20 * KIB);
    assert_int_equal(told, 1);
    assert_status(outbox_send(&other, data, 20 * KIB), PP_E_AGAIN);
    assert_true(outbox_has_room_again(&called, true, &refusals));
    assert_ok(outbox_send(&called, data, 20 * KIB));
    outbox_free(&called);
    outbox_free(&other);
    budget_shrink(&s.budget, &hog, LIMIT);
    local_enter(NULL);
    stage_close(&s);
}

/* The end is taken whatever the marks say; then the outbox tells half-closed from closed. */
TEST_CASE(an_outbox_ends_in_one_way_only)
{
    char data[1000] = {0}, wire[2000];
    records_tally sum;
    stage s;

    stage_open(&s, PP_MODE_FRAMED, LONGEST);
    assert_ok(outbox_send(&s.outbox, data, sizeof data));
    assert_status(outbox_send(&s.outbox, data, 1), PP_E_AGAIN);
    assert_false(outbox_has_ended(&s.outbox));
    assert_ok(outbox_end(&s.outbox));
    assert_true(outbox_has_ended(&s.outbox));
    assert_status(outbox_end(&s.outbox), PP_E_ENDED);
    assert_status(outbox_send(&s.outbox, data, 1), PP_E_ENDED);
    outbox_close(&s.outbox);
    assert_status(outbox_send(&s.outbox, data, 1), PP_E_CLOSING);
    assert_int_equal(write_all(&s, wire, SIZE_MAX, &sum), sizeof data + 2 * FRAMING_HEADER);
    assert_int_equal(framing_read(wire + FRAMING_HEADER + sizeof data), FRAMING_END);
    assert_int_equal(sum.messages, 1);
    stage_close(&s);
}

/* Long queues leave memory behind: it stays for the next one, unless somebody waits for memory. */
TEST_CASE(much_memory_is_kept_unless_an_account_waits)
{
    static char data[40 * KIB], wire[160 * KIB];
    budget_account other;
    records_tally sum;
    stage s;

    stage_open(&s, PP_MODE_STREAM, LONGEST);
    s.outbox.high_mark = UINT64_MAX;
    s.budget.general_limit = 8 * LIMIT; /* room for the queue */
    budget_account_init(&other, BUDGET_ANSWER, NULL, 0);
    for (int is_short = 0; is_short < 2; is_short++) {
        for (int i = 0; i < 4; i++)
            assert_ok(outbox_send(&s.outbox, data, sizeof data));
        if (is_short)
            budget_wait(&s.budget, &other, 16 * LIMIT, BUDGET_GENERAL);
        assert_int_equal(write_all(&s, wire, SIZE_MAX, &sum), sizeof wire);
        assert_int_equal(outbox_is_grown(&s.outbox), !is_short);
    }
    budget_close(&s.budget, &other);
    stage_close(&s);
}

TEST_CASE(an_idle_outbox_gives_its_memory_back)
{
    static char data[LONGEST], wire[LONGEST];
    records_tally sum;
    stage s;

    stage_open(&s, PP_MODE_STREAM, LONGEST);
    assert_ok(outbox_send(&s.outbox, data, 20 * KIB));
    assert_int_equal(write_all(&s, wire, SIZE_MAX, &sum), 20 * KIB);
    assert_true(outbox_is_grown(&s.outbox)); /* wherever the memory is */
    outbox_shrink(&s.outbox);
    assert_false(outbox_is_grown(&s.outbox));
    assert_int_equal(s.outbox.filling.size, 0);
    stage_close(&s);
}

/* ---- Its transport -------------------------------------------------------------------------- */

/* What the packet of a write of 100 bytes says, and what the transport makes of it. */
static transport_result write_result(stage *s, bool socket, DWORD bytes)
{
    local *here = &s->all.locals.of[0];
    transport t;
    transport_result r;

    transport_init(&t, &s->strand, 1, PP_MODE_STREAM);
    t.socket = socket;
    t.write.pending = true;
    t.write.size = 100;
    local_enter(here);
    here->running = &s->strand;
    t.write.op.complete(&t.write.op, ERROR_SUCCESS, bytes);
    assert_true(transport_take_write(&t, true, &r));
    here->running = NULL;
    local_enter(NULL);
    return r;
}

TEST_CASE(a_socket_may_take_a_write_in_part)
{
    stage s;

    stage_open(&s, PP_MODE_STREAM, LONGEST);
    assert_int_equal(write_result(&s, true, 40).bytes, 40);
    assert_int_equal(write_result(&s, true, 40).error, ERROR_SUCCESS);
    assert_int_equal(write_result(&s, true, 100).bytes, 100);
    assert_int_equal(write_result(&s, true, 0).error, ERROR_WRITE_FAULT); /* or it would not end */
    assert_int_equal(write_result(&s, false, 40).bytes, 100);
    stage_close(&s);
}

static const struct CMUnitTest tests[] = {
    TEST(a_stream_leaves_in_order_whatever_part_a_write_takes),
    TEST(frames_leave_in_order_whatever_part_a_write_takes),
    TEST(each_message_is_one_write),
    TEST(what_was_handed_over_before_the_end_is_counted),
    TEST(a_refused_sender_is_told_at_the_low_mark),
    TEST(all_who_wait_for_the_limit_are_told),
    TEST(only_answers_and_those_called_use_the_room_of_answers),
    TEST(an_outbox_ends_in_one_way_only),
    TEST(much_memory_is_kept_unless_an_account_waits),
    TEST(an_idle_outbox_gives_its_memory_back),
    TEST(a_socket_may_take_a_write_in_part),
};

HARNESS_MAIN(tests)
