/*
 * Files: how operations begin, pend, end, and are cancelled; and which path names what. Whether an
 * operation that can end does so at once, or is said to be pending and has its packet already, is
 * left open where filter drivers may stand between, and drawn.
 */
#include "files.h"

#include <stdlib.h>

/* ---- Handles -------------------------------------------------------------------------------- */

void file_init(file *f, sim_kind kind, const file_calls *calls, void (*close)(sim_object *))
{
    f->object.kind = kind;
    f->object.close = close;
    f->calls = calls;
    f->owner = sim_process_here();
    f->target.file = &f->object;
}

static file *file__find(HANDLE handle)
{
    sim_object *object = sim_look(handle, SIM_NONE);

    if (object && object->kind >= SIM_PIPE && object->kind <= SIM_NULL)
        return (file *)object;
    SetLastError(ERROR_INVALID_HANDLE);
    return NULL;
}

file *file_look(HANDLE handle)
{
    sim_point();
    return file__find(handle);
}

sim_target *sim_target_of(HANDLE handle)
{
    file *f = file__find(handle);

    return f && f->overlapped ? &f->target : NULL;
}

BOOL SetFileCompletionNotificationModes(HANDLE handle, UCHAR modes)
{
    file *f = file_look(handle);

    if (!f)
        return FALSE;
    if (modes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
        f->target.skip_on_success = true;
    if (modes & FILE_SKIP_SET_EVENT_ON_HANDLE)
        f->target.skip_signal = true;
    return TRUE;
}

/* ---- Operations ----------------------------------------------------------------------------- */

void file_append(file_op **list, file_op *op)
{
    while (*list)
        list = &(*list)->next;
    op->next = NULL;
    *list = op;
}

void file_end(file *f, file_op **place, NTSTATUS status, DWORD bytes)
{
    file_op *op = *place;

    *place = op->next;
    if (op->starting) {
        op->ended = true;
        op->status = status;
        op->bytes = bytes;
        return;
    }
    if (op->sync) {
        *op->sync = (file_sync){status, bytes, true};
        sim_wake(op->sync);
    } else if (op->o) {
        sim_complete(&f->target, op->o, status, bytes);
    }
    free(op);
}

bool file_cancel(file *f, file_op **list, OVERLAPPED *o, void (*gone)(file *f, file_op *op))
{
    bool found = false;

    for (file_op **place = list; *place;)
        if (o ? (*place)->o == o : (*place)->o != NULL) {
            found = true;
            if (gone)
                gone(f, *place);
            file_end(f, place, SIM_CANCELLED, 0);
        } else {
            place = &(*place)->next;
        }
    return found;
}

/* Who calls waits: the handle is synchronous, or there is no OVERLAPPED. */
static BOOL file__await(file *f, file_sync *s, OVERLAPPED *o, DWORD *bytes)
{
    DWORD error;

    if (!s->done && f->overlapped && f->target.skip_signal)
        sim_fail("a thread waits for the signal of a handle that gives none");
    while (!s->done)
        sim_wait_for(s, SIM_NEVER);
    error = sim_error_of(s->status);
    if (bytes)
        *bytes = s->bytes;
    if (o && (error == ERROR_SUCCESS || error == ERROR_MORE_DATA)) {
        o->Internal = (ULONG_PTR)(uint32_t)s->status;
        o->InternalHigh = s->bytes;
        if (o->hEvent)
            SetEvent(o->hEvent);
    }
    return error == ERROR_SUCCESS ? TRUE : sim_error(error);
}

/* Wine's ntdll/tests/pipe.c, test_completion: a message that a read is too small for may be said to
 * be pending, from Windows 8 on. */
static bool file__seems_to_pend(DWORD error)
{
    return (error == ERROR_MORE_DATA || (error == ERROR_SUCCESS && !sim_is_bare)) && sim_pends();
}

static BOOL file__end_at_once(file *f, OVERLAPPED *o, NTSTATUS status, DWORD count, DWORD *bytes)
{
    DWORD error = sim_error_of(status);

    if (file__seems_to_pend(error)) {
        sim_complete(&f->target, o, status, count);
        return sim_error(ERROR_IO_PENDING);
    }
    if (bytes)
        *bytes = error == ERROR_SUCCESS ? count : 0;
    return sim_complete_at_once(&f->target, o, status, count);
}

BOOL file_begin(file *f, OVERLAPPED *o, void *buffer, DWORD size, file_start *start, DWORD *bytes)
{
    file_op *op = calloc(1, sizeof *op);
    file_sync sync = {0};
    bool waits = !f->overlapped || !o;
    sim_object *event = o && o->hEvent ? sim_look(o->hEvent, SIM_EVENT) : NULL;
    NTSTATUS status;

    *op = (file_op){.o = waits ? NULL : o, .buffer = buffer, .size = size, .starting = true};
    op->sync = waits ? &sync : NULL;
    if (o)
        o->Internal = SIM_PENDING;
    (event ? event : &f->object)->signalled = false;
    status = start(f, op);
    op->starting = false;
    if (status == SIM_PENDING && !op->ended)
        return waits ? file__await(f, &sync, o, bytes) : sim_error(ERROR_IO_PENDING);
    sync = (file_sync){op->ended ? op->status : status, op->bytes, true};
    free(op);
    return waits ? file__await(f, &sync, o, bytes)
                 : file__end_at_once(f, o, sync.status, sync.bytes, bytes);
}

BOOL ReadFile(HANDLE handle, void *buffer, DWORD size, DWORD *bytes, OVERLAPPED *o)
{
    file *f = file_look(handle);

    if (!f)
        return FALSE;
    if (!(f->rights & FILE_READ_DATA))
        return sim_error(ERROR_ACCESS_DENIED);
    return file_begin(f, o, buffer, size, f->calls->read, bytes);
}

BOOL WriteFile(HANDLE handle, const void *data, DWORD size, DWORD *bytes, OVERLAPPED *o)
{
    file *f = file_look(handle);

    if (!f)
        return FALSE;
    if (!(f->rights & FILE_WRITE_DATA))
        return sim_error(ERROR_ACCESS_DENIED);
    return file_begin(f, o, (void *)(uintptr_t)data, size, f->calls->write, bytes);
}

BOOL CancelIoEx(HANDLE handle, OVERLAPPED *o)
{
    file *f = file_look(handle);

    if (!f)
        return FALSE;
    return f->calls->cancel(f, o) ? TRUE : sim_error(ERROR_NOT_FOUND);
}

BOOL GetOverlappedResultEx(HANDLE handle, OVERLAPPED *o, DWORD *bytes, DWORD ms, BOOL alertable)
{
    DWORD error;

    (void)alertable;
    sim_point();
    while (o->Internal == SIM_PENDING) {
        if (ms == 0)
            return sim_error(ERROR_IO_INCOMPLETE);
        if (WaitForSingleObject(o->hEvent ? o->hEvent : handle, ms) != WAIT_OBJECT_0)
            return sim_error(WAIT_TIMEOUT);
    }
    error = sim_error_of((NTSTATUS)o->Internal);
    *bytes = (DWORD)o->InternalHigh;
    return error == ERROR_SUCCESS ? TRUE : sim_error(error);
}

BOOL GetOverlappedResult(HANDLE handle, OVERLAPPED *o, DWORD *bytes, BOOL wait)
{
    return GetOverlappedResultEx(handle, o, bytes, wait ? INFINITE : 0, FALSE);
}

/* ---- Opening -------------------------------------------------------------------------------- */

void MapGenericMask(DWORD *rights, GENERIC_MAPPING *map)
{
    *rights |= (*rights & GENERIC_READ ? map->GenericRead : 0) |
               (*rights & GENERIC_WRITE ? map->GenericWrite : 0);
    *rights &= ~(GENERIC_READ | GENERIC_WRITE);
}

DWORD file_map_rights(DWORD rights)
{
    GENERIC_MAPPING map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                           FILE_ALL_ACCESS};

    MapGenericMask(&rights, &map);
    return rights;
}

