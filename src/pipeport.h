/*
 * pipeport: named pipes and mailslots on one I/O completion port.
 *
 * A port has a small pool of worker threads. Listeners, connections, mailslots, timers and posted
 * functions live on it, and its workers run every callback. Callbacks of one connection never
 * overlap and keep their order; different connections run in parallel.
 *
 * Conventions
 *   - Text is UTF-8. Sizes are bytes and times are milliseconds, unless the name says otherwise.
 *   - Any thread and any callback may call any function, unless its text says otherwise. A function
 *     blocks only if its text says BLOCKS.
 *   - A function stores what it makes in its out parameter before the first callback, when nothing
 *     can fail any more. Another thread that finds it there may use it, and close it. A function
 *     that fails stores NULL (pp_port_after: nothing), and causes no callback.
 *   - A function that takes a `pp_error *` fills it in when it fails; NULL is allowed.
 *   - Options: call the `_init` function, change what you want, pass the structure. The library
 *     copies the strings and arrays that the structure points to.
 *   - Structures never change their size or layout: later versions take new members out of
 *     `reserved`. So a program built against this header runs with a later DLL. If it asks an
 *     earlier DLL for something newer than that DLL, it gets PP_E_ARGUMENT and a line that says so.
 *   - The name of a pipe or mailslot is bare, or a path such as \\.\pipe\name, which may be written
 *     with "/" instead. A bare name has 1 to 247 characters (a mailslot's 243), and no separator. A
 *     path has one or more levels, and 256 characters in all. No level is empty or ends in a dot,
 *     and no name ends in a space, since Windows would open another name. Clients may begin with
 *     \\?\ instead of \\.\, and Windows then takes the path as it is.
 *   - A function that returns a status returns PP_E_ARGUMENT for a NULL that its text does not
 *     allow. The texts below do not repeat it.
 */
#ifndef PIPEPORT_H
#define PIPEPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. pp_version returns the library's, and a DLL may be of another
 * version. */
#define PIPEPORT_VERSION_MAJOR 0
#define PIPEPORT_VERSION_MINOR 1
#define PIPEPORT_VERSION_PATCH 0
#define PIPEPORT_VERSION "0.1.0"

/* The library exports functions only, so one header serves the static and the dynamic library. */
#ifdef PP_BUILD_DLL
#define PP_API __declspec(dllexport)
#else
#define PP_API
#endif

/* ---- Statuses ------------------------------------------------------------------------------- */

/*
 * Every status: its name, its text, and the Windows errors that mean it (only the library uses
 * those). A connection's end has one of these as its reason: on_close gets it.
 */
#define PP_STATUS_TABLE(X)                                                                         \
    X(OK, "success", (ERROR_SUCCESS))                                                              \
    X(E_ARGUMENT, "an argument is wrong", (ERROR_INVALID_PARAMETER, ERROR_INVALID_NAME))           \
    X(E_MEMORY, "out of memory",                                                                   \
      (ERROR_NOT_ENOUGH_MEMORY, ERROR_OUTOFMEMORY, ERROR_NO_SYSTEM_RESOURCES,                      \
       ERROR_WORKING_SET_QUOTA, ERROR_NOT_ENOUGH_QUOTA))                                           \
    X(E_AGAIN, "not now: a limit is reached", (0))                                                 \
    X(E_CLOSING, "the object is closing", (0))                                                     \
    X(E_ENDED, "the end of sending was declared", (0))                                             \
    X(E_PEER_CLOSED, "the other end left",                                                         \
      (ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, ERROR_PIPE_LISTENING,           \
       ERROR_HANDLE_EOF, ERROR_NETNAME_DELETED, ERROR_CONNECTION_ABORTED, ERROR_UNEXP_NET_ERR,     \
       ERROR_VC_DISCONNECTED, WSAECONNRESET, WSAECONNABORTED))                                     \
    X(E_ABORTED, "closed at once, without sending what was queued", (0))                           \
    X(E_CANCELLED, "cancelled", (ERROR_OPERATION_ABORTED))                                         \
    X(E_TIMEOUT, "timed out", (ERROR_SEM_TIMEOUT, WAIT_TIMEOUT))                                   \
    X(E_DRAIN_TIMEOUT, "drain time-out: not everything queued was sent", (0))                      \
    X(E_FIRST_BYTE_TIMEOUT, "first-byte time-out", (0))                                            \
    X(E_IDLE_TIMEOUT, "idle time-out", (0))                                                        \
    X(E_DIRECTION, "data against the direction of the pipe", (0))                                  \
    X(E_TOO_LONG, "the message is longer than the limit", (0))                                     \
    X(E_TRUNCATED, "the other end left inside a message", (0))                                     \
    X(E_PROTOCOL, "the other end does not follow the wire format", (ERROR_INVALID_DATA))           \
    X(E_NAME_TAKEN, "the name is taken", (ERROR_ALREADY_EXISTS))                                   \
    X(E_NOT_FOUND, "there is no such name or object",                                              \
      (ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_BAD_NETPATH, ERROR_BAD_NET_NAME))         \
    X(E_BUSY, "every instance is taken", (ERROR_PIPE_BUSY))                                        \
    X(E_ACCESS, "access is denied", (ERROR_ACCESS_DENIED, ERROR_PRIVILEGE_NOT_HELD))               \
    X(E_SECURITY, "a user or a security descriptor is wrong",                                      \
      (ERROR_NONE_MAPPED, ERROR_INVALID_ACL, ERROR_INVALID_SID, ERROR_INVALID_SECURITY_DESCR,      \
       ERROR_INVALID_OWNER))                                                                       \
    X(E_REFUSED, "the client was refused", (0))                                                    \
    X(E_USER_LIMIT, "connection limit of this user reached", (0))                                  \
    X(E_USER_RATE, "connection rate of this user exceeded", (0))                                   \
    X(E_IMPOSTOR, "the pipe is served by an unexpected process or user", (0))                      \
    X(E_MODE, "the pipe is of another mode: it has bytes, not messages", (0))                      \
    X(E_WOULD_DEADLOCK, "the call would wait for its own thread", (0))                             \
    X(E_SYSTEM, "Windows reported an error", (0))

