#include "server/selftest_trial.h"

#include "base/mem.h"
#include "base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { TRIAL__OURS, TRIAL__OTHER };

trial *trial_open(void)
{
    static LONG number;
    trial *t = mem_alloc_zeroed(sizeof *t);
    unsigned long process = GetCurrentProcessId();
    long own = InterlockedIncrement(&number);

    if (!t)
        return NULL;
    swprintf(t->pipe, sizeof t->pipe / sizeof *t->pipe, L"\\\\.\\pipe\\pipeport-selftest-%lu-%ld",
             process, own);
    swprintf(t->slot, sizeof t->slot / sizeof *t->slot,
             L"\\\\.\\mailslot\\pipeport-selftest-%lu-%ld", process, own);
    t->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    return t;
}

/* Cancels what is pending, and closes every handle. */
static void trial__close(trial *t)
{
    while (t->kept_count > 0) {
        HANDLE handle = t->kept[t->kept_count - 1];

        CancelIoEx(handle, NULL);
        trial_drop(t, handle);
    }
    CloseHandle(t->port);
}

HANDLE trial_keep(trial *t, HANDLE handle)
{
    if (handle && handle != INVALID_HANDLE_VALUE && t->kept_count < TRIAL_HANDLES)
        t->kept[t->kept_count++] = handle;
    return handle;
}

void trial_drop(trial *t, HANDLE handle)
{
    for (int i = 0; i < t->kept_count; i++)
        if (t->kept[i] == handle) {
            t->kept[i] = t->kept[--t->kept_count];
            CloseHandle(handle);
            return;
        }
}

/* ---- What was seen -------------------------------------------------------------------------- */

void trial_see(trial *t, const char *format, ...)
{
    size_t used = strlen(t->seen);
    va_list arguments;

    if (used > 0 && used + 2 < sizeof t->seen) {
        memcpy(t->seen + used, "; ", 3);
        used += 2;
    }
    va_start(arguments, format);
    utf_format(t->seen + used, sizeof t->seen - used, format, arguments);
    va_end(arguments);
}

void trial_see_aside(trial *t, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    utf_format(t->aside, sizeof t->aside, format, arguments);
    va_end(arguments);
}

bool trial_see_ok(trial *t, const char *what, BOOL ok)
{
    DWORD error = GetLastError();

    if (ok)
        trial_see(t, "%s: ok", what);
    else
        trial_see(t, "%s: error %lu", what, error);
    return ok;
}

bool trial_saw(const trial *t, const char *expected)
{
    static const char between[] = " or ";

    for (const char *end; (end = strstr(expected, between)) != NULL;
         expected = end + strlen(between))
        if (strlen(t->seen) == (size_t)(end - expected) &&
            strncmp(t->seen, expected, strlen(t->seen)) == 0)
            return true;
    return strcmp(t->seen, expected) == 0;
}

/* Sees the result of a call that starts an operation. */
static DWORD trial__see_start(trial *t, const char *what, BOOL ok)
{
    DWORD code = ok ? ERROR_SUCCESS : GetLastError();

    if (code == ERROR_IO_PENDING)
        trial_see(t, "%s: pending", what);
    else if (code == ERROR_SUCCESS)
        trial_see(t, "%s: %lu bytes", what, (unsigned long)t->operation[TRIAL__OURS].InternalHigh);
    else
        trial_see(t, "%s: error %lu", what, code);
    return code;
}

/* ---- Making both ends ----------------------------------------------------------------------- */

HANDLE trial_create(trial *t, unsigned ends, DWORD flags, DWORD most, SECURITY_ATTRIBUTES *security)
{
    DWORD kind = ends & TRIAL_MESSAGES ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                                       : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE;
    DWORD quota = ends & TRIAL_NO_QUOTA ? 0 : TRIAL_QUOTA;

    return trial_keep(
        t, CreateNamedPipeW(t->pipe, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags,
                            kind | PIPE_REJECT_REMOTE_CLIENTS, most, quota, quota, 0, security));
}

HANDLE trial_serve(trial *t, unsigned ends)
{
    HANDLE handle = trial_create(t, ends, 0, PIPE_UNLIMITED_INSTANCES, NULL);

    if (handle == INVALID_HANDLE_VALUE)
        trial_see_ok(t, "create", FALSE);
    else if (!CreateIoCompletionPort(handle, t->port, 0, 0))
        trial_see_ok(t, "port", FALSE);
    return handle;
}

HANDLE trial_open_pipe(trial *t, DWORD access)
{
    HANDLE handle =
        CreateFileW(t->pipe, access, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);

    if (handle == INVALID_HANDLE_VALUE)
        trial_see_ok(t, "open", FALSE);
    return trial_keep(t, handle);
}

static bool trial__connect(trial *t, unsigned ends)
{
    t->server = trial_serve(t, ends);
    if (t->server == INVALID_HANDLE_VALUE)
        return false;
    t->client = trial_open_pipe(t, GENERIC_READ | GENERIC_WRITE);
    if (t->client == INVALID_HANDLE_VALUE)
        return false;
    /* The client is there already, so this ends at once. */
    ConnectNamedPipe(t->server, &t->operation[TRIAL__OURS]);
    if (GetLastError() != ERROR_PIPE_CONNECTED)
        return trial_see_ok(t, "connect", FALSE);
    if (ends & TRIAL_SKIPS)
        trial_skip_packets(t->server);
    return true;
}

