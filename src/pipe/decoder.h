/*
 * The decoder: what the first of the bytes that came are, in each mode. It keeps nothing, so a
 * connection and the blocking client use the same one.
 */
#ifndef PP_PIPE_DECODER_H
#define PP_PIPE_DECODER_H

#include "pipeport.h"

typedef struct decoder {
    pp_mode mode;
    bool half_close; /* message mode: a message of no bytes ends the sending */
    uint64_t max_message;
} decoder;

typedef enum decoded_kind {
    DECODED_PART,    /* `size` bytes in all are needed, as far as known */
    DECODED_MESSAGE, /* `length` bytes of payload after `skip`; in stream mode all bytes */
    DECODED_END,     /* the other end declared the end of its sending */
    DECODED_WRONG    /* `why` the connection has to end */
} decoded_kind;

typedef struct decoded {
    decoded_kind kind;
    pp_status why;
    size_t skip, length;
    size_t size; /* used up in all */
} decoded;

/* Looks at `have` bytes; `whole`: in message mode, they are all of a message. */
decoded decoder_look(const decoder *d, const void *data, size_t have, bool whole);

#endif
