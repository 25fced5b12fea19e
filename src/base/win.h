/*
 * The one place in src that includes Windows headers, so that the versions and the switches that
 * decide what they declare are the same everywhere.
 */
#ifndef PP_BASE_WIN_H
#define PP_BASE_WIN_H

/* Before windows.h, which brings an older one otherwise. */
#include <winsock2.h>

#include <windows.h>

/* After windows.h, which they need. */
#include <rpc.h>
#include <sddl.h>
#include <winternl.h>

/* After an interlocked write, where a plain read of something else must not come before it: by
 * Microsoft's word the write is a full barrier, but clang's for ARM64 lets a later read pass. */
#if defined(_M_ARM64) || defined(__aarch64__)
#define WIN_FENCE() MemoryBarrier()
#else
#define WIN_FENCE() ((void)0)
#endif

/* ntdll.lib has it, but Microsoft declares it for drivers alone. */
NTSTATUS NTAPI NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK *result, void *information,
                                      ULONG size, FILE_INFORMATION_CLASS what);

#endif
