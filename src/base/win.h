/*
 * The one place in src that includes Windows headers, so that the versions and the switches that
 * decide what they declare are the same everywhere.
 */
#ifndef PP_BASE_WIN_H
#define PP_BASE_WIN_H

#include <windows.h>

/* After windows.h, which they need. */
#include <rpc.h>
#include <sddl.h>
#include <winternl.h>

/* ntdll.lib has it, but Microsoft declares it for drivers alone. */
NTSTATUS NTAPI NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK *result, void *information,
                                      ULONG size, FILE_INFORMATION_CLASS what);

#endif
