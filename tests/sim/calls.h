/*
 * The calls into the system that are traced and can fail: each with the errors that its
 * documentation names for a lack of something, or for a race with somebody else. Not among them are
 * errors that speak of the handle's own state (the other end has left, nothing to cancel): those
 * follow from the rules of pipes alone.
 *
 * tools/sim.sh checks that each call of the library is named here. These have no row:
 *   cannot fail: AcquireSRWLockExclusive, AcquireSRWLockShared, ReleaseSRWLockExclusive,
 *     ReleaseSRWLockShared, InitializeSRWLock, InitializeConditionVariable, WakeConditionVariable,
 *     WakeAllConditionVariable, GetCurrentProcess, GetCurrentProcessId, GetCurrentThread,
 *     GetLastError, SetLastError, WSAGetLastError, GetTickCount64, LocalFree,
 *     RtlNtStatusToDosError, EqualSid, GetSidSubAuthority, GetSidSubAuthorityCount; since XP:
 *     QueryPerformanceCounter, QueryPerformanceFrequency
 *   fail for wrong arguments alone: GetSecurityDescriptorDacl, GetSecurityDescriptorOwner,
 *     GetFileType, TlsGetValue, ProcessIdToSessionId, UnmapViewOfFile, VirtualQuery,
 *     GetMappedFileNameW, SwitchToThread, SetHandleInformation, InitializeProcThreadAttributeList,
 *     DeleteProcThreadAttributeList, MultiByteToWideChar, WideCharToMultiByte
 *   SleepConditionVariableSRW: it wakes up without a reason instead, in its model
 *   InitOnceExecuteOnce, TlsAlloc: once in the life of a process, before its first port
 *   TlsSetValue: of the first 64 slots, which need no memory
 *   LookupAccountNameW: always fails here, since there are no names but SIDs yet
 *   GetActiveProcessorCount: of processes in several groups, which are not modelled
 *   NtQueryInformationFile: reads a flag of an open file, and lacks nothing
 *   RaiseFailFastException: does not return
 *
 * A row: the type of the result, name, parameters, arguments, the handle, the OVERLAPPED of an
 * operation that may fail later, the result that means a failure, errors (0: none).
 */
#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include "sim.h"

#include <bcrypt.h>
#include <psapi.h>
#include <rpc.h>
#include <sddl.h>
#include <winsock2.h>
#include <winternl.h>

#define CALLS_MEMORY ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES
#define CALLS_NO_RESOURCES ((NTSTATUS)0xC000009A) /* STATUS_INSUFFICIENT_RESOURCES */
#define CALLS_QUOTA CALLS_MEMORY, ERROR_NOT_ENOUGH_QUOTA, ERROR_WORKING_SET_QUOTA

