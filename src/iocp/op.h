/*
 * An operation: an OVERLAPPED and the function that learns its result, embedded in the object that
 * owns it.
 *
 * The rule. An operation is either idle or started, and only its owner's turn starts it. A started
 * operation completes exactly once. Either the starting call returns OP_DONE or OP_FAILED, and the
 * operation is idle again at once. Or the call returns OP_PENDING, and the kernel owns the
 * OVERLAPPED and the buffer until a worker has called `complete`. Until then nobody reads, changes
 * or frees them, not even after a cancel, which only asks. `complete` runs on a worker. It notes
 * the result, raises its owner's strand, and calls no user code.
 */
#ifndef PP_IOCP_OP_H
#define PP_IOCP_OP_H

#include "base/win.h"

#include <stddef.h>

typedef struct op op;
typedef void op_fn(op *o, DWORD error, DWORD bytes);

struct op {
    OVERLAPPED overlapped;
    op_fn *complete;
};

static inline void op_init(op *o, op_fn *complete)
{
    o->overlapped = (OVERLAPPED){0};
    o->complete = complete;
}

typedef enum op_outcome {
    OP_PENDING, /* a packet will come */
    OP_DONE,    /* completed in line, no packet will come */
    OP_FAILED   /* did not start, or failed in line; no packet will come */
} op_outcome;

#endif
