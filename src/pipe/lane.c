#include "pipe/lane.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define LANE__MOST_DUE 2u /* bells: one for bytes, and one for room */

/* The turn takes a packet by its event, which is the last step here: the lane may go with it. */
static void lane__hear_packet(op *o, DWORD error, DWORD bytes)
{
    lane *l = CONTAINER_OF(o, lane, hear.op);

    l->hear.error = error;
    l->hear.bytes = bytes;
    strand_raise(l->strand, l->event);
}

static void lane__bell_packet(op *o, DWORD error, DWORD bytes)
{
    lane *l = CONTAINER_OF(o, lane, bell.op);

    l->bell.error = error;
    l->bell.bytes = bytes;
    strand_raise(l->strand, l->event << 1);
}

/* ---- Making --------------------------------------------------------------------------------- */

/* The rings' words on pages of their own, then the bytes from the client and those to it. */
#define LANE__HEAD 4096u

size_t lane_section_size(uint32_t ring_size)
{
    return LANE__HEAD + 2 * (size_t)ring_size;
}

void lane_init(lane *l, strand *s, const kernel_handle *pipe, LONG event, uint32_t ring_size,
               bool is_maker)
{
    ring_shared *words = (ring_shared *)(void *)l->section.view;
    char *bytes = l->section.view + LANE__HEAD;
    unsigned in = is_maker ? 0 : 1;

    l->strand = s;
    l->pipe = pipe;
    l->event = event;
    op_init(&l->hear.op, lane__hear_packet);
    op_init(&l->bell.op, lane__bell_packet);
    ring_init(&l->in, &words[in], bytes + in * ring_size, ring_size);
    ring_init(&l->out, &words[1 - in], bytes + (1 - in) * ring_size, ring_size);
}

/* ---- Bells ---------------------------------------------------------------------------------- */

static kernel *lane__kernel(const lane *l)
{
    return &port_of(l->strand)->kernel;
}

void lane_note_end(lane *l, DWORD error)
{
    if (l->gone == ERROR_SUCCESS && error != ERROR_OPERATION_ABORTED)
        l->gone = error;
}

/* A bell that cannot be written ends the lane: the other end would wait for it in vain. */
static void lane__ring(lane *l)
{
    static const unsigned char bell[FRAMING_HEADER] = {3, 0, 0, 0x80}; /* FRAMING_BELL */
    uint64_t began;
    DWORD error, bytes;

    if (l->bell.pending) {
        l->bells_due += l->bells_due < LANE__MOST_DUE;
        return;
    }
    l->bell.pending = true;
    began = clock_ns();
    if (kernel_write(lane__kernel(l), l->pipe, &l->bell.op, bell, sizeof bell, &error, &bytes) !=
        OP_PENDING) {
        l->bell.pending = false;
        lane_note_end(l, error);
    }
    port_count(port_of(l->strand), COUNT_LANE_BELLS, 1);
    polling_note_call(&port_of(l->strand)->polling, clock_ns() - began);
}

/* Forgets the bells among what was heard. What follows them stays: a piece of one, or frames. A
 * bell that nobody asked for is a lie: a flood of them would keep this worker busy. */
static void lane__take_bells(lane *l)
{
    while (l->heard_end - l->heard_start >= FRAMING_HEADER &&
           framing_read(l->heard + l->heard_start) == FRAMING_BELL) {
        l->heard_start += FRAMING_HEADER;
        if (l->bells_coming == 0)
            lane_note_end(l, ERROR_INVALID_DATA);
        else
            l->bells_coming--;
    }
    memmove(l->heard, l->heard + l->heard_start, l->heard_end - l->heard_start);
    l->heard_end -= l->heard_start;
    l->heard_start = 0;
}

/* Whether what was heard cannot be the beginning of a bell. */
static bool lane__heard_frames(const lane *l)
{
    return l->heard_end - l->heard_start >= FRAMING_HEADER;
}

static void lane__note_heard(lane *l, DWORD error, DWORD bytes)
{
    lane_note_end(l, error);
    if (error == ERROR_SUCCESS)
        l->heard_end += bytes;
    if (l->reads)
        lane__take_bells(l);
}

/* Keeps a read pending on the pipe, to hear bells and the other end's end. */
static void lane__hear(lane *l)
{
    while (l->reads && !l->hear.pending && l->gone == ERROR_SUCCESS && !lane__heard_frames(l)) {
        DWORD error, bytes;

        l->hear.pending = true;
        if (kernel_read(lane__kernel(l), l->pipe, &l->hear.op, l->heard + l->heard_end,
                        (DWORD)(LANE_BELLS - l->heard_end), &error, &bytes) == OP_PENDING)
            return;
        l->hear.pending = false;
        lane__note_heard(l, error, bytes);
    }
}

/* ---- Changing the way ----------------------------------------------------------------------- */

