/*
 * An operation: an OVERLAPPED and the function that learns of its end, embedded in the object that
 * owns it.
 *
 * The rule. An operation is either idle or started. Starting it is for its owner's turn alone. A
 * started operation completes exactly once: either the call that started it says OP_DONE or
 * OP_FAILED and it is idle again at once, or it says OP_PENDING, and until `complete` has been
 * called the kernel owns the OVERLAPPED and the buffer: they are not read, changed or freed, also
 * not after a cancel, which only asks. `complete` runs on a worker, does no more than note the
 * result and raise its owner's strand, and calls no user code.
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
