/*
 * What the <winternl.h> of Microsoft's SDK has of what is used here. MinGW's has a great deal more,
 * which is for drivers with Microsoft: there it would be called without a declaration.
 */
#ifndef PP_TESTS_MSVC_WINTERNL_H
#define PP_TESTS_MSVC_WINTERNL_H

#include <windows.h>

#define OBJ_CASE_INSENSITIVE 0x40

typedef LONG NTSTATUS;

typedef struct UNICODE_STRING {
    USHORT Length, MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING;

typedef struct OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    UNICODE_STRING *ObjectName;
    ULONG Attributes;
    void *SecurityDescriptor, *SecurityQualityOfService;
} OBJECT_ATTRIBUTES;

#define InitializeObjectAttributes(object, name, attributes, root, security)                       \
    (*(object) =                                                                                   \
         (OBJECT_ATTRIBUTES){sizeof(OBJECT_ATTRIBUTES), root, name, attributes, security, NULL})

typedef struct IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        void *Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK;

typedef enum FILE_INFORMATION_CLASS { FileDirectoryInformation = 1 } FILE_INFORMATION_CLASS;

typedef enum OBJECT_INFORMATION_CLASS {
    ObjectBasicInformation = 0,
    ObjectTypeInformation = 2
} OBJECT_INFORMATION_CLASS;

typedef struct PUBLIC_OBJECT_BASIC_INFORMATION {
    ULONG Attributes;
    ACCESS_MASK GrantedAccess;
    ULONG HandleCount, PointerCount, Reserved[10];
} PUBLIC_OBJECT_BASIC_INFORMATION;

NTSTATUS NTAPI NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS class, void *information,
                             ULONG size, ULONG *length);
ULONG NTAPI RtlNtStatusToDosError(NTSTATUS status);

#endif
