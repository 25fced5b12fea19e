/*
 * The blocking client: one end of a pipe without a port. It assembles messages in a buffer of its
 * own, so a call that times out loses nothing that came. Sending and receiving end separately: what
 * the other end sent before it left can be received whatever a send has found.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "iocp/kernel.h"
#include "pipe/decoder.h"
#include "pipe/framing.h"
#include "pipe/open.h"
#include "pipe/records.h"

#include <string.h>

#define CLIENT__FIRST_SIZE 4096u
#define CLIENT__FIRST_RETRY_MS 1
#define CLIENT__MOST_RETRY_MS 64

struct pp_client {
    HANDLE pipe, event;
    decoder decoder;
    pp_status sending, receiving; /* PP_OK, or the status of all further calls */
    records frame;                /* being sent */

    char *buffer; /* bytes from 0 to `have` came and are not handed over yet */
    size_t size, have;
    bool whole; /* message mode: it is a whole message */
};

void pp_client_options_init(pp_client_options *options)
{
    if (!options)
        return;
    *options = (pp_client_options){0};
    options->name = "pipeport";
    option_set_defaults(&option_client_table, options);
}

static uint64_t client__deadline(uint64_t timeout_ms)
{
    uint64_t now = clock_ms();

    return timeout_ms < CLOCK_NEVER - now ? now + timeout_ms : CLOCK_NEVER;
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static pp_status client__dial(pp_client *c, const open_request *request, uint64_t deadline,
                              pp_error *error)
{
    DWORD wait = CLIENT__FIRST_RETRY_MS, code;
    pp_status status = open_once(request, &c->pipe, &code);

    while (open_may_succeed_later(status) && clock_ms() < deadline) {
        WaitForSingleObject(c->event, wait); /* nobody sets it: this only backs off */
        wait = (DWORD)clock_back_off(wait, CLIENT__MOST_RETRY_MS);
        status = open_once(request, &c->pipe, &code);
    }
    if (status != PP_OK)
        error_set(error, status, code, "%s: %s", utf_shorten(request->path.text).text,
                  pp_status_text(status));
    return status;
}

static pp_status client__init(pp_client *c, const pp_client_options *options, pp_error *error)
{
    open_request *request;
    pp_status status;

    c->decoder = (decoder){options->mode, options->half_close, options->max_message};
    c->sending = options->direction == PP_DIRECTION_INBOUND ? PP_E_DIRECTION : PP_OK;
    c->receiving = options->direction == PP_DIRECTION_OUTBOUND ? PP_E_DIRECTION : PP_OK;
    c->pipe = INVALID_HANDLE_VALUE;
    c->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    request = mem_alloc(sizeof *request);
    if (!c->event || !request) {
        mem_free(request);
        return error_set(error, PP_E_MEMORY, 0, "no memory for a client");
    }
    status = open_prepare(request, options->name, options->mode, options->direction,
                          options->server_process, options->server_user, error);
    if (status == PP_OK)
        status = client__dial(c, request, client__deadline(options->timeout_ms), error);
    mem_free(request);
    return status;
}

static void client__free(pp_client *c)
{
    if (c->pipe != INVALID_HANDLE_VALUE)
        CloseHandle(c->pipe);
    if (c->event)
        CloseHandle(c->event);
    records_free(&c->frame);
    mem_free(c->buffer);
    mem_free(c);
}

static pp_status client__check(const pp_client_options *options, pp_error *error)
{
    pp_status status = option_check(&option_client_table, options, error);

    return status == PP_OK ? option_check_way(options->mode, options->direction, error) : status;
}

pp_status pp_client_open(pp_client **client, const pp_client_options *options, pp_error *error)
{
    pp_client *c;
    pp_status status;

    if (!client || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", client ? "options" : "client");
    *client = NULL;
    status = client__check(options, error);
    if (status != PP_OK)
        return status;
    c = mem_alloc_zeroed(sizeof *c);
    if (!c)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a client");
    status = client__init(c, options, error);
    if (status == PP_OK)
        *client = c;
    else
        client__free(c);
    return status;
}

pp_status pp_client_close(pp_client **client)
{
    if (!client || !*client)
        return PP_E_ARGUMENT;
    client__free(*client);
    *client = NULL;
    return PP_OK;
}

/* ---- Sending -------------------------------------------------------------------------------- */

static pp_status client__write(pp_client *c, const void *data, size_t length, uint64_t timeout_ms)
{
    pp_status status = error_from_windows(
        kernel_write_until(c->pipe, c->event, data, (DWORD)length, client__deadline(timeout_ms)));

    /* Nobody knows how much of it will arrive, so nothing can follow it. */
    c->sending = status == PP_E_TIMEOUT ? PP_E_CLOSING : status;
    return status;
}

/* Header and payload in one write. */
static pp_status client__write_frame(pp_client *c, uint32_t header, const void *data, size_t length,
                                     uint64_t timeout_ms)
{
    piece p;

    records_rewind(&c->frame);
    if (!records_make_room(&c->frame, FRAMING_HEADER + length, false))
        return PP_E_MEMORY;
    records_add_header(&c->frame, header);
    records_add(&c->frame, data, length);
    p = records_next(&c->frame, PP_MODE_FRAMED, SIZE_MAX);
    return client__write(c, p.data, p.size, timeout_ms);
}

static bool client__empty_is_end(const pp_client *c)
{
    return c->decoder.mode == PP_MODE_MESSAGE && c->decoder.half_close;
}

pp_status pp_client_send(pp_client *c, const void *data, size_t length, uint64_t timeout_ms)
{
    if (!c || (!data && length > 0) || (length == 0 && client__empty_is_end(c)))
        return PP_E_ARGUMENT;
    if (c->sending != PP_OK)
        return c->sending;
    if (length > c->decoder.max_message)
        return PP_E_TOO_LONG;
    if (c->decoder.mode == PP_MODE_FRAMED)
        return client__write_frame(c, (uint32_t)length, data, length, timeout_ms);
    if (c->decoder.mode == PP_MODE_STREAM && length == 0)
        return PP_OK;
    return client__write(c, data ? data : "", length, timeout_ms);
}

pp_status pp_client_end_sending(pp_client *c, uint64_t timeout_ms)
{
    pp_status status;

    if (!c || (c->decoder.mode != PP_MODE_FRAMED && !client__empty_is_end(c)))
        return PP_E_ARGUMENT;
    if (c->sending != PP_OK)
        return c->sending;
    status = c->decoder.mode == PP_MODE_FRAMED
                 ? client__write_frame(c, FRAMING_END, NULL, 0, timeout_ms)
                 : client__write(c, "", 0, timeout_ms);
    if (status == PP_OK)
        c->sending = PP_E_ENDED;
    return status;
}

/* ---- Receiving ------------------------------------------------------------------------------ */

static pp_status client__end_receiving(pp_client *c, pp_status status)
{
    c->receiving = status;
    return status;
}

static bool client__make_room(pp_client *c, size_t size)
{
    char *buffer;

    if (c->size >= size)
        return true;
    buffer = mem_resize(c->buffer, size);
    if (!buffer)
        return false;
    c->buffer = buffer;
    c->size = size;
    return true;
}

/* Reads once, behind the bytes in the buffer, which keep whatever came. */
static pp_status client__read(pp_client *c, uint64_t deadline)
{
    DWORD bytes, error = kernel_read_until(c->pipe, c->event, c->buffer + c->have,
                                           (DWORD)(c->size - c->have), deadline, &bytes);
    pp_status status;

    c->have += bytes;
    if (error == WAIT_TIMEOUT)
        return PP_E_TIMEOUT;
    if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) {
        c->whole = error == ERROR_SUCCESS;
        return PP_OK;
    }
    status = error_from_windows(error);
    return client__end_receiving(c, status == PP_E_PEER_CLOSED && c->have > 0 ? PP_E_TRUNCATED
                                                                              : status);
}

/* Makes room for what must come. In message mode the buffer doubles, up to one byte more than the
 * longest message. */
static bool client__make_room_for(pp_client *c, const decoded *part)
{
    size_t most = (size_t)c->decoder.max_message + 1, size = CLIENT__FIRST_SIZE;

    if (part->size > c->size && c->decoder.mode == PP_MODE_MESSAGE && c->size > 0)
        size = c->size * 2 < most ? c->size * 2 : most;
    else if (part->size > size)
        size = part->size;
    return client__make_room(c, size);
}

/* Reads until a message is whole, or an end. */
static pp_status client__await(pp_client *c, uint64_t deadline, decoded *next)
{
    for (;;) {
        pp_status status;

        *next = decoder_look(&c->decoder, c->buffer, c->have, c->whole);
        if (next->kind == DECODED_MESSAGE)
            return PP_OK;
        if (next->kind != DECODED_PART)
            return client__end_receiving(c,
                                         next->kind == DECODED_END ? PP_E_PEER_CLOSED : next->why);
        status = client__make_room_for(c, next) ? client__read(c, deadline) : PP_E_MEMORY;
        if (status != PP_OK)
            return status;
    }
}

/* Hands over `length` bytes of the payload, and drops them with the header before them. */
static void client__hand_over(pp_client *c, void *buffer, size_t skip, size_t length)
{
    if (length > 0)
        memcpy(buffer, c->buffer + skip, length);
    c->have -= skip + length;
    if (c->have > 0)
        memmove(c->buffer, c->buffer + skip + length, c->have);
    c->whole = false;
}

pp_status pp_client_receive(pp_client *c, void *buffer, size_t size, size_t *length,
                            uint64_t timeout_ms)
{
    uint64_t deadline = client__deadline(timeout_ms);
    pp_status status;
    decoded next;

    if (!c || !length || (!buffer && size > 0) || (size == 0 && c->decoder.mode == PP_MODE_STREAM))
        return PP_E_ARGUMENT;
    *length = 0;
    if (c->receiving != PP_OK)
        return c->receiving;
    status = client__await(c, deadline, &next);
    if (status != PP_OK)
        return status;
    *length = next.length;
    if (c->decoder.mode == PP_MODE_STREAM && *length > size)
        *length = size;
    if (*length > size)
        return PP_E_TOO_LONG;
    client__hand_over(c, buffer, next.skip, *length);
    return PP_OK;
}
