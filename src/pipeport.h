/*
 * pipeport: named pipes and mailslots on one I/O completion port.
 *
 * A port has a small pool of worker threads. Listeners, connections, mailslots, timers and posted
 * functions live on it, and every callback runs on one of its workers. Callbacks of one connection
 * never overlap and keep their order; different connections run in parallel.
 *
 * Conventions
 *   - Text is UTF-8. Sizes are bytes, times are milliseconds, unless the name says otherwise.
 *   - Every function may be called from any thread and from any callback, unless its text says
 *     otherwise. None blocks, unless its text says so.
 *   - What a function makes is stored in its out parameter before the first callback, when nothing
 *     can fail any more: another thread that finds it there may use it, and close it. A function
 *     that fails stores NULL (pp_port_after: nothing), and no callback comes of it.
 *   - A function that takes a `pp_error *` fills it in when it fails; NULL is allowed.
 *   - Options: call the `_init` function, change what you want, pass the structure. The strings and
 *     arrays that it points to are copied.
 *   - Structures never change their size or layout: later versions take new members out of
 *     `reserved`. So a program built against this header runs with a later DLL. One that asks an
 *     earlier DLL for what that does not know gets PP_E_ARGUMENT, and a line that says so.
 *   - A name of a pipe or a mailslot is bare, or a path such as \\.\pipe\name; "/" stands for "\"
 * in a path. A bare name has 1 to 247 characters (of a mailslot 243) and neither of them; a path
 *     has one or more levels, 256 characters in all. No level is empty or ends in a dot, and no
 *     name in a space: Windows would open another. Clients may say \\?\ for \\.\, which Windows
 *     then takes as it is.
 *   - PP_E_ARGUMENT is returned for a NULL where the text does not allow one; it is not repeated
 *     below.
 */
#ifndef PIPEPORT_H
#define PIPEPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. pp_version tells the library's, which may be another DLL's. */
#define PIPEPORT_VERSION_MAJOR 0
#define PIPEPORT_VERSION_MINOR 1
#define PIPEPORT_VERSION_PATCH 0
#define PIPEPORT_VERSION "0.1.0"

/* Functions only are exported, so one header serves the static and the dynamic library. */
#ifdef PP_BUILD_DLL
#define PP_API __declspec(dllexport)
#else
#define PP_API
#endif

/* ---- Statuses ------------------------------------------------------------------------------- */

/*
 * Every status: name, text, and the Windows errors that mean it (used inside the library alone).
 * It is also what `on_close` gives as the reason why a connection ended.
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
    X(E_PROTOCOL, "the other end does not follow the wire format", (0))                            \
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

/* No version will have more, so that arrays of this size can be indexed by any. */
#define PP_STATUS_MOST 64

/* The name of a status, such as "PP_E_AGAIN"; "PP_?" for a number that is none. Never NULL. */
PP_API const char *pp_status_name(pp_status status);

/* One sentence for people. Never NULL. */
PP_API const char *pp_status_text(pp_status status);

/* What went wrong, for people and for the log. */
typedef struct pp_error {
    pp_status status;
    uint32_t windows_error; /* the Windows error behind it, or 0 */
    char message[256];      /* one line that names the field, the value and what is allowed */
} pp_error;

/* The version of the library, such as "0.1.0". */
PP_API const char *pp_version(void);

/* ---- The port ------------------------------------------------------------------------------- */

typedef struct pp_port pp_port;
typedef struct pp_conn pp_conn;
typedef struct pp_listener pp_listener;
typedef struct pp_mailslot pp_mailslot;
typedef struct pp_sender pp_sender;

typedef enum pp_log_level { PP_LOG_ERROR, PP_LOG_WARN, PP_LOG_INFO, PP_LOG_DEBUG } pp_log_level;

/* Called on the thread where the thing happened, most often a worker, perhaps on several at once.
 * `line` has no end of line and is valid during the call. It must not call into the port, and must
 * not block: whoever writes to a file or a console hands the line to a thread of their own. */
typedef void pp_log_fn(void *user, pp_log_level level, const char *line);

typedef struct pp_port_options {
    uint64_t workers; /* worker threads; 0: the processors the process may use, at most 256 */
    /* All queued and half-received bytes of the port together. Not counted are the first 4 KiB that
     * a connection has queued and the first 1 KiB of its read buffer: each has them in any case. */
    uint64_t max_buffered;
    uint64_t slow_callback_ms; /* a callback that runs longer is counted and logged; 0: never */
    pp_log_fn *log;            /* NULL: no log */
    void *log_user;
    pp_log_level log_level;
    uint64_t reserved[8]; /* room for later versions; leave them 0 */
} pp_port_options;