typedef enum pp_status {
#define PP__ENUM(name, text, errors) PP_##name,
    PP_STATUS_TABLE(PP__ENUM)
#undef PP__ENUM
        PP_STATUS_COUNT
} pp_status;

/* No version will have more statuses than this, so any of them may index an array of this size. */
#define PP_STATUS_MOST 64

/* The name of a status, such as "PP_E_AGAIN"; "PP_?" for a number that is no status. Never NULL. */
PP_API const char *pp_status_name(pp_status status);

/* One sentence for people about a status. Never NULL. */
PP_API const char *pp_status_text(pp_status status);

/* What went wrong, for people and for the log. */
typedef struct pp_error {
    pp_status status;
    uint32_t windows_error; /* the Windows error behind it, or 0 */
    char message[256];      /* one line that names the field, the value and what is allowed */
} pp_error;

/* The version of the library, such as "0.1.0". Never NULL. */
PP_API const char *pp_version(void);

/* ---- The port ------------------------------------------------------------------------------- */

typedef struct pp_port pp_port;
typedef struct pp_conn pp_conn;
typedef struct pp_listener pp_listener;
typedef struct pp_mailslot pp_mailslot;
typedef struct pp_sender pp_sender;

typedef enum pp_log_level { PP_LOG_ERROR, PP_LOG_WARN, PP_LOG_INFO, PP_LOG_DEBUG } pp_log_level;

/* The library calls this on the thread where the event happened, usually a worker. Several threads
 * may call it at once. `line` has no line end and is valid during the call. The function must not
 * call into the port and must not block. To write to a file or a console, hand the line to your own
 * thread. */
typedef void pp_log_fn(void *user, pp_log_level level, const char *line);

typedef struct pp_port_options {
    uint64_t workers; /* worker threads; 0: one for each processor that the process may use, at most
                         256 */
    /* Limit of all queued and half-received bytes of the port together. The first 4 KiB that a
     * connection has queued and the first 1 KiB of its read buffer do not count: each connection
     * always has them. */
    uint64_t max_buffered;
    uint64_t max_lane_bytes; /* limit of the memory of all lanes together (pp_conn_options.lane); 0:
                                the port has no lanes */
    uint64_t lane_poll_us; /* how long a worker looks for what comes by a lane before it sleeps, at
                              most; it looks for less time where that does not pay; 0: never */
    uint64_t slow_callback_ms; /* the port counts and logs a callback that runs longer; 0: never */
    pp_log_fn *log;            /* NULL: no log */
    void *log_user;
    pp_log_level log_level;
    uint64_t reserved[6]; /* room for later versions; leave them 0 */
} pp_port_options;

PP_API void pp_port_options_init(pp_port_options *options);

/*
 * Opens a port and starts its workers. The caller owns the port until pp_port_close.
 *   PP_E_ARGUMENT  an option is out of its range
 *   PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_port_open(pp_port **port, const pp_port_options *options, pp_error *error);

/*
 * Asks the port to stop. It accepts no more clients, ends timers with PP_E_CANCELLED, still calls
 * the functions that were posted, and closes all connections gracefully, each within its drain
 * time-out. Returns at once. A second call does nothing. PP_OK.
 */
PP_API pp_status pp_port_stop(pp_port *port);

/* Stops the port without sending what is queued: connections end with PP_E_ABORTED. May follow on
 * pp_port_stop, when a graceful stop takes too long. Returns at once. PP_OK. */
PP_API pp_status pp_port_abort(pp_port *port);

/*
 * Waits until a port that was asked to stop has stopped. Then no operation is pending, no handle is
 * open, and no callback runs or will come. BLOCKS.
 *   PP_E_WOULD_DEADLOCK  the caller is a worker of this port
 */
PP_API pp_status pp_port_wait(pp_port *port);

/*
 * Stops the port, waits for it, frees it, and sets *port to NULL. References to connections may
 * outlive it. BLOCKS.
 *   PP_E_WOULD_DEADLOCK  the caller is a worker of this port, which stays as it was
 */
PP_API pp_status pp_port_close(pp_port **port);

/*
 * A function that a user gave to the port. A worker calls it exactly once: with PP_OK, or, if it
 * had a delay, with PP_E_CANCELLED when somebody cancelled it or the port stopped first.
 */
typedef void pp_task_fn(void *user, pp_status status);

/* Has a worker call `function` soon.
 *   PP_E_CLOSING  the port stops; no worker will call it
 *   PP_E_MEMORY   the same */
PP_API pp_status pp_port_post(pp_port *port, pp_task_fn *function, void *user);

/*
 * Has a worker call `function` after `delay_ms`, which is at most 366 days. The call is never
 * early, and late by up to two ticks of the system clock. A tick is 15.6 ms unless a program asks
 * for a shorter one (see
 * https://learn.microsoft.com/windows/win32/api/timeapi/nf-timeapi-timebeginperiod). `id` (NULL is
 * allowed) receives the number that pp_port_cancel takes.
 *   PP_E_ARGUMENT  the delay is too long; no worker will call the function
 *   PP_E_CLOSING   the port stops; the same
 *   PP_E_MEMORY    the same
 */
PP_API pp_status pp_port_after(pp_port *port, uint64_t delay_ms, pp_task_fn *function, void *user,
                               uint64_t *id);