/* The other end may have asked for bells while we could not ring. */
static void lane__catch_up(lane *l)
{
    bool bytes, room;

    if (!l->writes)
        return;
    bytes = ring_rouses_consumer(&l->out);
    room = ring_rouses_producer(&l->in);
    if (bytes)
        lane__ring(l);
    if (room)
        lane__ring(l);
}

bool lane_join_reading(lane *l, const char *unread, size_t count)
{
    if (count > LANE_BELLS)
        return false;
    memcpy(l->heard, unread, count);
    l->heard_start = 0;
    l->heard_end = count;
    l->reads = true;
    lane__take_bells(l);
    lane__catch_up(l);
    lane__hear(l);
    return true;
}

void lane_join_writing(lane *l)
{
    l->writes = true;
    lane__catch_up(l);
}

/* What the pipe brings from here on is the connection's to read. */
void lane_leave_reading(lane *l)
{
    l->reads = false;
    if (l->hear.pending)
        kernel_cancel(lane__kernel(l), l->pipe, &l->hear.op);
}

void lane_leave_writing(lane *l)
{
    l->writes = false;
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static size_t lane__piece(size_t size)
{
    return size < LANE_PIECE ? size : LANE_PIECE;
}

/* The other end writes its LEAVE into the ring before frames into the pipe. So if the ring is empty
 * after frames were heard, it has lied. */
size_t lane_take(lane *l, char *to, size_t room, DWORD *error)
{
    size_t count = ring_take(&l->in, to, lane__piece(room));

    *error = ERROR_SUCCESS;
    if (count > 0)
        port_count(port_of(l->strand), COUNT_LANE_BYTES_IN, (int64_t)count);
    if (count > 0 && l->writes && ring_rouses_producer(&l->in))
        lane__ring(l);
    if (count == 0 && (l->in.wrong || lane__heard_frames(l)))
        *error = ERROR_INVALID_DATA;
    else if (count == 0)
        *error = l->gone;
    return count;
}

size_t lane_take_heard(lane *l, char *to, size_t room, DWORD *error)
{
    size_t held = l->heard_end - l->heard_start, count = held < room ? held : room;

    assert(!l->reads);
    memcpy(to, l->heard + l->heard_start, count);
    l->heard_start += count;
    *error = count == 0 ? l->gone : ERROR_SUCCESS;
    return count;
}

size_t lane_put(lane *l, const char *data, size_t length, DWORD *error)
{
    size_t count = l->gone == ERROR_SUCCESS ? ring_put(&l->out, data, lane__piece(length)) : 0;

    *error = l->out.wrong ? ERROR_INVALID_DATA : l->gone;
    if (count > 0)
        port_count(port_of(l->strand), COUNT_LANE_BYTES_OUT, (int64_t)count);
    if (count > 0 && l->writes && ring_rouses_consumer(&l->out))
        lane__ring(l);
    return count;
}

/* ---- Sleeping ------------------------------------------------------------------------------- */

bool lane_stirs(lane *l, bool wants_bytes, bool wants_room)
{
    return (wants_bytes && ring_has_bytes(&l->in)) || (wants_room && ring_has_room(&l->out)) ||
           ((wants_bytes || wants_room) && l->gone != ERROR_SUCCESS);
}

/* A bell that is coming wakes it, too: to ask for another could fill the pipe with them. */
bool lane_rest(lane *l, bool wants_bytes, bool wants_room)
{
    if (l->reads && l->bells_coming == 0) {
        l->asks = wants_bytes;
        l->asks_room = wants_room;
        if (wants_bytes)
            ring_ask_for_bytes(&l->in);
        if (wants_room)
            ring_ask_for_room(&l->out);
    }
    return !lane_stirs(l, wants_bytes, wants_room);
}

static void lane__forgo(lane *l)
{
    if (l->asks && !ring_forgo_bytes(&l->in))
        l->bells_coming++;
    if (l->asks_room && !ring_forgo_room(&l->out))
        l->bells_coming++;
    l->asks = l->asks_room = false;
}

static void lane__bell_written(lane *l)
{
    l->bell.pending = false;
    lane_note_end(l, l->bell.error);
    while (l->bells_due > 0 && !l->bell.pending && l->gone == ERROR_SUCCESS) {
        l->bells_due--;
        lane__ring(l);
    }
}

void lane_wake(lane *l, bool heard, bool rang)
{
    lane__forgo(l);
    if (rang)
        lane__bell_written(l);
    if (heard) {
        l->hear.pending = false;
        lane__note_heard(l, l->hear.error, l->hear.bytes);
    }
    lane__hear(l);
}

/* ---- The end -------------------------------------------------------------------------------- */

void lane_stop(lane *l)
{
    l->reads = l->writes = false;
    l->bells_due = 0;
    if (l->hear.pending)
        kernel_cancel(lane__kernel(l), l->pipe, &l->hear.op);
    if (l->bell.pending)
        kernel_cancel(lane__kernel(l), l->pipe, &l->bell.op);
}

void lane_free(lane *l)
{
    assert(lane_is_idle(l));
    section_close(&l->section);
    mem_free(l);
}
