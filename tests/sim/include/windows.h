/*
 * The part of Windows that src/base/win.h brings in, for the simulator: the same names, types and
 * numbers, so that the library is compiled unchanged. What is missing here is an error of the
 * compiler or of the linker.
 *
 * Every call into the system, every interlocked operation and every lock is a point at which
 * another thread may go on: sim_point.
 */
#ifndef SIM_WINDOWS_H
#define SIM_WINDOWS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Types ---------------------------------------------------------------------------------- */

#define WINAPI
#define CALLBACK
#define NTAPI
#define TRUE 1
#define FALSE 0
#define VOID void

typedef void *HANDLE, *PVOID, *HMODULE, *PSECURITY_DESCRIPTOR, *PSID;
typedef int BOOL;
typedef unsigned char BYTE, UCHAR, BOOLEAN;
typedef unsigned short USHORT, WORD;
typedef uint32_t DWORD, ULONG, ACCESS_MASK, UINT;
typedef int32_t LONG, NTSTATUS, RPC_STATUS;
typedef int64_t LONG64, LONGLONG;
typedef uint64_t ULONGLONG;
typedef uintptr_t ULONG_PTR, DWORD_PTR, SIZE_T, SOCKET;
typedef wchar_t WCHAR;
typedef union LARGE_INTEGER {
    int64_t QuadPart;
} LARGE_INTEGER;
typedef struct GUID {
    uint32_t Data1;
    uint16_t Data2, Data3;
    unsigned char Data4[8];
} GUID;

#define INFINITE 0xFFFFFFFFu
#define MAXDWORD 0xFFFFFFFFu
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)

/* ---- Errors --------------------------------------------------------------------------------- */

#define ERROR_SUCCESS 0u
#define ERROR_FILE_NOT_FOUND 2u
#define ERROR_PATH_NOT_FOUND 3u
#define ERROR_ACCESS_DENIED 5u
#define ERROR_INVALID_HANDLE 6u
#define ERROR_NOT_ENOUGH_MEMORY 8u
#define ERROR_OUTOFMEMORY 14u
#define ERROR_WRITE_FAULT 29u
#define ERROR_GEN_FAILURE 31u
#define ERROR_HANDLE_EOF 38u
#define ERROR_BAD_NETPATH 53u
#define ERROR_UNEXP_NET_ERR 59u
#define ERROR_NETNAME_DELETED 64u
#define ERROR_BAD_NET_NAME 67u
#define ERROR_INVALID_DATA 13u
#define ERROR_FILE_INVALID 1006u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_BROKEN_PIPE 109u
#define ERROR_SEM_TIMEOUT 121u
#define ERROR_INSUFFICIENT_BUFFER 122u
#define ERROR_INVALID_NAME 123u
#define ERROR_MOD_NOT_FOUND 126u
#define ERROR_PROC_NOT_FOUND 127u
#define ERROR_ALREADY_EXISTS 183u
#define ERROR_BAD_PIPE 230u
#define ERROR_PIPE_BUSY 231u
#define ERROR_NO_DATA 232u
#define ERROR_PIPE_NOT_CONNECTED 233u
#define ERROR_MORE_DATA 234u
#define ERROR_VC_DISCONNECTED 240u
#define ERROR_PIPE_CONNECTED 535u
#define ERROR_PIPE_LISTENING 536u
#define ERROR_OPERATION_ABORTED 995u
#define ERROR_IO_INCOMPLETE 996u
#define ERROR_IO_PENDING 997u
#define ERROR_NO_TOKEN 1008u
#define ERROR_CONNECTION_ABORTED 1236u
#define ERROR_NOT_FOUND 1168u
#define ERROR_PRIVILEGE_NOT_HELD 1314u
#define ERROR_NONE_MAPPED 1332u
#define ERROR_BAD_IMPERSONATION_LEVEL 1346u
#define ERROR_CANT_OPEN_ANONYMOUS 1347u
#define ERROR_INVALID_ACL 1336u
#define ERROR_INVALID_SID 1337u
#define ERROR_INVALID_SECURITY_DESCR 1338u
#define ERROR_INVALID_OWNER 1307u
#define ERROR_CANNOT_IMPERSONATE 1368u
#define ERROR_NO_SYSTEM_RESOURCES 1450u
#define ERROR_WORKING_SET_QUOTA 1453u
#define ERROR_NOT_ENOUGH_QUOTA 1816u
#define WAIT_OBJECT_0 0u
#define WAIT_TIMEOUT 258u
#define WAIT_FAILED 0xFFFFFFFFu

