/*
 * Sections: memory that processes share by a name. The name is of the machine (Global), or of the
 * session (Local); in session 0 both are the same. Microsoft, "Kernel object namespaces" and
 * "Creating named shared memory".
 */
#include "pipes.h"
#include "security.h"
#include "world.h"

#include "pipe/ring.h"

#include <bcrypt.h>
#include <psapi.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS__NAME 80

typedef struct section_object {
    sim_object object;
    struct section_object *next;
    WCHAR name[SECTIONS__NAME];
    unsigned machine;
    DWORD session;
    descriptor *descriptor;
    char *memory;
    size_t size;
    unsigned views;
} section_object;

static section_object *sections;

static void sections__free_unused(section_object *s)
{
    section_object **place = &sections;

    if (s->object.handles > 0 || s->views > 0)
        return;
    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    security_free(s->descriptor);
    free(s->memory);
    free(s);
}

static void sections__close(sim_object *object)
{
    section_object *s = (section_object *)object;

    s->name[0] = 0; /* nobody opens it any more */
    sections__free_unused(s);
}

void sections_reset(void)
{
    while (sections) {
        section_object *gone = sections;

        sections = gone->next;
        security_free(gone->descriptor);
        free(gone->memory);
        free(gone);
    }
}

/* Splits a name: its session, and what follows the namespace. */
static const WCHAR *sections__parse(const WCHAR *name, DWORD *session)
{
    bool global = wcsncmp(name, L"Global\\", 7) == 0;

    *session = global ? 0 : sim_process_here()->session;
    if (!global && wcsncmp(name, L"Local\\", 6) != 0)
        sim_fail("a section is in no namespace");
    return name + (global ? 7 : 6);
}

static section_object *sections__find(const WCHAR *name, DWORD session)
{
    for (section_object *s = sections; s; s = s->next)
        if (s->name[0] && wcscmp(s->name, name) == 0 && s->session == session &&
            s->machine == sim_process_here()->machine)
            return s;
    return NULL;
}

HANDLE CreateFileMappingW(HANDLE file, SECURITY_ATTRIBUTES *sa, DWORD protection, DWORD high,
                          DWORD low, const WCHAR *text)
{
    DWORD session;
    const WCHAR *name = sections__parse(text, &session);
    section_object *s;

    sim_point();
    if (file != INVALID_HANDLE_VALUE || protection != PAGE_READWRITE || high != 0)
        sim_fail("CreateFileMapping: not modelled yet");
    /* It takes SeCreateGlobalPrivilege, which services have. */
    if (session == 0 && sim_process_here()->session != 0)
        return SetLastError(ERROR_ACCESS_DENIED), NULL;
    if (sections__find(name, session))
        sim_fail("a section has a name that is taken");
    s = calloc(1, sizeof *s);
    s->object.kind = SIM_SECTION;
    s->object.close = sections__close;
    wcscpy(s->name, name);
    s->machine = sim_process_here()->machine;
    s->session = session;
    s->descriptor = security_copy(sa->lpSecurityDescriptor);
    s->memory = calloc(1, low);
    s->size = low;
    s->next = sections;
    sections = s;
    SetLastError(ERROR_SUCCESS);
    return sim_handle(&s->object);
}

HANDLE OpenFileMappingW(DWORD rights, BOOL inherit, const WCHAR *text)
{
    subject who = security_here();
    DWORD session, error;
    const WCHAR *name = sections__parse(text, &session);
    section_object *s;

    (void)inherit;
    sim_point();
    s = sections__find(name, session);
    error = s ? security_check(s->descriptor, &who, rights) : ERROR_FILE_NOT_FOUND;
    if (error != ERROR_SUCCESS)
        return SetLastError(error), NULL;
    return sim_handle(&s->object);
}

PVOID MapViewOfFile(HANDLE handle, DWORD rights, DWORD high, DWORD low, SIZE_T size)
{
    section_object *s;

    (void)rights;
    sim_point();
    s = (section_object *)sim_look(handle, SIM_SECTION);
    if (!s || high != 0 || low != 0)
        return NULL;
    if (size > s->size)
        return SetLastError(ERROR_ACCESS_DENIED), NULL; /* Wine's kernel32/tests/virtual.c */
    s->views++;
    return s->memory;
}

/* Into their words, or anywhere; a small step, or any value. */
bool sections_scribble(void)
{
    const uint32_t words = 2 * sizeof(ring_shared) / sizeof(ring_word);
    section_object *one = NULL;
    volatile LONG *at;

    for (section_object *s = sections; s; s = s->next)
        if (s->views > 0 && (!one || sim_chance(2)))
            one = s;
    if (!one)
        return false;
    at = sim_chance(2) ? &((ring_word *)(void *)one->memory)[sim_draw(words)].value
                       : (LONG *)(void *)one->memory + sim_draw((uint32_t)(one->size / sizeof *at));
    *at = sim_chance(2) ? *at + (LONG)sim_draw(9) - 4 : (LONG)sim_draw(1u << sim_draw(32));
    sim_trace("a stranger writes into a section");
    return true;
}

static section_object *sections__of(const void *view)
{
    for (section_object *s = sections; s; s = s->next)
        if (s->memory == view)
            return s;
    return NULL;
}

BOOL UnmapViewOfFile(const void *view)
{
    section_object *s = sections__of(view);

    sim_point();
    if (!s)
        sim_fail("a view is unmapped that is none");
    s->views--;
    sections__free_unused(s);
    return TRUE;
}

SIZE_T VirtualQuery(const void *address, MEMORY_BASIC_INFORMATION *info, SIZE_T size)
{
    section_object *s = sections__of(address);

    sim_point();
    *info = (MEMORY_BASIC_INFORMATION){
        .RegionSize = s ? s->size : 0, .State = MEM_COMMIT, .Protect = PAGE_READWRITE};
    return size;
}

/* None belongs to a file. */
DWORD GetMappedFileNameW(HANDLE process, void *view, WCHAR *name, DWORD room)
{
    (void)process, (void)view, (void)name, (void)room;
    sim_point();
    SetLastError(ERROR_FILE_INVALID); /* Wine's conformance test of psapi */
    return 0;
}

NTSTATUS BCryptGenRandom(void *algorithm, UCHAR *to, ULONG size, ULONG flags)
{
    (void)algorithm, (void)flags;
    sim_point();
    for (ULONG i = 0; i < size; i++)
        to[i] = (UCHAR)sim_draw(256);
    return 0;
}