/*
 * Cancels a timer: a worker will call its function with PP_E_CANCELLED.
 *   PP_E_NOT_FOUND  a worker is calling it or has called it, or it was cancelled before
 */
PP_API pp_status pp_port_cancel(pp_port *port, uint64_t id);

/*
 * A framed connection whose ends are both pipeport's, in two processes of one machine, changes to
 * memory that both share while it is busy: a lane. Messages then cost no call into the system.
 * Nothing else changes, and the pipe stays the sign that the other end lives. docs/lane.md.
 */
typedef enum pp_lane {
    PP_LANE_AUTO, /* when the connection is busy and both ends can */
    PP_LANE_OFF   /* always by the pipe */
} pp_lane;

/* Why a connection goes on by the pipe; pp_stats counts each. */
typedef enum pp_lane_reason {
    PP_LANE_NO_REASON,
    PP_LANE_UNKNOWN,  /* the server does not know lanes */
    PP_LANE_IS_OFF,   /* in the options of the other end */
    PP_LANE_VERSION,  /* the other end knows another version */
    PP_LANE_MACHINE,  /* the processes are for different processors */
    PP_LANE_STRANGER, /* the client's user or session is not known, as from another machine */
    PP_LANE_LIMIT,    /* max_lane_bytes is reached */
    PP_LANE_DENIED,   /* the client may not open the memory: a sandbox */
    PP_LANE_SYSTEM,   /* Windows refused, perhaps for lack of memory */
    PP_LANE_REASONS
} pp_lane_reason;

#define PP_LANE_MOST_REASONS 12

/* What the port counted since it was opened. Gauges go up and down; all other numbers only grow. */
typedef struct pp_stats {
    uint64_t workers;             /* gauge: worker threads */
    uint64_t kernel_reads;        /* reads that the port asked Windows for */
    uint64_t kernel_writes;       /* writes that the port asked Windows for */
    uint64_t kernel_dequeues;     /* calls that took packets from the completion port */
    uint64_t kernel_other;        /* other calls: handles, cancels, wake-ups */
    uint64_t operations_read;     /* read operations started */
    uint64_t operations_write;    /* write operations started */
    uint64_t operations_connect;  /* waits for clients started, by instances */
    uint64_t operations_pending;  /* gauge: operations started and not yet completed */
    uint64_t bytes_in;            /* payload delivered, without frame headers */
    uint64_t bytes_out;           /* payload handed to the kernel, without frame headers */
    uint64_t messages_in;         /* in stream mode: deliveries */
    uint64_t messages_out;        /* in stream mode: sends */
    uint64_t datagrams_in;        /* datagrams delivered, empty ones included */
    uint64_t datagrams_empty;     /* of these, datagrams of no bytes */
    uint64_t datagrams_oversized; /* datagrams longer than max_datagram, dropped */
    uint64_t connections_now;     /* gauge: connections that are open */
    uint64_t connections_most;    /* peak of connections_now */
    uint64_t connections_total;   /* connections opened: accepted, dialled and adopted */
    uint64_t busy_retries;        /* retries of dials that found the name absent or busy */
    uint64_t refused_sends;       /* sends refused with PP_E_AGAIN */
    uint64_t timeouts;            /* connections ended by a first-byte, idle or drain time-out */
    uint64_t slow_callbacks;      /* callbacks that ran longer than slow_callback_ms */
    uint64_t accept_errors;       /* instances that failed, after which the listener went on */
    uint64_t bytes_buffered;      /* gauge: bytes counted against max_buffered */
    uint64_t bytes_buffered_most; /* peak of bytes_buffered */
    uint64_t allocations;         /* allocations by the library in the whole process */
    uint64_t handles_open;        /* gauge: handles that the port holds */
    uint64_t connections_ended[PP_STATUS_MOST]; /* by the reason that on_close got */
    uint64_t lanes_now;                         /* gauge: connections that go by a lane */
    uint64_t lanes_total;                       /* changes to a lane */
    uint64_t lane_bells;                        /* small writes that woke the other end of a lane */
    uint64_t lane_bytes_in;                     /* bytes that came by lanes, with headers */
    uint64_t lane_bytes_out;                    /* bytes that went by lanes, with headers */
    uint64_t lane_polled_us;                    /* time that workers looked at lanes in vain */
    uint64_t lanes_refused[PP_LANE_MOST_REASONS]; /* by pp_lane_reason */
    uint64_t reserved[14];                        /* room for later versions; they are 0 */
} pp_stats;

/* Copies the figures. They agree with each other when nothing runs; otherwise each is right by
 * itself. PP_OK. */
PP_API pp_status pp_port_stats(pp_port *port, pp_stats *stats);

/* ---- Connections ---------------------------------------------------------------------------- */

/*
 * Who may send, seen from the end that has the option. The library opens both ends duplex, so that
 * each end notices when the other leaves. A server may have made its pipe one way, or its security
 * descriptor may deny one way (see
 * https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew).
 * Then a dial opens only the way that its direction needs. An end that can only write notices that
 * the other has left only when it sends.
 */
typedef enum pp_direction {
    PP_DIRECTION_DUPLEX,
    PP_DIRECTION_INBOUND, /* we only receive: sends return PP_E_DIRECTION */
    PP_DIRECTION_OUTBOUND /* we only send: arriving data ends it with PP_E_DIRECTION */
} pp_direction;

typedef enum pp_mode {
    PP_MODE_STREAM,  /* bytes without boundaries; only sockets have an end of sending */
    PP_MODE_MESSAGE, /* Windows message pipes: boundaries kept, empty messages delivered */
    PP_MODE_FRAMED /* a byte pipe of frames, docs/wire-format.md: one write carries many messages */
} pp_mode;