DWORD GetLastError(void);
void SetLastError(DWORD error);

/* ---- Points --------------------------------------------------------------------------------- */

void sim_point(void);
void sim_lock_point(const void *lock);
void sim_word_point(const volatile void *word);

#define SIM_ATOMIC(name, type, result, change)                                                     \
    static inline type name                                                                        \
    {                                                                                              \
        type before;                                                                               \
        sim_word_point(to);                                                                        \
        before = *to;                                                                              \
        change;                                                                                    \
        return result;                                                                             \
    }
SIM_ATOMIC(InterlockedIncrement(volatile LONG *to), LONG, before + 1, *to = before + 1)
SIM_ATOMIC(InterlockedDecrement(volatile LONG *to), LONG, before - 1, *to = before - 1)
SIM_ATOMIC(InterlockedExchange(volatile LONG *to, LONG value), LONG, before, *to = value)
SIM_ATOMIC(InterlockedOr(volatile LONG *to, LONG value), LONG, before, *to = before | value)
SIM_ATOMIC(InterlockedCompareExchange(volatile LONG *to, LONG value, LONG expected), LONG, before,
           if (before == expected) *to = value)
SIM_ATOMIC(InterlockedIncrement64(volatile LONG64 *to), LONG64, before + 1, *to = before + 1)
SIM_ATOMIC(InterlockedExchange64(volatile LONG64 *to, LONG64 value), LONG64, before, *to = value)
SIM_ATOMIC(InterlockedAdd64(volatile LONG64 *to, LONG64 value), LONG64, before + value,
           *to = before + value)
SIM_ATOMIC(InterlockedCompareExchange64(volatile LONG64 *to, LONG64 value, LONG64 expected), LONG64,
           before, if (before == expected) *to = value)
SIM_ATOMIC(InterlockedExchangePointer(void *volatile *to, void *value), void *, before, *to = value)
#define InterlockedExchangeAdd(to, value) (InterlockedAdd_sim((to), (value)))
SIM_ATOMIC(InterlockedAdd_sim(volatile LONG *to, LONG value), LONG, before, *to = before + value)
#define MemoryBarrier() sim_point()
static inline LONG ReadAcquire(const volatile LONG *from)
{
    sim_word_point(from);
    return *from;
}
static inline void WriteRelease(volatile LONG *to, LONG value)
{
    sim_word_point(to);
    *to = value;
}

/* ---- Locks, threads, time ------------------------------------------------------------------- */

typedef struct SRWLOCK {
    int holders; /* -1: one has it alone */
} SRWLOCK;
typedef struct CONDITION_VARIABLE {
    int unused;
} CONDITION_VARIABLE;
typedef struct INIT_ONCE {
    int state;
} INIT_ONCE;
#define SRWLOCK_INIT                                                                               \
    {                                                                                              \
        0                                                                                          \
    }
#define INIT_ONCE_STATIC_INIT                                                                      \
    {                                                                                              \
        0                                                                                          \
    }

void InitializeSRWLock(SRWLOCK *lock);
void AcquireSRWLockExclusive(SRWLOCK *lock);
void ReleaseSRWLockExclusive(SRWLOCK *lock);
void AcquireSRWLockShared(SRWLOCK *lock);
void ReleaseSRWLockShared(SRWLOCK *lock);
void InitializeConditionVariable(CONDITION_VARIABLE *cv);
BOOL SleepConditionVariableSRW(CONDITION_VARIABLE *cv, SRWLOCK *lock, DWORD ms, ULONG flags);
void WakeConditionVariable(CONDITION_VARIABLE *cv);
void WakeAllConditionVariable(CONDITION_VARIABLE *cv);
typedef BOOL (*PINIT_ONCE_FN)(INIT_ONCE *once, void *argument, void **context);
BOOL InitOnceExecuteOnce(INIT_ONCE *once, PINIT_ONCE_FN function, void *argument, void **context);

