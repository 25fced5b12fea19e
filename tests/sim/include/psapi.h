#ifndef SIM_PSAPI_H
#define SIM_PSAPI_H

#include <windows.h>

DWORD GetMappedFileNameW(HANDLE process, void *view, WCHAR *name, DWORD room);

#endif