PP_API void pp_port_options_init(pp_port_options *options);

/*
 * Opens a port and starts its workers. The caller owns it until pp_port_close.
 * PP_E_ARGUMENT (an option is out of its range), PP_E_MEMORY, PP_E_SYSTEM.
 */
PP_API pp_status pp_port_open(pp_port **port, const pp_port_options *options, pp_error *error);

/*
 * Asks the port to stop: no more accepts, timers and posted functions end with PP_E_CANCELLED, all
 * connections close gracefully, each up to its drain time-out. Returns at once. Calling it again
 * does nothing.
 */
PP_API pp_status pp_port_stop(pp_port *port);

/* The same, without waiting for what is queued: connections end with PP_E_ABORTED. */
PP_API pp_status pp_port_abort(pp_port *port);

/*
 * Waits until the port, asked to stop, has stopped: no operation pending, no handle open, no
 * callback running or to come. BLOCKS. PP_E_WOULD_DEADLOCK on a worker of this port.
 */
PP_API pp_status pp_port_wait(pp_port *port);

/*
 * Stops, waits, and frees; sets *port to NULL. References to connections may outlive it. BLOCKS.
 * PP_E_WOULD_DEADLOCK on a worker of this port (the port then stays as it was).
 */
PP_API pp_status pp_port_close(pp_port **port);

/*
 * A function given to the port is called exactly once, on a worker: with PP_OK, or with
 * PP_E_CANCELLED when it was cancelled or the port stopped first.
 */
typedef void pp_task_fn(void *user, pp_status status);

/* Has `function` called on a worker, soon. PP_E_CLOSING, PP_E_MEMORY: it will not be called. */
PP_API pp_status pp_port_post(pp_port *port, pp_task_fn *function, void *user);

/*
 * Has `function` called on a worker after `delay_ms` (at most 366 days, never early, and late by up
 * to two ticks of the system, which are 15.6 ms each unless a program asks for shorter ones: see
 * "timeBeginPeriod" in Microsoft's reference). `id` (NULL is allowed) receives what pp_port_cancel
 * takes. PP_E_ARGUMENT, PP_E_CLOSING, PP_E_MEMORY: it will not be called.
 */
PP_API pp_status pp_port_after(pp_port *port, uint64_t delay_ms, pp_task_fn *function, void *user,
                               uint64_t *id);

/*
 * Cancels a timer: its function will be called with PP_E_CANCELLED.
 * PP_E_NOT_FOUND: it is being called, or has been.
 */
PP_API pp_status pp_port_cancel(pp_port *port, uint64_t id);

/* What the port counted since it was opened. Gauges say so; everything else only grows. */
typedef struct pp_stats {
    uint64_t workers;               /* gauge: worker threads */
    uint64_t kernel_reads;          /* calls into Windows, by kind */
    uint64_t kernel_writes;         /* */
    uint64_t kernel_dequeues;       /* */
    uint64_t kernel_other;          /* */
    uint64_t operations_read;       /* operations started, by kind */
    uint64_t operations_write;      /* */
    uint64_t operations_connect;    /* */
    uint64_t operations_pending;    /* gauge: started and not yet completed */
    uint64_t bytes_in;              /* payload that came, without frame headers */
    uint64_t bytes_out;             /* payload handed to the kernel */
    uint64_t messages_in;           /* in stream mode: deliveries */
    uint64_t messages_out;          /* in stream mode: sends */
    uint64_t datagrams_in;          /* delivered */
    uint64_t datagrams_empty;       /* of them, with no bytes */
    uint64_t datagrams_oversized;   /* longer than max_datagram, dropped */
    uint64_t connections_now;       /* gauge */
    uint64_t connections_most;      /* gauge: most at once */
    uint64_t connections_total;     /* */
    uint64_t busy_retries;          /* dials that found the name absent or busy, and tried again */
    uint64_t refused_sends;         /* sends answered with PP_E_AGAIN */
    uint64_t timeouts;              /* connections ended by one of the time-outs */
    uint64_t slow_callbacks;        /* callbacks over slow_callback_ms */
    uint64_t accept_errors;         /* instances that failed; the listener went on */
    uint64_t bytes_buffered;        /* gauge: bytes counted against max_buffered */
    uint64_t bytes_buffered_most;   /* gauge: most at once */
    uint64_t allocations;           /* of the whole process's library memory */
    uint64_t handles_open;          /* gauge */
    uint64_t connections_ended[PP_STATUS_MOST]; /* connections that ended, by reason */
    uint64_t reserved[32];          /* room for later versions; they are 0 */
} pp_stats;

