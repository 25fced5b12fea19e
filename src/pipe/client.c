/*
 * The blocking client: one end of a pipe without a port. Messages are assembled in a buffer of its
 * own, so a call that runs out of time loses nothing that came. Sending and receiving end apart:
 * what the other end sent before it left is there whatever a send has found.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "iocp/kernel.h"
#include "pipe/framing.h"
#include "pipe/open.h"

#include <string.h>

#define CLIENT__FIRST_SIZE 4096u
#define CLIENT__FIRST_RETRY_MS 1
#define CLIENT__MOST_RETRY_MS 64

struct pp_client {
    HANDLE pipe, event;
    pp_mode mode;
    bool half_close;
    uint64_t max_message;
    pp_status sending, receiving; /* PP_OK, or what it returns from now on */

    char *buffer; /* what came and was not yet handed over: from 0 to `have` */
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
        WaitForSingleObject(c->event, wait); /* nobody sets it: this is only a pause */
        wait = wait * 2 < CLIENT__MOST_RETRY_MS ? wait * 2 : CLIENT__MOST_RETRY_MS;
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

    c->mode = options->mode;
    c->sending = options->direction == PP_DIRECTION_INBOUND ? PP_E_DIRECTION : PP_OK;
    c->receiving = options->direction == PP_DIRECTION_OUTBOUND ? PP_E_DIRECTION : PP_OK;
    c->half_close = options->half_close;
    c->max_message = options->max_message;
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

    /* How much of it will arrive nobody knows: nothing can follow it. */
    c->sending = status == PP_E_TIMEOUT ? PP_E_CLOSING : status;
    return status;
}

/* Header and payload in one write. */
static pp_status client__write_frame(pp_client *c, const void *data, size_t length,
                                     uint64_t timeout_ms)
{
    char *frame = mem_alloc(FRAMING_HEADER + length);
    pp_status status;

    if (!frame)
        return PP_E_MEMORY;
    framing_write(frame, (uint32_t)length);
    if (length > 0)
        memcpy(frame + FRAMING_HEADER, data, length);
    status = client__write(c, frame, FRAMING_HEADER + length, timeout_ms);
    mem_free(frame);
    return status;
}

static bool client__empty_is_end(const pp_client *c)
{
    return c->mode == PP_MODE_MESSAGE && c->half_close;
}

pp_status pp_client_send(pp_client *c, const void *data, size_t length, uint64_t timeout_ms)
{
    if (!c || (!data && length > 0) || (length == 0 && client__empty_is_end(c)))
        return PP_E_ARGUMENT;
    if (c->sending != PP_OK)
        return c->sending;
    if (length > c->max_message)
        return PP_E_TOO_LONG;
    if (c->mode == PP_MODE_FRAMED)
        return client__write_frame(c, data, length, timeout_ms);
    if (c->mode == PP_MODE_STREAM && length == 0)
        return PP_OK;
    return client__write(c, data ? data : "", length, timeout_ms);
}

pp_status pp_client_end_sending(pp_client *c, uint64_t timeout_ms)
{
    char frame[FRAMING_HEADER];
    pp_status status;

    if (!c || (c->mode != PP_MODE_FRAMED && !client__empty_is_end(c)))
        return PP_E_ARGUMENT;
    if (c->sending != PP_OK)
        return c->sending;
    framing_write(frame, FRAMING_END);
    status = client__write(c, frame, c->mode == PP_MODE_FRAMED ? sizeof frame : 0, timeout_ms);
    if (status == PP_OK)
        c->sending = PP_E_CLOSING;
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

/* Reads once, after what is there; what came is kept whatever the status is. */
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

/* Reads until a message is whole: where it begins and how long it is. */
static pp_status client__await_message(pp_client *c, uint64_t deadline, size_t *length)
{
    size_t most = (size_t)c->max_message + 1;

    while (!c->whole) {
        size_t size = c->have < c->size ? c->size : c->size ? c->size * 2 : CLIENT__FIRST_SIZE;
        pp_status status;

        if (!client__make_room(c, size < most || c->have == 0 ? size : most))
            return PP_E_MEMORY;
        status = client__read(c, deadline);
        if (status != PP_OK)
            return status;
        if (c->have > c->max_message)
            return client__end_receiving(c, PP_E_TOO_LONG);
    }
    *length = c->have;
    return *length == 0 && c->half_close ? client__end_receiving(c, PP_E_PEER_CLOSED) : PP_OK;
}

static pp_status client__await_frame(pp_client *c, uint64_t deadline, size_t *length)
{
    for (;;) {
        size_t size;
        framing_kind kind = framing_parse(c->buffer, c->have, c->max_message, &size);
        pp_status status;

        *length = size - FRAMING_HEADER;
        if (kind == FRAMING_MESSAGE)
            return PP_OK;
        if (kind == FRAMING_ENDED)
            return client__end_receiving(c, PP_E_PEER_CLOSED);
        if (kind != FRAMING_PARTIAL)
            return client__end_receiving(c,
                                         kind == FRAMING_TOO_LONG ? PP_E_TOO_LONG : PP_E_PROTOCOL);
        if (!client__make_room(c, size > CLIENT__FIRST_SIZE ? size : CLIENT__FIRST_SIZE))
            return PP_E_MEMORY;
        status = client__read(c, deadline);
        if (status != PP_OK)
            return status;
    }
}

static pp_status client__await_bytes(pp_client *c, uint64_t deadline, size_t *length)
{
    while (c->have == 0) { /* a read of no bytes is not the end */
        pp_status status =
            client__make_room(c, CLIENT__FIRST_SIZE) ? client__read(c, deadline) : PP_E_MEMORY;

        if (status != PP_OK)
            return status;
    }
    *length = c->have;
    return PP_OK;
}

/* Hands over `length` bytes after `skip`, and forgets them. */
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

    if (!c || !length || (!buffer && size > 0) || (size == 0 && c->mode == PP_MODE_STREAM))
        return PP_E_ARGUMENT;
    *length = 0;
    if (c->receiving != PP_OK)
        return c->receiving;
    status = c->mode == PP_MODE_FRAMED    ? client__await_frame(c, deadline, length)
             : c->mode == PP_MODE_MESSAGE ? client__await_message(c, deadline, length)
                                          : client__await_bytes(c, deadline, length);
    if (status != PP_OK) {
        *length = 0;
        return status;
    }
    if (c->mode == PP_MODE_STREAM && *length > size)
        *length = size;
    if (*length > size)
        return PP_E_TOO_LONG;
    client__hand_over(c, buffer, c->mode == PP_MODE_FRAMED ? FRAMING_HEADER : 0, *length);
    return PP_OK;
}
