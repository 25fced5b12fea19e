/* What named pipes are made of. */
#ifndef SIM_PIPES_H
#define SIM_PIPES_H

#include "security.h"
#include "sim.h"

/* Statuses of the kernel, which RtlNtStatusToDosError knows. */
#define SIM_PENDING 0x103
#define SIM_BUFFER_OVERFLOW ((NTSTATUS)0x80000005)
#define SIM_PIPE_DISCONNECTED ((NTSTATUS)0xC00000B0)
#define SIM_PIPE_CLOSING ((NTSTATUS)0xC00000B1)
#define SIM_PIPE_LISTENING ((NTSTATUS)0xC00000B3)
#define SIM_CANCELLED ((NTSTATUS)0xC0000120)
#define SIM_PIPE_BROKEN ((NTSTATUS)0xC000014B)

#define SIM_PATH 300

typedef enum pipe_state {
    PIPE_STATE_LISTENING,
    PIPE_STATE_CONNECTED,
    PIPE_STATE_CLOSING, /* one end has closed */
    PIPE_STATE_DISCONNECTED
} pipe_state;

/* The result that a thread waits for, on a handle without FILE_FLAG_OVERLAPPED. */
typedef struct pipe_sync {
    NTSTATUS status;
    DWORD bytes;
    bool done;
} pipe_sync;

typedef struct pipe_op {
    struct pipe_op *next;
    OVERLAPPED *o; /* NULL: a thread waits for `sync` */
    void *buffer;
    DWORD size;
    struct pipe_sync *sync;
} pipe_op;

/* What one write brought, until it is read. */
typedef struct pipe_data {
    struct pipe_data *next;
    char *bytes;
    size_t size, start;
    pipe_op *write; /* that has not ended: the quota does not hold it */
} pipe_data;

typedef struct pipe_end {
    sim_object object;
    struct pipe_instance *instance;
    const sim_process *owner;
    bool server, overlapped, message_read;
    DWORD rights;
    size_t quota;
    sim_target target;
    pipe_data *first; /* to be read here */
    pipe_op *reads, *writes, *connects;
} pipe_end;

typedef struct pipe_instance {
    struct pipe_instance *next;
    struct pipe_name *name;
    pipe_state state;
    pipe_end *serving, *client;
    DWORD client_level; /* how far the client lets itself be impersonated */
    bool was_read;
} pipe_instance;

typedef struct pipe_name {
    struct pipe_name *next;
    WCHAR path[SIM_PATH];
    pipe_instance *instances;
    DWORD count, most;
    size_t quota;
    bool message, reject_remote;
    descriptor *descriptor;
} pipe_name;

/* A point, and the end behind a handle; NULL: ERROR_INVALID_HANDLE. */
pipe_end *pipes_look(HANDLE handle);

/* The other end; NULL: it has closed. */
pipe_end *pipes_other(const pipe_end *e);

/* Operations of an end: a new one, which pends in one of its lists; one that ends; the one of `o`.
 */
pipe_op *pipes_new_op(OVERLAPPED *o, void *buffer, DWORD size);
void pipes_append(pipe_op **list, pipe_op *op);
void pipes_end(pipe_end *e, pipe_op **place, NTSTATUS status, DWORD bytes);
bool pipes_cancel(pipe_end *e, pipe_op **list, OVERLAPPED *o);

/* Reads that are pending take what has come, or find that the other end has left. */
void pipes_settle_reads(pipe_end *e);

void pipes_reset(void);

#endif