/* A snapshot; exact when nothing runs, else each number is right by itself. */
PP_API pp_status pp_port_stats(pp_port *port, pp_stats *stats);

/* ---- Connections ---------------------------------------------------------------------------- */

/*
 * Who may send; seen from the end that has the option. Both ends are duplex in Windows, so that
 * each sees the other leave. Where a pipe denies one of the ways, because its server made it one
 * way (see "CreateNamedPipe" in Microsoft's reference) or by its security descriptor, who dials is
 * content with the way of its direction. An end that can only write learns by a send alone that the
 * other has left.
 */
typedef enum pp_direction {
    PP_DIRECTION_DUPLEX,
    PP_DIRECTION_INBOUND, /* we only receive: sends return PP_E_DIRECTION */
    PP_DIRECTION_OUTBOUND /* we only send: what comes ends the connection with PP_E_DIRECTION */
} pp_direction;

typedef enum pp_mode {
    PP_MODE_STREAM,  /* bytes as they come, no boundaries; no end of sending but for sockets */
    PP_MODE_MESSAGE, /* Windows message pipes: boundaries kept, zero-length messages delivered */
    PP_MODE_FRAMED   /* a byte pipe of frames, docs/wire-format.md: many messages share one write */
} pp_mode;

/* Longest text of a SID, such as "S-1-5-18", with its end. */
#define PP_SID_SIZE 188

/*
 * Who is at the other end. The process and session are known as soon as the connection is open. The
 * user of a client is known from the first read on: Windows refuses impersonation before
 * (ERROR_CANNOT_IMPERSONATE, see "ImpersonateNamedPipeClient" in Microsoft's reference).
 */
typedef struct pp_peer {
    uint32_t process_id;    /* 0: unknown */
    uint32_t session_id;    /* UINT32_MAX: unknown */
    char user[PP_SID_SIZE]; /* the user's SID; "": not known */
    uint32_t integrity;     /* the RID of the integrity level, 0x2000 is medium; 0: not known */
    uint64_t reserved[4];   /* room for later versions; leave them 0 */
} pp_peer;

/*
 * What a connection calls; each may be NULL. on_open is first, on_close once and last. Callbacks of
 * one connection never overlap. A callback may do anything but wait.
 */
typedef struct pp_handlers {
    /* The connection can be used. Its user pointer is that of the options until it is changed. */
    void (*on_open)(pp_conn *conn, void *user);

    /*
     * A message, or bytes in stream mode; valid during the call. Return
     *   PP_OK          it was taken
     *   PP_E_AGAIN     not taken: reading pauses, and the same data comes again on pp_conn_resume
     *   anything else  the connection ends at once, with that status as the reason; but
     *                  PP_E_CLOSING, when the other end has left, is as good as PP_OK: what it sent
     *                  before it left is delivered, also when no answer reaches it any more
     */
    pp_status (*on_message)(pp_conn *conn, void *user, const void *data, size_t length);

    /* The other end will send no more (framed mode, message mode with half_close, or a socket in
     * stream mode). Without this handler the connection is closed gracefully, and also after it,
     * when we have declared the end of our sending, too. */
    void (*on_end)(pp_conn *conn, void *user);

    /* A send was refused, and now the queue has fallen to its low mark and the port is below its
     * limit; or the other end has left, and the next send says PP_E_CLOSING. Never before on_open.
     */
    void (*on_writable)(pp_conn *conn, void *user);

    /*
     * The connection is over. PP_OK: we closed it, and everything accepted was handed to the
     * kernel. PP_E_PEER_CLOSED: the other end left, after all that it had sent was delivered. A
     * dial that fails ends with on_close alone, without on_open. The connection's memory stays
     * while references are held.
     */
    void (*on_close)(pp_conn *conn, void *user, pp_status reason);

    /*
     * The client's user is known; once, after the first read and before the first message. Return
     * NULL to go on, or the reason to refuse it, which is logged; the connection ends with
     * PP_E_REFUSED. peer->user is "" where the client lets nobody ask. Not called when dialled
     * or adopted.
     */
    const char *(*on_identity)(pp_conn *conn, void *user, const pp_peer *peer);

    void *reserved[4]; /* room for later versions; leave them NULL */
} pp_handlers;

