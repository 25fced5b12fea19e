/*
 * Opening a pipe as a client: with the least rights that it needs. The server learns who we are and
 * cannot act for us, and we check who serves the pipe.
 */
#ifndef PP_PIPE_OPEN_H
#define PP_PIPE_OPEN_H

#include "base/name.h"
#include "base/win.h"
#include "pipeport.h"

typedef struct open_request {
    name_path path;
    pp_mode mode;
    pp_direction direction;
    uint64_t server_process;       /* 0: any */
    char server_user[PP_SID_SIZE]; /* "": any */
} open_request;

/* Checks and copies what a user asked for. PP_E_ARGUMENT. */
pp_status open_prepare(open_request *r, const char *name, pp_mode mode, pp_direction direction,
                       uint64_t server_process, const char *server_user, pp_error *error);

/* One attempt at an asynchronous handle. Returns PP_OK, PP_E_IMPOSTOR, or the meaning of the
 * Windows error in `*error`. `*pipe` is INVALID_HANDLE_VALUE unless it is PP_OK. BLOCKS while
 * Windows opens a name on another machine. It has a file of its own, so that a test can
 * replace it. */
pp_status open_once(const open_request *r, HANDLE *pipe, DWORD *error);

/* The call into Windows, in a file of its own for the same reason. */
HANDLE open_file(const wchar_t *path, DWORD rights);

/* Whether a retry may succeed: the name was absent, or clients used every instance. */
bool open_may_succeed_later(pp_status status);

#endif