/* Size of the longest text of a SID, such as "S-1-5-18", with its terminator. */
#define PP_SID_SIZE 188

/*
 * Who is at the other end. The process and session are known as soon as the connection is open. The
 * user of a client is known from the first read on. Before, Windows refuses impersonation with
 * ERROR_CANNOT_IMPERSONATE: see "ImpersonateNamedPipeClient" in Microsoft's reference.
 */
typedef struct pp_peer {
    uint32_t process_id;    /* 0: unknown */
    uint32_t session_id;    /* UINT32_MAX: unknown */
    char user[PP_SID_SIZE]; /* the user's SID; "": unknown */
    uint32_t integrity;     /* the RID of the integrity level, 0x2000 is medium; 0: unknown */
    uint64_t reserved[4];   /* room for later versions; they are 0 */
} pp_peer;

/*
 * What a connection calls; each may be NULL. It calls on_open first, and on_close once and last.
 * Callbacks of one connection never overlap. A callback may do anything but wait: while it blocks,
 * it occupies a worker.
 */
typedef struct pp_handlers {
    /* The connection can be used. Its user pointer is that of the options until a callback changes
     * it. */
    void (*on_open)(pp_conn *conn, void *user);

    /*
     * A message, or bytes in stream mode. `data` is valid during the call. Return
     *   PP_OK          the handler took it
     *   PP_E_AGAIN     the handler did not take it: reading pauses (backpressure), and the same
     *                  data comes again after pp_conn_resume
     *   anything else  the connection ends at once, with this status as the reason
     * PP_E_CLOSING counts as PP_OK when the other end has left. So a handler may return the status
     * of pp_conn_send, and gets all data that the other end sent before it left.
     */
    pp_status (*on_message)(pp_conn *conn, void *user, const void *data, size_t length);

    /* The other end declared the end of its sending: framed mode, message mode with half_close, or
     * a socket in stream mode. Without this handler the connection closes gracefully. With it, the
     * connection does so after the handler, if we have ended our own sending, too. */
    void (*on_end)(pp_conn *conn, void *user);

    /* Sending works again after a refused send: the queue has drained to low_mark, and the port is
     * below max_buffered. Or the other end has left, and the next send returns PP_E_CLOSING. Never
     * before on_open. */
    void (*on_writable)(pp_conn *conn, void *user);

    /*
     * The connection has ended. PP_OK: we closed it, and it handed everything accepted to the
     * kernel. PP_E_PEER_CLOSED: the other end left, and the connection had delivered all that it
     * sent. A dial that fails calls on_close alone, without on_open. The connection's memory stays
     * while somebody holds a reference.
     */
    void (*on_close)(pp_conn *conn, void *user, pp_status reason);

    /*
     * The client's user is known. A connection calls this once, after the first read and before the
     * first message. Return NULL to go on, or a reason to refuse the client: the log gets the
     * reason, and the connection ends with PP_E_REFUSED. peer->user is "" if the client does not
     * let the server ask. Dialled and adopted connections do not call it.
     */
    const char *(*on_identity)(pp_conn *conn, void *user, const pp_peer *peer);

    uint64_t reserved[4]; /* room for later versions; leave them 0 */
} pp_handlers;

typedef struct pp_conn_options {
    pp_mode mode;
    pp_direction direction;
    bool half_close; /* in message mode, a message of no bytes is the end of sending, both ways */
    /* The longest message, both ways; in stream mode: the longest send. A value over a quarter
     * of max_buffered is cut to that, and the log says so. In message mode a message is one write,
     * and Windows keeps its unread part in nonpaged memory (see
     * https://learn.microsoft.com/windows/win32/api/namedpipeapi/nf-namedpipeapi-createnamedpipew).
     * So above some 16 MiB use framed mode. */
    uint64_t max_message;
    uint64_t high_mark; /* backpressure: the connection accepts sends while fewer bytes than this
                           are queued */
    uint64_t low_mark;  /* on_writable comes when at most this many bytes, and fewer than high_mark,
                           are queued; 0: a quarter of high_mark */
    uint64_t drain_timeout_ms; /* time-out of a graceful close; 0: do not wait */
    /* Time-out of the other end's first byte; 0: none. It runs only while we read. */
    uint64_t first_byte_timeout_ms;
    /* Time-out without any read or write; 0: none. It runs while we read or have something to
     * write. A pause, or the port's limit, is not the other end's fault. Windows does not report
     * how far a write has got. So a write may take this time once, and again for each 64 KiB. */
    uint64_t idle_timeout_ms;
    pp_lane lane;       /* whether to leave the pipe where both ends can */
    uint64_t lane_busy; /* a client is busy when so many reads and writes came within a second */
    uint64_t lane_ring; /* bytes of each of a lane's two rings: a power of two. That of the server
                           counts. */
    pp_handlers handlers;
    void *user;
    uint64_t reserved[5]; /* room for later versions; leave them 0 */
} pp_conn_options;

/*
 * Sends a message (in stream mode: bytes): copies it into the connection's queue. The connection
 * hands accepted messages to the kernel in order, unless it ends first.
 *   PP_E_AGAIN      backpressure: the queue has reached high_mark, or the port max_buffered;
 *                   on_writable will come
 *   PP_E_TOO_LONG   longer than max_message
 *   PP_E_CLOSING    the connection closes or is closed, or the other end has left
 *   PP_E_ENDED      we have ended our sending
 *   PP_E_DIRECTION  the connection only receives
 *   PP_E_ARGUMENT   also for no bytes in message mode with half_close, where an empty message ends
 *                   the sending: use pp_conn_end_sending
 *   PP_E_MEMORY
 * `data` may be NULL when `length` is 0. A send of no bytes in stream mode does nothing.
 */
