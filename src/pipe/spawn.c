/*
 * Child processes with pipes as their standard streams: our end is on the port, the child's end is
 * a plain synchronous handle. Each pipe has a name that nobody can guess and one instance, and
 * admits only our own user, SYSTEM and Administrators.
 *
 * A handle reaches only one child if it is inheritable just for a moment. The child's list of
 * handles names it, and a lock keeps us from creating other children in that moment. (A
 * CreateProcess elsewhere in the program that inherits everything would still get it. Such calls
 * should use a list, too: see "PROC_THREAD_ATTRIBUTE_HANDLE_LIST" in Microsoft's reference.)
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/security.h"
#include "base/utf.h"
#include "pipe/adopt.h"

#include <stdio.h>

#define SPAWN__STREAMS 3
#define SPAWN__QUOTA (64u * 1024)
#define SPAWN__LONGEST 32766 /* UTF-16 units of a command line; Windows allows no more */

typedef struct spawn {
    wchar_t *command_line;
    HANDLE child_end[SPAWN__STREAMS]; /* what the child gets */
    HANDLE our_end[SPAWN__STREAMS];   /* NULL: the null device, or a connection owns it */
    pp_conn *conns[SPAWN__STREAMS];   /* joined, but not started before the child exists */
} spawn;

static SRWLOCK spawn__lock = SRWLOCK_INIT;

void pp_spawn_options_init(pp_spawn_options *options)
{
    if (options)
        *options = (pp_spawn_options){0};
}

static DWORD spawn__open_null(HANDLE *end)
{
    *end = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       NULL, OPEN_EXISTING, 0, NULL);
    return *end == INVALID_HANDLE_VALUE ? win_last_error() : ERROR_SUCCESS;
}

/* Makes a pipe with a name from the system's random numbers. The child's end is of the kind that C
 * libraries expect of a standard stream. */
static DWORD spawn__make_pipe(const security *s, bool input, HANDLE *ours, HANDLE *childs)
{
    SECURITY_ATTRIBUTES attributes = s->attributes;
    wchar_t name[80];
    GUID guid;
    RPC_STATUS status = UuidCreate(&guid);

    if (status != RPC_S_OK && status != RPC_S_UUID_LOCAL_ONLY) /* the pipe is local, too */
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
        return win_last_error();
    }
    *childs = CreateFileW(name, (input ? GENERIC_READ : GENERIC_WRITE) | FILE_READ_ATTRIBUTES, 0,
                          NULL, OPEN_EXISTING, SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
    return *childs == INVALID_HANDLE_VALUE ? win_last_error() : ERROR_SUCCESS;
}

static void spawn__close(spawn *s)
{
    for (int i = 0; i < SPAWN__STREAMS; i++) {
        if (s->child_end[i] && s->child_end[i] != INVALID_HANDLE_VALUE)
            CloseHandle(s->child_end[i]);
        if (s->our_end[i])
            CloseHandle(s->our_end[i]);
        if (s->conns[i])
            conn_discard(s->conns[i]);
    }
    mem_free(s->command_line);
}

static const char *const spawn__names[SPAWN__STREAMS] = {"input", "output", "errors"};