#define TLS_OUT_OF_INDEXES 0xFFFFFFFFu
DWORD TlsAlloc(void);
void *TlsGetValue(DWORD slot);
BOOL TlsSetValue(DWORD slot, void *value);

#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x10000u
typedef DWORD (*LPTHREAD_START_ROUTINE)(void *argument);
HANDLE CreateThread(void *attributes, SIZE_T stack, LPTHREAD_START_ROUTINE start, void *argument,
                    DWORD flags, DWORD *id);
HANDLE CreateEventW(void *attributes, BOOL manual, BOOL set, const WCHAR *name);
BOOL SetEvent(HANDLE event);
DWORD WaitForSingleObject(HANDLE handle, DWORD ms);
BOOL CloseHandle(HANDLE handle);
BOOL QueryPerformanceCounter(LARGE_INTEGER *ticks);
BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency);
ULONGLONG GetTickCount64(void);

BOOL SwitchToThread(void);
#define YieldProcessor() ((void)SwitchToThread())
#define SecureZeroMemory(at, size) ((void)memset((at), 0, (size)))

typedef struct TP_CALLBACK_INSTANCE TP_CALLBACK_INSTANCE;
typedef void (*PTP_SIMPLE_CALLBACK)(TP_CALLBACK_INSTANCE *instance, void *argument);
BOOL TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback, void *argument, void *environment);
BOOL CallbackMayRunLong(TP_CALLBACK_INSTANCE *instance);
void RaiseFailFastException(void *record, void *context, DWORD flags);

/* ---- Processes and processors --------------------------------------------------------------- */

HANDLE GetCurrentProcess(void);
HANDLE GetCurrentThread(void);
DWORD GetCurrentProcessId(void);
BOOL ProcessIdToSessionId(DWORD process, DWORD *session);
BOOL GetProcessAffinityMask(HANDLE process, DWORD_PTR *ours, DWORD_PTR *all);
BOOL GetProcessGroupAffinity(HANDLE process, USHORT *count, USHORT *groups);
DWORD GetActiveProcessorCount(WORD group);
HMODULE GetModuleHandleW(const WCHAR *name);
typedef void (*FARPROC)(void);
FARPROC GetProcAddress(HMODULE module, const char *name);

/* ---- Text ----------------------------------------------------------------------------------- */

#define CP_UTF8 65001u
#define MB_ERR_INVALID_CHARS 8u
#define WC_ERR_INVALID_CHARS 0x80u
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x200u
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000u
int MultiByteToWideChar(UINT page, DWORD flags, const char *text, int length, WCHAR *wide,
                        int room);
int WideCharToMultiByte(UINT page, DWORD flags, const WCHAR *wide, int length, char *text, int room,
                        const char *unknown, BOOL *used);
DWORD FormatMessageW(DWORD flags, const void *source, DWORD id, DWORD language, WCHAR *text,
                     DWORD room, va_list *arguments);
/* wchar_t has 16 bits here, as on Windows; those of the C library on Linux would not do. */
size_t sim_wcslen(const WCHAR *text);
WCHAR *sim_wcscat(WCHAR *to, const WCHAR *from);
WCHAR *sim_wcscpy(WCHAR *to, const WCHAR *from);
int sim_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count);
int sim_wcscmp(const WCHAR *a, const WCHAR *b);
int sim_swprintf(WCHAR *to, size_t count, const WCHAR *format, ...);
int _wcsicmp(const WCHAR *a, const WCHAR *b);
int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count);
int _strnicmp(const char *a, const char *b, size_t count);
#define wcslen sim_wcslen
#define wcscat sim_wcscat
#define wcscpy sim_wcscpy
#define wcsncmp sim_wcsncmp
#define wcscmp sim_wcscmp
#define swprintf sim_swprintf
WCHAR *sim_wcschr(const WCHAR *text, WCHAR c);
#define wcschr sim_wcschr
/* A long has 32 bits on Windows. */
int sim_vsnprintf(char *to, size_t size, const char *format, va_list arguments);
#define vsnprintf sim_vsnprintf