/* clang-format off */
#define SIM_CALLS(X) \
    X(HANDLE, CreateThread, (void *a, SIZE_T b, LPTHREAD_START_ROUTINE c, void *d, DWORD e, \
        DWORD *f), (a, b, c, d, e, f), NULL, NULL, NULL, CALLS_MEMORY) \
    X(HANDLE, CreateEventW, (void *a, BOOL b, BOOL c, const WCHAR *d), (a, b, c, d), NULL, \
        NULL, NULL, CALLS_MEMORY) \
    X(BOOL, SetEvent, (HANDLE h), (h), h, NULL, FALSE, 0) \
    X(DWORD, WaitForSingleObject, (HANDLE h, DWORD a), (h, a), h, NULL, 0, 0) \
    X(BOOL, CloseHandle, (HANDLE h), (h), h, NULL, FALSE, 0) \
    X(BOOL, TrySubmitThreadpoolCallback, (PTP_SIMPLE_CALLBACK a, void *b, void *c), (a, b, c), \
        NULL, NULL, FALSE, CALLS_MEMORY) \
    X(HANDLE, CreateIoCompletionPort, (HANDLE h, HANDLE a, ULONG_PTR b, DWORD c), (h, a, b, c), \
        h, NULL, NULL, CALLS_MEMORY) \
    X(BOOL, PostQueuedCompletionStatus, (HANDLE h, DWORD a, ULONG_PTR b, OVERLAPPED *c), (h, a, \
        b, c), h, NULL, FALSE, CALLS_MEMORY) \
    X(BOOL, GetQueuedCompletionStatusEx, (HANDLE h, OVERLAPPED_ENTRY *a, ULONG b, ULONG *c, \
        DWORD d, BOOL e), (h, a, b, c, d, e), h, NULL, (*c = 1, FALSE), WAIT_TIMEOUT) \
    X(HANDLE, CreateNamedPipeW, (const WCHAR *a, DWORD b, DWORD c, DWORD d, DWORD e, DWORD f, \
        DWORD g, SECURITY_ATTRIBUTES *i), (a, b, c, d, e, f, g, i), NULL, NULL, \
        INVALID_HANDLE_VALUE, CALLS_MEMORY, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY) \
    X(HANDLE, CreateFileW, (const WCHAR *a, DWORD b, DWORD c, SECURITY_ATTRIBUTES *d, DWORD e, \
        DWORD f, HANDLE g), (a, b, c, d, e, f, g), NULL, NULL, INVALID_HANDLE_VALUE, \
        CALLS_MEMORY, ERROR_ACCESS_DENIED, ERROR_PIPE_BUSY, ERROR_FILE_NOT_FOUND) \
    X(BOOL, WaitNamedPipeW, (const WCHAR *a, DWORD b), (a, b), NULL, NULL, FALSE, \
        ERROR_SEM_TIMEOUT, ERROR_FILE_NOT_FOUND) \
    X(BOOL, ConnectNamedPipe, (HANDLE h, OVERLAPPED *o), (h, o), h, o, FALSE, CALLS_MEMORY) \
    X(BOOL, DisconnectNamedPipe, (HANDLE h), (h), h, NULL, FALSE, CALLS_MEMORY) \
    X(BOOL, ReadFile, (HANDLE h, void *a, DWORD b, DWORD *c, OVERLAPPED *o), (h, a, b, c, o), \
        h, o, FALSE, CALLS_QUOTA) \
    X(BOOL, WriteFile, (HANDLE h, const void *a, DWORD b, DWORD *c, OVERLAPPED *o), (h, a, b, \
        c, o), h, o, FALSE, CALLS_QUOTA) \
    X(BOOL, CancelIoEx, (HANDLE h, OVERLAPPED *o), (h, o), h, NULL, FALSE, 0) \
    X(BOOL, GetOverlappedResult, (HANDLE h, OVERLAPPED *o, DWORD *a, BOOL b), (h, o, a, b), h, \
        NULL, FALSE, 0) \
    X(BOOL, SetFileCompletionNotificationModes, (HANDLE h, UCHAR a), (h, a), h, NULL, FALSE, \
        ERROR_INVALID_PARAMETER) \
    X(BOOL, SetNamedPipeHandleState, (HANDLE h, DWORD *a, DWORD *b, DWORD *c), (h, a, b, c), h, \
        NULL, FALSE, CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(BOOL, GetNamedPipeHandleStateW, (HANDLE h, DWORD *a, DWORD *b, DWORD *c, DWORD *d, WCHAR \
        *e, DWORD f), (h, a, b, c, d, e, f), h, NULL, FALSE, CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(BOOL, GetNamedPipeClientProcessId, (HANDLE h, ULONG *a), (h, a), h, NULL, FALSE, \
        CALLS_MEMORY, ERROR_NOT_FOUND) \
    X(BOOL, GetNamedPipeServerProcessId, (HANDLE h, ULONG *a), (h, a), h, NULL, FALSE, \
        CALLS_MEMORY, ERROR_NOT_FOUND) \
    X(BOOL, GetNamedPipeClientSessionId, (HANDLE h, ULONG *a), (h, a), h, NULL, FALSE, \
        CALLS_MEMORY, ERROR_NOT_FOUND) \
    X(BOOL, GetNamedPipeServerSessionId, (HANDLE h, ULONG *a), (h, a), h, NULL, FALSE, \
        CALLS_MEMORY, ERROR_NOT_FOUND) \
    X(BOOL, ConvertStringSecurityDescriptorToSecurityDescriptorW, (const WCHAR *a, DWORD b, \
        PSECURITY_DESCRIPTOR *c, ULONG *d), (a, b, c, d), NULL, NULL, FALSE, CALLS_MEMORY) \
    X(BOOL, ConvertStringSidToSidA, (const char *a, PSID *b), (a, b), NULL, NULL, FALSE, \
        CALLS_MEMORY) \
    X(BOOL, ConvertStringSidToSidW, (const WCHAR *a, PSID *b), (a, b), NULL, NULL, FALSE, \
        CALLS_MEMORY) \
    X(BOOL, ConvertSidToStringSidA, (PSID a, char **b), (a, b), NULL, NULL, FALSE, \
        CALLS_MEMORY) \
    X(BOOL, ConvertSidToStringSidW, (PSID a, WCHAR **b), (a, b), NULL, NULL, FALSE, \
        CALLS_MEMORY) \
    X(BOOL, GetKernelObjectSecurity, (HANDLE h, DWORD a, PSECURITY_DESCRIPTOR b, DWORD c, DWORD \
        *d), (h, a, b, c, d), h, NULL, FALSE, CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(BOOL, OpenProcessToken, (HANDLE h, DWORD a, HANDLE *b), (h, a, b), NULL, NULL, FALSE, \
        CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(BOOL, OpenThreadToken, (HANDLE h, DWORD a, BOOL b, HANDLE *c), (h, a, b, c), NULL, NULL, \
        FALSE, CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(BOOL, GetTokenInformation, (HANDLE h, TOKEN_INFORMATION_CLASS a, void *b, DWORD c, DWORD \
        *d), (h, a, b, c, d), h, NULL, FALSE, CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(BOOL, ImpersonateNamedPipeClient, (HANDLE h), (h), h, NULL, FALSE, CALLS_MEMORY, \
        ERROR_CANNOT_IMPERSONATE) \
    X(BOOL, RevertToSelf, (void), (), NULL, NULL, FALSE, 0) \
    X(BOOL, GetProcessGroupAffinity, (HANDLE h, USHORT *a, USHORT *b), (h, a, b), NULL, NULL, \
        FALSE, ERROR_INSUFFICIENT_BUFFER) \
    X(BOOL, GetProcessAffinityMask, (HANDLE h, DWORD_PTR *a, DWORD_PTR *b), (h, a, b), NULL, \
        NULL, FALSE, ERROR_ACCESS_DENIED) \
    X(BOOL, CallbackMayRunLong, (TP_CALLBACK_INSTANCE *a), (a), NULL, NULL, FALSE, CALLS_MEMORY) \
    X(DWORD, FormatMessageW, (DWORD a, const void *b, DWORD c, DWORD d, WCHAR *e, DWORD f, \
        va_list *g), (a, b, c, d, e, f, g), NULL, NULL, 0, CALLS_MEMORY) \
    /* The handle of a mailslot. Where ntdll has the native call, that is made: on each Windows. */ \
    X(HMODULE, GetModuleHandleW, (const WCHAR *a), (a), NULL, NULL, NULL, ERROR_MOD_NOT_FOUND) \
    X(FARPROC, GetProcAddress, (HMODULE a, const char *b), (a, b), NULL, NULL, NULL, \
        ERROR_PROC_NOT_FOUND) \
    X(NTSTATUS, NtCreateMailslotFile, (HANDLE *a, ULONG b, OBJECT_ATTRIBUTES *c, IO_STATUS_BLOCK \
        *d, ULONG e, ULONG f, ULONG g, LARGE_INTEGER *i), (a, b, c, d, e, f, g, i), NULL, NULL, \
        CALLS_NO_RESOURCES, CALLS_MEMORY) \
    X(HANDLE, CreateMailslotW, (const WCHAR *a, DWORD b, DWORD c, SECURITY_ATTRIBUTES *d), (a, b, \
        c, d), NULL, NULL, INVALID_HANDLE_VALUE, 0) \
    X(BOOL, SetMailslotInfo, (HANDLE h, DWORD a), (h, a), h, NULL, FALSE, CALLS_MEMORY) \
    /* Asked of what is no mailslot; else of one with a datagram too long, which Windows refuses. */ \
    X(BOOL, GetMailslotInfo, (HANDLE h, DWORD *a, DWORD *b, DWORD *c, DWORD *d), (h, a, b, c, d), \
        h, NULL, FALSE, 0) \
    /* Of handles that are adopted, and of sockets. */ \
    X(BOOL, GetNamedPipeInfo, (HANDLE h, DWORD *a, DWORD *b, DWORD *c, DWORD *d), (h, a, b, c, \
        d), h, NULL, FALSE, CALLS_MEMORY) \
    X(NTSTATUS, NtQueryObject, (HANDLE h, OBJECT_INFORMATION_CLASS a, void *b, ULONG c, ULONG \
        *d), (h, a, b, c, d), h, NULL, CALLS_NO_RESOURCES, CALLS_MEMORY) \
    X(int, getsockopt, (SOCKET h, int a, int b, char *c, int *d), (h, a, b, c, d), (HANDLE)h, \
        NULL, -1, WSAENETDOWN) \
    X(int, WSARecv, (SOCKET h, WSABUF *a, DWORD b, DWORD *c, DWORD *d, OVERLAPPED *o, void *e), \
        (h, a, b, c, d, o, e), (HANDLE)h, o, -1, WSAENOBUFS, WSAENETDOWN) \
    X(int, WSASend, (SOCKET h, WSABUF *a, DWORD b, DWORD *c, DWORD d, OVERLAPPED *o, void *e), \
        (h, a, b, c, d, o, e), (HANDLE)h, o, -1, WSAENOBUFS, WSAENETDOWN) \
    X(int, shutdown, (SOCKET h, int a), (h, a), (HANDLE)h, NULL, -1, WSAENETDOWN) \
    X(int, closesocket, (SOCKET h), (h), (HANDLE)h, NULL, -1, 0) \
    /* Of children. */ \
    X(RPC_STATUS, UuidCreate, (GUID *a), (a), NULL, NULL, RPC_S_OUT_OF_MEMORY, CALLS_MEMORY) \
    X(BOOL, UpdateProcThreadAttribute, (LPPROC_THREAD_ATTRIBUTE_LIST a, DWORD b, DWORD_PTR c, \
        void *d, SIZE_T e, void *f, SIZE_T *g), (a, b, c, d, e, f, g), NULL, NULL, FALSE, \
        CALLS_MEMORY) \
    X(BOOL, CreateProcessW, (const WCHAR *a, WCHAR *b, void *c, void *d, BOOL e, DWORD f, void \
        *g, const WCHAR *i, STARTUPINFOW *j, PROCESS_INFORMATION *k), (a, b, c, d, e, f, g, i, j, \
        k), NULL, NULL, FALSE, CALLS_MEMORY, ERROR_ACCESS_DENIED) \
    X(HANDLE, CreateFileMappingW, (HANDLE h, SECURITY_ATTRIBUTES *a, DWORD b, DWORD c, DWORD d, \
        const WCHAR *e), (h, a, b, c, d, e), NULL, NULL, NULL, CALLS_MEMORY, \
        ERROR_ALREADY_EXISTS) \
    X(HANDLE, OpenFileMappingW, (DWORD a, BOOL b, const WCHAR *c), (a, b, c), NULL, NULL, NULL, \
        CALLS_MEMORY, ERROR_FILE_NOT_FOUND) \
    X(PVOID, MapViewOfFile, (HANDLE h, DWORD a, DWORD b, DWORD c, SIZE_T d), (h, a, b, c, d), h, \
        NULL, NULL, CALLS_MEMORY) \
    X(NTSTATUS, BCryptGenRandom, (void *a, UCHAR *b, ULONG c, ULONG d), (a, b, c, d), NULL, NULL, \
        CALLS_NO_RESOURCES, 0) \
    /* The self-test's, and of clients. */ \
    X(BOOL, GetOverlappedResultEx, (HANDLE h, OVERLAPPED *o, DWORD *a, DWORD b, BOOL c), (h, o, \
        a, b, c), h, NULL, FALSE, 0) \
    X(BOOL, TransactNamedPipe, (HANDLE h, void *a, DWORD b, void *c, DWORD d, DWORD *e, \
        OVERLAPPED *o), (h, a, b, c, d, e, o), h, NULL, FALSE, 0) \
    X(BOOL, PeekNamedPipe, (HANDLE h, void *a, DWORD b, DWORD *c, DWORD *d, DWORD *e), (h, a, b, \
        c, d, e), h, NULL, FALSE, 0)
/* clang-format on */

#define CALLS__NAME(type, name, ...) CALL_##name,
typedef enum sim_call { SIM_CALLS(CALLS__NAME) CALL_ALLOCATION, CALL_COUNT } sim_call;
#undef CALLS__NAME

/* Faults: none; each call fails once in so many times; the call `which` fails its `nth` time. */
void faults_none(void);
void faults_at_rate(uint32_t one_in);
void faults_at(sim_call which, unsigned nth);

/* Whether a call has failed so. */
bool faults_hit(void);

const char *faults_name(sim_call which);

/* False: the documentation names no such error. */
bool faults_can_fail(sim_call which);

/* The library's memory: blocks that it has. */
unsigned faults_blocks(void);

/* Lets go of the blocks that it freed: nobody may have written to them since. */
void faults_let_go(void);

#endif
