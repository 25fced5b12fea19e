#include "figures.h"

#include "report.h"
#include "win.h"

#include <stdio.h>
#include <wchar.h>

#define FIGURES__PATH 4096
#define FIGURES__BESIDE L".part"

typedef struct figures__paths {
    wchar_t file[FIGURES__PATH], beside[FIGURES__PATH + 8];
} figures__paths;

static bool figures__name(figures__paths *p, const char *path)
{
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, p->file, FIGURES__PATH) <= 0)
        return false;
    wcscpy(p->beside, p->file);
    wcscat(p->beside, FIGURES__BESIDE);
    return true;
}

bool figures_check(const char *path)
{
    static figures__paths p;
    DWORD attributes;
    FILE *file;

    if (!figures__name(&p, path))
        return false;
    attributes = GetFileAttributesW(p.file);
    if (attributes != INVALID_FILE_ATTRIBUTES &&
        (attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_READONLY)))
        return false;
    file = _wfopen(p.beside, L"wb");
    return file && fclose(file) == 0 && DeleteFileW(p.beside);
}

bool figures_write(const char *path, const options *o, const result *r)
{
    static figures__paths p;
    FILE *file = figures__name(&p, path) ? _wfopen(p.beside, L"wb") : NULL;
    bool written;

    if (!file)
        return false;
    written = report_write_json(o, r, file);
    written = fclose(file) == 0 && written;
    if (written && MoveFileExW(p.beside, p.file, MOVEFILE_REPLACE_EXISTING))
        return true;
    DeleteFileW(p.beside);
    return false;
}
