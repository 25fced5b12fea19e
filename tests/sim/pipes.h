/* What named pipes are made of. */
#ifndef SIM_PIPES_H
#define SIM_PIPES_H

#include "files.h"
#include "security.h"

typedef enum pipe_state {
    PIPE_STATE_LISTENING,
    PIPE_STATE_CONNECTED,
    PIPE_STATE_CLOSING, /* one end has closed */
    PIPE_STATE_DISCONNECTED
} pipe_state;

/* What one write brought, until it is read. */
typedef struct pipe_data {
    struct pipe_data *next;
    const char *bytes;
    char *copy; /* NULL: they are the writer's, whose write has not ended */
    size_t size, start;
    file_op *write; /* that has not ended: the quota does not hold it */
} pipe_data;

typedef struct pipe_end {
    file file;
    struct pipe_instance *instance;
    bool server, message_read, at_once; /* at once: PIPE_NOWAIT */
    size_t quota;
    pipe_data *first; /* to be read here */
    file_op *reads, *writes, *connects;
} pipe_end;

typedef struct pipe_instance {
    struct pipe_instance *next;
    struct pipe_name *name;
    pipe_state state;
    uint64_t listens_since;
    pipe_end *serving, *client;
    size_t quota_out, quota_in;
    bool remote; /* the client is on another machine */
    subject who; /* the client, as far as it lets itself be impersonated */
    bool was_read;
} pipe_instance;

typedef struct pipe_name {
    struct pipe_name *next;
    unsigned machine;
    WCHAR name[FILE_NAME_ROOM];
    pipe_instance *instances;
    DWORD count, most, ways, wait_ms;
    bool message, reject_remote;
    descriptor *descriptor;
} pipe_name;

extern const file_calls pipe_calls;

/* A point, and the end behind a handle; NULL: ERROR_INVALID_HANDLE. */
pipe_end *pipes_look(HANDLE handle);

/* The other end; NULL: it has closed. */
pipe_end *pipes_other(const pipe_end *e);

/* Why nothing can be read or written; 0: something can. */
NTSTATUS pipes_state_error(const pipe_end *e, bool writing);

/* A write of an end is cancelled: what was not taken yet is gone. */
void pipes_drop_write(file *f, file_op *write);

/* How many bytes wait to be read. */
size_t pipes_waiting(const pipe_end *to);

/* Drops what was not read. */
void pipes_drop_data(pipe_end *to);

/* Reads that are pending take what has come, or find that the other end has left. */
void pipes_settle_reads(pipe_end *e);

void pipes_reset(void);

#endif
