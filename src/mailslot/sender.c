/*
 * The sending end of a mailslot: a plain handle, without a port.
 */
#include "base/mem.h"
#include "iocp/kernel.h"
#include "mailslot/slot.h"

#define SENDER__MOST_REMOTE 424 /* bytes of a datagram to another machine */

struct pp_sender {
    HANDLE handle;
    bool local;
};

pp_status pp_sender_open(pp_sender **sender, const char *name, pp_error *error)
{
    name_path path;
    pp_status status;
    HANDLE handle;
    DWORD code;

    if (!sender)
        return error_set(error, PP_E_ARGUMENT, 0, "sender is NULL");
    *sender = NULL;
    status = name_parse(&path, NAME_MAILSLOT, name, false, "mailslot", error);
    if (status != PP_OK)
        return status;
    code = slot_open(&path, &handle);
    if (code != ERROR_SUCCESS)
        return error_set_windows(error, code, path.text);
    *sender = mem_alloc(sizeof **sender);
    if (!*sender) {
        CloseHandle(handle);
        return error_set(error, PP_E_MEMORY, 0, "no memory for a sender");
    }
    (*sender)->handle = handle;
    (*sender)->local = path.local;
    return PP_OK;
}

/* The errors of a write whose datagram is too long. */
static bool sender__is_too_long(DWORD code)
{
    return code == ERROR_BAD_NETPATH || code == ERROR_INVALID_PARAMETER ||
           code == ERROR_INSUFFICIENT_BUFFER || code == ERROR_MORE_DATA;
}

pp_status pp_sender_send(pp_sender *s, const void *data, size_t length)
{
    DWORD code;

    if (!s || (!data && length > 0))
        return PP_E_ARGUMENT;
    if (length > (s->local ? (size_t)MAXDWORD : SENDER__MOST_REMOTE))
        return PP_E_TOO_LONG;
    code = kernel_write_blocking(s->handle, data ? data : "", (DWORD)length);
    return s->local && sender__is_too_long(code) ? PP_E_TOO_LONG : error_from_windows(code);
}

pp_status pp_sender_close(pp_sender **sender)
{
    if (!sender || !*sender)
        return PP_E_ARGUMENT;
    CloseHandle((*sender)->handle);
    mem_free(*sender);
    *sender = NULL;
    return PP_OK;
}
