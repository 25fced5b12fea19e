#include "pipe/conn_lane.h"

#include "base/mem.h"
#include "pipe/conn_admit.h"
#include "pipe/framing.h"

#include <string.h>

#define LANE__VERSION 1
#define LANE__BUSY_MS 1000u /* in which a busy connection moves bytes so often */
#define LANE__LOW 0x2000u   /* integrity below this is low */

/* The bytes of a frame. */
enum {
    SAYS_VERSION,
    SAYS_WORD,
    SAYS_REASON,
    SAYS_GLOBAL,
    SAYS_MACHINE,
    SAYS_RING = 8,
    SAYS_SECRET = 16
};

#if defined(_M_ARM64) || defined(__aarch64__)
#define LANE__MACHINE 2
#elif defined(_WIN64) || defined(__x86_64__)
#define LANE__MACHINE 1
#else
#define LANE__MACHINE 3
#endif

/* ---- Beginning and ending ------------------------------------------------------------------- */

static lane *conn__new_lane(pp_conn *c, lane_stage stage)
{
    lane *l = mem_alloc_zeroed(sizeof *l);

    if (l)
        l->stage = stage;
    c->transport.lane = l;
    return l;
}

static bool conn__reserve(pp_conn *c, size_t size)
{
    pp_port *port = conn_port(c);

    if ((uint64_t)InterlockedAdd64(&port->lane_bytes, (LONG64)size) <= port->options.max_lane_bytes)
        return true;
    InterlockedAdd64(&port->lane_bytes, -(LONG64)size);
    return false;
}

void conn_free_lane(pp_conn *c)
{
    lane *l = c->transport.lane;

    if (!l)
        return;
    if (l->reserved > 0)
        InterlockedAdd64(&conn_port(c)->lane_bytes, -(LONG64)l->reserved);
    if (l->counted)
        port_count(conn_port(c), COUNT_LANES_NOW, -1);
    transport_drop_lane(&c->transport);
}

static void conn__count_refusal(pp_conn *c, pp_lane_reason reason)
{
    if ((unsigned)reason < PP_LANE_REASONS)
        port_count(conn_port(c), (counter)(COUNT_LANES_REFUSED + reason), 1);
    c->lane_refused = true;
}

static void conn__say(lane *l, lane_word word, pp_lane_reason reason)
{
    framing_write(l->frame, FRAMING_LANE);
    l->frame[FRAMING_HEADER + SAYS_VERSION] = LANE__VERSION;
    l->frame[FRAMING_HEADER + SAYS_WORD] = (unsigned char)word;
    l->frame[FRAMING_HEADER + SAYS_REASON] = (unsigned char)reason;
    l->frame[FRAMING_HEADER + SAYS_MACHINE] = LANE__MACHINE;
    l->frame_word = word;
    l->frame_done = 0;
}

static void conn__decline(pp_conn *c, pp_lane_reason reason)
{
    conn__count_refusal(c, reason);
    c->transport.lane->stage = LANE_DECLINED;
    conn__say(c->transport.lane, LANE_DECLINE, reason);
}

/* Both directions go by the rings. */
static void conn__count_if_whole(pp_conn *c)
{
    lane *l = c->transport.lane;

    if (!lane_is_whole(l) || l->counted)
        return;
    l->counted = true;
    port_count(conn_port(c), COUNT_LANES_NOW, 1);
    port_count(conn_port(c), COUNT_LANES_TOTAL, 1);
}

static void conn__map(pp_conn *c, bool is_maker, uint32_t ring_size)
{
    lane_init(c->transport.lane, &c->strand, &c->transport.handle, CONN_HEARD, ring_size, is_maker);
}

/* ---- The client ----------------------------------------------------------------------------- */

/* A server that knows lanes says so by the size of its pipe's buffers (framing.h). */
static bool conn__server_knows(pp_conn *c)
{
    DWORD out, in;

    kernel_count_other(&conn_port(c)->kernel);
    return GetNamedPipeInfo(transport_handle(&c->transport), NULL, &out, &in, NULL) && out == in &&
           framing_is_marked(out);
}

/* Whether the last `lane_busy` reads and writes came quickly. */
static bool conn__is_busy(pp_conn *c)
{
    uint32_t now;
    bool busy;

    if (c->clock.moves - c->clock.moves_seen < c->settings.lane_busy)
        return false;
    now = (uint32_t)clock_ms();
    busy = now - c->clock.seen_ms < LANE__BUSY_MS;
    c->clock.seen_ms = now;
    c->clock.moves_seen = c->clock.moves;
    return busy;
}

static bool conn__wants_lane(const pp_conn *c)
{
    return c->settings.lane && !c->is_server_end && !c->lane_refused && c->state == CONN_OPEN &&
           !c->transport.lane;
}