typedef struct pp_conn_options {
    pp_mode mode;
    pp_direction direction;
    bool half_close; /* in message mode, a message of no bytes is the end of sending, both ways */
    /* The longest message, both ways; in stream mode: the longest send. In message mode a message
     * is one write, of which Windows keeps what is not yet read in memory that it cannot page out
     * (see "CreateNamedPipe" in Microsoft's reference): above some 16 MiB use framed mode. */
    uint64_t max_message;
    uint64_t high_mark; /* sends are taken while fewer bytes than this are queued */
    uint64_t low_mark;  /* on_writable comes at this many, below high_mark; 0: a quarter of it */
    uint64_t drain_timeout_ms; /* how long a graceful close may take; 0: no longer than at once */
    /* How long the other end may send nothing at first; 0: for ever. Runs while we read. */
    uint64_t first_byte_timeout_ms;
    /* How long nothing may move, either way; 0: for ever. Runs while we read or have something to
     * write: a pause, or the port's limit, is not the other end's fault. Windows does not tell how
     * far a write has got, so one has this time once, and again for each 64 KiB of it. */
    uint64_t idle_timeout_ms;
    pp_handlers handlers;
    void *user;
    uint64_t reserved[8]; /* room for later versions; leave them 0 */
} pp_conn_options;

/*
 * Sends a message (in stream mode: bytes): copies it into the connection's queue. What is accepted
 * is handed to the kernel in order, unless the connection ends first.
 *   PP_E_AGAIN     the queue has reached high_mark or the port max_buffered; on_writable will come
 *   PP_E_TOO_LONG  longer than max_message
 *   PP_E_CLOSING   closed or closing
 *   PP_E_ENDED     the end of its sending was declared
 *   PP_E_DIRECTION the connection only receives
 *   PP_E_ARGUMENT  also for no bytes in message mode with half_close, where an empty message ends
 *                  the sending: use pp_conn_end_sending
 *   PP_E_MEMORY
 * `data` may be NULL when `length` is 0. A zero-length send in stream mode does nothing.
 */
PP_API pp_status pp_conn_send(pp_conn *conn, const void *data, size_t length);

/*
 * A buffer with a count of references, to send the same bytes to many connections, or large ones,
 * without a copy. It must not be changed once it was sent. Its bytes count toward a connection's
 * high_mark, but not toward max_buffered: they are there once, whoever waits for them. Its place in
 * a queue, 16 bytes, counts there.
 */
typedef struct pp_buffer pp_buffer;

/* A buffer of `size` bytes that the caller holds a reference of. NULL: no memory. */
PP_API pp_buffer *pp_buffer_new(size_t size);
PP_API void *pp_buffer_data(pp_buffer *buffer);
PP_API size_t pp_buffer_size(const pp_buffer *buffer);
PP_API void pp_buffer_ref(pp_buffer *buffer);

/* Drops a reference and sets *buffer to NULL; the last one frees it. */
PP_API void pp_buffer_unref(pp_buffer **buffer);

/* As pp_conn_send, for the whole buffer. When it is accepted the connection holds a reference until
 * the bytes are with the kernel or the connection has ended. */
PP_API pp_status pp_conn_send_buffer(pp_conn *conn, pp_buffer *buffer);

/*
 * Declares the end of sending (framed mode, message mode with half_close, or a socket in stream
 * mode): half-close. What was accepted before goes first; later sends return PP_E_ENDED, and the
 * connection goes on receiving. When the other end has declared its own end, too, before or after,
 * nothing can follow: once on_end has returned, the connection closes gracefully by itself.
 *   PP_E_ARGUMENT   a pipe of bytes has no end of sending, as Windows has none
 *   PP_E_DIRECTION  the connection only receives
 *   PP_E_ENDED, PP_E_CLOSING, PP_E_MEMORY
 */
PP_API pp_status pp_conn_end_sending(pp_conn *conn);

/* True while a send of at most max_message bytes would be taken. Another thread may change it. */
PP_API bool pp_conn_writable(pp_conn *conn);

/* Bytes in the queue, frame headers included; what is being written counts. */
PP_API size_t pp_conn_queued(pp_conn *conn);

/*
 * Stops on_message from being called; inside a callback at once, from elsewhere soon. While it is
 * paused and its buffer is full nothing is read, so that the other end's writes wait, and its
 * leaving may be seen only after pp_conn_resume.
 */
PP_API pp_status pp_conn_pause(pp_conn *conn);
PP_API pp_status pp_conn_resume(pp_conn *conn);

/*
 * Closes gracefully: no more messages are delivered, and what still comes is read and dropped;
 * everything that send accepted is handed to the kernel, where the other end can read it even
 * later; then on_close(PP_OK). When drain_timeout_ms passes first: on_close(PP_E_DRAIN_TIMEOUT).
 * Returns at once. Closing twice does nothing.
 */
