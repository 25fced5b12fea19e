/*
 * Who is at the other end of a pipe.
 */
#ifndef PP_PIPE_IDENTITY_H
#define PP_PIPE_IDENTITY_H

#include "iocp/kernel.h"
#include "pipeport.h"

/* The process and session of the client (of an instance) or of the server (of what was dialled).
 * They are asked for once, when the connection opens: after a disconnect Windows has forgotten
 * them. */
void identity_of_process(kernel *k, HANDLE pipe, bool is_server_end, pp_peer *peer);

/* The user and integrity level of the client, for a pipe that something was read from. A Windows
 * error or 0. */
DWORD identity_of_user(kernel *k, HANDLE pipe, pp_peer *peer);

/* The one place that acts as the client, only to open its token, and that always goes back. A file
 * of its own, so that a test can stand in for it. A Windows error or 0. */
DWORD impersonate_open_token(HANDLE pipe, HANDLE *token);

#endif
