/*
 * The decoder and the intake, alone: no pipe and no worker, so that what they make of bytes and of
 * the port's limit is seen directly.
 */
#include "kit.h"

#include "pipe/framing.h"
#include "pipe/intake.h"

enum { KIB = 1024, LONGEST = 64 * KIB, LIMIT = 4 * LONGEST, MANY = 200 };

/* ---- Decoder -------------------------------------------------------------------------------- */

static size_t put_frame(char *at, size_t length)
{
    framing_write(at, (uint32_t)length);
    memset(at + FRAMING_HEADER, 'x', length);
    return FRAMING_HEADER + length;
}

/* However many bytes have come: what is needed in all is never more than the frame has, and never
 * less than one more. */
TEST_CASE(a_frame_is_whole_at_its_last_byte)
{
    static const size_t lengths[] = {0, 1, 3, 300};
    decoder d = {PP_MODE_FRAMED, false, 300};
    char wire[400];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t size = put_frame(wire, lengths[i]);
        decoded whole = decoder_look(&d, wire, size, false);

        for (size_t have = 0; have < size; have++) {
            decoded part = decoder_look(&d, wire, have, false);

            assert_int_equal(part.kind, DECODED_PART);
            assert_true(part.size > have && part.size <= size);
        }
        assert_int_equal(whole.kind, DECODED_MESSAGE);
        assert_int_equal(whole.skip, FRAMING_HEADER);
        assert_int_equal(whole.length, lengths[i]);
        assert_int_equal(whole.size, size);
        /* what follows is not looked at */
        assert_int_equal(decoder_look(&d, wire, size + 7, false).size, size);
    }
}

TEST_CASE(wrong_frames_are_told_apart)
{
    decoder d = {PP_MODE_FRAMED, false, 300};
    char wire[FRAMING_HEADER];
    decoded next;

    framing_write(wire, FRAMING_END);
    next = decoder_look(&d, wire, sizeof wire, false);
    assert_int_equal(next.kind, DECODED_END);
    assert_int_equal(next.size, FRAMING_HEADER);
    framing_write(wire, 301);
    next = decoder_look(&d, wire, sizeof wire, false);
    assert_int_equal(next.kind, DECODED_WRONG);
    assert_status(next.why, PP_E_TOO_LONG);
    framing_write(wire, FRAMING_CONTROL | 4);
    next = decoder_look(&d, wire, sizeof wire, false);
    assert_int_equal(next.kind, DECODED_WRONG);
    assert_status(next.why, PP_E_PROTOCOL);
}

TEST_CASE(messages_and_bytes_are_what_the_pipe_says)
{
    decoder message = {PP_MODE_MESSAGE, false, 100}, ending = {PP_MODE_MESSAGE, true, 100};
    decoder stream = {PP_MODE_STREAM, false, 100};
    char data[101] = {0};

    assert_int_equal(decoder_look(&message, data, 100, false).kind, DECODED_PART);
    assert_int_equal(decoder_look(&message, data, 100, false).size, 101);
    assert_int_equal(decoder_look(&message, data, 100, true).length, 100);
    assert_int_equal(decoder_look(&message, data, 101, false).why, PP_E_TOO_LONG);
    assert_int_equal(decoder_look(&message, data, 0, true).kind, DECODED_MESSAGE);
    assert_int_equal(decoder_look(&message, data, 0, false).kind, DECODED_PART);
    assert_int_equal(decoder_look(&ending, data, 0, true).kind, DECODED_END);
    assert_int_equal(decoder_look(&ending, data, 1, true).kind, DECODED_MESSAGE);
    assert_int_equal(decoder_look(&stream, data, 0, true).kind, DECODED_PART);
    assert_int_equal(decoder_look(&stream, data, 101, false).length, 101); /* no limit */
}

/* ---- Intake --------------------------------------------------------------------------------- */

static LONG told;

static void tell(void *owner, LONG event)
{
    (void)owner;
    told += event;
}

static void intake_open(intake *in, budget *b)
{
    budget_init(b, LIMIT, tell);
    assert_true(budget_join(b, LONGEST));
    intake_init(in, b, NULL, 1);
    told = 0;
}

static void intake_close(intake *in)
{
    intake_free(in);
    assert_int_equal(budget_used(in->budget), 0);
    budget_leave(in->budget, LONGEST);
    budget_free(in->budget);
}

/* Takes bytes as reads bring them, `most` at a time; returns how many fitted. */
static size_t take_in(intake *in, const decoder *d, const char *data, size_t length, size_t most)
{
    size_t room, bytes;
    char *at;

    assert_ok(intake_make_room(in, d, intake_look(in, d).size));
    at = intake_room(in, &room);
    assert_true(room > 0);
    bytes = length < room ? length : room;
    bytes = bytes < most ? bytes : most;
    memcpy(at, data, bytes);
    intake_add(in, bytes, room, false);
    intake_adapt(in, bytes, room, 16 * KIB);
    return bytes;
}

