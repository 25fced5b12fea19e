/*
 * Rival 3: libuv, as its guide's echo server: what was read is what is written, and freed when it
 * has been. Messages are put together in a buffer of the connection, and each is copied for its
 * write.
 */
#include "rival.h"

#include <uv.h>

#include <stdlib.h>
#include <string.h>

#define LIBUV__WAITING 64 /* instances that wait for clients */

typedef struct libuv__conn {
    uv_pipe_t pipe; /* first: libuv hands its address back */
    uv_connect_t connect;
    rival_buffer *buffer; /* of messages */
} libuv__conn;

typedef struct libuv__write {
    uv_write_t request; /* first */
    char *data;
} libuv__write;

static rival libuv__rival;
static unsigned libuv__connected;

static void libuv__check(int status)
{
    if (status < 0)
        rival_die(uv_strerror(status), (DWORD)-status);
}

static void *libuv__allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        rival_die("no memory", ERROR_NOT_ENOUGH_MEMORY);
    return memory;
}

static void libuv__on_closed(uv_handle_t *handle)
{
    libuv__conn *c = (libuv__conn *)(void *)handle;

    free(c->buffer);
    free(c);
}

static void libuv__on_written(uv_write_t *request, int status)
{
    libuv__write *w = (libuv__write *)(void *)request;

    (void)status; /* a client that left shows in the read as well */
    free(w->data);
    free(w);
}

/* Owns `data` from now on. */
static void libuv__send(libuv__conn *c, char *data, size_t length)
{
    libuv__write *w = libuv__allocate(sizeof *w);
    uv_buf_t buffer = uv_buf_init(data, (unsigned)length);

    w->data = data;
    if (uv_write(&w->request, (uv_stream_t *)&c->pipe, &buffer, 1, libuv__on_written) < 0)
        libuv__on_written(&w->request, 0);
}

static void libuv__send_messages(libuv__conn *c)
{
    unsigned messages = 0;
    size_t length;
    char *data;

    for (; (length = rival_buffer_next(c->buffer, &libuv__rival, &data)) > 0; messages++) {
        char *copy = libuv__allocate(length);

        memcpy(copy, data, length);
        libuv__send(c, copy, length);
    }
    if (libuv__rival.drives)
        rival_count(messages);
}

static void libuv__on_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    libuv__conn *c = (libuv__conn *)(void *)handle;
    char *data;
    size_t size = suggested;

    if (libuv__rival.framed)
        size = rival_buffer_space(c->buffer, &data);
    else
        data = malloc(size); /* libuv takes NULL for no memory */
    *buffer = uv_buf_init(data, (unsigned)size);
}

static void libuv__on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    libuv__conn *c = (libuv__conn *)(void *)stream;

    if (length > 0 && !libuv__rival.framed) {
        libuv__send(c, buffer->base, (size_t)length);
        return;
    }
    if (length > 0) {
        rival_buffer_add(c->buffer, (size_t)length);
        libuv__send_messages(c);
        return;
    }
    if (!libuv__rival.framed)
        free(buffer->base);
    if (length == 0)
        return; /* nothing yet */
    if (libuv__rival.drives)
        rival_die("the server left", (DWORD)-length);
    uv_close((uv_handle_t *)stream, libuv__on_closed);
}

static libuv__conn *libuv__open(void)
{
    libuv__conn *c = libuv__allocate(sizeof *c);

    libuv__check(uv_pipe_init(uv_default_loop(), &c->pipe, 0));
    c->buffer = libuv__rival.framed ? rival_buffer_open(&libuv__rival) : NULL;
    if (libuv__rival.framed && !c->buffer)
        rival_die("no memory", ERROR_NOT_ENOUGH_MEMORY);
    return c;
}

static void libuv__on_connection(uv_stream_t *server, int status)
{
    libuv__conn *c;

    if (status < 0)
        return; /* the client left already */
    c = libuv__open();
    if (uv_accept(server, (uv_stream_t *)&c->pipe) == 0)
        uv_read_start((uv_stream_t *)&c->pipe, libuv__on_space, libuv__on_read);
    else
        uv_close((uv_handle_t *)&c->pipe, libuv__on_closed);
}

static void libuv__on_connected(uv_connect_t *request, int status)
{
    libuv__conn *c = (libuv__conn *)request->handle;

    libuv__check(status);
    if (++libuv__connected == libuv__rival.clients)
        rival_measure(&libuv__rival);
    uv_read_start((uv_stream_t *)&c->pipe, libuv__on_space, libuv__on_read);
    libuv__send_messages(c);
}

int main(int argc, char **argv)
{
    uv_pipe_t server;

    rival_start(&libuv__rival, argc, argv);
    for (unsigned i = 0; i < libuv__rival.clients; i++) {
        libuv__conn *c = libuv__open();

        uv_pipe_connect(&c->connect, &c->pipe, libuv__rival.path, libuv__on_connected);
    }
    if (!libuv__rival.drives) {
        uv_pipe_init(uv_default_loop(), &server, 0);
        uv_pipe_pending_instances(&server, LIBUV__WAITING);
        libuv__check(uv_pipe_bind(&server, libuv__rival.path));
        libuv__check(uv_listen((uv_stream_t *)&server, 128, libuv__on_connection));
        rival_ready(&libuv__rival);
    }
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