static void conn__offer(pp_conn *c)
{
    lane *l;

    if (!conn__server_knows(c)) {
        conn__count_refusal(c, PP_LANE_UNKNOWN);
        return;
    }
    l = conn__new_lane(c, LANE_OFFERED);
    if (!l || !section_draw(l->proof))
        return; /* it goes on by the pipe */
    conn__say(l, LANE_OFFER, PP_LANE_NO_REASON);
    memcpy(l->frame + FRAMING_HEADER + SAYS_SECRET, l->proof, SECTION_SECRET);
}

/* Whether the server made the memory for this offer: it could name that of another lane. */
static bool conn__is_meant(const lane *l)
{
    return memcmp(l->section.view + LANE_PROOF, l->proof, SECTION_SECRET) == 0;
}

static void conn__accepted(pp_conn *c, const char *frame)
{
    lane *l = c->transport.lane;
    uint32_t ring_size = framing_read(frame + SAYS_RING);
    size_t size = lane_section_size(ring_size);
    DWORD error;

    if (!ring_size_is_right(ring_size)) {
        conn_close_for(c, PP_E_PROTOCOL);
        return;
    }
    if (!conn__reserve(c, size)) {
        conn__decline(c, PP_LANE_LIMIT);
        return;
    }
    l->reserved = size;
    error = section_open(&l->section, size, frame[SAYS_GLOBAL] != 0,
                         (const unsigned char *)frame + SAYS_SECRET);
    if (error != ERROR_SUCCESS) {
        conn__decline(c, error == ERROR_ACCESS_DENIED || error == ERROR_FILE_NOT_FOUND
                             ? PP_LANE_DENIED
                             : PP_LANE_SYSTEM);
        return;
    }
    if (!conn__is_meant(l)) {
        conn__decline(c, PP_LANE_DENIED);
        return;
    }
    conn__map(c, false, ring_size);
    l->stage = LANE_JOINING;
    conn__say(l, LANE_JOIN, PP_LANE_NO_REASON);
}

/* ---- The server ----------------------------------------------------------------------------- */

/* Why the client gets no lane; PP_LANE_NO_REASON: it may. */
static pp_lane_reason conn__judge_offer(pp_conn *c, const char *frame)
{
    if (!c->settings.lane)
        return PP_LANE_IS_OFF;
    if (frame[SAYS_VERSION] != LANE__VERSION)
        return PP_LANE_VERSION;
    if (frame[SAYS_MACHINE] != LANE__MACHINE)
        return PP_LANE_MACHINE;
    conn_ask_user(c);
    if (!peer_known(&c->peer)->user[0] || peer_known(&c->peer)->session_id == UINT32_MAX)
        return PP_LANE_STRANGER;
    return PP_LANE_NO_REASON;
}

static uint32_t conn__ring_size(const pp_conn *c)
{
    return 1u << c->settings.lane_ring_bits;
}

static pp_lane_reason conn__make_section(pp_conn *c, const char *offer)
{
    const pp_peer *peer = peer_known(&c->peer);
    lane *l = c->transport.lane;
    size_t size = lane_section_size(conn__ring_size(c));
    DWORD session = 0;
    bool global;

    if (!ProcessIdToSessionId(GetCurrentProcessId(), &session))
        return PP_LANE_SYSTEM;
    global = session != peer->session_id;
    if (!conn__reserve(c, size))
        return PP_LANE_LIMIT;
    l->reserved = size;
    if (section_make(&l->section, size, peer->user, peer->integrity < LANE__LOW, global,
                     l->frame + FRAMING_HEADER + SAYS_SECRET) != ERROR_SUCCESS)
        return PP_LANE_SYSTEM;
    memcpy(l->section.view + LANE_PROOF, offer + SAYS_SECRET, SECTION_SECRET);
    l->frame[FRAMING_HEADER + SAYS_GLOBAL] = global;
    framing_write(l->frame + FRAMING_HEADER + SAYS_RING, conn__ring_size(c));
    return PP_LANE_NO_REASON;
}

static void conn__offered(pp_conn *c, const char *frame)
{
    pp_lane_reason reason = conn__judge_offer(c, frame);

    if (!conn__new_lane(c, LANE_ACCEPTED))
        return; /* the client waits, and goes on by the pipe */
    if (reason == PP_LANE_NO_REASON)
        reason = conn__make_section(c, frame);
    if (reason != PP_LANE_NO_REASON) {
        conn__decline(c, reason);
        return;
    }
    conn__map(c, true, conn__ring_size(c));
    conn__say(c->transport.lane, LANE_ACCEPT, PP_LANE_NO_REASON);
}

/* ---- Frames that came ----------------------------------------------------------------------- */

static void conn__joined(pp_conn *c, const char *rest, size_t size)
{
    lane *l = c->transport.lane;

    section_forget_name(&l->section);
    if (!lane_join_reading(l, rest, size)) {
        conn_close_for(c, PP_E_PROTOCOL);
        return;
    }
    if (l->stage == LANE_ACCEPTED)
        conn__say(l, LANE_JOIN, PP_LANE_NO_REASON);
    l->stage = LANE_JOINED;
    conn__count_if_whole(c);
}