PP_API pp_status pp_conn_send(pp_conn *conn, const void *data, size_t length);

/*
 * A reference-counted buffer, to send the same bytes to many connections, or large ones, without a
 * copy. Nobody may change it once it was sent. Its bytes count toward a connection's high_mark.
 * They do not count toward max_buffered, since they exist once, however many connections queue
 * them. There each queue counts 16 bytes for it.
 */
typedef struct pp_buffer pp_buffer;

/* Makes a buffer of `size` bytes; the caller holds a reference. NULL: no memory. pp_buffer_data and
 * pp_buffer_size return the bytes, valid while a reference is held, and their number (NULL: NULL
 * and 0). pp_buffer_ref takes another reference; it ignores NULL. */
PP_API pp_buffer *pp_buffer_new(size_t size);
PP_API void *pp_buffer_data(pp_buffer *buffer);
PP_API size_t pp_buffer_size(const pp_buffer *buffer);
PP_API void pp_buffer_ref(pp_buffer *buffer);

/* Drops a reference and sets *buffer to NULL. The last reference frees the buffer. */
PP_API void pp_buffer_unref(pp_buffer **buffer);

/* As pp_conn_send, for the whole buffer, with the same statuses. An accepted buffer has a reference
 * of the connection until the bytes are with the kernel or the connection has ended. */
PP_API pp_status pp_conn_send_buffer(pp_conn *conn, pp_buffer *buffer);

/*
 * Half-close: declares the end of our sending (framed mode, message mode with half_close, or a
 * socket in stream mode). What was accepted before goes first. Later sends return PP_E_ENDED, and
 * the connection goes on receiving. If the other end ends its sending, too, before or after,
 * nothing can follow. Then the connection closes gracefully by itself, once on_end has returned.
 *   PP_E_ARGUMENT   a pipe in stream mode has no end of sending, since Windows has none
 *   PP_E_DIRECTION  the connection only receives
 *   PP_E_ENDED      the end was declared before
 *   PP_E_CLOSING    the connection closes or is closed, or the other end has left
 *   PP_E_MEMORY
 */
PP_API pp_status pp_conn_end_sending(pp_conn *conn);

/* Whether a send of at most max_message bytes would be accepted. Another thread may change that at
 * any moment. NULL: false. */
PP_API bool pp_conn_writable(pp_conn *conn);

/* Bytes in the queue, with frame headers and what is being written. NULL: 0. */
PP_API size_t pp_conn_queued(pp_conn *conn);

/*
 * Pauses and resumes the calls of on_message and on_end. A pause holds at once inside a callback,
 * and soon from elsewhere. A paused connection begins no read, so the other end's writes wait
 * (backpressure), and it may notice only after pp_conn_resume that the other end left.
 *   PP_E_CLOSING  on_close has returned
 */
PP_API pp_status pp_conn_pause(pp_conn *conn);
PP_API pp_status pp_conn_resume(pp_conn *conn);

/*
 * Closes gracefully. The connection delivers no more messages, and reads and drops what still
 * arrives. It hands everything accepted to the kernel, where the other end can read it even later.
 * Then comes on_close(PP_OK), or on_close(PP_E_DRAIN_TIMEOUT) if drain_timeout_ms passes first.
 * Returns at once. A second close does nothing.
 *   PP_E_CLOSING  on_close has returned
 */
PP_API pp_status pp_conn_close(pp_conn *conn);

/* Closes at once and drops what is queued: on_close(PP_E_ABORTED). Returns at once.
 *   PP_E_CLOSING  on_close has returned */
PP_API pp_status pp_conn_abort(pp_conn *conn);

/*
 * Takes a reference, which keeps a connection's memory beyond its callbacks; ignores NULL. All
 * other functions may be called while a reference is held. Once on_close has returned, those that
 * return a status return PP_E_CLOSING. Only pp_conn_peer still tells who it was. A reference may
 * outlive the port.
 */
PP_API void pp_conn_ref(pp_conn *conn);

/* Drops a reference and sets *conn to NULL. */
PP_API void pp_conn_unref(pp_conn **conn);

/* The user's pointer. The library does not lock it: set it in callbacks, or use your own lock. NULL
 * as the connection: NULL, and nothing happens. */
PP_API void *pp_conn_user(pp_conn *conn);
PP_API void pp_conn_set_user(pp_conn *conn, void *user);

/*
 * Copies what is known of the other end. Only a callback of the connection, from the first message
 * on, asks Windows for the user. Elsewhere this tells the user if somebody asked before.
 *   PP_E_AGAIN    the connection is not open yet
 *   PP_E_CLOSING  it ended without having been open
 */
PP_API pp_status pp_conn_peer(pp_conn *conn, pp_peer *peer);

/* A number that no other connection of this port has. NULL: 0. */
PP_API uint64_t pp_conn_id(pp_conn *conn);

/* ---- Listeners ------------------------------------------------------------------------------ */

/* Who may open a name. */
typedef struct pp_access {
    const char *const *allow; /* up to 256 users or SIDs, who may read and write */
    size_t allow_count;
    const char *sddl; /* replaces the default and `allow`; must have a D: part; NULL: none */
    bool strict; /* pipes: allowed users may not create instances; they must ask for exactly the
                    rights that docs/security.md names */
    bool allow_remote;    /* admit clients of other machines */
    uint64_t reserved[4]; /* room for later versions; leave them 0 */
} pp_access;