/* Frames of all sizes, in pieces of all sizes, come out as they went in. */
TEST_CASE(frames_come_out_as_they_went_in)
{
    static char wire[MANY * 3 * KIB];
    static size_t lengths[MANY];
    decoder d = {PP_MODE_FRAMED, false, LONGEST};
    uint32_t random = 5;
    size_t size = 0, put = 0, got = 0;
    budget b;
    intake in;

    intake_open(&in, &b);
    for (int i = 0; i < MANY; i++) {
        lengths[i] = kit_draw(&random, i % 10 == 0 ? 20 * KIB : 300);
        if (size + FRAMING_HEADER + lengths[i] > sizeof wire)
            lengths[i] = 0;
        framing_write(wire + size, (uint32_t)lengths[i]);
        kit_fill(wire + size + FRAMING_HEADER, lengths[i], (uint32_t)i, 0);
        size += FRAMING_HEADER + lengths[i];
    }
    while (put < size) {
        decoded next;

        put += take_in(&in, &d, wire + put, size - put, 1 + kit_draw(&random, 5000));
        while ((next = intake_look(&in, &d)).kind != DECODED_PART) {
            assert_int_equal(next.kind, DECODED_MESSAGE);
            assert_int_equal(next.length, lengths[got]);
            assert_true(kit_is_filled(intake_payload(&in, &next), next.length, (uint32_t)got, 0));
            intake_drop(&in, &next);
            got++;
        }
        intake_settle(&in);
    }
    assert_int_equal(got, MANY);
    assert_true(intake_is_empty(&in));
    intake_close(&in);
}

TEST_CASE(an_end_is_taken_once_and_nothing_after_it)
{
    decoder d = {PP_MODE_FRAMED, false, LONGEST};
    char wire[2 * FRAMING_HEADER];
    decoded next;
    budget b;
    intake in;

    intake_open(&in, &b);
    framing_write(wire, FRAMING_END);
    put_frame(wire + FRAMING_HEADER, 0);
    take_in(&in, &d, wire, sizeof wire, sizeof wire);
    next = intake_look(&in, &d);
    assert_int_equal(next.kind, DECODED_END);
    intake_drop(&in, &next);
    assert_true(in.peer_ended);
    next = intake_look(&in, &d);
    assert_int_equal(next.kind, DECODED_WRONG);
    assert_status(next.why, PP_E_PROTOCOL);
    intake_close(&in);
}

/* Reads that fill it double it as far as they may; small ones shrink it, and idleness more so. */
TEST_CASE(the_buffer_follows_what_reads_bring)
{
    static char data[64 * KIB];
    decoder d = {PP_MODE_STREAM, false, LONGEST};
    decoded all;
    budget b;
    intake in;
    size_t room;

    intake_open(&in, &b);
    for (int i = 0; i < 10; i++) {
        take_in(&in, &d, data, sizeof data, sizeof data);
        all = intake_look(&in, &d);
        intake_drop(&in, &all);
    }
    intake_room(&in, &room);
    assert_int_equal(room, 16 * KIB);
    assert_true(intake_is_grown(&in));
    for (int i = 0; i < 64; i++) {
        take_in(&in, &d, data, 10, 10);
        all = intake_look(&in, &d);
        intake_drop(&in, &all);
    }
    intake_room(&in, &room);
    assert_int_equal(room, 8 * KIB);
    take_in(&in, &d, data, 10, 10);
    intake_shrink(&in); /* not while something is unread */
    assert_true(intake_is_grown(&in));
    intake_forget(&in);
    intake_shrink(&in);
    assert_false(intake_is_grown(&in));
    assert_int_equal(budget_used(&b), 0);
    intake_close(&in);
}

/* The limit is used up: the second of two long messages waits, and is told when the first goes. */
TEST_CASE(a_message_waits_for_room_and_is_told)
{
    decoder d = {PP_MODE_FRAMED, false, LONGEST};
    budget_account hog;
    intake first, second;
    char header[FRAMING_HEADER];
    budget b;

    intake_open(&first, &b);
    intake_init(&second, &b, NULL, 1);
    budget_account_init(&hog, BUDGET_ANSWER, NULL, 0);
    budget_grow_anyway(&b, &hog, LIMIT);
    framing_write(header, LONGEST);
    take_in(&first, &d, header, sizeof header, sizeof header);
    take_in(&second, &d, header, sizeof header, sizeof header);
    assert_ok(intake_make_room(
        &first, &d, FRAMING_HEADER + LONGEST)); /* by the room that is kept for messages */
    assert_status(intake_make_room(&second, &d, FRAMING_HEADER + LONGEST), PP_E_AGAIN);
    assert_int_equal(told, 0);
    intake_forget(&first);
    intake_settle(&first);
    assert_int_equal(told, 1);
    assert_ok(intake_make_room(&second, &d, FRAMING_HEADER + LONGEST));
    intake_pass(&second);
    intake_free(&second);
    budget_shrink(&b, &hog, LIMIT);
    intake_close(&first);
}

static const struct CMUnitTest tests[] = {
    TEST(a_frame_is_whole_at_its_last_byte),         TEST(wrong_frames_are_told_apart),
    TEST(messages_and_bytes_are_what_the_pipe_says), TEST(frames_come_out_as_they_went_in),
    TEST(an_end_is_taken_once_and_nothing_after_it), TEST(the_buffer_follows_what_reads_bring),
    TEST(a_message_waits_for_room_and_is_told),
};

HARNESS_MAIN(tests)
