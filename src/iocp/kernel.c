#include "iocp/kernel.h"

#include "base/clock.h"

#include <assert.h>

/* FileIoCompletionNotificationInformation, documented for drivers: what
 * SetFileCompletionNotificationModes sets. */
#define KERNEL__NOTIFICATION_MODES ((FILE_INFORMATION_CLASS)41)

/* The one rule whether a packet will come: when the operation is pending; and when it gave any
 * result but a plain error, on a handle that completes nothing in line. ERROR_MORE_DATA is a
 * result. When a packet comes, another thread may own the operation and its result already: this
 * reads and writes neither. */
static op_outcome kernel__outcome(kernel *k, const kernel_handle *h, const op *o, DWORD code,
                                  DWORD *error, DWORD *bytes)
{
    bool result = code == ERROR_SUCCESS || code == ERROR_MORE_DATA;

    if (code == ERROR_IO_PENDING || (result && !h->inline_success)) {
        counter_add(k->locals, COUNT_OP_PENDING, 1);
        return OP_PENDING;
    }
    *error = code;
    *bytes = result ? (DWORD)o->overlapped.InternalHigh : 0;
    return result ? OP_DONE : OP_FAILED;
}

DWORD kernel_init(kernel *k, locals *all, watch *w, unsigned workers)
{
    *k = (kernel){.locals = all, .watch = w};
    k->iocp = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, workers);
    return k->iocp ? ERROR_SUCCESS : win_last_error();
}

void kernel_free(kernel *k)
{
    if (k->iocp)
        CloseHandle(k->iocp);
}

void kernel_count_other(kernel *k)
{
    counter_add(k->locals, COUNT_KERNEL_OTHER, 1);
}

static DWORD kernel__associate(kernel *k, kernel_handle *h, HANDLE handle)
{
    counter_add(k->locals, COUNT_HANDLES, 1);
    kernel_count_other(k);
    if (!CreateIoCompletionPort(handle, k->iocp, KERNEL_KEY_OPERATION, 0))
        return win_last_error();
    *h = (kernel_handle){.handle = handle};
    return ERROR_SUCCESS;
}

DWORD kernel_attach(kernel *k, kernel_handle *h, HANDLE handle, bool socket)
{
    DWORD error = kernel__associate(k, h, handle);
    kernel_handle refused = {.handle = handle, .socket = socket};

    if (error == ERROR_SUCCESS)
        h->socket = socket;
    else
        kernel_close(k, &refused);
    return error;
}

bool kernel_try_attach(kernel *k, kernel_handle *h, HANDLE handle)
{
    return kernel__associate(k, h, handle) == ERROR_SUCCESS;
}

void kernel_set_notification_modes(kernel *k, kernel_handle *h, bool inline_success)
{
    UCHAR modes =
        FILE_SKIP_SET_EVENT_ON_HANDLE | (inline_success ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0);

    if (h->modes_set || h->socket)
        return;
    h->modes_set = true;
    kernel_count_other(k);
    if (SetFileCompletionNotificationModes(h->handle, modes) && inline_success)
        h->inline_success = true;
}

void kernel_note_modes(kernel *k, kernel_handle *h)
{
    IO_STATUS_BLOCK result;
    ULONG modes = 0;

    kernel_count_other(k);
    if (NtQueryInformationFile(h->handle, &result, &modes, sizeof modes,
                               KERNEL__NOTIFICATION_MODES) == 0)
        h->inline_success = (modes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) != 0;
}

void kernel_detach(kernel *k, HANDLE handle)
{
    kernel_count_other(k);
    CloseHandle(handle);
    counter_add(k->locals, COUNT_HANDLES, -1);
}

void kernel_close(kernel *k, kernel_handle *h)
{
    if (!kernel_is_open(h))
        return;
    if (h->socket) {
        kernel_count_other(k);
        closesocket((SOCKET)h->handle);
        counter_add(k->locals, COUNT_HANDLES, -1);
    } else {
        kernel_detach(k, h->handle);
    }
    *h = KERNEL_NO_HANDLE;
}

