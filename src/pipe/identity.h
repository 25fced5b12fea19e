/*
 * Who is at the other end of a pipe.
 */
#ifndef PP_PIPE_IDENTITY_H
#define PP_PIPE_IDENTITY_H

#include "iocp/kernel.h"
#include "pipeport.h"

/* The process and session of the client (of an instance) or of the server (of a dialled pipe). A
 * connection asks once, when it opens: Windows forgets them at a disconnect. */
void identity_of_process(kernel *k, HANDLE pipe, bool is_server_end, pp_peer *peer);

/* The user and integrity level of the client, for a pipe that was read from. Returns a Windows
 * error or 0. */
DWORD identity_of_user(kernel *k, HANDLE pipe, pp_peer *peer);

/* The one place that impersonates the client. It does so only to open the client's token, and
 * always reverts. It has a file of its own, so that a test can replace it. Returns a Windows error
 * or 0. */
DWORD impersonate_open_token(HANDLE pipe, HANDLE *token);

#endif