typedef struct pp_listen_options {
    const char *name; /* bare, or a full path such as \\.\pipe\name */
    pp_conn_options conn;
    uint64_t accept_ready;    /* instances that always wait for clients */
    uint64_t accept_depth;    /* most instances that wait, after bursts; at least accept_ready */
    uint64_t wait_timeout_ms; /* how long clients wait for an instance if they use the default of
                                 WaitNamedPipe */
    uint64_t max_clients;     /* most clients at once; further ones find the name busy. One that has
                                 left makes room for another, whose on_open may run before on_close
                                 of the first */
    uint64_t pipe_buffer;     /* the kernel's quota for each direction, in bytes */
    uint64_t max_clients_per_user;  /* beyond it PP_E_USER_LIMIT; 0: no limit */
    uint64_t max_connects_per_user; /* in a second; beyond it PP_E_USER_RATE; 0: no limit */
    /* A client may hide who it is (SECURITY_ANONYMOUS, or a network logon that nobody may
     * impersonate). For the two limits, the hidden clients of one session are one user. True: a
     * hidden client's connection ends with PP_E_REFUSED after its first message. The log names the
     * first such client. https://learn.microsoft.com/windows/win32/secauthz/impersonation-levels */
    bool refuse_unknown;
    pp_access access;

    /* The listener has ended: the user closed it, or the port stops, and its last connection has
     * ended. The port calls this once and last, also when pp_listen had no out parameter, but not
     * when pp_listen failed. All instances are closed, so others may take the name. (By Windows's
     * rules, they may do so once the clients have closed their ends, too.) */
    void (*on_close)(void *user);
    void *user;
    uint64_t reserved[8]; /* room for later versions; leave them 0 */
} pp_listen_options;

PP_API void pp_listen_options_init(pp_listen_options *options);

/*
 * Creates the name and accepts clients until pp_listener_close or the port stops. By default the
 * current user, SYSTEM and Administrators of this machine may connect. On success accept_ready
 * instances (or max_clients, if that is less) wait for clients. Callbacks may run before pp_listen
 * returns. BLOCKS with `access.allow` while Windows looks up a name, for which it may ask a domain
 * controller; it does not look up SIDs. `listener` (NULL is allowed) receives the listener, which
 * the caller closes with pp_listener_close.
 *   PP_E_ARGUMENT    an option is out of its range, or the name is wrong. Or direction is outbound,
 *                    and on_identity, refuse_unknown or a limit of each user is set: they need what
 *                    clients send
 *   PP_E_ACCESS      `access` denies this process itself a second instance. Or Windows denies it
 *                    the name, as it denies an app container most names
 *   PP_E_NAME_TAKEN  another process owns the name, or a listener of this one does until its
 *                    on_close; the error's message says which
 *   PP_E_SECURITY    a user is unknown, or the SDDL string is wrong or has no list of who may
 *                    connect
 *   PP_E_CLOSING     the port stops
 *   PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_listen(pp_port *port, const pp_listen_options *options, pp_listener **listener,
                           pp_error *error);

/*
 * Accepts no more clients, and sets *listener to NULL. Its connections go on and keep the name: the
 * name is free when on_close has come. Returns at once. PP_OK.
 */
PP_API pp_status pp_listener_close(pp_listener **listener);

/*
 * Sets new limits while the listener goes on: accept_ready, accept_depth, max_clients,
 * max_clients_per_user and max_connects_per_user. The rest of `options` only has to be in range.
 * The limits hold for clients that come from now on: the listener ends no connection that is over
 * one. It does not count clients that came while users had no limit. A smaller max_clients takes
 * away waiting instances; a client that opens one of these at that moment loses it again. All other
 * waiting instances stay. Returns at once.
 *   PP_E_ARGUMENT  a limit is out of its range
 */
PP_API pp_status pp_listener_set_limits(pp_listener *listener, const pp_listen_options *options,
                                        pp_error *error);

/* The full path, valid until pp_listener_close. NULL: "". */
PP_API const char *pp_listener_path(pp_listener *listener);

/* ---- Dialling ------------------------------------------------------------------------------- */

typedef struct pp_dial_options {
    const char *name;
    pp_conn_options conn;
    /* How long to retry an absent or busy name; 0: try once. Retries back off: after 1, 2, 4 ... 64
     * ms, each of which ends with a tick, as in pp_port_after. */
    uint64_t timeout_ms;
    uint64_t server_process; /* the process that must serve the pipe; 0: any */
    const char *server_user; /* the SID of the user that must own the pipe; NULL: any */
    uint64_t reserved[8];    /* room for later versions; leave them 0 */
} pp_dial_options;

PP_API void pp_dial_options_init(pp_dial_options *options);

/*
 * Connects to a pipe. The connection calls on_open, or on_close with one of these reasons:
 *   PP_E_NOT_FOUND  the name is absent
 *   PP_E_BUSY       clients use all instances
 *   PP_E_ACCESS     the pipe does not admit us, or admits only the way that is not our direction's
 *   PP_E_IMPOSTOR   an unexpected process or user serves it; checked before the first byte is sent
 *   PP_E_MODE       message mode, and its server made a pipe of bytes
 *   PP_E_ABORTED    pp_conn_abort or pp_conn_close came before it was open
 *   PP_E_TIMEOUT    a name on another machine did not open within timeout_ms
 * or with another status. The connection accepts sends at once, and writes them when it is open.
 * The server learns who the client is but cannot act for it (SECURITY_IDENTIFICATION). `conn` (NULL
 * is allowed) receives a reference that the caller drops with pp_conn_unref.
 *
 * Windows may block for long when it opens a name on another machine. So a thread of the process's
 * pool does that, and the connection does not wait for it: it ends when timeout_ms is over (0: the
 * one try takes as long as it takes), and at once when it is aborted or the port stops. The thread
 * closes at once what it opens later.
 *   PP_E_ARGUMENT  an option is out of its range, or the name is wrong
 *   PP_E_CLOSING   the port stops
 *   PP_E_MEMORY
 */
