/* What the library takes from Microsoft's header for drivers and for processes. */
#ifndef SIM_WINTERNL_H
#define SIM_WINTERNL_H

#include <windows.h>

typedef enum FILE_INFORMATION_CLASS { FileDirectoryInformation = 1 } FILE_INFORMATION_CLASS;
typedef enum OBJECT_INFORMATION_CLASS { ObjectBasicInformation = 0 } OBJECT_INFORMATION_CLASS;
typedef struct IO_STATUS_BLOCK {
    ULONG_PTR Status, Information;
} IO_STATUS_BLOCK;
typedef struct UNICODE_STRING {
    USHORT Length, MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING;
typedef struct OBJECT_ATTRIBUTES {
    UNICODE_STRING *name;
    void *descriptor;
} OBJECT_ATTRIBUTES;
typedef struct PUBLIC_OBJECT_BASIC_INFORMATION {
    ULONG Attributes;
    ACCESS_MASK GrantedAccess;
} PUBLIC_OBJECT_BASIC_INFORMATION;
#define OBJ_CASE_INSENSITIVE 0x40u
#define InitializeObjectAttributes(o, n, flags, root, sd) ((o)->name = (n), (o)->descriptor = (sd))

/* By its name alone, in the library. */
NTSTATUS NtCreateMailslotFile(HANDLE *made, ULONG access, OBJECT_ATTRIBUTES *attributes,
                              IO_STATUS_BLOCK *result, ULONG options, ULONG quota, ULONG longest,
                              LARGE_INTEGER *timeout);
ULONG RtlNtStatusToDosError(NTSTATUS status);
NTSTATUS NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS what, void *data, ULONG size,
                       ULONG *used);

/* ---- Processes ------------------------------------------------------------------------------ */

typedef void *LPPROC_THREAD_ATTRIBUTE_LIST;
typedef struct STARTUPINFOW {
    DWORD cb, dwFlags;
    HANDLE hStdInput, hStdOutput, hStdError;
} STARTUPINFOW;
typedef struct STARTUPINFOEXW {
    STARTUPINFOW StartupInfo;
    LPPROC_THREAD_ATTRIBUTE_LIST lpAttributeList;
} STARTUPINFOEXW;
typedef struct PROCESS_INFORMATION {
    HANDLE hProcess, hThread;
    DWORD dwProcessId, dwThreadId;
} PROCESS_INFORMATION;
#define STARTF_USESTDHANDLES 0x100u
#define PROC_THREAD_ATTRIBUTE_HANDLE_LIST 0x20002u
#define EXTENDED_STARTUPINFO_PRESENT 0x80000u
#define CREATE_NO_WINDOW 0x8000000u
BOOL InitializeProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD count, DWORD flags,
                                       SIZE_T *size);
BOOL UpdateProcThreadAttribute(LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD flags, DWORD_PTR attribute,
                               void *value, SIZE_T size, void *before, SIZE_T *returned);
void DeleteProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list);
BOOL CreateProcessW(const WCHAR *application, WCHAR *command_line, void *process, void *thread,
                    BOOL inherit, DWORD flags, void *environment, const WCHAR *folder,
                    STARTUPINFOW *start, PROCESS_INFORMATION *made);

#endif
