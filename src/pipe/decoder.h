/*
 * The decoder: what the first of the bytes read mean, in each mode. It keeps no state, so a
 * connection and the blocking client share it.
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
    DECODED_PART,    /* incomplete: `size` bytes in all are needed, as far as known */
    DECODED_MESSAGE, /* `length` bytes of payload after `skip`; in stream mode all bytes */
    DECODED_END,     /* the other end declared the end of its sending */
    DECODED_LANE,    /* `length` bytes about a lane after `skip` */
    DECODED_BELL,    /* of a lane: nothing to do */
    DECODED_WRONG    /* the connection has to end, for `why` */
} decoded_kind;

typedef struct decoded {
    decoded_kind kind;
    pp_status why;
    size_t skip, length;
    size_t size; /* bytes that it uses up in all */
} decoded;

/* Decodes the first of `have` bytes. `whole`: in message mode, they are all of a message. */
decoded decoder_look(const decoder *d, const void *data, size_t have, bool whole);

#endif