PP_API pp_status pp_dial(pp_port *port, const pp_dial_options *options, pp_conn **conn,
                         pp_error *error);

/* ---- Handles of other kinds ------------------------------------------------------------------ */

/*
 * Makes a connection of a handle (a HANDLE) that somebody else opened: a pipe with another end, or
 * a connected stream socket. The handle must be asynchronous (FILE_FLAG_OVERLAPPED), on no port
 * yet, and idle. It must be readable unless the direction is outbound, and writable unless it is
 * inbound. The connection sets PIPE_WAIT and the read mode that `mode` needs. Message mode needs a
 * pipe of messages; the other modes take every pipe. The connection owns the handle from here on,
 * and a failure closes it. `conn` (NULL is allowed) receives a reference. A server's end that no
 * client has opened ends with PP_E_PEER_CLOSED.
 *
 * A socket needs Winsock to be started (WSAStartup) until on_close. pp_conn_end_sending, and a
 * shutdown by the other end, are ends of sending. Nobody can tell a socket that is shut down from
 * one that is closed. A graceful close waits, up to drain_timeout_ms, until the other end has ended
 * its sending, too. If it closed before, data on its way would be lost: see
 * https://learn.microsoft.com/windows/win32/api/winsock/nf-winsock-shutdown. PP_E_TIMEOUT as the
 * reason of the end: the other end did not answer the system.
 *
 *   PP_E_ARGUMENT  the handle is something else, or an option is out of its range. Or the mode is
 *                  message, and the handle has FILE_SKIP_COMPLETION_PORT_ON_SUCCESS set
 *   PP_E_MODE      message mode, and the handle has bytes
 *   PP_E_ACCESS    the handle lacks the rights to ask for its modes and to set them
 *   PP_E_CLOSING   the port stops
 *   PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_conn_adopt(pp_port *port, void *handle, const pp_conn_options *options,
                               pp_conn **conn, pp_error *error);

PP_API void pp_conn_options_init(pp_conn_options *options);

/* What pp_spawn starts. For a stream without options the child gets the null device. pp_spawn sets
 * the direction of each stream. */
typedef struct pp_spawn_options {
    const char *command_line;      /* the command line that Windows gets: the program first */
    const pp_conn_options *input;  /* its standard input; we send */
    const pp_conn_options *output; /* its standard output; we receive */
    const pp_conn_options *errors; /* its standard error; we receive */
    uint64_t reserved[8];          /* room for later versions; leave them 0 */
} pp_spawn_options;

PP_API void pp_spawn_options_init(pp_spawn_options *options);

/* A child process. The caller closes the handle and drops the references. */
typedef struct pp_child {
    void *process; /* a HANDLE to wait for */
    uint32_t process_id;
    pp_conn *input, *output, *errors; /* NULL: the options did not ask for it */
    uint64_t reserved[4];             /* room for later versions; they are 0 */
} pp_child;

/*
 * Starts a child process whose standard streams are pipes with the other end on the port. The child
 * gets these handles and no others, and no other child of ours gets them. To close `input` is the
 * child's end of file. BLOCKS while Windows creates the process. Callbacks come once it exists.
 *
 * A stream ends with PP_E_PEER_CLOSED when the last handle of the child's end closes, after
 * everything written was delivered. A process that the child started and that inherited the stream
 * keeps it open after the child has ended. Wait for `process` to learn when the child ends;
 * pp_conn_close waits for neither.
 *
 *   PP_E_ARGUMENT   also for a command line that is not UTF-8, or not of 1 to 32,766 characters,
 *                   and for a stream in message mode
 *   PP_E_NOT_FOUND  no such program
 *   PP_E_ACCESS     this process may not run the program
 *   PP_E_CLOSING    the port stops
 *   PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_spawn(pp_port *port, const pp_spawn_options *options, pp_child *child,
                          pp_error *error);

/* ---- The blocking client --------------------------------------------------------------------- */

/*
 * A client for programs that have no port. Its functions BLOCK, each up to its own time-out. Only
 * one thread at a time may use a client.
 */
typedef struct pp_client pp_client;

typedef struct pp_client_options {
    const char *name;
    pp_mode mode;
    pp_direction direction;  /* a one-way client returns PP_E_DIRECTION for the other way */
    bool half_close;         /* in message mode, a message of no bytes is the end of sending */
    uint64_t max_message;    /* longest message, both ways */
    uint64_t timeout_ms;     /* how long to retry an absent or busy name; 0: try once */
    uint64_t server_process; /* the process that must serve the pipe; 0: any */
    const char *server_user; /* the SID of the user that must own the pipe; NULL: any */
    uint64_t reserved[8];    /* room for later versions; leave them 0 */
} pp_client_options;

PP_API void pp_client_options_init(pp_client_options *options);

/* Opens a pipe. The caller owns the client until pp_client_close. BLOCKS up to timeout_ms,
 * and longer if Windows takes longer to open a name on another machine.
 *   PP_E_NOT_FOUND  the name is absent
 *   PP_E_BUSY       clients still use all instances when the time is over
 *   PP_E_ACCESS     as pp_dial
 *   PP_E_IMPOSTOR   an unexpected process or user serves the pipe
 *   PP_E_MODE       message mode, and its server made a pipe of bytes
 *   PP_E_ARGUMENT, PP_E_MEMORY, PP_E_SYSTEM */
PP_API pp_status pp_client_open(pp_client **client, const pp_client_options *options,
                                pp_error *error);