static void conn__left(pp_conn *c)
{
    lane *l = c->transport.lane;

    lane_leave_reading(l);
    if (c->is_server_end)
        conn__say(l, LANE_LEAVE, PP_LANE_NO_REASON);
    l->stage = LANE_LEFT;
}

static void conn__declined(pp_conn *c, const char *frame)
{
    conn__count_refusal(c, (pp_lane_reason)(unsigned char)frame[SAYS_REASON]);
    conn_free_lane(c);
}

static bool conn__has_left(const pp_conn *c)
{
    const lane *l = c->transport.lane;

    return l && l->stage == LANE_LEFT && !l->reads && !l->writes && lane_is_idle(l) &&
           !lane_still_hears(l) && !l->read_to && l->frame_word == LANE_SILENT;
}

/* A client that has left may offer again before we have freed the lane that it left. Where we
 * cannot do that yet, it gets no answer, and goes on by the pipe. */
static void conn__offered_again(pp_conn *c, const char *frame)
{
    if (!conn__has_left(c))
        return; /* a bell's packet, or bytes behind the offer, are on their way */
    conn_free_lane(c);
    conn__offered(c, frame);
}

bool conn_hear_of_lane(pp_conn *c, const char *frame, const char *rest, size_t size)
{
    lane *l = c->transport.lane;
    lane_stage stage = l ? l->stage : LANE_NONE;
    lane_word word = (lane_word)frame[SAYS_WORD];
    bool silent = !l || l->frame_word == LANE_SILENT;

    if (word == LANE_OFFER && stage == LANE_NONE && c->is_server_end)
        conn__offered(c, frame);
    else if (word == LANE_OFFER && stage == LANE_LEFT && c->is_server_end)
        conn__offered_again(c, frame);
    else if (word == LANE_ACCEPT && stage == LANE_OFFERED && silent)
        conn__accepted(c, frame);
    else if (word == LANE_DECLINE && silent && (stage == LANE_OFFERED || stage == LANE_ACCEPTED))
        conn__declined(c, frame);
    else if (word == LANE_JOIN && silent &&
             stage == (c->is_server_end ? LANE_ACCEPTED : LANE_JOINING))
        conn__joined(c, rest, size);
    else if (word == LANE_LEAVE && stage == LANE_JOINED && l->reads && size == 0 &&
             (c->is_server_end || !l->writes))
        conn__left(c);
    else
        conn_close_for(c, PP_E_PROTOCOL);
    return word == LANE_JOIN;
}

/* ---- Frames to write ------------------------------------------------------------------------ */

bool conn_lane_frame(pp_conn *c, piece *p)
{
    lane *l = c->transport.lane;

    if (!l || l->frame_word == LANE_SILENT || c->writes_are_lost ||
        (l->frame_done == 0 && !outbox_is_between(&c->outbox)))
        return false;
    *p = (piece){.data = (const char *)l->frame + l->frame_done,
                 .size = sizeof l->frame - l->frame_done};
    l->frame_runs = true;
    return true;
}

bool conn_lane_frame_runs(const pp_conn *c)
{
    return c->transport.lane && c->transport.lane->frame_runs;
}

void conn_lane_frame_done(pp_conn *c, size_t bytes)
{
    lane *l = c->transport.lane;
    lane_word said = l->frame_word;

    l->frame_runs = false;
    l->frame_done += bytes;
    if (l->frame_done < sizeof l->frame)
        return;
    l->frame_done = 0;
    l->frame_word = LANE_SILENT;
    SecureZeroMemory(l->frame, sizeof l->frame);
    if (said == LANE_DECLINE)
        conn_free_lane(c);
    else if (said == LANE_JOIN && conn_is_live(c))
        lane_join_writing(l);
    else if (said == LANE_LEAVE)
        lane_leave_writing(l);
    if (said == LANE_JOIN)
        conn__count_if_whole(c);
}

/* ---- Advancing ------------------------------------------------------------------------------ */

/* Who has bytes to read, as in a pause, is not idle: the server's answer would wait behind them. */
void conn_leave_lane(pp_conn *c)
{
    lane *l = c->transport.lane;

    if (l && !c->is_server_end && l->stage == LANE_JOINED && lane_is_whole(l) &&
        l->frame_word == LANE_SILENT && c->state == CONN_OPEN && !ring_has_bytes(&l->in))
        conn__say(l, LANE_LEAVE, PP_LANE_NO_REASON);
}

void conn_advance_lane(pp_conn *c)
{
    if (conn__has_left(c))
        conn_free_lane(c);
    if (conn__wants_lane(c) && conn__is_busy(c))
        conn__offer(c);
}
