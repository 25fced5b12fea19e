/*
 * Connected stream sockets, as far as one that is adopted needs them: bytes each way, the end of
 * each way, and resets. How they come to be connected is not modelled.
 */
#include "sockets.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#define SOCKETS__CONNECTION_RESET ((NTSTATUS)0xC000020D)

typedef struct stream_socket {
    file file;
    struct stream_socket *other; /* NULL: it has closed */
    char *bytes;                 /* to be read here */
    size_t have, room;
    bool ended, reset; /* nothing more will come; the connection is gone */
    bool closing;      /* by closesocket */
    file_op *reads, *writes;
} stream_socket;

/* ---- Reading and writing
 * -------------------------------------------------------------------------------- */

/* Takes what a read brings; false: it must wait. No bytes are the end. */
static bool sockets__take(stream_socket *s, const file_op *op, NTSTATUS *status, DWORD *bytes)
{
    *status = s->reset ? SOCKETS__CONNECTION_RESET : 0;
    *bytes = s->reset ? 0 : op->size < s->have ? op->size : (DWORD)s->have;
    if (!s->reset && s->have == 0 && !s->ended)
        return false;
    if (*bytes > 0) {
        memcpy(op->buffer, s->bytes, *bytes);
        s->have -= *bytes;
        memmove(s->bytes, s->bytes + *bytes, s->have);
    }
    return true;
}

/* The other end's room takes what fits. True: all of it, or, which Winsock leaves open, enough. */
static bool sockets__give(stream_socket *to, file_op *op)
{
    size_t left = op->size - op->bytes, fits = to->room > to->have ? to->room - to->have : 0;

    if (fits > left)
        fits = left;
    memcpy(to->bytes + to->have, (const char *)op->buffer + op->bytes, fits);
    to->have += fits;
    op->bytes += (DWORD)fits;
    return op->bytes == op->size || (op->o && op->bytes > 0 && !sim_is_bare && sim_chance(8));
}

/* Moves what can be moved to this end. */
static void sockets__settle(stream_socket *to)
{
    stream_socket *from = to->other;
    bool moved;

    do {
        NTSTATUS status;
        DWORD bytes;

        moved = false;
        for (; from && from->writes && sockets__give(to, from->writes); moved = true)
            file_end(&from->file, &from->writes, 0, from->writes->bytes);
        for (; to->reads && sockets__take(to, to->reads, &status, &bytes); moved = true)
            file_end(&to->file, &to->reads, status, bytes);
    } while (moved);
}

static NTSTATUS sockets__start_read(file *f, file_op *op)
{
    stream_socket *s = (stream_socket *)f;
    NTSTATUS status;

    if (!s->reads && sockets__take(s, op, &status, &op->bytes)) {
        sockets__settle(s);
        return status;
    }
    file_append(&s->reads, op);
    return SIM_PENDING;
}

/* TCP: the connection is gone for this end. Whether it still reads what has come: not known. */
static void sockets__reset(stream_socket *s)
{
    s->reset = true;
    s->have = 0;
    while (s->writes)
        file_end(&s->file, &s->writes, SOCKETS__CONNECTION_RESET, 0);
    sockets__settle(s);
}

/* TCP: who sends to an end that has closed is told by a reset, after its call has returned. */
static NTSTATUS sockets__start_write(file *f, file_op *op)
{
    stream_socket *s = (stream_socket *)f;

    if (s->reset)
        return SOCKETS__CONNECTION_RESET;
    if (!s->other) {
        op->bytes = op->size;
        sockets__reset(s);
        return 0;
    }
    file_append(&s->writes, op);
    sockets__settle(s->other);
    return SIM_PENDING;
}

static bool sockets__cancel(file *f, OVERLAPPED *o)
{
    stream_socket *s = (stream_socket *)f;
    bool reads = file_cancel(f, &s->reads, o, NULL);

    return file_cancel(f, &s->writes, o, NULL) || reads;
}

static const file_calls sockets__calls = {sockets__start_read, sockets__start_write,
                                          sockets__cancel};

