/*
 * The two sides of a conversation: what is sent, what must come, and when callbacks may.
 */
#include "world.h"

#include <string.h>

/* ---- What is sent: each byte says whose it is and where it belongs ----------------------------
 */

static unsigned char side__byte(const side *s, uint64_t at)
{
    return (unsigned char)(at * 7 + s->id * 31 + (at >> 8));
}

static size_t side__length(const side *s, unsigned number)
{
    return 1 + (number * 13 + s->id) % s->world->longest;
}

size_t side_fill(const side *s, unsigned number, uint64_t at, char *data)
{
    size_t length = side__length(s, number);

    for (size_t i = 0; i < length; i++)
        data[i] = (char)side__byte(s, at + i);
    return length;
}

/* What came must be what follows: nothing is lost, doubled, or another's. */
void side_check(side *s, const char *data, size_t length)
{
    if (s->world->mode != PP_MODE_STREAM && length != side__length(s, s->received))
        sim_fail("client %u: message %u has %zu bytes, not %zu", s->id, s->received, length,
                 side__length(s, s->received));
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)data[i] != side__byte(s, s->bytes_in + i))
            sim_fail("client %u: byte %llu is wrong", s->id, (unsigned long long)(s->bytes_in + i));
    s->received++;
    s->bytes_in += length;
}

bool side_has_all(const side *s)
{
    return s->sent == s->to_send && s->bytes_in == s->bytes_out;
}

/* ---- Callbacks: never two at a time, in their order -------------------------------------------
 */

void callback_begins(watched *w, const char *which)
{
    if (w->inside)
        sim_fail("%s overlaps another callback", which);
    if (w->closed)
        sim_fail("%s comes after on_close", which);
    if (!w->opened && strcmp(which, "on_open") != 0 && strcmp(which, "on_close") != 0)
        sim_fail("%s comes before on_open", which);
    w->inside = true;
    sim_point();
}

void callback_ends(watched *w)
{
    sim_point();
    w->inside = false;
}

void note_open(watched *w)
{
    callback_begins(w, "on_open");
    if (w->opened)
        sim_fail("on_open comes twice");
    w->opened = true;
    callback_ends(w);
}

void note_close(watched *w, pp_status reason)
{
    callback_begins(w, "on_close");
    w->closed = true;
    w->reason = reason;
    callback_ends(w);
}