/* ---- Files, pipes, the port ----------------------------------------------------------------- */

typedef struct SECURITY_ATTRIBUTES {
    DWORD nLength;
    PSECURITY_DESCRIPTOR lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES;
typedef struct OVERLAPPED {
    ULONG_PTR Internal, InternalHigh;
    DWORD Offset, OffsetHigh;
    HANDLE hEvent;
} OVERLAPPED;
typedef struct OVERLAPPED_ENTRY {
    ULONG_PTR lpCompletionKey;
    OVERLAPPED *lpOverlapped;
    ULONG_PTR Internal;
    DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY;
typedef struct MEMORY_BASIC_INFORMATION {
    SIZE_T RegionSize;
    DWORD State, Protect;
} MEMORY_BASIC_INFORMATION;
typedef struct GENERIC_MAPPING {
    ACCESS_MASK GenericRead, GenericWrite, GenericExecute, GenericAll;
} GENERIC_MAPPING;
void MapGenericMask(DWORD *rights, GENERIC_MAPPING *map);

#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define READ_CONTROL 0x20000u
#define WRITE_DAC 0x40000u
#define SYNCHRONIZE 0x100000u
#define FILE_READ_DATA 1u
#define FILE_WRITE_DATA 2u
#define FILE_APPEND_DATA 4u
#define FILE_CREATE_PIPE_INSTANCE 4u /* the same right, of a pipe */
#define FILE_READ_ATTRIBUTES 0x80u
#define FILE_WRITE_ATTRIBUTES 0x100u
#define FILE_GENERIC_READ 0x120089u
#define FILE_GENERIC_WRITE 0x120116u
#define FILE_GENERIC_EXECUTE 0x1200A0u
#define FILE_ALL_ACCESS 0x1F01FFu
#define FILE_SHARE_READ 1u
#define FILE_SHARE_WRITE 2u
#define OPEN_EXISTING 3u
#define FILE_ATTRIBUTE_NORMAL 0x80u
#define FILE_FLAG_OVERLAPPED 0x40000000u
#define FILE_FLAG_FIRST_PIPE_INSTANCE 0x80000u
#define SECURITY_ANONYMOUS 0u
#define SECURITY_IDENTIFICATION 0x10000u
#define SECURITY_IMPERSONATION 0x20000u
#define SECURITY_SQOS_PRESENT 0x100000u
#define PIPE_ACCESS_INBOUND 1u
#define PIPE_ACCESS_OUTBOUND 2u
#define PIPE_ACCESS_DUPLEX 3u
#define PIPE_TYPE_BYTE 0u
#define PIPE_TYPE_MESSAGE 4u
#define PIPE_READMODE_BYTE 0u
#define PIPE_READMODE_MESSAGE 2u
#define PIPE_WAIT 0u
#define PIPE_NOWAIT 1u
#define PIPE_ACCEPT_REMOTE_CLIENTS 0u
#define PIPE_REJECT_REMOTE_CLIENTS 8u
#define PIPE_UNLIMITED_INSTANCES 255u
#define PIPE_SERVER_END 1u
#define NMPWAIT_NOWAIT 1u
#define NMPWAIT_USE_DEFAULT_WAIT 0u
#define FILE_TYPE_PIPE 3u
#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 1u
#define FILE_SKIP_SET_EVENT_ON_HANDLE 2u
#define HANDLE_FLAG_INHERIT 1u
#define PAGE_READWRITE 4u
#define MEM_COMMIT 0x1000u
#define FILE_MAP_WRITE 2u
#define FILE_MAP_READ 4u
#define MAILSLOT_NO_MESSAGE 0xFFFFFFFFu
#define MAILSLOT_WAIT_FOREVER 0xFFFFFFFFu

HANDLE CreateNamedPipeW(const WCHAR *name, DWORD open_mode, DWORD pipe_mode, DWORD instances,
                        DWORD out_quota, DWORD in_quota, DWORD wait_ms, SECURITY_ATTRIBUTES *sa);
HANDLE CreateFileW(const WCHAR *name, DWORD rights, DWORD share, SECURITY_ATTRIBUTES *sa,
                   DWORD disposition, DWORD flags, HANDLE template_file);
BOOL ConnectNamedPipe(HANDLE pipe, OVERLAPPED *o);
BOOL DisconnectNamedPipe(HANDLE pipe);
BOOL WaitNamedPipeW(const WCHAR *name, DWORD ms);
BOOL ReadFile(HANDLE handle, void *buffer, DWORD size, DWORD *bytes, OVERLAPPED *o);
BOOL WriteFile(HANDLE handle, const void *data, DWORD size, DWORD *bytes, OVERLAPPED *o);
BOOL CancelIoEx(HANDLE handle, OVERLAPPED *o);
BOOL GetOverlappedResult(HANDLE handle, OVERLAPPED *o, DWORD *bytes, BOOL wait);
BOOL GetOverlappedResultEx(HANDLE handle, OVERLAPPED *o, DWORD *bytes, DWORD ms, BOOL alertable);
BOOL PeekNamedPipe(HANDLE pipe, void *buffer, DWORD size, DWORD *bytes, DWORD *available,
                   DWORD *left);
BOOL TransactNamedPipe(HANDLE pipe, void *request, DWORD request_size, void *reply, DWORD size,
                       DWORD *bytes, OVERLAPPED *o);
HANDLE CreateIoCompletionPort(HANDLE handle, HANDLE port, ULONG_PTR key, DWORD threads);
BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED *o);
BOOL GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count,
                                 DWORD ms, BOOL alertable);