PP_API pp_status pp_conn_close(pp_conn *conn);

/* Closes at once, dropping what is queued: on_close(PP_E_ABORTED). Returns at once. */
PP_API pp_status pp_conn_abort(pp_conn *conn);

/*
 * Keeps a connection's memory beyond its callbacks. Every other function may be called while a
 * reference is held; once on_close has returned, those that return a status return PP_E_CLOSING,
 * but for pp_conn_peer, which goes on telling who it was. May outlive the port.
 */
PP_API void pp_conn_ref(pp_conn *conn);

/* Drops a reference and sets *conn to NULL. */
PP_API void pp_conn_unref(pp_conn **conn);

/* The user's pointer: set it in callbacks, or give it a lock of your own. */
PP_API void *pp_conn_user(pp_conn *conn);
PP_API void pp_conn_set_user(pp_conn *conn, void *user);

/*
 * Who is at the other end, as far as known. The user is asked for in callbacks of the connection
 * alone, from the first message on; elsewhere it is told if it was asked for before.
 * PP_E_AGAIN: not open yet. PP_E_CLOSING: it ended without having been open.
 */
PP_API pp_status pp_conn_peer(pp_conn *conn, pp_peer *peer);

/* A number that no other connection of this port has. 0 for NULL. */
PP_API uint64_t pp_conn_id(pp_conn *conn);

/* ---- Listeners ------------------------------------------------------------------------------ */

/* Who may open a name. */
typedef struct pp_access {
    const char *const *allow; /* users or SIDs who may read and write, besides the default */
    size_t allow_count;
    const char *sddl;  /* replaces the default and `allow`; has a D: part; NULL: none */
    bool strict;       /* pipes: allowed users may not create instances; they must ask for exactly
                        * the rights that docs/security.md names */
    bool allow_remote; /* let clients of other machines in */
    uint64_t reserved[4]; /* room for later versions; leave them 0 */
} pp_access;

typedef struct pp_listen_options {
    const char *name; /* bare, or a full path such as \\.\pipe\name */
    pp_conn_options conn;
    uint64_t accept_ready;          /* instances that always wait for clients */
    uint64_t accept_depth;          /* most that wait, after bursts; at least accept_ready */
    uint64_t wait_timeout_ms;       /* how long a client waits that waits the default */
    uint64_t max_clients;           /* beyond it clients find the name busy */
    uint64_t pipe_buffer;           /* the kernel's quota for each direction */
    uint64_t max_clients_per_user;  /* beyond it a connection ends with PP_E_USER_LIMIT; 0: any */
    uint64_t max_connects_per_user; /* in a second; beyond it PP_E_USER_RATE; 0: any */
    /* A client may connect so that nobody can ask who it is (SECURITY_ANONYMOUS, or no network
     * logon that may be impersonated). For the two limits, those of one session are one user. True:
     * it ends with PP_E_REFUSED after its first message. The log names the first one.
     * https://learn.microsoft.com/windows/win32/secauthz/impersonation-levels */
    bool refuse_unknown;
    pp_access access;

    /* The listener is over: it was closed, or the port stops, and its last connection has ended.
     * Once and last, also when pp_listen had no out parameter; not when pp_listen fails. All its
     * instances are closed, so the name may be taken again (by Windows's rules as soon as the
     * clients have closed their ends, too). */
    void (*on_close)(void *user);
    void *user;
    uint64_t reserved[8]; /* room for later versions; leave them 0 */
} pp_listen_options;

PP_API void pp_listen_options_init(pp_listen_options *options);

/*
 * Creates the name and accepts clients until pp_listener_close or the port stops. By default the
 * current user, SYSTEM and Administrators of this machine may connect. On success accept_ready
 * instances (or max_clients, if that is less) are there for clients to open; callbacks may run
 * before it returns. BLOCKS, with `access.allow`, for as long as Windows takes to look a name up,
 * which may ask a domain controller; SIDs are not looked up.
 *   PP_E_ARGUMENT    an option is out of its range, or the name is wrong; or direction is outbound,
 *                    and on_identity or a limit of each user is set, which needs what clients send
 *   PP_E_ACCESS      `access` keeps this process itself from making a second instance, or Windows
 *                    keeps it from the name, as it does an app container from most
 *   PP_E_NAME_TAKEN  another process owns the name, or a listener of this one, until its on_close;
 *                    the error's message says which
 *   PP_E_SECURITY    a user is unknown, or the SDDL string is wrong or without a list of who may
 *                    connect
 *   PP_E_CLOSING, PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_listen(pp_port *port, const pp_listen_options *options, pp_listener **listener,
                           pp_error *error);

/*
 * Accepts no more, and sets *listener to NULL. Its connections go on, and keep the name: it is free
 * when on_close has come. Returns at once.
 */
