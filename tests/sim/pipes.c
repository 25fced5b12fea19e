/*
 * Named pipes: names, instances, and the two ends of each.
 */
#include "pipes.h"

#include <stdlib.h>
#include <string.h>

#define PIPES__DEFAULT_WAIT_MS 50 /* Microsoft, CreateNamedPipe: nDefaultTimeOut of 0 */

static pipe_name *names;

/* ---- Names ---------------------------------------------------------------------------------- */

void slots_reset(void);

void pipes_reset(void)
{
    slots_reset();
    while (names) {
        pipe_name *gone = names;

        names = gone->next;
        security_free(gone->descriptor);
        free(gone);
    }
}

static pipe_name *pipes__find(const file_path *path)
{
    pipe_name *n = names;

    while (n && (n->count == 0 || n->machine != path->machine || _wcsicmp(n->name, path->name)))
        n = n->next;
    return n;
}

unsigned sim_clients_of(const WCHAR *text)
{
    file_path path;
    const pipe_name *n = file_parse(text, &path) == ERROR_SUCCESS ? pipes__find(&path) : NULL;
    unsigned count = 0;

    for (const pipe_instance *i = n ? n->instances : NULL; i; i = i->next)
        count += i->state == PIPE_STATE_CONNECTED || i->state == PIPE_STATE_CLOSING;
    return count;
}

/* Where none is left, nobody finds the name; clients may still have their ends. */
static void pipes__leave_name(pipe_instance *i)
{
    pipe_instance **place = &i->name->instances;

    while (*place != i)
        place = &(*place)->next;
    *place = i->next;
    i->name->count--;
    sim_wake(i->name);
}

/* ---- Ends ----------------------------------------------------------------------------------- */

void pipes_drop_data(pipe_end *to)
{
    while (to->first) {
        pipe_data *d = to->first;

        to->first = d->next;
        free(d->copy);
        free(d);
    }
}

static void pipes__fail_all(pipe_end *e, NTSTATUS status)
{
    while (e->writes)
        file_end(&e->file, &e->writes, status, 0);
    if (status == SIM_PIPE_DISCONNECTED)
        while (e->reads)
            file_end(&e->file, &e->reads, status, 0);
}

/* Wine's ntdll/tests/pipe.c, test_completion: reads that are pending end with STATUS_PIPE_BROKEN.
 * Writes and connects: not known. */
static void pipes__end_own(pipe_end *e)
{
    if (!e->reads && !e->writes && !e->connects)
        return;
    if (e->file.owner == &sim_server)
        sim_fail("the library closes a pipe on which an operation is pending");
    while (e->reads)
        file_end(&e->file, &e->reads, SIM_PIPE_BROKEN, 0);
    while (e->connects)
        file_end(&e->file, &e->connects, SIM_CANCELLED, 0);
    while (e->writes) {
        pipes_drop_write(&e->file, e->writes);
        file_end(&e->file, &e->writes, SIM_CANCELLED, 0);
    }
}

/* What was written and not read stays readable for the other end. */
static void pipes__close(sim_object *object)
{
    pipe_end *e = (pipe_end *)object, *other = pipes_other(e);
    pipe_instance *i = e->instance;

    pipes__end_own(e);
    if (i->state == PIPE_STATE_CONNECTED)
        i->state = PIPE_STATE_CLOSING;
    pipes_drop_data(e);
    if (e->server) {
        pipes__leave_name(i);
        i->serving = NULL;
    } else {
        i->client = NULL;
    }
    if (other) {
        pipes__fail_all(other, SIM_PIPE_BROKEN);
        pipes_settle_reads(other);
    }
    free(e);
    if (!i->serving && !i->client)
        free(i);
}

static pipe_end *pipes__new_end(pipe_instance *i, bool server, DWORD rights, DWORD flags)
{
    pipe_end *e = calloc(1, sizeof *e);

    file_init(&e->file, SIM_PIPE, &pipe_calls, pipes__close);
    e->instance = i;
    e->server = server;
    e->file.rights = rights;
    e->file.overlapped = (flags & FILE_FLAG_OVERLAPPED) != 0;
    return e;
}

/* ---- Instances ------------------------------------------------------------------------------ */

