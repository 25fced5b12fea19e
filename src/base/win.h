/*
 * The only place in src that includes Windows headers. So the versions and switches that decide
 * what they declare are the same everywhere.
 */
#ifndef PP_BASE_WIN_H
#define PP_BASE_WIN_H

/* Before windows.h, which includes an older one otherwise. */
#include <winsock2.h>

#include <windows.h>

/* After windows.h, which they need. */
#include <bcrypt.h>
#include <psapi.h>
#include <rpc.h>
#include <sddl.h>
#include <winternl.h>

/* Stands between an interlocked write and a plain read that must not come before it. Microsoft
 * documents the write as a full barrier, but clang's for ARM64 lets a later read pass. */
#if defined(_M_ARM64) || defined(__aarch64__)
#define WIN_FENCE() MemoryBarrier()
#else
#define WIN_FENCE() ((void)0)
#endif

/* MinGW lacks these two of Windows' headers. On x64 the processor keeps the order, and only the
 * compiler must not change it. */
#ifdef __MINGW64_VERSION_MAJOR
#if defined(_M_ARM64) || defined(__aarch64__)
#define WIN_ORDER() MemoryBarrier()
#else
#define WIN_ORDER() _ReadWriteBarrier()
#endif

static inline LONG ReadAcquire(const volatile LONG *from)
{
    LONG value = *from;

    WIN_ORDER();
    return value;
}

static inline void WriteRelease(volatile LONG *to, LONG value)
{
    WIN_ORDER();
    *to = value;
}
#endif

/* The error of the call that has just failed. A few calls fail without setting one: never 0, which
 * the caller would take for success. */
static inline DWORD win_last_error(void)
{
    DWORD error = GetLastError();

    return error != ERROR_SUCCESS ? error : ERROR_GEN_FAILURE;
}

/* ntdll.lib has it, but Microsoft declares it for drivers only. */
NTSTATUS NTAPI NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK *result, void *information,
                                      ULONG size, FILE_INFORMATION_CLASS what);

#endif
