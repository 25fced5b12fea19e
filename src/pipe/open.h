/*
 * Opening a pipe as a client: with the least rights that are needed, telling the server who we are
 * but not letting it act for us, and making sure of who serves it.
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

/* One attempt at an asynchronous handle. PP_OK, PP_E_IMPOSTOR, or what the Windows error means,
 * which `*error` then holds; `*pipe` is INVALID_HANDLE_VALUE unless it is PP_OK. Blocks while the
 * name is on another machine. In a file of its own, so that a test can take its place. */
pp_status open_once(const open_request *r, HANDLE *pipe, DWORD *error);

/* Its call into Windows, in a file of its own for the same reason. */
HANDLE open_file(const wchar_t *path, DWORD rights);

/* Whether another attempt may succeed: the name was absent, or every instance taken. */
bool open_may_succeed_later(pp_status status);

#endif
