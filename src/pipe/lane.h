/*
 * A lane: two rings in a section, through which a framed connection goes on when both of its ends
 * are pipeport's and are busy. The pipe stays: as the doorbell, and as the sign that the other end
 * lives. docs/lane.md has the whole picture.
 *
 * Each direction changes to its ring, and back, by itself: what an end sends after its JOIN goes by
 * its ring, and after its LEAVE by the pipe again. A bell is a frame in the pipe, where only whole
 * frames may stand beside it. So an end rings while it writes by its ring, and an end asks for
 * bells while it reads by its own: it has then heard that the other may ring. Who waits for room
 * and may not ask, or may not be heard, looks by the clock (lane_looks_after).
 *
 * The rule. A lane belongs to its connection's turn, or, between turns, to the worker that polls
 * the connection's strand. An operation that is started belongs to the kernel until its packet. So
 * a lane ends in two steps: lane_stop cancels what is pending, and lane_free comes when
 * lane_is_idle is true.
 */
#ifndef PP_PIPE_LANE_H
#define PP_PIPE_LANE_H

#include "iocp/port.h"
#include "pipe/framing.h"
#include "pipe/ring.h"
#include "pipe/section.h"

#define LANE_BELLS 64      /* bytes of one read on the pipe */
#define LANE_LOOK_MS 10u   /* between two looks by the clock, when there will be no bell, */
#define LANE_DOUBT_MS 100u /* or when perhaps there will be none */
#define LANE_PIECE 32768u  /* moved at once, so that the other end goes on meanwhile */

typedef struct lane_op {
    op op;
    bool pending;       /* started, and no turn has taken its packet yet */
    DWORD error, bytes; /* of the packet; set before its event is raised */
} lane_op;

/* How far the connection has come with it (conn_lane.h), and what it says next. */
typedef enum lane_stage {
    LANE_NONE,
    LANE_OFFERED,  /* the client's offer is on its way */
    LANE_ACCEPTED, /* the server has a section, and waits for the client */
    LANE_DECLINED,
    LANE_JOINING, /* the client has opened it */
    LANE_JOINED,
    LANE_LEFT
} lane_stage;

typedef enum lane_word {
    LANE_SILENT,
    LANE_OFFER,
    LANE_ACCEPT,
    LANE_DECLINE,
    LANE_JOIN,
    LANE_LEAVE
} lane_word;

typedef struct lane {
    strand *strand;
    const kernel_handle *pipe;
    LONG event; /* that the packet of `hear` raises; that of `bell` raises the next */

    section section;
    ring in, out;
    bool reads, writes;    /* by the rings */
    bool asks, asks_room;  /* for a bell: set in the ring, and not yet taken back */
    unsigned bells_coming; /* that were not taken back in time */
    unsigned bells_due;    /* to ring as soon as the last bell is written */
    DWORD gone;            /* the pipe's end, as a Windows error; what is in the ring comes first */

    char *read_to;          /* a read of the connection that waits for bytes; or NULL */
    const char *write_from; /* a write that waits for room; or NULL */
    bool read_cancelled, write_cancelled;

    lane_stage stage;
    lane_word frame_word; /* of the frame to write */
    unsigned char frame[FRAMING_HEADER + FRAMING_LANE_SIZE];
    size_t frame_done;                   /* bytes of it that are written */
    bool frame_runs;                     /* it is being written */
    unsigned char proof[SECTION_SECRET]; /* random bytes of our offer */
    bool counted;                        /* among the port's lanes */
    size_t reserved;                     /* bytes of the port's limit */

    lane_op hear, bell;     /* reads and writes of the pipe */
    char heard[LANE_BELLS]; /* by the pipe: bells, and after a LEAVE the first frames */
    size_t heard_start, heard_end;
} lane;

/* Where the section repeats what the client's offer said. */
#define LANE_PROOF 2048u

/* Bytes of the section for two rings of this size. */
size_t lane_section_size(uint32_t ring_size);

/* Over a section that is mapped. `is_maker`: this end made it. `event` is raised for the strand. */
void lane_init(lane *l, strand *s, const kernel_handle *pipe, LONG event, uint32_t ring_size,
               bool is_maker);

/* From here on we read by the ring, or write by it. `unread`: bytes that were read from the pipe
 * after the other end's JOIN, which are bells. False: they are too many. */
bool lane_join_reading(lane *l, const char *unread, size_t count);
void lane_join_writing(lane *l);

/* From here on we read from the pipe again, or write to it. */
void lane_leave_reading(lane *l);
void lane_leave_writing(lane *l);

static inline bool lane_is_whole(const lane *l)
{
    return l->reads && l->writes;
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

/* Takes bytes from the ring. 0: there are none yet, or `*error` is set: the ring is wrong, or empty
 * and the other end has gone. */
size_t lane_take(lane *l, char *to, size_t room, DWORD *error);

/* The same for what was heard on the pipe: for a connection that reads from the pipe again. It does
 * so itself once lane_still_hears is false. */
size_t lane_take_heard(lane *l, char *to, size_t room, DWORD *error);
static inline bool lane_still_hears(const lane *l)
{
    return l->hear.pending || l->heard_end > l->heard_start || l->gone != ERROR_SUCCESS;
}

/* The pipe has failed, or the other end has gone. Our own cancel says nothing about it. */
void lane_note_end(lane *l, DWORD error);

/* Puts bytes into the ring. 0: there is no room yet, or `*error` is set. */
size_t lane_put(lane *l, const char *data, size_t length, DWORD *error);

/* ---- Sleeping ------------------------------------------------------------------------------- */

/* Whether a turn that waits for bytes, or for room, would find some. */
bool lane_stirs(lane *l, bool wants_bytes, bool wants_room);

/* After how many ms to look by the clock, while it waits for this; 0: a bell will come. The other
 * end may have said LEAVE, which we have not read yet, and then rings no more for room. */
static inline uint32_t lane_looks_after(const lane *l, bool waits_for_room)
{
    return !l->reads ? LANE_LOOK_MS : waits_for_room ? LANE_DOUBT_MS : 0;
}

/* Before the strand rests: asks for bells. False: there is something already. */
bool lane_rest(lane *l, bool wants_bytes, bool wants_room);

/* At the beginning of each turn: takes back what lane_rest asked for, and takes the packets whose
 * events the turn has. */
void lane_wake(lane *l, bool heard, bool rang);

/* ---- The end -------------------------------------------------------------------------------- */

static inline bool lane_is_idle(const lane *l)
{
    return !l->hear.pending && !l->bell.pending;
}

void lane_stop(lane *l);
void lane_free(lane *l);

#endif