void trial_run(trial *t, unsigned ends, void (*look)(trial *t))
{
    if (ends == TRIAL_ALONE || trial__connect(t, ends))
        look(t);
    trial__close(t);
}

void trial_skip_packets(HANDLE handle)
{
    SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                   FILE_SKIP_SET_EVENT_ON_HANDLE);
}

/* ---- Operations of a handle on the port ----------------------------------------------------- */

static OVERLAPPED *trial__fresh(trial *t, int whose)
{
    memset(&t->operation[whose], 0, sizeof t->operation[whose]);
    return &t->operation[whose];
}

DWORD trial_read(trial *t, HANDLE handle, DWORD size)
{
    OVERLAPPED *o = trial__fresh(t, TRIAL__OURS);

    return trial__see_start(t, "read", ReadFile(handle, t->buffer[TRIAL__OURS], size, NULL, o));
}

DWORD trial_write(trial *t, HANDLE handle, DWORD size)
{
    OVERLAPPED *o = trial__fresh(t, TRIAL__OURS);

    return trial__see_start(t, "write", WriteFile(handle, t->buffer[TRIAL__OURS], size, NULL, o));
}

DWORD trial_listen(trial *t, HANDLE handle)
{
    return trial__see_start(t, "connect", ConnectNamedPipe(handle, trial__fresh(t, TRIAL__OURS)));
}

void trial_cancel(trial *t, HANDLE handle)
{
    trial_see_ok(t, "cancel", CancelIoEx(handle, &t->operation[TRIAL__OURS]));
}

static void trial__see_dequeued(trial *t, DWORD wait_ms)
{
    OVERLAPPED_ENTRY entry;
    ULONG count = 0;
    DWORD error;

    if (!GetQueuedCompletionStatusEx(t->port, &entry, 1, &count, wait_ms, FALSE) || count == 0) {
        trial_see(t, "no packet");
    } else if (!entry.lpOverlapped) {
        trial_see(t, "packet: key %lu", (unsigned long)entry.lpCompletionKey);
    } else {
        error = RtlNtStatusToDosError((NTSTATUS)entry.lpOverlapped->Internal);
        if (error == ERROR_SUCCESS)
            trial_see(t, "packet: %lu bytes", (unsigned long)entry.lpOverlapped->InternalHigh);
        else if (error == ERROR_MORE_DATA)
            trial_see(t, "packet: error %lu with %lu bytes", error,
                      (unsigned long)entry.lpOverlapped->InternalHigh);
        else
            trial_see(t, "packet: error %lu", error);
    }
}

void trial_see_packet(trial *t)
{
    trial__see_dequeued(t, TRIAL_COMES_MS);
}

void trial_see_no_packet(trial *t)
{
    trial__see_dequeued(t, TRIAL_STAYS_AWAY_MS);
}

/* ---- The other end -------------------------------------------------------------------------- */

/* Waits for the operation whose start returned `ok`. */
static DWORD trial__finish(trial *t, HANDLE handle, BOOL ok, DWORD *bytes)
{
    OVERLAPPED *o = &t->operation[TRIAL__OTHER];
    DWORD code = ok ? ERROR_SUCCESS : GetLastError();

    if (code != ERROR_SUCCESS && code != ERROR_IO_PENDING)
        return code;
    if (GetOverlappedResultEx(handle, o, bytes, TRIAL_COMES_MS, FALSE))
        return ERROR_SUCCESS;
    code = GetLastError();
    CancelIoEx(handle, o);
    return code;
}

/* An event of its own: the handle's may be another operation's. */
static OVERLAPPED *trial__fresh_with_event(trial *t)
{
    OVERLAPPED *o = trial__fresh(t, TRIAL__OTHER);

    o->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    return o;
}

DWORD trial_other_reads(trial *t, HANDLE handle, DWORD size)
{
    OVERLAPPED *o = trial__fresh_with_event(t);
    DWORD bytes = 0, code;

    code =
        trial__finish(t, handle, ReadFile(handle, t->buffer[TRIAL__OTHER], size, NULL, o), &bytes);
    if (code == ERROR_SUCCESS)
        trial_see(t, "reads %lu bytes", bytes);
    else
        trial_see(t, "reads error %lu", code);
    CloseHandle(o->hEvent);
    return code;
}

DWORD trial_other_writes(trial *t, HANDLE handle, DWORD size)
{
    OVERLAPPED *o = trial__fresh_with_event(t);
    DWORD bytes = 0, code;

    code =
        trial__finish(t, handle, WriteFile(handle, t->buffer[TRIAL__OTHER], size, NULL, o), &bytes);
    if (code != ERROR_SUCCESS)
        trial_see(t, "writes error %lu", code);
    CloseHandle(o->hEvent);
    return code;
}
