/*
 * Named pipes: names, instances, and the two ends of each.
 */
#include "pipes.h"

#include <stdlib.h>
#include <string.h>

static pipe_name *names;

/* ---- Names ---------------------------------------------------------------------------------- */

void pipes_reset(void)
{
    while (names) {
        pipe_name *gone = names;

        names = gone->next;
        security_free(gone->descriptor);
        free(gone);
    }
}

static pipe_name *pipes__find(const WCHAR *path)
{
    pipe_name *n = names;

    while (n && _wcsicmp(n->path, path) != 0)
        n = n->next;
    return n;
}

static void pipes__leave_name(pipe_instance *i)
{
    pipe_name *n = i->name;
    pipe_instance **place = &n->instances;

    while (*place != i)
        place = &(*place)->next;
    *place = i->next;
    n->count--;
    if (n->count == 0)
        n->path[0] = 0; /* nobody finds it; clients may still have their ends */
}

/* ---- Ends ----------------------------------------------------------------------------------- */

static void pipes__drop_data(pipe_end *to)
{
    while (to->first) {
        pipe_data *d = to->first;

        to->first = d->next;
        free(d->bytes);
        free(d);
    }
}

static void pipes__fail_all(pipe_end *e, NTSTATUS status)
{
    while (e->writes)
        pipes_end(e, &e->writes, status, 0);
    if (status == SIM_PIPE_DISCONNECTED)
        while (e->reads)
            pipes_end(e, &e->reads, status, 0);
}

/* What was written and not read stays readable for the other end. */
static void pipes__close(sim_object *object)
{
    pipe_end *e = (pipe_end *)object, *other = pipes_other(e);
    pipe_instance *i = e->instance;

    if (e->reads || e->writes || e->connects) {
        if (e->owner == &sim_server)
            sim_fail("the library closes a pipe on which an operation is pending");
        while (e->reads)
            pipes_end(e, &e->reads, SIM_CANCELLED, 0);
        while (e->writes)
            pipes_cancel(e, &e->writes, e->writes->o);
    }
    if (i->state == PIPE_STATE_CONNECTED)
        i->state = PIPE_STATE_CLOSING;
    pipes__drop_data(e);
    if (e->server) {
        pipes__leave_name(i);
        i->serving = NULL;
    } else {
        i->client = NULL;
    }
    if (other) {
        for (pipe_data *d = other->first; d; d = d->next)
            d->write = NULL;
        pipes__fail_all(other, SIM_PIPE_BROKEN);
        pipes_settle_reads(other);
    }
    free(e);
    if (!i->serving && !i->client)
        free(i);
}

sim_target *sim_target_of(HANDLE handle)
{
    pipe_end *e = (pipe_end *)sim_look(handle, SIM_PIPE);

    return e && e->overlapped ? &e->target : NULL;
}

static pipe_end *pipes__new_end(pipe_instance *i, bool server, DWORD rights, bool overlapped)
{
    pipe_end *e = calloc(1, sizeof *e);

    e->object.kind = SIM_PIPE;
    e->object.close = pipes__close;
    e->instance = i;
    e->server = server;
    e->rights = rights;
    e->overlapped = overlapped;
    e->owner = sim_process_here();
    e->quota = i->name->quota;
    return e;
}

/* ---- Instances ------------------------------------------------------------------------------ */

static pipe_name *pipes__new_name(const WCHAR *path, DWORD pipe_mode, DWORD most, DWORD quota,
                                  SECURITY_ATTRIBUTES *sa)
{
    pipe_name *n = calloc(1, sizeof *n);

    memcpy(n->path, path, (wcslen(path) + 1) * sizeof *path);
    n->message = (pipe_mode & PIPE_TYPE_MESSAGE) != 0;
    n->reject_remote = (pipe_mode & PIPE_REJECT_REMOTE_CLIENTS) != 0;
    n->most = most;
    n->quota = quota;
    n->descriptor = security_copy(sa ? sa->lpSecurityDescriptor : NULL);
    n->next = names;
    names = n;
    return n;
}

