/* What the handles of pipes and mailslots have in common: operations, which end or pend. */
#ifndef SIM_FILES_H
#define SIM_FILES_H

#include "sim.h"

/* Statuses of the kernel, which RtlNtStatusToDosError knows. */
#define SIM_PENDING 0x103
#define SIM_BUFFER_OVERFLOW ((NTSTATUS)0x80000005)
#define SIM_ACCESS_DENIED ((NTSTATUS)0xC0000022)
#define SIM_BUFFER_TOO_SMALL ((NTSTATUS)0xC0000023)
#define SIM_NAME_COLLISION ((NTSTATUS)0xC0000035)
#define SIM_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define SIM_PIPE_BUSY ((NTSTATUS)0xC00000AE)
#define SIM_PIPE_DISCONNECTED ((NTSTATUS)0xC00000B0)
#define SIM_PIPE_CLOSING ((NTSTATUS)0xC00000B1)
#define SIM_PIPE_LISTENING ((NTSTATUS)0xC00000B3)
#define SIM_WRONG_READ_MODE ((NTSTATUS)0xC00000B4)
#define SIM_TIMED_OUT ((NTSTATUS)0xC00000B5)
#define SIM_FORCED_CLOSED ((NTSTATUS)0xC00000B6)
#define SIM_BAD_NETPATH ((NTSTATUS)0xC00000BE)
#define SIM_PIPE_EMPTY ((NTSTATUS)0xC00000D9)
#define SIM_CANCELLED ((NTSTATUS)0xC0000120)
#define SIM_PIPE_BROKEN ((NTSTATUS)0xC000014B)

/* The result that a thread waits for. */
typedef struct file_sync {
    NTSTATUS status;
    DWORD bytes;
    bool done;
} file_sync;

typedef struct file_op {
    struct file_op *next;
    OVERLAPPED *o;   /* without it and `sync` nobody is told */
    file_sync *sync; /* a thread waits for it */
    void *buffer;
    DWORD size;
    uint64_t deadline_ns; /* of a mailslot's read */
    bool starting, ended; /* it has ended before its call has returned, with: */
    NTSTATUS status;
    DWORD bytes;
} file_op;

typedef struct file file;

/* What a kind of file does; read and write begin an operation. SIM_PENDING: it is in one of the
 * file's lists, or `ended`. Other statuses end it, with `op->bytes`. */
typedef NTSTATUS file_start(file *f, file_op *op);
typedef struct file_calls {
    file_start *read, *write;
    bool (*cancel)(file *f, OVERLAPPED *o); /* NULL: all; false: there is none */
} file_calls;

struct file {
    sim_object object;
    const file_calls *calls;
    const sim_process *owner;
    bool overlapped;
    DWORD rights;
    sim_target target;
};

void file_init(file *f, sim_kind kind, const file_calls *calls, void (*close)(sim_object *));

/* A point, and the file behind a handle; NULL: ERROR_INVALID_HANDLE. */
file *file_look(HANDLE handle);

/* Begins an operation, and returns what the call does. */
BOOL file_begin(file *f, OVERLAPPED *o, void *buffer, DWORD size, file_start *start, DWORD *bytes);

/* Operations in a list: a further one, one that ends, and cancelling; `gone` comes before. */
void file_append(file_op **list, file_op *op);
void file_end(file *f, file_op **place, NTSTATUS status, DWORD bytes);
bool file_cancel(file *f, file_op **list, OVERLAPPED *o, void (*gone)(file *f, file_op *op));

/* The rights that are meant. */
DWORD file_map_rights(DWORD rights);

/* ---- Paths ---------------------------------------------------------------------------------- */

#define FILE_NAME_ROOM 300
#define FILE_ALL_MACHINES 99u

typedef struct file_path {
    bool slot;        /* of a mailslot; otherwise of a pipe */
    bool remote;      /* it names a machine */
    unsigned machine; /* FILE_ALL_MACHINES: a mailslot of each */
    const WCHAR *name;
} file_path;

/* An error, or 0. */
DWORD file_parse(const WCHAR *path, file_path *parsed);

/* Opens what a path names; INVALID_HANDLE_VALUE, with the error. */
HANDLE pipe_open_client(const file_path *path, DWORD rights, DWORD flags);
HANDLE process_open_null(void);
HANDLE slot_open_sender(const file_path *path, DWORD rights, DWORD flags);

/* Fails an opening call. */
HANDLE file_refuse(DWORD error);

#endif