/* ---- The two ends --------------------------------------------------------------------------- */

/* TCP: to close what still has bytes to read resets the connection. */
static void sockets__close(sim_object *object)
{
    stream_socket *s = (stream_socket *)object, *other = s->other;

    if (!s->closing)
        sim_fail("a socket is closed, but not by closesocket");
    if ((s->reads || s->writes) && s->file.owner == &sim_server)
        sim_fail("the library closes a socket on which an operation is pending");
    file_cancel(&s->file, &s->reads, NULL, NULL);
    file_cancel(&s->file, &s->writes, NULL, NULL);
    if (other) {
        other->other = NULL;
        other->ended = true;
        if (s->have > 0)
            sockets__reset(other);
        sockets__settle(other);
    }
    free(s->bytes);
    free(s);
}

static stream_socket *sockets__new(size_t room)
{
    stream_socket *s = calloc(1, sizeof *s);

    file_init(&s->file, SIM_SOCKET, &sockets__calls, sockets__close);
    s->file.overlapped = true;
    s->file.rights = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
    s->room = room;
    s->bytes = malloc(room);
    return s;
}

void sim_connect_sockets(size_t room, const sim_process *theirs, HANDLE ends[2])
{
    stream_socket *a = sockets__new(room), *b = sockets__new(room);

    a->other = b;
    b->other = a;
    b->file.owner = theirs;
    ends[0] = sim_handle(&a->file.object);
    ends[1] = sim_handle(&b->file.object);
}

/* ---- Winsock -------------------------------------------------------------------------------- */

static stream_socket *sockets__look(SOCKET handle)
{
    stream_socket *s;

    sim_point();
    s = (stream_socket *)sim_look((HANDLE)handle, SIM_SOCKET);
    if (!s)
        SetLastError(WSAENOTSOCK);
    return s;
}

int closesocket(SOCKET handle)
{
    stream_socket *s = sockets__look(handle);

    if (!s)
        return -1;
    s->closing = true;
    CloseHandle((HANDLE)handle);
    return 0;
}

/* Of its sending alone. */
int shutdown(SOCKET handle, int how)
{
    stream_socket *s = sockets__look(handle);

    if (!s)
        return -1;
    if (how != SD_SEND || s->writes)
        sim_fail("shutdown: another way, or with a send that is pending, is not modelled");
    if (s->other) {
        s->other->ended = true;
        sockets__settle(s->other);
    }
    return 0;
}

int getsockopt(SOCKET handle, int level, int name, char *value, int *size)
{
    static const int type = SOCK_STREAM;

    if (!sockets__look(handle))
        return -1;
    if (level != SOL_SOCKET || name != SO_TYPE || *size < (int)sizeof type)
        sim_fail("getsockopt: another option is not modelled");
    memcpy(value, &type, sizeof type);
    return 0;
}

int WSAGetLastError(void)
{
    return (int)GetLastError();
}

/* What a call returns at once has Winsock's numbers. */
static int sockets__result(BOOL ok)
{
    if (ok)
        return 0;
    if (GetLastError() == ERROR_NETNAME_DELETED)
        SetLastError(WSAECONNRESET);
    return -1;
}

static int sockets__transfer(SOCKET handle, WSABUF *buffer, bool writes, DWORD *bytes,
                             OVERLAPPED *o)
{
    stream_socket *s = sockets__look(handle);

    return s ? sockets__result(file_begin(&s->file, o, buffer->buf, buffer->len,
                                          writes ? s->file.calls->write : s->file.calls->read,
                                          bytes))
             : -1;
}

int WSARecv(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *bytes, DWORD *flags, OVERLAPPED *o,
            void *completion)
{
    (void)count, (void)flags, (void)completion;
    return sockets__transfer(handle, buffers, false, bytes, o);
}

int WSASend(SOCKET handle, WSABUF *buffers, DWORD count, DWORD *bytes, DWORD flags, OVERLAPPED *o,
            void *completion)
{
    (void)count, (void)flags, (void)completion;
    return sockets__transfer(handle, buffers, true, bytes, o);
}
