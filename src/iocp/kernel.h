/*
 * Every call into Windows that moves data, waits for completions, or makes and closes handles. They
 * stand in one place so that each is counted, and so that one function decides whether a packet
 * will come.
 */
#ifndef PP_IOCP_KERNEL_H
#define PP_IOCP_KERNEL_H

#include "iocp/local.h"
#include "iocp/op.h"
#include "iocp/watch.h"

/* The meaning of a packet, by its completion key. */
#define KERNEL_KEY_OPERATION ((ULONG_PTR)0)
#define KERNEL_KEY_INBOX ((ULONG_PTR)1)
#define KERNEL_KEY_EXIT ((ULONG_PTR)2)

/* The completion port, and the counters of its calls. */
typedef struct kernel {
    HANDLE iocp;
    locals *locals;
    watch *watch;
    volatile LONG owed; /* packets that Windows had no memory for, a bit for each key */
} kernel;

/* A handle on the port. `inline_success`: an operation that succeeds at once queues no packet. A
 * socket is used through Winsock alone, since it need not be a file handle of the system. */
typedef struct kernel_handle {
    HANDLE handle;
    bool modes_set, inline_success, socket;
} kernel_handle;

#define KERNEL_NO_HANDLE ((kernel_handle){.handle = INVALID_HANDLE_VALUE})

/* Returns a Windows error or 0; after an error kernel_free is still due. At most `workers` threads
 * run at once. */
DWORD kernel_init(kernel *k, locals *all, watch *w, unsigned workers);
void kernel_free(kernel *k);

static inline bool kernel_is_open(const kernel_handle *h)
{
    return h->handle != INVALID_HANDLE_VALUE;
}

/*
 * Takes over `handle`, counts its opening, and associates it with the port. On failure it closes
 * the handle. Returns a Windows error or 0.
 */
DWORD kernel_attach(kernel *k, kernel_handle *h, HANDLE handle, bool socket);

/* The same for a handle that Windows may not take on a port. False: the handle is as it was, but
 * counts as open, and kernel_detach closes it. */
bool kernel_try_attach(kernel *k, kernel_handle *h, HANDLE handle);

/*
 * Turns off what nobody waits for: the handle's own event and, with `inline_success`, the packet of
 * an operation that succeeds at once. Message-read handles do without the latter: when a read is
 * too small, nobody could know whether its packet still comes. (By its documentation Windows sends
 * it; Wine does not.) The first use of a handle makes this call, since many connections stay idle;
 * further calls do nothing. Pending operations keep their packets. Sockets stay as they are: a
 * layered provider may accept the flags and not honour them.
 */
void kernel_set_notification_modes(kernel *k, kernel_handle *h, bool inline_success);

/* For a handle that somebody else opened: notes whether its modes already suppress packets of
 * instant successes. Windows can add these flags and never removes them. */
void kernel_note_modes(kernel *k, kernel_handle *h);

void kernel_detach(kernel *k, HANDLE handle);

/* Closes the handle; `h` may hold none. No operation may be pending on it. */
void kernel_close(kernel *k, kernel_handle *h);

/* Closes a handle of any kind that was never attached. */
void kernel_refuse(HANDLE handle);

/* Ends the sending on a socket; reading goes on. */
void kernel_shut(kernel *k, const kernel_handle *h);

/* Start an operation. On OP_DONE and OP_FAILED `*error` and `*bytes` hold the result. On OP_PENDING
 * these functions leave both alone, since a worker may have taken the packet already. */
op_outcome kernel_read(kernel *k, const kernel_handle *h, op *o, void *buffer, DWORD size,
                       DWORD *error, DWORD *bytes);
op_outcome kernel_write(kernel *k, const kernel_handle *h, op *o, const void *data, DWORD size,
                        DWORD *error, DWORD *bytes);
op_outcome kernel_connect(kernel *k, const kernel_handle *h, op *o, DWORD *error);

/* For handles that cannot be on a port. Both BLOCK, and return a Windows error or 0. Writes do not
 * count: a sender has no port. */
DWORD kernel_read_blocking(kernel *k, HANDLE handle, void *buffer, DWORD size, DWORD *bytes);
DWORD kernel_write_blocking(HANDLE handle, const void *data, DWORD size);

/*
 * For asynchronous handles that are on no port. Both BLOCK until the deadline by clock_ms, with the
 * caller's event. They return a Windows error or 0. WAIT_TIMEOUT: the operation was cancelled, and
 * nothing is pending.
 */
DWORD kernel_read_until(HANDLE handle, HANDLE event, void *buffer, DWORD size, uint64_t deadline,
                        DWORD *bytes);
DWORD kernel_write_until(HANDLE handle, HANDLE event, const void *data, DWORD size,
                         uint64_t deadline);

/* Asks Windows to cancel a pending operation. Its packet comes in any case. */
void kernel_cancel(kernel *k, const kernel_handle *h, op *o);

/* Makes the instance usable for the next client, and drops what nobody read. Returns a Windows
 * error or 0. */
DWORD kernel_disconnect(kernel *k, const kernel_handle *h);

/* Wakes one worker with a packet of this key. If Windows has no memory for the packet, the
 * watch retries until it can queue it. The returned Windows error or 0 is for the log. From
 * any thread. */
DWORD kernel_wake(kernel *k, ULONG_PTR key);

/* For the watch: queues the packets that are owed. True: some are still owed. */
bool kernel_pay(kernel *k);

/* Dequeues up to `room` packets; 0: none came in time. BLOCKS. */
ULONG kernel_dequeue(kernel *k, OVERLAPPED_ENTRY *entries, ULONG room, DWORD wait_ms);

/* The result of an operation whose packet was dequeued. */
void kernel_result(const OVERLAPPED_ENTRY *entry, DWORD *error, DWORD *bytes);

/* Counts a call that another module makes itself: it creates a name, or asks for an identity. */
void kernel_count_other(kernel *k);

#endif