static pipe_name *pipes__new_name(const file_path *path, DWORD ways, DWORD pipe_mode, DWORD most,
                                  DWORD wait_ms, SECURITY_ATTRIBUTES *sa)
{
    pipe_name *n = calloc(1, sizeof *n);

    memcpy(n->name, path->name, (wcslen(path->name) + 1) * sizeof *path->name);
    n->machine = path->machine;
    n->ways = ways;
    n->message = (pipe_mode & PIPE_TYPE_MESSAGE) != 0;
    n->reject_remote = (pipe_mode & PIPE_REJECT_REMOTE_CLIENTS) != 0;
    n->most = most;
    n->wait_ms = wait_ms == 0 ? PIPES__DEFAULT_WAIT_MS : wait_ms;
    n->descriptor = sa && sa->lpSecurityDescriptor ? security_copy(sa->lpSecurityDescriptor)
                                                   : security_default(false);
    n->next = names;
    names = n;
    return n;
}

/* FILE_FLAG_FIRST_PIPE_INSTANCE, the maximum, another direction: Wine's kernel32/tests/pipe.c and
 * ntdll/tests/pipe.c. The rights: Microsoft, Named Pipe Security and Access Rights. */
static DWORD pipes__check_further(const pipe_name *n, DWORD open_mode, DWORD rights)
{
    subject who = security_here();
    DWORD error = security_check(n->descriptor, &who, rights | FILE_CREATE_PIPE_INSTANCE);

    if (error != ERROR_SUCCESS)
        return error;
    if (n->count >= n->most && n->most != PIPE_UNLIMITED_INSTANCES)
        return ERROR_PIPE_BUSY;
    return (open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE) || n->ways != (open_mode & 3u)
               ? ERROR_ACCESS_DENIED
               : ERROR_SUCCESS;
}

static void pipes__listen(pipe_instance *i)
{
    static uint64_t number;

    i->state = PIPE_STATE_LISTENING;
    i->listens_since = ++number;
    sim_wake(i->name);
}

HANDLE CreateNamedPipeW(const WCHAR *text, DWORD open_mode, DWORD pipe_mode, DWORD most,
                        DWORD out_quota, DWORD in_quota, DWORD wait_ms, SECURITY_ATTRIBUTES *sa)
{
    DWORD rights = (open_mode & PIPE_ACCESS_INBOUND ? FILE_GENERIC_READ : 0) |
                   (open_mode & PIPE_ACCESS_OUTBOUND ? FILE_GENERIC_WRITE : 0);
    file_path path;
    pipe_instance *i;
    pipe_name *n;
    DWORD error;

    sim_point();
    if (file_parse(text, &path) != ERROR_SUCCESS || path.slot || path.remote)
        return file_refuse(ERROR_INVALID_NAME);
    n = pipes__find(&path);
    error = n ? pipes__check_further(n, open_mode, rights) : ERROR_SUCCESS;
    if (error != ERROR_SUCCESS)
        return file_refuse(error);
    if (!n)
        n = pipes__new_name(&path, open_mode & 3u, pipe_mode, most, wait_ms, sa);
    i = calloc(1, sizeof *i);
    i->name = n;
    i->next = n->instances;
    i->quota_out = out_quota;
    i->quota_in = in_quota;
    n->instances = i;
    n->count++;
    i->serving = pipes__new_end(i, true, rights, open_mode);
    i->serving->quota = in_quota;
    i->serving->message_read = (pipe_mode & PIPE_READMODE_MESSAGE) != 0;
    i->serving->at_once = (pipe_mode & PIPE_NOWAIT) != 0;
    pipes__listen(i);
    return sim_handle(&i->serving->file.object);
}

/* Wine's kernel32/tests/pipe.c: in the order in which they began to listen. */
static pipe_instance *pipes__listening(pipe_name *n)
{
    pipe_instance *found = NULL;

    for (pipe_instance *i = n->instances; i; i = i->next)
        if (i->state == PIPE_STATE_LISTENING && (!found || i->listens_since < found->listens_since))
            found = i;
    return found;
}

/* ---- Clients -------------------------------------------------------------------------------- */

/* go-winio and others: a refused remote client gets STATUS_ACCESS_DENIED. */
static DWORD pipes__check_client(const pipe_name *n, const subject *who, bool remote, DWORD rights)
{
    DWORD error = remote && n->reject_remote ? ERROR_ACCESS_DENIED
                                             : security_check(n->descriptor, who, rights);

    if (error != ERROR_SUCCESS)
        return error;
    return ((rights & FILE_READ_DATA) && !(n->ways & PIPE_ACCESS_OUTBOUND)) ||
                   ((rights & FILE_WRITE_DATA) && !(n->ways & PIPE_ACCESS_INBOUND))
               ? ERROR_ACCESS_DENIED
               : ERROR_SUCCESS;
}