PP_API pp_status pp_listener_close(pp_listener **listener);

/*
 * Sets other limits while the listener goes on: accept_ready, accept_depth, max_clients,
 * max_clients_per_user and max_connects_per_user; the rest of `options` is not looked at, but for
 * being in range. They hold for clients that come from now on: nobody is ended who is over one,
 * and who came while users had no limit is not counted. Instances that wait already stay, but for
 * those that a smaller max_clients forbids; who opens one of these in that moment loses it again.
 * Returns at once. PP_E_ARGUMENT: one is out of its range.
 */
PP_API pp_status pp_listener_set_limits(pp_listener *listener, const pp_listen_options *options,
                                        pp_error *error);

/* The full path. Valid until pp_listener_close. */
PP_API const char *pp_listener_path(pp_listener *listener);

/* ---- Dialling ------------------------------------------------------------------------------- */

typedef struct pp_dial_options {
    const char *name;
    pp_conn_options conn;
    uint64_t timeout_ms;     /* how long an absent or busy name is tried again; 0: one try. After 1,
                              * 2, 4 ... ms, each of which ends with a tick, as in pp_port_after */
    uint64_t server_process; /* the process that must serve the pipe; 0: any */
    const char *server_user; /* the SID of the user that must own the pipe; NULL: any */
    uint64_t reserved[8];    /* room for later versions; leave them 0 */
} pp_dial_options;

PP_API void pp_dial_options_init(pp_dial_options *options);

/*
 * Connects to a pipe. Ends in on_open, or in on_close with PP_E_NOT_FOUND (absent), PP_E_BUSY (all
 * instances taken), PP_E_ACCESS (also for a pipe of one way that is not our direction's),
 * PP_E_IMPOSTOR (another serves it; checked before the first byte is sent), PP_E_MODE (message
 * mode, and its server made a pipe of bytes), PP_E_ABORTED (pp_conn_abort or pp_conn_close before
 * it was open) or another status. Sends are accepted at once and go out when it is open. The server
 * learns who the client is but cannot act for it (SECURITY_IDENTIFICATION). `conn` (NULL is
 * allowed) receives a reference that the caller drops with pp_conn_unref. The opening of a name on
 * another machine blocks for as long as Windows likes, in a thread of the process's pool. The
 * connection does not wait for it: it ends with PP_E_TIMEOUT when timeout_ms is over (with 0 the
 * one try takes as long as it takes), and at once when it is aborted or the port stops; what is
 * opened after that is closed at once. PP_E_ARGUMENT, PP_E_CLOSING, PP_E_MEMORY: no callback comes.
 */
PP_API pp_status pp_dial(pp_port *port, const pp_dial_options *options, pp_conn **conn,
                         pp_error *error);

/* ---- Handles of other kinds ------------------------------------------------------------------ */

/*
 * Makes a connection of a handle (a HANDLE) that somebody else opened: a pipe with another at its
 * other end, or a connected stream socket. It is asynchronous (FILE_FLAG_OVERLAPPED), on no port
 * yet, and nothing is pending on it; it may be read unless the direction is outbound, and written
 * unless it is inbound. The read mode of a pipe is set as `mode` needs it, and PIPE_WAIT; message
 * mode is for pipes of messages, the others are for all. The handle is the connection's from here
 * on, and closed when this fails. `conn` (NULL is allowed) receives a reference. A server's end
 * that no client has opened ends with PP_E_PEER_CLOSED.
 *
 * A socket needs Winsock to be started (WSAStartup) until on_close. pp_conn_end_sending and its
 * other end's shutdown are ends of sending, and nobody can tell a socket that is shut down from one
 * that is closed. A graceful close waits, up to drain_timeout_ms, until the other end has ended its
 * sending, too: closed before, it would lose what is on its way (see "shutdown" in Microsoft's
 * reference). PP_E_TIMEOUT as the end's reason: the other end has not answered the system.
 *
 *   PP_E_ARGUMENT  the handle is something else, or has FILE_SKIP_COMPLETION_PORT_ON_SUCCESS set
 *                  and the mode is message; or an option is out of its range
 *   PP_E_MODE      message mode, and the handle has bytes
 *   PP_E_ACCESS    the handle has not the rights by which its modes are asked for and set
 *   PP_E_CLOSING, PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_conn_adopt(pp_port *port, void *handle, const pp_conn_options *options,
                               pp_conn **conn, pp_error *error);

PP_API void pp_conn_options_init(pp_conn_options *options);

/* What pp_spawn starts. A stream without options is the null device in the child. */
typedef struct pp_spawn_options {
    const char *command_line;      /* as Windows takes it: the program first */
    const pp_conn_options *input;  /* its standard input; we send */
    const pp_conn_options *output; /* its standard output; we receive */
    const pp_conn_options *errors; /* its standard error; we receive */
    uint64_t reserved[8];          /* room for later versions; leave them 0 */
} pp_spawn_options;