void kernel_refuse(HANDLE handle)
{
    if (closesocket((SOCKET)handle) != 0)
        CloseHandle(handle); /* it is no socket, or nobody started Winsock */
}

void kernel_shut(kernel *k, const kernel_handle *h)
{
    kernel_count_other(k);
    shutdown((SOCKET)h->handle, SD_SEND);
}

/* Both pass no count of bytes: the packet may come before the call returns, and then the count is
 * not ours to write. */
static DWORD kernel__start_read(const kernel_handle *h, op *o, void *buffer, DWORD size)
{
    WSABUF to = {size, buffer};
    DWORD flags = 0;

    if (!h->socket)
        return ReadFile(h->handle, buffer, size, NULL, &o->overlapped) ? ERROR_SUCCESS
                                                                       : win_last_error();
    return WSARecv((SOCKET)h->handle, &to, 1, NULL, &flags, &o->overlapped, NULL) == 0
               ? ERROR_SUCCESS
               : (DWORD)WSAGetLastError();
}

static DWORD kernel__start_write(const kernel_handle *h, op *o, const void *data, DWORD size)
{
    WSABUF from = {size, (char *)(uintptr_t)data}; /* WSASend only reads it */

    if (!h->socket)
        return WriteFile(h->handle, data, size, NULL, &o->overlapped) ? ERROR_SUCCESS
                                                                      : win_last_error();
    return WSASend((SOCKET)h->handle, &from, 1, NULL, 0, &o->overlapped, NULL) == 0
               ? ERROR_SUCCESS
               : (DWORD)WSAGetLastError();
}

op_outcome kernel_read(kernel *k, const kernel_handle *h, op *o, void *buffer, DWORD size,
                       DWORD *error, DWORD *bytes)
{
    counter_add(k->locals, COUNT_OP_READ, 1);
    return kernel__outcome(k, h, o, kernel__start_read(h, o, buffer, size), error, bytes);
}

op_outcome kernel_write(kernel *k, const kernel_handle *h, op *o, const void *data, DWORD size,
                        DWORD *error, DWORD *bytes)
{
    counter_add(k->locals, COUNT_OP_WRITE, 1);
    return kernel__outcome(k, h, o, kernel__start_write(h, o, data, size), error, bytes);
}

op_outcome kernel_connect(kernel *k, const kernel_handle *h, op *o, DWORD *error)
{
    DWORD no_bytes;
    BOOL ok;

    counter_add(k->locals, COUNT_OP_CONNECT, 1);
    ok = ConnectNamedPipe(h->handle, &o->overlapped);
    return kernel__outcome(k, h, o, ok ? ERROR_SUCCESS : win_last_error(), error, &no_bytes);
}

DWORD kernel_read_blocking(kernel *k, HANDLE handle, void *buffer, DWORD size, DWORD *bytes)
{
    counter_add(k->locals, COUNT_READ_BLOCKING, 1);
    return ReadFile(handle, buffer, size, bytes, NULL) ? ERROR_SUCCESS : win_last_error();
}

DWORD kernel_write_blocking(HANDLE handle, const void *data, DWORD size)
{
    DWORD bytes;

    if (!WriteFile(handle, data, size, &bytes, NULL))
        return win_last_error();
    return bytes == size ? ERROR_SUCCESS : ERROR_WRITE_FAULT; /* the disk became full */
}

