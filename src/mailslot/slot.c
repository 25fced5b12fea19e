#include "mailslot/slot.h"

/* Documented for drivers, and as the prototype of the function behind CreateMailslot. */
typedef NTSTATUS(NTAPI slot__nt_create)(HANDLE *handle, ULONG access, OBJECT_ATTRIBUTES *attributes,
                                        IO_STATUS_BLOCK *result, ULONG options, ULONG quota,
                                        ULONG max_message, LARGE_INTEGER *read_timeout);

/* The FARPROC that GetProcAddress returns may only be converted through another function type. */
static slot__nt_create *slot__find_nt_create(void)
{
    typedef void any_function(void);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    return ntdll ? (slot__nt_create *)(any_function *)GetProcAddress(ntdll, "NtCreateMailslotFile")
                 : NULL;
}

/* CreateMailslot's handle is asynchronous on Windows; under Wine only the native call without
 * options makes such a one, and on Windows it does the same as CreateMailslot. */
static DWORD slot__create_native(slot__nt_create *create, const name_path *path, DWORD max_datagram,
                                 const security *s, HANDLE *handle)
{
    wchar_t native[NAME_PATH_SIZE + 8] = L"\\??\\";
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    LARGE_INTEGER for_ever;
    NTSTATUS status;

    wcscat(native, path->wide + 4); /* what follows \\.\ */
    name.Buffer = native;
    name.Length = (USHORT)(wcslen(native) * sizeof *native);
    name.MaximumLength = (USHORT)(name.Length + sizeof *native);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL,
                               s->attributes.lpSecurityDescriptor);
    for_ever.QuadPart = INT64_MAX;
    status = create(handle, GENERIC_READ | SYNCHRONIZE, &attributes, &result, 0, 0, max_datagram,
                    &for_ever);
    return status == 0 ? ERROR_SUCCESS : RtlNtStatusToDosError(status);
}

DWORD slot_create(const name_path *path, DWORD max_datagram, const security *s, HANDLE *handle)
{
    slot__nt_create *native = slot__find_nt_create();
    SECURITY_ATTRIBUTES attributes = s->attributes;

    if (native)
        return slot__create_native(native, path, max_datagram, s, handle);
    *handle = CreateMailslotW(path->wide, max_datagram, MAILSLOT_WAIT_FOREVER, &attributes);
    return *handle == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}

DWORD slot_open(const name_path *path, HANDLE *handle)
{
    /* Only what is used, so that exact rights suffice; for other machines what Microsoft names. */
    DWORD rights = path->local ? FILE_WRITE_DATA : GENERIC_WRITE;

    /* Vista and later do not look at what writers share; earlier systems and Wine do. */
    *handle = CreateFileW(path->wide, rights, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                          OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    return *handle == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}