/* Checks what Windows would refuse later, with only a number as the reason. */
static pp_status spawn__check(spawn *s, const pp_spawn_options *options,
                              const pp_conn_options *const *streams, pp_error *error)
{
    const char *command_line = options->command_line;
    pp_status status = error_check_text(error, PP_E_ARGUMENT, "command_line", command_line);

    if (status == PP_OK)
        status = OPTION_CHECK_RESERVED(options, error);
    if (status != PP_OK)
        return status;
    s->command_line = utf_copy_utf16(command_line);
    if (!s->command_line)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a command line");
    if (!*s->command_line || wcslen(s->command_line) > SPAWN__LONGEST)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "command_line has %llu characters; allowed: 1 to %d",
                         (unsigned long long)wcslen(s->command_line), SPAWN__LONGEST);
    for (int i = 0; i < SPAWN__STREAMS; i++)
        if (streams[i] && streams[i]->mode == PP_MODE_MESSAGE)
            return error_set(error, PP_E_ARGUMENT, 0,
                             "%s.mode is message (1); allowed: stream (0) or framed (2)",
                             spawn__names[i]);
    return PP_OK;
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
static DWORD spawn__create(spawn *s, LPPROC_THREAD_ATTRIBUTE_LIST handles,
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
        return win_last_error();
    AcquireSRWLockExclusive(&spawn__lock);
    for (int i = 0; i < SPAWN__STREAMS; i++)
        SetHandleInformation(s->child_end[i], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    if (!CreateProcessW(NULL, s->command_line, NULL, NULL, TRUE,
                        EXTENDED_STARTUPINFO_PRESENT | CREATE_NO_WINDOW, NULL, NULL,
                        &start.StartupInfo, made))
        code = win_last_error();
    for (int i = 0; i < SPAWN__STREAMS; i++)
        SetHandleInformation(s->child_end[i], HANDLE_FLAG_INHERIT, 0);
    ReleaseSRWLockExclusive(&spawn__lock);
    return code;
}

static DWORD spawn__start(spawn *s, PROCESS_INFORMATION *made)
{
    LPPROC_THREAD_ATTRIBUTE_LIST handles;
    SIZE_T size = 0;
    DWORD code;

    InitializeProcThreadAttributeList(NULL, 1, 0, &size); /* asks for the size */
    handles = mem_alloc(size);
    if (!handles || !InitializeProcThreadAttributeList(handles, 1, 0, &size)) {
        mem_free(handles);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    code = spawn__create(s, handles, made);
    DeleteProcThreadAttributeList(handles);
    mem_free(handles);
    return code;
}

/* Makes connections of our ends, and starts none yet. */
static pp_status spawn__adopt(pp_port *port, spawn *s, const pp_conn_options *const *streams,
                              pp_error *error)
{
    pp_status status = PP_OK;

    for (int i = 0; i < SPAWN__STREAMS && status == PP_OK; i++) {
        pp_conn_options options;
        HANDLE ours = s->our_end[i];

        if (!streams[i])
            continue;
        options = *streams[i];
        options.direction = i == 0 ? PP_DIRECTION_OUTBOUND : PP_DIRECTION_INBOUND;
        s->our_end[i] = NULL; /* the connection owns it from here on */
        status = adopt_join(port, ours, &options, &s->conns[i], error);
    }
    return status;
}

static pp_status spawn__make(pp_port *port, spawn *s, const pp_spawn_options *options,
                             PROCESS_INFORMATION *made, pp_error *error)
{
    const pp_conn_options *streams[] = {options->input, options->output, options->errors};
    pp_status status = spawn__check(s, options, streams, error);
    DWORD code;

    if (status == PP_OK)
        status = spawn__make_ends(s, streams, error);
    if (status == PP_OK)
        status = spawn__adopt(port, s, streams, error);
    if (status != PP_OK)
        return status;
    code = spawn__start(s, made);
    return code == ERROR_SUCCESS ? PP_OK : error_set_windows(error, code, options->command_line);
}

/* The child exists: hands the connections out, and starts them. */
static void spawn__hand_over(spawn *s, const PROCESS_INFORMATION *made, pp_child *child)
{
    pp_conn **out[SPAWN__STREAMS] = {&child->input, &child->output, &child->errors};
    pp_conn *conns[SPAWN__STREAMS];

    CloseHandle(made->hThread);
    child->process = made->hProcess;
    child->process_id = made->dwProcessId;
    for (int i = 0; i < SPAWN__STREAMS; i++) {
        conns[i] = s->conns[i];
        s->conns[i] = NULL;
        if (conns[i])
            conn_hand_out(conns[i], out[i]);
    }
    for (int i = 0; i < SPAWN__STREAMS; i++)
        if (conns[i])
            conn_start(conns[i]);
}

pp_status pp_spawn(pp_port *port, const pp_spawn_options *options, pp_child *child, pp_error *error)
{
    PROCESS_INFORMATION made = {0};
    spawn s = {0};
    pp_status status;

    if (child)
        *child = (pp_child){0};
    if (!port || !options || !child || !options->command_line)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL",
                         !port      ? "port"
                         : !options ? "options"
                         : !child   ? "child"
                                    : "command_line");
    status = spawn__make(port, &s, options, &made, error);
    if (status == PP_OK)
        spawn__hand_over(&s, &made, child);
    spawn__close(&s); /* the child has its own */
    return status;
}