static HANDLE pipes__connect(pipe_instance *i, const subject *who, bool remote, DWORD rights,
                             DWORD flags)
{
    i->client = pipes__new_end(i, false, rights, flags);
    i->client->quota = i->quota_out;
    i->remote = remote;
    i->who = *who;
    i->who.is_client = true;
    /* Microsoft, CreateFile: without SECURITY_SQOS_PRESENT the level is impersonation. */
    i->who.level = (flags & SECURITY_SQOS_PRESENT) ? flags & 0x30000u : SECURITY_IMPERSONATION;
    i->state = PIPE_STATE_CONNECTED;
    i->was_read = false;
    while (i->serving->connects)
        file_end(&i->serving->file, &i->serving->connects, 0, 0);
    return sim_handle(&i->client->file.object);
}

HANDLE pipe_open_client(const file_path *path, DWORD rights, DWORD flags)
{
    subject who = security_here();
    pipe_name *n = pipes__find(path);
    pipe_instance *i;
    DWORD error;

    if (!n)
        return file_refuse(ERROR_FILE_NOT_FOUND);
    who.network |= path->remote; /* it comes by a network logon */
    error = pipes__check_client(n, &who, path->remote, rights);
    if (error != ERROR_SUCCESS)
        return file_refuse(error);
    i = pipes__listening(n);
    return i ? pipes__connect(i, &who, path->remote, rights, flags) : file_refuse(ERROR_PIPE_BUSY);
}

static NTSTATUS pipes__start_connect(file *f, file_op *op)
{
    pipe_end *e = (pipe_end *)f;
    bool anew = e->instance->state == PIPE_STATE_DISCONNECTED;

    if (anew)
        pipes__listen(e->instance);
    if (e->at_once) /* Microsoft, ConnectNamedPipe: success for a pipe that was disconnected */
        return anew ? 0 : SIM_PIPE_LISTENING;
    file_append(&e->connects, op);
    return SIM_PENDING;
}

BOOL ConnectNamedPipe(HANDLE handle, OVERLAPPED *o)
{
    pipe_end *e = pipes_look(handle);

    if (!e)
        return FALSE;
    if (e->instance->state == PIPE_STATE_CONNECTED)
        return sim_error(ERROR_PIPE_CONNECTED);
    if (e->instance->state == PIPE_STATE_CLOSING)
        return sim_error(ERROR_NO_DATA);
    return file_begin(&e->file, o, NULL, 0, pipes__start_connect, NULL);
}

/* The client's end is nobody's any more. */
static void pipes__part(pipe_instance *i)
{
    pipe_end *client = i->client;

    client->instance = calloc(1, sizeof *client->instance);
    *client->instance =
        (pipe_instance){.name = i->name, .client = client, .state = PIPE_STATE_DISCONNECTED};
    i->client = NULL;
    pipes__fail_all(client, SIM_PIPE_DISCONNECTED);
}

/* An instance that listens: not known. */
BOOL DisconnectNamedPipe(HANDLE handle)
{
    pipe_end *e = pipes_look(handle);
    pipe_instance *i;

    if (!e)
        return FALSE;
    i = e->instance;
    if (i->state == PIPE_STATE_LISTENING)
        return sim_error(ERROR_PIPE_LISTENING);
    i->state = PIPE_STATE_DISCONNECTED;
    pipes_drop_data(e);
    if (i->client)
        pipes_drop_data(i->client);
    pipes__fail_all(e, SIM_PIPE_DISCONNECTED);
    if (i->client)
        pipes__part(i);
    return TRUE;
}

BOOL WaitNamedPipeW(const WCHAR *text, DWORD ms)
{
    file_path path;
    pipe_name *n;
    uint64_t deadline;

    sim_point();
    n = file_parse(text, &path) == ERROR_SUCCESS && !path.slot ? pipes__find(&path) : NULL;
    if (!n)
        return sim_error(ERROR_FILE_NOT_FOUND);
    deadline = sim_deadline(ms == NMPWAIT_USE_DEFAULT_WAIT ? n->wait_ms : ms);
    while (!pipes__listening(n)) {
        if (n->count == 0)
            return sim_error(ERROR_FILE_NOT_FOUND);
        if (sim_now_ns() >= deadline || !sim_wait_for(n, deadline))
            return sim_error(ERROR_SEM_TIMEOUT);
    }
    return TRUE;
}