PP_API void pp_spawn_options_init(pp_spawn_options *options);

/* A child process. The handle is the caller's to close; the references are its to drop. */
typedef struct pp_child {
    void *process; /* a HANDLE to wait for */
    uint32_t process_id;
    pp_conn *input, *output, *errors; /* NULL: not asked for */
    uint64_t reserved[4];             /* room for later versions; leave them 0 */
} pp_child;

/*
 * Starts a child process whose standard streams are pipes with the other end on the port. The child
 * gets these handles and no other, and no other child of ours gets them. Closing `input` is its end
 * of file. BLOCKS as long as Windows takes to create a process; callbacks come when there is one.
 *
 * A stream ends with PP_E_PEER_CLOSED when the last handle of the child's end of it is closed,
 * after all that was written has been delivered. A process that the child started, and that
 * inherited the stream, keeps it open after the child has ended: `process` tells when that is, and
 * pp_conn_close waits for neither.
 *
 *   PP_E_ARGUMENT   also for a command line that is not UTF-8, or not of 1 to 32,766 characters,
 *                   and for a stream in message mode
 *   PP_E_NOT_FOUND  no such program
 *   PP_E_ACCESS     the program may not be run
 *   PP_E_CLOSING, PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_spawn(pp_port *port, const pp_spawn_options *options, pp_child *child,
                          pp_error *error);

/* ---- The blocking client --------------------------------------------------------------------- */

/*
 * A client for programs that have no port. Its functions BLOCK, each up to its own time-out; one
 * thread at a time uses a client.
 */
typedef struct pp_client pp_client;

typedef struct pp_client_options {
    const char *name;
    pp_mode mode;
    pp_direction direction;  /* where only one way is allowed, the other returns PP_E_DIRECTION */
    bool half_close;         /* in message mode, a message of no bytes is the end of sending */
    uint64_t max_message;    /* longest message, both ways */
    uint64_t timeout_ms;     /* how long an absent or busy name is tried again; 0: one try */
    uint64_t server_process; /* the process that must serve the pipe; 0: any */
    const char *server_user; /* the SID of the user that must own the pipe; NULL: any */
    uint64_t reserved[8];    /* room for later versions; leave them 0 */
} pp_client_options;

PP_API void pp_client_options_init(pp_client_options *options);

/* Opens a pipe. PP_E_ARGUMENT, PP_E_NOT_FOUND, PP_E_BUSY (still, when the time was up),
 * PP_E_ACCESS (as pp_dial), PP_E_IMPOSTOR (another serves it), PP_E_MODE (message mode, and its
 * server made a pipe of bytes), PP_E_MEMORY, PP_E_SYSTEM. */
PP_API pp_status pp_client_open(pp_client **client, const pp_client_options *options,
                                pp_error *error);

/*
 * Sends a message (in stream mode: bytes), and returns when it is with the kernel. Sending and
 * receiving end apart: what ends one leaves the other as it is.
 *   PP_E_TIMEOUT      it is not known how much of it the other end will get: from then on sends
 *                     return PP_E_CLOSING
 *   PP_E_CLOSING      a send ran out of time
 *   PP_E_ENDED        the end of sending was declared
 *   PP_E_PEER_CLOSED  the other end left; what it had sent can still be received
 *   PP_E_TOO_LONG     longer than max_message
 *   PP_E_DIRECTION    the client only receives
 *   PP_E_ARGUMENT     also for no bytes where half_close gives them another meaning: use
 *                     pp_client_end_sending
 *   PP_E_MEMORY, PP_E_SYSTEM
 * `data` may be NULL when `length` is 0. A zero-length send in stream mode does nothing.
 */
PP_API pp_status pp_client_send(pp_client *client, const void *data, size_t length,
                                uint64_t timeout_ms);