/* Waits for an operation on a handle that is on no port. */
static DWORD kernel__wait(HANDLE handle, OVERLAPPED *o, BOOL ok, uint64_t deadline, DWORD *bytes)
{
    DWORD error = ok ? ERROR_SUCCESS : win_last_error();
    uint64_t now = clock_ms();
    bool late = false;

    if (error == ERROR_IO_PENDING) {
        DWORD left = now >= deadline              ? 0
                     : deadline - now >= INFINITE ? INFINITE - 1
                                                  : (DWORD)(deadline - now);

        late = WaitForSingleObject(o->hEvent, left) != WAIT_OBJECT_0;
        if (late && !CancelIoEx(handle, o)) {
            /* The cancel found nothing: the operation has just completed. */
        }
        error = GetOverlappedResult(handle, o, bytes, TRUE) ? ERROR_SUCCESS : win_last_error();
    }
    *bytes = error == ERROR_SUCCESS || error == ERROR_MORE_DATA ? (DWORD)o->InternalHigh : 0;
    return late && error == ERROR_OPERATION_ABORTED ? WAIT_TIMEOUT : error;
}

DWORD kernel_read_until(HANDLE handle, HANDLE event, void *buffer, DWORD size, uint64_t deadline,
                        DWORD *bytes)
{
    OVERLAPPED o = {.hEvent = event};
    BOOL ok = ReadFile(handle, buffer, size, NULL, &o);

    return kernel__wait(handle, &o, ok, deadline, bytes);
}

DWORD kernel_write_until(HANDLE handle, HANDLE event, const void *data, DWORD size,
                         uint64_t deadline)
{
    OVERLAPPED o = {.hEvent = event};
    BOOL ok = WriteFile(handle, data, size, NULL, &o);
    DWORD bytes;

    return kernel__wait(handle, &o, ok, deadline, &bytes);
}

void kernel_cancel(kernel *k, const kernel_handle *h, op *o)
{
    kernel_count_other(k);
    if (!CancelIoEx(h->handle, &o->overlapped)) {
        /* The cancel found nothing: the packet is on its way. */
    }
}

DWORD kernel_disconnect(kernel *k, const kernel_handle *h)
{
    kernel_count_other(k);
    return DisconnectNamedPipe(h->handle) ? ERROR_SUCCESS : win_last_error();
}

static LONG kernel__bit(ULONG_PTR key)
{
    return 1L << key;
}

static DWORD kernel__post(kernel *k, ULONG_PTR key)
{
    kernel_count_other(k);
    return PostQueuedCompletionStatus(k->iocp, 0, key, NULL) ? ERROR_SUCCESS : win_last_error();
}

DWORD kernel_wake(kernel *k, ULONG_PTR key)
{
    DWORD error = kernel__post(k, key);

    if (error != ERROR_SUCCESS) {
        InterlockedOr(&k->owed, kernel__bit(key));
        watch_call(k->watch);
    }
    return error;
}

bool kernel_pay(kernel *k)
{
    LONG owed = InterlockedExchange(&k->owed, 0);

    for (ULONG_PTR key = KERNEL_KEY_INBOX; key <= KERNEL_KEY_EXIT; key++)
        if ((owed & kernel__bit(key)) && kernel__post(k, key) == ERROR_SUCCESS)
            owed &= ~kernel__bit(key);
    if (owed != 0)
        InterlockedOr(&k->owed, owed);
    return owed != 0;
}

ULONG kernel_dequeue(kernel *k, OVERLAPPED_ENTRY *entries, ULONG room, DWORD wait_ms)
{
    ULONG count = 0;

    counter_add(k->locals, COUNT_KERNEL_DEQUEUE, 1);
    /* After a time-out Windows may still report a count of 1: only success counts. */
    if (!GetQueuedCompletionStatusEx(k->iocp, entries, room, &count, wait_ms, FALSE))
        return 0;
    return count;
}

void kernel_result(const OVERLAPPED_ENTRY *entry, DWORD *error, DWORD *bytes)
{
    /* Documented to hold the NTSTATUS and the count once the operation has completed. The entry's
     * own count is 0 with ERROR_MORE_DATA. */
    NTSTATUS status = (NTSTATUS)entry->lpOverlapped->Internal;

    *error = status == 0 ? ERROR_SUCCESS : RtlNtStatusToDosError(status);
    *bytes = (DWORD)entry->lpOverlapped->InternalHigh;
}
