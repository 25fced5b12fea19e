#include "pipe/section.h"

#include <stdio.h>
#include <wchar.h>

#define SECTION__RIGHTS (FILE_MAP_READ | FILE_MAP_WRITE)
#define SECTION__NAME_SIZE 64
#define SECTION__SDDL_SIZE 256 /* a SID has at most 184 characters */

static void section__write_name(WCHAR *name, bool global, const unsigned char *secret)
{
    size_t at = wcslen(wcscpy(name, global ? L"Global\\pipeport-" : L"Local\\pipeport-"));

    for (size_t i = 0; i < SECTION_SECRET; i++)
        for (int shift = 4; shift >= 0; shift -= 4)
            name[at++] = L"0123456789abcdef"[secret[i] >> shift & 15];
    name[at] = L'\0';
}

static DWORD section__map(section *s, HANDLE mapping, size_t size)
{
    s->view = MapViewOfFile(mapping, SECTION__RIGHTS, 0, 0, size);
    return s->view ? ERROR_SUCCESS : win_last_error();
}

bool section_draw(unsigned char *secret)
{
    return BCryptGenRandom(NULL, secret, SECTION_SECRET, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0;
}

/* ---- Making --------------------------------------------------------------------------------- */

/* The label lets a process of low integrity write, which the default one would not. */
static DWORD section__describe(SECURITY_ATTRIBUTES *sa, const char *user, bool low)
{
    WCHAR sddl[SECTION__SDDL_SIZE];

    *sa = (SECURITY_ATTRIBUTES){.nLength = sizeof *sa};
    if (swprintf(sddl, SECTION__SDDL_SIZE, L"D:P(A;;0x%x;;;%hs)%ls", (unsigned)SECTION__RIGHTS,
                 user, low ? L"S:(ML;;NW;;;LW)" : L"") < 0)
        return ERROR_INSUFFICIENT_BUFFER;
    return ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1,
                                                                &sa->lpSecurityDescriptor, NULL)
               ? ERROR_SUCCESS
               : win_last_error();
}

/* A name that is taken is none of ours: it cannot be by chance. */
static DWORD section__create(section *s, SECURITY_ATTRIBUTES *sa, size_t size, const WCHAR *name)
{
    DWORD error;

    SetLastError(ERROR_SUCCESS);
    s->mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, sa, PAGE_READWRITE, 0, (DWORD)size, name);
    error = GetLastError();
    if (!s->mapping)
        return error != ERROR_SUCCESS ? error : ERROR_GEN_FAILURE;
    return error == ERROR_ALREADY_EXISTS ? error : section__map(s, s->mapping, size);
}

DWORD section_make(section *s, size_t size, const char *user, bool low, bool global,
                   unsigned char *secret)
{
    SECURITY_ATTRIBUTES sa;
    WCHAR name[SECTION__NAME_SIZE];
    DWORD error;

    *s = (section){0};
    if (!section_draw(secret))
        return ERROR_GEN_FAILURE;
    error = section__describe(&sa, user, low);
    if (error != ERROR_SUCCESS)
        return error;
    section__write_name(name, global, secret);
    error = section__create(s, &sa, size, name);
    LocalFree(sa.lpSecurityDescriptor);
    if (error != ERROR_SUCCESS)
        section_close(s);
    return error;
}

/* ---- Opening -------------------------------------------------------------------------------- */

/* Whether all of it is there, and stays: pages that are only reserved, or belong to a file, would
 * end this process when it touches them. */
static bool section__stays(const section *s, size_t size)
{
    MEMORY_BASIC_INFORMATION info;
    WCHAR file[2];

    return VirtualQuery(s->view, &info, sizeof info) == sizeof info && info.State == MEM_COMMIT &&
           info.Protect == PAGE_READWRITE && info.RegionSize >= size &&
           GetMappedFileNameW(GetCurrentProcess(), s->view, file, 2) == 0 &&
           GetLastError() == ERROR_FILE_INVALID; /* any other: a file, whose name is too long */
}

DWORD section_open(section *s, size_t size, bool global, const unsigned char *secret)
{
    WCHAR name[SECTION__NAME_SIZE];
    HANDLE mapping;
    DWORD error;

    *s = (section){0};
    section__write_name(name, global, secret);
    mapping = OpenFileMappingW(SECTION__RIGHTS, FALSE, name);
    if (!mapping)
        return win_last_error();
    error = section__map(s, mapping, size);
    CloseHandle(mapping);
    if (error == ERROR_SUCCESS && !section__stays(s, size))
        error = ERROR_INVALID_DATA;
    if (error != ERROR_SUCCESS)
        section_close(s);
    return error;
}

/* ---- The end -------------------------------------------------------------------------------- */

void section_forget_name(section *s)
{
    if (s->mapping)
        CloseHandle(s->mapping);
    s->mapping = NULL;
}

void section_close(section *s)
{
    section_forget_name(s);
    if (s->view)
        UnmapViewOfFile(s->view);
    s->view = NULL;
}