/*
 * Receives a message; in stream mode what has come, at least 1 byte. `length` receives its length.
 *   PP_E_TIMEOUT      nothing whole came in time; what came is kept for the next call
 *   PP_E_TOO_LONG     it is longer than `size`; *length says how long, and it is kept for the next
 *                     call; or longer than max_message, and *length is 0: nothing more is received
 *   PP_E_PEER_CLOSED  the other end left, or declared the end of its sending, in which case it may
 *                     still read what is sent to it
 *   PP_E_TRUNCATED    it left inside a message
 *   PP_E_DIRECTION    the client only sends
 *   PP_E_PROTOCOL     it does not follow the wire format: nothing more is received
 *   PP_E_MEMORY, PP_E_SYSTEM
 */
PP_API pp_status pp_client_receive(pp_client *client, void *buffer, size_t size, size_t *length,
                                   uint64_t timeout_ms);

/*
 * Declares the end of sending (framed mode, or message mode with half_close; PP_E_ARGUMENT
 * otherwise). Receiving goes on. PP_E_TIMEOUT, PP_E_CLOSING, PP_E_ENDED, PP_E_PEER_CLOSED,
 * PP_E_DIRECTION, PP_E_MEMORY and PP_E_SYSTEM as pp_client_send.
 */
PP_API pp_status pp_client_end_sending(pp_client *client, uint64_t timeout_ms);

/* Closes it and sets *client to NULL. What was sent stays readable for the other end. */
PP_API pp_status pp_client_close(pp_client **client);

/* ---- Mailslots ------------------------------------------------------------------------------ */

typedef struct pp_mailslot_options {
    const char *name;            /* bare, or a full path such as \\.\mailslot\name */
    uint64_t max_datagram;       /* longest datagram; Windows refuses longer ones at the sender */
    uint64_t deliver_timeout_ms; /* how long, once the port stops, what was read is delivered */
    pp_access access;            /* without allow_remote, network logons are denied */

    /* A whole datagram, valid during the call; calls never overlap. PP_E_AGAIN: not taken, the same
     * datagram comes again on pp_mailslot_resume. Anything else takes it. */
    pp_status (*on_datagram)(void *user, const void *data, size_t length);

    /* The mailslot is over; once and last. PP_OK, PP_E_DRAIN_TIMEOUT (deliver_timeout_ms passed
     * before all was taken), or why reading failed. */
    void (*on_close)(void *user, pp_status reason);
    void *user;
    uint64_t reserved[8]; /* room for later versions; leave them 0 */
} pp_mailslot_options;

PP_API void pp_mailslot_options_init(pp_mailslot_options *options);

/* Creates the slot and delivers what arrives, until pp_mailslot_close or the port stops. Then what
 * was read is still delivered, and what senders left in the slot is not read. The statuses are
 * those of pp_listen, and it BLOCKS where that does. */
PP_API pp_status pp_mailslot_listen(pp_port *port, const pp_mailslot_options *options,
                                    pp_mailslot **mailslot, pp_error *error);

/* Delivers a datagram that was not taken again, and goes on. */
PP_API pp_status pp_mailslot_resume(pp_mailslot *mailslot);

/* Closes the slot and sets *mailslot to NULL. What was not delivered is dropped. on_close comes,
 * whatever senders hold or do. Returns at once. */
PP_API pp_status pp_mailslot_close(pp_mailslot **mailslot);

/* The full path. Valid until pp_mailslot_close. */
PP_API const char *pp_mailslot_path(pp_mailslot *mailslot);

/*
 * Opens a slot for sending: a bare name or \\.\mailslot\name on this machine,
 * \\MACHINE\mailslot\name, \\DOMAIN\mailslot\name or \\*\mailslot\name. BLOCKS where the name is on
 * another machine. PP_E_ARGUMENT, PP_E_NOT_FOUND, PP_E_ACCESS, PP_E_MEMORY, PP_E_SYSTEM.
 */
PP_API pp_status pp_sender_open(pp_sender **sender, const char *name, pp_error *error);

/*
 * Sends one datagram. BLOCKS only where Windows does (a remote name; under Wine a full slot).
 * PP_E_TOO_LONG: more than 424 bytes to another machine, or more than the slot takes. PP_E_MEMORY:
 * what nobody has read yet fills what Windows grants the sender for it.
 * One thread at a time.
 */
PP_API pp_status pp_sender_send(pp_sender *sender, const void *data, size_t length);

/* Closes it and sets *sender to NULL. */
PP_API pp_status pp_sender_close(pp_sender **sender);

#ifdef __cplusplus
}
#endif
#endif
