#include "pipe/open.h"

HANDLE open_file(const wchar_t *path, DWORD rights)
{
    return CreateFileW(path, rights, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                       NULL);
}
