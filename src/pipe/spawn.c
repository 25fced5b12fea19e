/*
 * Child processes with pipes as their standard streams: our end is on the port, the child's end is
 * a plain synchronous handle. Each pipe has a name that nobody can guess, one instance, and is open
 * for our own user alone.
 *
 * A handle can be given to one child only by making it inheritable for a moment. The child's list
 * of handles names it, and a lock keeps our own other children from being created in that moment.
 * (A CreateProcess elsewhere in the program that inherits everything would still get it: such calls
 * should use a list, too; see "PROC_THREAD_ATTRIBUTE_HANDLE_LIST" in Microsoft's reference.)
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/security.h"
#include "base/utf.h"
#include "pipe/conn.h"

#include <stdio.h>

#define SPAWN__STREAMS 3
#define SPAWN__QUOTA (64u * 1024)

typedef struct spawn {
    HANDLE child_end[SPAWN__STREAMS]; /* what the child gets */
    HANDLE our_end[SPAWN__STREAMS];   /* NULL: the null device */
} spawn;

static SRWLOCK spawn__lock = SRWLOCK_INIT;

static DWORD spawn__open_null(HANDLE *end)
{
    *end = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       NULL, OPEN_EXISTING, 0, NULL);
    return *end == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}

/* A pipe with a name from the system's random numbers. The child's end is of the kind that the C
 * libraries expect of a standard stream. */
