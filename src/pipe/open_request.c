/*
 * The checks of a request to open a pipe, and the meaning of its result.
 */
#include "base/error.h"
#include "base/utf.h"
#include "pipe/open.h"

#include <stdio.h>
#include <string.h>

pp_status open_prepare(open_request *r, const char *name, pp_mode mode, pp_direction direction,
                       uint64_t server_process, const char *server_user, pp_error *error)
{
    PSID sid;

    r->mode = mode;
    r->direction = direction;
    r->server_process = server_process;
    r->server_user[0] = 0;
    if (server_process > UINT32_MAX)
        return error_set(error, PP_E_ARGUMENT, 0, "server_process is %llu; allowed: 0 to %u",
                         (unsigned long long)server_process, UINT32_MAX);
    if (server_user) {
        if (error_check_text(error, PP_E_ARGUMENT, "server_user", server_user) != PP_OK)
            return PP_E_ARGUMENT;
        if (strlen(server_user) >= PP_SID_SIZE || !ConvertStringSidToSidA(server_user, &sid))
            return error_set(error, PP_E_ARGUMENT, 0,
                             "server_user is \"%s\"; allowed: a SID such as S-1-5-18",
                             utf_shorten(server_user).text);
        LocalFree(sid);
        snprintf(r->server_user, sizeof r->server_user, "%s", server_user);
    }
    return name_parse(&r->path, NAME_PIPE, name, false, "pipe", error);
}

bool open_may_succeed_later(pp_status status)
{
    return status == PP_E_NOT_FOUND || status == PP_E_BUSY;
}
