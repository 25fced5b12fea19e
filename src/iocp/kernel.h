/*
 * Every call into Windows that moves data, waits for completions or makes and closes handles: one
 * place, so that each is counted, and so that the rule whether a packet will come is written once.
 */
#ifndef PP_IOCP_KERNEL_H
#define PP_IOCP_KERNEL_H

#include "iocp/local.h"
#include "iocp/op.h"
#include "iocp/watch.h"

/* What a packet is, by its completion key. */
#define KERNEL_KEY_OPERATION ((ULONG_PTR)0)
#define KERNEL_KEY_INBOX ((ULONG_PTR)1)
#define KERNEL_KEY_EXIT ((ULONG_PTR)2)

/* The completion port, and where calls are counted. */
typedef struct kernel {
    HANDLE iocp;
    locals *locals;
    watch *watch;
    volatile LONG owed; /* packets that Windows had no memory for, a bit for each key */
} kernel;

/* A handle on the port. `inline_success`: a success at once queues no packet. A socket is used
 * through Winsock alone, which need not have a file behind it. */
typedef struct kernel_handle {
    HANDLE handle;
    bool modes_set, inline_success, socket;
} kernel_handle;

#define KERNEL_NO_HANDLE ((kernel_handle){.handle = INVALID_HANDLE_VALUE})

/* A Windows error or 0. `workers`: as many threads run at once. On failure kernel_free is due. */
DWORD kernel_init(kernel *k, locals *all, watch *w, unsigned workers);
void kernel_free(kernel *k);

static inline bool kernel_is_open(const kernel_handle *h)
{
    return h->handle != INVALID_HANDLE_VALUE;
}

/*
 * Takes over `handle`, whose opening is counted here, and associates it with the port; on failure
 * it is closed. Returns a Windows error or 0.
 */
DWORD kernel_attach(kernel *k, kernel_handle *h, HANDLE handle, bool socket);

/* The same for a handle that perhaps cannot be on a port: false leaves it as it was, counted as
 * open all the same; kernel_detach then closes it. */
bool kernel_try_attach(kernel *k, kernel_handle *h, HANDLE handle);

/*
 * Turns off what nobody waits for: the handle's own event and, with `inline_success`, the packet of
 * an operation that succeeds at once. Not for message-read handles: when a read is too small, it
 * would be open whether its packet still comes (Windows by its documentation: yes; Wine: no).
 * Only the first call for a handle does anything; it is made when the handle is used for the first
 * time, since many connections stay idle. What is pending already is not affected. Sockets are left
 * as they are: a layered provider may take the flags and not keep them.
 */
void kernel_set_notification_modes(kernel *k, kernel_handle *h, bool inline_success);

/* For a handle that somebody else opened: what succeeds at once may queue no packet already. Flags
 * can be added and never taken away. */
void kernel_note_modes(kernel *k, kernel_handle *h);

void kernel_detach(kernel *k, HANDLE handle);

/* Closes it; `h` may hold none. No operation may be pending on it. */
void kernel_close(kernel *k, kernel_handle *h);

/* Closes a handle of whatever kind that was never attached. */
void kernel_refuse(HANDLE handle);

/* Says that nothing more is written to a socket; reading goes on. */
void kernel_shut(kernel *k, const kernel_handle *h);

/* Start an operation. On OP_DONE and OP_FAILED `*error` and `*bytes` hold the result; on OP_PENDING
 * they are left alone, since the packet may have been taken already. */
op_outcome kernel_read(kernel *k, const kernel_handle *h, op *o, void *buffer, DWORD size,
                       DWORD *error, DWORD *bytes);
op_outcome kernel_write(kernel *k, const kernel_handle *h, op *o, const void *data, DWORD size,
                        DWORD *error, DWORD *bytes);
op_outcome kernel_connect(kernel *k, const kernel_handle *h, op *o, DWORD *error);

/* For handles that cannot be on a port: these two BLOCK, and return a Windows error or 0. Writes
 * are not counted: senders have no port. */
DWORD kernel_read_blocking(kernel *k, HANDLE handle, void *buffer, DWORD size, DWORD *bytes);
DWORD kernel_write_blocking(HANDLE handle, const void *data, DWORD size);

/*
 * For asynchronous handles that are on no port: these wait, with an event of the caller's, until
 * the deadline by clock_ms. A Windows error or 0; WAIT_TIMEOUT: cancelled, and nothing is pending.
 */
DWORD kernel_read_until(HANDLE handle, HANDLE event, void *buffer, DWORD size, uint64_t deadline,
                        DWORD *bytes);
DWORD kernel_write_until(HANDLE handle, HANDLE event, const void *data, DWORD size,
                         uint64_t deadline);

/* Asks for the end of a pending operation; its packet comes in any case. */
void kernel_cancel(kernel *k, const kernel_handle *h, op *o);

/* Makes the instance usable for the next client; drops what nobody read. A Windows error or 0. */
DWORD kernel_disconnect(kernel *k, const kernel_handle *h);

/* Wakes one worker with a packet of this key. When Windows has no memory for it, the watch tries
 * again until it can be queued; the Windows error or 0 is for the log. From any thread. */
DWORD kernel_wake(kernel *k, ULONG_PTR key);

/* For the watch: queues the packets that are owed. True: some are owed still. */
bool kernel_pay(kernel *k);

/* Dequeues up to `room` packets; 0 when none came in time. */
ULONG kernel_dequeue(kernel *k, OVERLAPPED_ENTRY *entries, ULONG room, DWORD wait_ms);

/* The result of an operation whose packet was dequeued. */
void kernel_result(const OVERLAPPED_ENTRY *entry, DWORD *error, DWORD *bytes);

/* Counts a call that another module makes itself: creating names, asking for identities. */
void kernel_count_other(kernel *k);

#endif
