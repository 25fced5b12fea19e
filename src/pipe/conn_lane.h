/*
 * How a connection comes to its lane, and leaves it. Five frames tell it, each FRAMING_LANE with
 * FRAMING_LANE_SIZE bytes (docs/wire-format.md):
 *
 *   client               server
 *   OFFER     ------->            the client has been busy, and the server knows lanes
 *             <-------   ACCEPT   a section is there; or DECLINE, and why
 *   JOIN      ------->            the client has opened it; or DECLINE
 *             <-------   JOIN
 *   LEAVE     ------->            by the ring: it has been idle
 *             <-------   LEAVE
 *
 * What an end sends after its JOIN goes by its ring, after its LEAVE by the pipe. Only the client
 * begins, so the two never cross. A server sends nothing of this to a client that did not begin, so
 * clients that know nothing of lanes never see it.
 */
#ifndef PP_PIPE_CONN_LANE_H
#define PP_PIPE_CONN_LANE_H

#include "pipe/conn.h"

/* At the end of a turn: a client that is busy offers a lane; one that has left is freed. */
void conn_advance_lane(pp_conn *c);

/* The other end's frame, of FRAMING_LANE_SIZE bytes; `size` bytes were read after it. True: it took
 * those. It may end the connection. */
bool conn_hear_of_lane(pp_conn *c, const char *frame, const char *rest, size_t size);

/* The frame to write next, where the outbox is between two messages. False: none. */
bool conn_lane_frame(pp_conn *c, piece *p);

/* Whether it is being written, and so many bytes of it are. */
bool conn_lane_frame_runs(const pp_conn *c);
void conn_lane_frame_done(pp_conn *c, size_t bytes);

/* The connection has been idle. */
void conn_leave_lane(pp_conn *c);

/* The connection ends, or the lane does. Nothing of it is pending. */
void conn_free_lane(pp_conn *c);

#endif
