#include "pipe/decoder.h"

#include "pipe/framing.h"

static decoded decoder__wrong(pp_status why)
{
    return (decoded){.kind = DECODED_WRONG, .why = why};
}

static decoded decoder__message(const decoder *d, size_t have, bool whole)
{
    if (have > d->max_message)
        return decoder__wrong(PP_E_TOO_LONG);
    if (!whole)
        return (decoded){.kind = DECODED_PART, .size = have + 1};
    if (have == 0 && d->half_close)
        return (decoded){.kind = DECODED_END};
    return (decoded){.kind = DECODED_MESSAGE, .length = have, .size = have};
}

static decoded decoder__frame(const decoder *d, const void *data, size_t have)
{
    size_t size;

    switch (framing_parse(data, have, d->max_message, &size)) {
    case FRAMING_PARTIAL:
        return (decoded){.kind = DECODED_PART, .size = size};
    case FRAMING_MESSAGE:
        return (decoded){DECODED_MESSAGE, PP_OK, FRAMING_HEADER, size - FRAMING_HEADER, size};
    case FRAMING_ENDED:
        return (decoded){.kind = DECODED_END, .size = size};
    case FRAMING_ABOUT_LANE:
        return (decoded){DECODED_LANE, PP_E_PROTOCOL, FRAMING_HEADER, FRAMING_LANE_SIZE, size};
    case FRAMING_RINGS:
        return (decoded){.kind = DECODED_BELL, .why = PP_E_PROTOCOL, .size = size};
    case FRAMING_TOO_LONG:
        return decoder__wrong(PP_E_TOO_LONG);
    case FRAMING_UNKNOWN:
        break;
    }
    return decoder__wrong(PP_E_PROTOCOL);
}

decoded decoder_look(const decoder *d, const void *data, size_t have, bool whole)
{
    if (d->mode == PP_MODE_MESSAGE)
        return decoder__message(d, have, whole);
    if (d->mode == PP_MODE_FRAMED)
        return decoder__frame(d, data, have);
    if (have == 0)
        return (decoded){.kind = DECODED_PART, .size = 1};
    return (decoded){.kind = DECODED_MESSAGE, .length = have, .size = have};
}