static DWORD spawn__make_pipe(const security *s, bool input, HANDLE *ours, HANDLE *childs)
{
    SECURITY_ATTRIBUTES attributes = s->attributes;
    wchar_t name[80];
    GUID guid;

    if (UuidCreate(&guid) != RPC_S_OK)
        return ERROR_GEN_FAILURE;
    swprintf(name, sizeof name / sizeof *name,
             L"\\\\.\\pipe\\pipeport-%08lx%04x%04x%02x%02x%02x%02x%02x%02x%02x%02x",
             (unsigned long)guid.Data1, guid.Data2, guid.Data3, guid.Data4[0], guid.Data4[1],
             guid.Data4[2], guid.Data4[3], guid.Data4[4], guid.Data4[5], guid.Data4[6],
             guid.Data4[7]);
    *ours = CreateNamedPipeW(
        name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, SPAWN__QUOTA, SPAWN__QUOTA, 0, &attributes);
    if (*ours == INVALID_HANDLE_VALUE) {
        *ours = NULL;
        return GetLastError();
    }
    *childs = CreateFileW(name, (input ? GENERIC_READ : GENERIC_WRITE) | FILE_READ_ATTRIBUTES, 0,
                          NULL, OPEN_EXISTING, SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
    return *childs == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}

static void spawn__close(spawn *s)
{
    for (int i = 0; i < SPAWN__STREAMS; i++) {
        if (s->child_end[i] && s->child_end[i] != INVALID_HANDLE_VALUE)
            CloseHandle(s->child_end[i]);
        if (s->our_end[i])
            CloseHandle(s->our_end[i]);
        s->child_end[i] = s->our_end[i] = NULL;
    }
}

static pp_status spawn__make_ends(spawn *s, const pp_conn_options *const *streams, pp_error *error)
{
    pp_access only_us = {0};
    security rights;
    pp_status status = security_open(&rights, &only_us, false, error);
    DWORD code = ERROR_SUCCESS;

    if (status != PP_OK)
        return status;
    for (int i = 0; i < SPAWN__STREAMS && code == ERROR_SUCCESS; i++)
        code = streams[i] ? spawn__make_pipe(&rights, i == 0, &s->our_end[i], &s->child_end[i])
                          : spawn__open_null(&s->child_end[i]);
    security_close(&rights);
    return code == ERROR_SUCCESS
               ? PP_OK
               : error_set_windows(error, code, "a pipe for a child cannot be made");
}

/* Creates the process with a list of the handles that it gets. */
static DWORD spawn__create(spawn *s, wchar_t *command_line, LPPROC_THREAD_ATTRIBUTE_LIST handles,
                           PROCESS_INFORMATION *made)
{
    STARTUPINFOEXW start = {0};
    DWORD code = ERROR_SUCCESS;

    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    start.StartupInfo.hStdInput = s->child_end[0];
    start.StartupInfo.hStdOutput = s->child_end[1];
    start.StartupInfo.hStdError = s->child_end[2];
    start.lpAttributeList = handles;
    if (!UpdateProcThreadAttribute(handles, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, s->child_end,
                                   sizeof s->child_end, NULL, NULL))
        return GetLastError();
    AcquireSRWLockExclusive(&spawn__lock);
    for (int i = 0; i < SPAWN__STREAMS; i++)
        SetHandleInformation(s->child_end[i], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    if (!CreateProcessW(NULL, command_line, NULL, NULL, TRUE,
                        EXTENDED_STARTUPINFO_PRESENT | CREATE_NO_WINDOW, NULL, NULL,
                        &start.StartupInfo, made))
        code = GetLastError();
    for (int i = 0; i < SPAWN__STREAMS; i++)
        SetHandleInformation(s->child_end[i], HANDLE_FLAG_INHERIT, 0);
    ReleaseSRWLockExclusive(&spawn__lock);
    return code;
}

static DWORD spawn__start(spawn *s, const char *command_line, PROCESS_INFORMATION *made)
{
    wchar_t *wide = utf_copy_utf16(command_line);
    LPPROC_THREAD_ATTRIBUTE_LIST handles;
    SIZE_T size = 0;
    DWORD code;

    InitializeProcThreadAttributeList(NULL, 1, 0, &size); /* says the size */
    handles = mem_alloc(size);
    if (!wide || !handles || !InitializeProcThreadAttributeList(handles, 1, 0, &size)) {
        mem_free(wide);
        mem_free(handles);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    code = spawn__create(s, wide, handles, made);
    DeleteProcThreadAttributeList(handles);
    mem_free(handles);
    mem_free(wide);
    return code;
}

/* Puts our ends on the port. What was put there ends with its pipe when a later one fails. */
static pp_status spawn__adopt(pp_port *port, spawn *s, const pp_conn_options *const *streams,
                              pp_conn **conns, pp_error *error)
{
    for (int i = 0; i < SPAWN__STREAMS; i++) {
        pp_conn_options options;
        HANDLE ours = s->our_end[i];
        pp_status status;

        if (!streams[i])
            continue;
        options = *streams[i];
        options.direction = i == 0 ? PP_DIRECTION_OUTBOUND : PP_DIRECTION_INBOUND;
        s->our_end[i] = NULL; /* the connection's from here on */
        status = pp_conn_adopt(port, ours, &options, &conns[i], error);
        if (status != PP_OK)
            return status;
    }
    return PP_OK;
}

pp_status pp_spawn(pp_port *port, const pp_spawn_options *options, pp_child *child, pp_error *error)
{
    const pp_conn_options *streams[SPAWN__STREAMS];
    pp_conn *conns[SPAWN__STREAMS] = {NULL, NULL, NULL};
    PROCESS_INFORMATION made = {0};
    spawn s = {0};
    pp_status status;
    DWORD code;

    if (!port || !options || !child || !options->command_line)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL",
                         !port      ? "port"
                         : !options ? "options"
                         : !child   ? "child"
                                    : "command_line");
    *child = (pp_child){0};
    streams[0] = options->input;
    streams[1] = options->output;
    streams[2] = options->errors;
    status = spawn__make_ends(&s, streams, error);
    if (status == PP_OK)
        status = spawn__adopt(port, &s, streams, conns, error);
    if (status == PP_OK) {
        code = spawn__start(&s, options->command_line, &made);
        if (code != ERROR_SUCCESS)
            status = error_set_windows(error, code, options->command_line);
    }
    spawn__close(&s); /* the child has its own */
    if (status != PP_OK) {
        for (int i = 0; i < SPAWN__STREAMS; i++) {
            pp_conn_abort(conns[i]);
            pp_conn_unref(&conns[i]);
        }
        return status;
    }
    CloseHandle(made.hThread);
    *child = (pp_child){made.hProcess, made.dwProcessId, conns[0], conns[1], conns[2]};
    return PP_OK;
}