HANDLE file_refuse(DWORD error)
{
    SetLastError(error);
    return INVALID_HANDLE_VALUE;
}

/* The machines have names, and one domain for mailslots. A machine's own name is taken for a remote
 * one: not known. */
static const WCHAR *const file__machines[] = {L"ONE\\", L"TWO\\"};

static bool file__begins(const WCHAR **at, const WCHAR *with)
{
    if (_wcsnicmp(*at, with, wcslen(with)) != 0)
        return false;
    *at += wcslen(with);
    return true;
}

static DWORD file__parse_machine(const WCHAR **at, file_path *path)
{
    path->machine = sim_process_here()->machine;
    if (file__begins(at, L".\\"))
        return ERROR_SUCCESS;
    path->remote = true;
    for (unsigned i = 0; i < sizeof file__machines / sizeof *file__machines; i++)
        if (file__begins(at, file__machines[i])) {
            path->machine = i;
            return ERROR_SUCCESS;
        }
    path->machine = FILE_ALL_MACHINES;
    return file__begins(at, L"*\\") || file__begins(at, L"DOMAIN\\") ? ERROR_SUCCESS
                                                                     : ERROR_BAD_NETPATH;
}

DWORD file_parse(const WCHAR *at, file_path *path)
{
    DWORD error;

    *path = (file_path){0};
    if (!file__begins(&at, L"\\\\"))
        return ERROR_FILE_NOT_FOUND;
    error = file__parse_machine(&at, path);
    if (error != ERROR_SUCCESS)
        return error;
    path->slot = file__begins(&at, L"mailslot\\");
    if (!path->slot && !file__begins(&at, L"pipe\\"))
        return ERROR_PATH_NOT_FOUND;
    path->name = at;
    return path->machine == FILE_ALL_MACHINES && !path->slot ? ERROR_BAD_NETPATH : ERROR_SUCCESS;
}

/* It may take long to find another machine. */
static void file__reach(const file_path *path)
{
    if (path->remote && !sim_is_bare)
        sim_wait_for(path, sim_deadline(sim_chance(8) ? 30000 : sim_draw(20)));
}

HANDLE CreateFileW(const WCHAR *text, DWORD rights, DWORD share, SECURITY_ATTRIBUTES *sa,
                   DWORD disposition, DWORD flags, HANDLE template_file)
{
    file_path path;
    DWORD error;

    (void)share, (void)sa, (void)disposition, (void)template_file;
    sim_point();
    if (_wcsicmp(text, L"NUL") == 0)
        return process_open_null();
    error = file_parse(text, &path);
    if (error != ERROR_SUCCESS)
        return file_refuse(error);
    file__reach(&path);
    rights = file_map_rights(rights);
    return path.slot ? slot_open_sender(&path, rights, flags)
                     : pipe_open_client(&path, rights, flags);
}
