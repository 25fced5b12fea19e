/*
 * Every call into Windows that moves data, waits for completions or makes and closes handles: one
 * place, so that each is counted, and so that the rule whether a packet will come is written once.
 */
#ifndef PP_IOCP_KERNEL_H
#define PP_IOCP_KERNEL_H

#include "iocp/op.h"
#include "pipeport.h"

/* A handle on the port. `inline_success`: a success at once queues no packet. A socket is used
 * through Winsock alone, which need not have a file behind it. */
typedef struct kernel_handle {
    HANDLE handle;
    bool tuned, inline_success, socket;
} kernel_handle;

#define KERNEL_NO_HANDLE ((kernel_handle){.handle = INVALID_HANDLE_VALUE})

static inline bool kernel_is_open(const kernel_handle *h)
{
    return h->handle != INVALID_HANDLE_VALUE;
}

/*
 * Takes over `handle`, whose opening is counted here, and associates it with the port; on failure
 * it is closed. Returns a Windows error or 0.
 */
DWORD kernel_attach(pp_port *port, kernel_handle *h, HANDLE handle, bool socket);

/* The same for a handle that perhaps cannot be on a port: false leaves it as it was, counted as
 * open all the same; kernel_detach then closes it. */
bool kernel_try_attach(pp_port *port, kernel_handle *h, HANDLE handle);

/*
 * Spares the handle what nobody needs: signals and, with `inline_success`, packets for what
 * succeeds at once. Message-read handles must do without the latter, since a read that is too small
 * would leave open whether its packet comes. Once is enough, and it is a call: best when the handle
 * is used for the first time, since many connections are idle. What is pending already is not
 * affected. Sockets are left as they are: a layered provider may take the flags and not keep them.
 */
void kernel_tune(pp_port *port, kernel_handle *h, bool inline_success);

/* For a handle that somebody else opened: what succeeds at once may queue no packet already. Flags
 * can be added and never taken away. */
void kernel_note_modes(pp_port *port, kernel_handle *h);

void kernel_detach(pp_port *port, HANDLE handle);

/* Closes it; `h` may hold none. No operation may be pending on it. */
void kernel_close(pp_port *port, kernel_handle *h);

/* Closes a handle of whatever kind that was never attached. */
void kernel_refuse(HANDLE handle);

/* Says that nothing more is written to a socket; reading goes on. */
void kernel_shut(pp_port *port, const kernel_handle *h);

/* Start an operation. On OP_DONE and OP_FAILED `*error` and `*bytes` hold the result; on OP_PENDING
 * they are left alone, since the packet may have been taken already. */
op_outcome kernel_read(pp_port *port, const kernel_handle *h, op *o, void *buffer, DWORD size,
                       DWORD *error, DWORD *bytes);
op_outcome kernel_write(pp_port *port, const kernel_handle *h, op *o, const void *data, DWORD size,
                        DWORD *error, DWORD *bytes);
op_outcome kernel_connect(pp_port *port, const kernel_handle *h, op *o, DWORD *error);

/* For handles that cannot be on a port: these two BLOCK, and return a Windows error or 0. `port`
 * may be NULL: then nothing is counted. */
DWORD kernel_read_now(pp_port *port, HANDLE handle, void *buffer, DWORD size, DWORD *bytes);
DWORD kernel_write_now(pp_port *port, HANDLE handle, const void *data, DWORD size);

/*
 * For asynchronous handles that are on no port: these wait, with an event of the caller's, until
 * the deadline by clock_ms. A Windows error or 0; WAIT_TIMEOUT: cancelled, and nothing is pending.
 */
DWORD kernel_read_until(HANDLE handle, HANDLE event, void *buffer, DWORD size, uint64_t deadline,
                        DWORD *bytes);
DWORD kernel_write_until(HANDLE handle, HANDLE event, const void *data, DWORD size,
                         uint64_t deadline);

/* Asks for the end of a pending operation; its packet comes in any case. */
void kernel_cancel(pp_port *port, const kernel_handle *h, op *o);

/* Makes the instance usable for the next client; drops what nobody read. A Windows error or 0. */
DWORD kernel_disconnect(pp_port *port, const kernel_handle *h);

/* Wakes one worker. */
DWORD kernel_post(pp_port *port, ULONG_PTR key);

/* Dequeues up to `room` packets; 0 when none came in time. */
ULONG kernel_dequeue(pp_port *port, OVERLAPPED_ENTRY *entries, ULONG room, DWORD wait_ms);

/* The result of an operation whose packet was dequeued. */
void kernel_result(const OVERLAPPED_ENTRY *entry, DWORD *error, DWORD *bytes);

/* Counts a call that another module makes itself: creating names, asking for identities. */
void kernel_count_other(pp_port *port);

#endif