/*
 * Sends a message (in stream mode: bytes), and returns when the kernel has it. BLOCKS. Sending and
 * receiving end separately: what ends one does not end the other.
 *   PP_E_TIMEOUT      the time is over, and nobody knows how much of it the other end will get:
 *                     later sends return PP_E_CLOSING
 *   PP_E_CLOSING      an earlier send timed out
 *   PP_E_ENDED        we have ended our sending
 *   PP_E_PEER_CLOSED  the other end left; what it had sent can still be received
 *   PP_E_TOO_LONG     longer than max_message
 *   PP_E_DIRECTION    the client only receives
 *   PP_E_ARGUMENT     also for no bytes in message mode with half_close: use pp_client_end_sending
 *   PP_E_MEMORY, PP_E_SYSTEM
 * `data` may be NULL when `length` is 0. A send of no bytes in stream mode does nothing.
 */
PP_API pp_status pp_client_send(pp_client *client, const void *data, size_t length,
                                uint64_t timeout_ms);

/*
 * Receives a message; in stream mode the bytes that have come, at least 1. `length` receives their
 * number. BLOCKS. `buffer` may be NULL when `size` is 0, which stream mode does not allow
 * (PP_E_ARGUMENT).
 *   PP_E_TIMEOUT      no whole message came in time; the next call goes on with what came
 *   PP_E_TOO_LONG     the message is longer than `size`: *length is its length, and the next call
 *                     gets it. Or it is longer than max_message: *length is 0, and receiving is
 *                     over
 *   PP_E_PEER_CLOSED  the other end left. Or it ended its sending, and may still read what we send
 *   PP_E_TRUNCATED    the other end left inside a message
 *   PP_E_DIRECTION    the client only sends
 *   PP_E_PROTOCOL     the other end does not follow the wire format; receiving is over
 *   PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_client_receive(pp_client *client, void *buffer, size_t size, size_t *length,
                                   uint64_t timeout_ms);

/*
 * Half-close: declares the end of our sending. Receiving goes on. BLOCKS.
 *   PP_E_ARGUMENT  neither framed mode nor message mode with half_close
 *   PP_E_TIMEOUT, PP_E_CLOSING, PP_E_ENDED, PP_E_PEER_CLOSED, PP_E_DIRECTION, PP_E_MEMORY,
 *   PP_E_SYSTEM    as pp_client_send
 */
PP_API pp_status pp_client_end_sending(pp_client *client, uint64_t timeout_ms);

/* Closes the client and sets *client to NULL. The other end can still read what was sent. PP_OK. */
PP_API pp_status pp_client_close(pp_client **client);

/* ---- Mailslots ------------------------------------------------------------------------------ */

typedef struct pp_mailslot_options {
    const char *name;            /* bare, or a full path such as \\.\mailslot\name */
    uint64_t max_datagram;       /* longest datagram; Windows refuses longer ones at the sender */
    uint64_t deliver_timeout_ms; /* time-out for delivering what was read, once the port stops */
    pp_access access;            /* without allow_remote the slot denies network logons */

    /* A whole datagram, valid during the call. Calls never overlap. PP_E_AGAIN: the handler did not
     * take it, and the same datagram comes again after pp_mailslot_resume (backpressure). Any other
     * status takes it. */
    pp_status (*on_datagram)(void *user, const void *data, size_t length);

    /* The mailslot has ended; once and last. PP_OK, PP_E_DRAIN_TIMEOUT (deliver_timeout_ms passed
     * before the handler took everything), or the reason why reading failed. */
    void (*on_close)(void *user, pp_status reason);
    void *user;
    uint64_t reserved[8]; /* room for later versions; leave them 0 */
} pp_mailslot_options;

PP_API void pp_mailslot_options_init(pp_mailslot_options *options);

/* Creates the slot and delivers what arrives, until pp_mailslot_close or the port stops. Then the
 * mailslot still delivers what it has read, and reads no more of what senders left in the slot.
 * `mailslot` (NULL is allowed) receives it, and the caller closes it with pp_mailslot_close. The
 * statuses are those of pp_listen, and it BLOCKS where pp_listen does. */
PP_API pp_status pp_mailslot_listen(pp_port *port, const pp_mailslot_options *options,
                                    pp_mailslot **mailslot, pp_error *error);

/* Delivers an untaken datagram again, and goes on. PP_OK. */
PP_API pp_status pp_mailslot_resume(pp_mailslot *mailslot);

/* Closes the slot, drops what was not delivered, and sets *mailslot to NULL. on_close comes
 * whatever senders hold or do. Returns at once. PP_OK. */
PP_API pp_status pp_mailslot_close(pp_mailslot **mailslot);

/* The full path, valid until pp_mailslot_close. NULL: "". */
PP_API const char *pp_mailslot_path(pp_mailslot *mailslot);

/*
 * Opens a slot for sending: a bare name or \\.\mailslot\name on this machine,
 * \\MACHINE\mailslot\name, \\DOMAIN\mailslot\name or \\*\mailslot\name. The caller owns the sender
 * until pp_sender_close. BLOCKS where the name is on another machine.
 *   PP_E_NOT_FOUND  no such slot
 *   PP_E_ACCESS     the slot does not admit us
 *   PP_E_ARGUMENT, PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_sender_open(pp_sender **sender, const char *name, pp_error *error);

/*
 * Sends one datagram. Only one thread at a time may use a sender. BLOCKS only where Windows does:
 * with a remote name, and under Wine with a full slot.
 *   PP_E_TOO_LONG  more than 424 bytes to another machine, or more than the slot takes
 *   PP_E_MEMORY    unread datagrams fill the memory that Windows grants the sender for them
 * or another status that the Windows error means. `data` may be NULL when `length` is 0.
 */
PP_API pp_status pp_sender_send(pp_sender *sender, const void *data, size_t length);

/* Closes the sender and sets *sender to NULL. PP_OK. */
PP_API pp_status pp_sender_close(pp_sender **sender);

#ifdef __cplusplus
}
#endif
#endif