BOOL SetFileCompletionNotificationModes(HANDLE handle, UCHAR modes);
BOOL SetNamedPipeHandleState(HANDLE pipe, DWORD *mode, DWORD *bytes, DWORD *ms);
BOOL GetNamedPipeHandleStateW(HANDLE pipe, DWORD *state, DWORD *instances, DWORD *bytes, DWORD *ms,
                              WCHAR *user, DWORD room);
BOOL GetNamedPipeInfo(HANDLE pipe, DWORD *flags, DWORD *out, DWORD *in, DWORD *most);
BOOL GetNamedPipeClientProcessId(HANDLE pipe, ULONG *id);
BOOL GetNamedPipeServerProcessId(HANDLE pipe, ULONG *id);
BOOL GetNamedPipeClientSessionId(HANDLE pipe, ULONG *id);
BOOL GetNamedPipeServerSessionId(HANDLE pipe, ULONG *id);
DWORD GetFileType(HANDLE handle);
BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags);
HANDLE CreateMailslotW(const WCHAR *name, DWORD longest, DWORD ms, SECURITY_ATTRIBUTES *sa);
BOOL GetMailslotInfo(HANDLE slot, DWORD *longest, DWORD *next, DWORD *count, DWORD *ms);
BOOL SetMailslotInfo(HANDLE slot, DWORD ms);
HANDLE CreateFileMappingW(HANDLE file, SECURITY_ATTRIBUTES *sa, DWORD protection, DWORD high,
                          DWORD low, const WCHAR *name);
HANDLE OpenFileMappingW(DWORD rights, BOOL inherit, const WCHAR *name);
PVOID MapViewOfFile(HANDLE section, DWORD rights, DWORD high, DWORD low, SIZE_T size);
BOOL UnmapViewOfFile(const void *view);
SIZE_T VirtualQuery(const void *address, MEMORY_BASIC_INFORMATION *info, SIZE_T size);

#endif