HANDLE CreateNamedPipeW(const WCHAR *path, DWORD open_mode, DWORD pipe_mode, DWORD most,
                        DWORD out_quota, DWORD in_quota, DWORD wait_ms, SECURITY_ATTRIBUTES *sa)
{
    pipe_instance *i;
    pipe_name *n;

    (void)out_quota, (void)wait_ms;
    sim_point();
    n = pipes__find(path);
    if (n && (open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE)) {
        SetLastError(ERROR_ACCESS_DENIED);
        return INVALID_HANDLE_VALUE;
    }
    if (n && !security_allows(n->descriptor, sim_process_here(), SIM_CREATE_INSTANCE)) {
        SetLastError(ERROR_ACCESS_DENIED);
        return INVALID_HANDLE_VALUE;
    }
    if (n && n->count >= n->most && n->most != PIPE_UNLIMITED_INSTANCES) {
        SetLastError(ERROR_PIPE_BUSY);
        return INVALID_HANDLE_VALUE;
    }
    if (!n)
        n = pipes__new_name(path, pipe_mode, most, in_quota, sa);
    i = calloc(1, sizeof *i);
    i->name = n;
    i->next = n->instances;
    n->instances = i;
    n->count++;
    i->state = PIPE_STATE_LISTENING;
    i->serving = pipes__new_end(i, true,
                                ((open_mode & PIPE_ACCESS_INBOUND) ? FILE_READ_DATA : 0) |
                                    ((open_mode & PIPE_ACCESS_OUTBOUND) ? FILE_WRITE_DATA : 0),
                                (open_mode & FILE_FLAG_OVERLAPPED) != 0);
    i->serving->message_read = (pipe_mode & PIPE_READMODE_MESSAGE) != 0;
    return sim_handle(&i->serving->object);
}

/* Which of those that listen is left open. */
static pipe_instance *pipes__listening(pipe_name *n)
{
    pipe_instance *found = NULL;
    unsigned count = 0;

    for (pipe_instance *i = n->instances; i; i = i->next)
        if (i->state == PIPE_STATE_LISTENING && sim_draw(++count) == 0)
            found = i;
    return found;
}

HANDLE CreateFileW(const WCHAR *path, DWORD rights, DWORD share, SECURITY_ATTRIBUTES *sa,
                   DWORD disposition, DWORD flags, HANDLE template_file)
{
    pipe_instance *i;
    pipe_name *n;

    (void)share, (void)sa, (void)disposition, (void)template_file;
    sim_point();
    n = pipes__find(path);
    if (!n) {
        SetLastError(ERROR_FILE_NOT_FOUND);
        return INVALID_HANDLE_VALUE;
    }
    if (rights & GENERIC_READ)
        rights |= FILE_READ_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
    if (rights & GENERIC_WRITE)
        rights |=
            FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
    rights &= ~(GENERIC_READ | GENERIC_WRITE);
    if (!security_allows(n->descriptor, sim_process_here(), rights)) {
        SetLastError(ERROR_ACCESS_DENIED);
        return INVALID_HANDLE_VALUE;
    }
    i = pipes__listening(n);
    if (!i) {
        SetLastError(ERROR_PIPE_BUSY);
        return INVALID_HANDLE_VALUE;
    }
    i->client = pipes__new_end(i, false, rights, (flags & FILE_FLAG_OVERLAPPED) != 0);
    i->client_level = (flags & SECURITY_SQOS_PRESENT) ? flags & 0x30000u : SECURITY_IMPERSONATION;
    i->state = PIPE_STATE_CONNECTED;
    i->was_read = false;
    while (i->serving->connects)
        pipes_end(i->serving, &i->serving->connects, 0, 0);
    return sim_handle(&i->client->object);
}

BOOL ConnectNamedPipe(HANDLE handle, OVERLAPPED *o)
{
    pipe_instance *i;
    pipe_end *e = pipes_look(handle);

    if (!e)
        return FALSE;
    i = e->instance;
    if (i->state == PIPE_STATE_CONNECTED)
        return sim_error(ERROR_PIPE_CONNECTED);
    if (i->state == PIPE_STATE_CLOSING)
        return sim_error(ERROR_NO_DATA);
    i->state = PIPE_STATE_LISTENING;
    pipes_append(&e->connects, pipes_new_op(o, NULL, 0));
    return sim_error(ERROR_IO_PENDING);
}

BOOL DisconnectNamedPipe(HANDLE handle)
{
    pipe_instance *i;
    pipe_end *e = pipes_look(handle);

    if (!e)
        return FALSE;
    i = e->instance;
    if (i->state == PIPE_STATE_LISTENING)
        return sim_error(ERROR_PIPE_LISTENING);
    i->state = PIPE_STATE_DISCONNECTED;
    pipes__drop_data(e);
    pipes__fail_all(e, SIM_PIPE_DISCONNECTED);
    if (i->client) {
        pipe_end *client = i->client;

        pipes__drop_data(client);
        pipes__fail_all(client, SIM_PIPE_DISCONNECTED);
        client->instance = calloc(1, sizeof *client->instance); /* it is nobody's any more */
        *client->instance =
            (pipe_instance){.name = i->name, .client = client, .state = PIPE_STATE_DISCONNECTED};
        i->client = NULL;
    }
    return TRUE;
}

BOOL WaitNamedPipeW(const WCHAR *path, DWORD ms)
{
    pipe_name *n;

    (void)ms;
    sim_point();
    n = pipes__find(path);
    if (!n)
        return sim_error(ERROR_FILE_NOT_FOUND);
    return pipes__listening(n) ? TRUE : sim_error(ERROR_SEM_TIMEOUT);
}
