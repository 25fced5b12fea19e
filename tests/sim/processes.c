/*
 * Processes that a process starts, with the handles that they inherit; and the null device.
 */
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#define PROCESSES__STREAMS 3
#define PROCESSES__ROOM 64

/* Of one attribute: the handles that a child gets. */
typedef struct attributes {
    HANDLE handles[PROCESSES__STREAMS];
    size_t count;
} attributes;

typedef struct child {
    sim_process process;
    WCHAR command_line[PROCESSES__ROOM];
    HANDLE streams[PROCESSES__STREAMS];
} child;

static struct {
    const WCHAR *name;
    sim_program *program;
    void *context;
} installed;

void sim_install(const WCHAR *name, sim_program *program, void *context)
{
    installed.name = name;
    installed.program = program;
    installed.context = context;
}

/* ---- The null device ------------------------------------------------------------------------- */

static NTSTATUS null__read(file *f, file_op *op)
{
    (void)f;
    op->bytes = 0;
    return 0;
}

static NTSTATUS null__write(file *f, file_op *op)
{
    (void)f;
    op->bytes = op->size;
    return 0;
}

static bool null__cancel(file *f, OVERLAPPED *o)
{
    (void)f, (void)o;
    return false;
}

static void null__close(sim_object *object)
{
    free(object);
}

HANDLE process_open_null(void)
{
    static const file_calls calls = {null__read, null__write, null__cancel};
    file *f = calloc(1, sizeof *f);

    file_init(f, SIM_NULL, &calls, null__close);
    f->rights = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
    return sim_handle(&f->object);
}

/* ---- What a child gets ----------------------------------------------------------------------- */

BOOL InitializeProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD count, DWORD flags,
                                       SIZE_T *size)
{
    (void)count, (void)flags;
    sim_point();
    *size = sizeof(attributes);
    if (!list)
        return sim_error(ERROR_INSUFFICIENT_BUFFER);
    memset(list, 0, sizeof(attributes));
    return TRUE;
}

BOOL UpdateProcThreadAttribute(LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD flags, DWORD_PTR attribute,
                               void *value, SIZE_T size, void *before, SIZE_T *returned)
{
    attributes *a = list;

    (void)flags, (void)before, (void)returned;
    sim_point();
    if (attribute != PROC_THREAD_ATTRIBUTE_HANDLE_LIST || size != sizeof a->handles)
        sim_fail("UpdateProcThreadAttribute: another attribute or list is not modelled");
    memcpy(a->handles, value, size);
    a->count = PROCESSES__STREAMS;
    return TRUE;
}

void DeleteProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list)
{
    memset(list, 0, sizeof(attributes));
}

/* Microsoft, UpdateProcThreadAttribute: each handle of the list must be inheritable. Whoever makes
 * a process without a list meanwhile passes on what else is. */
static bool process__may_inherit(const attributes *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (!sim_is_inheritable(a->handles[i]))
            return false;
    if (sim_inheritable() != a->count)
        sim_fail("%u handles are inheritable, and a child gets %u", sim_inheritable(),
                 (unsigned)a->count);
    return true;
}

/* ---- The child ------------------------------------------------------------------------------- */

static DWORD process__main(void *argument)
{
    child *c = argument;

    sim_spare();
    installed.program(installed.context, c->command_line, c->streams);
    free(c);
    return 0;
}

/* It has handles of its own to the same files. */
static child *process__new(const WCHAR *command_line, const STARTUPINFOW *start)
{
    const HANDLE streams[] = {start->hStdInput, start->hStdOutput, start->hStdError};
    child *c = calloc(1, sizeof *c);

    if (wcslen(command_line) >= PROCESSES__ROOM)
        sim_fail("CreateProcess: a longer command line is not modelled");
    wcscpy(c->command_line, command_line);
    c->process = *sim_process_here();
    c->process.id = 5000 + sim_draw(1000);
    for (int i = 0; i < PROCESSES__STREAMS; i++)
        c->streams[i] = sim_handle(sim_look(streams[i], SIM_NONE));
    return c;
}

BOOL CreateProcessW(const WCHAR *application, WCHAR *command_line, void *process, void *thread,
                    BOOL inherit, DWORD flags, void *environment, const WCHAR *folder,
                    STARTUPINFOW *start, PROCESS_INFORMATION *made)
{
    const attributes *a = ((STARTUPINFOEXW *)(void *)start)->lpAttributeList;
    child *c;

    (void)application, (void)process, (void)thread, (void)environment, (void)folder;
    sim_point();
    if (!inherit || !(flags & EXTENDED_STARTUPINFO_PRESENT) ||
        !(start->dwFlags & STARTF_USESTDHANDLES))
        sim_fail("CreateProcess: without a list of handles it is not modelled");
    if (!process__may_inherit(a))
        return sim_error(ERROR_INVALID_PARAMETER);
    if (_wcsnicmp(command_line, installed.name, wcslen(installed.name)) != 0)
        return sim_error(ERROR_FILE_NOT_FOUND);
    c = process__new(command_line, start);
    *made = (PROCESS_INFORMATION){.dwProcessId = c->process.id};
    made->hProcess = sim_spawn(&c->process, process__main, c);
    made->hThread = sim_handle(sim_look(made->hProcess, SIM_THREAD));
    return TRUE;
}
