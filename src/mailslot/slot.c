#include "mailslot/slot.h"

/* Documented for drivers; the function behind CreateMailslot. */
typedef NTSTATUS(NTAPI slot__nt_create)(HANDLE *handle, ULONG access, OBJECT_ATTRIBUTES *attributes,
                                        IO_STATUS_BLOCK *result, ULONG options, ULONG quota,
                                        ULONG max_message, LARGE_INTEGER *read_timeout);

/* C allows converting the FARPROC of GetProcAddress only through another function type. */
static slot__nt_create *slot__find_nt_create(void)
{
    typedef void any_function(void);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    return ntdll ? (slot__nt_create *)(any_function *)GetProcAddress(ntdll, "NtCreateMailslotFile")
                 : NULL;
}

/* On Windows CreateMailslot makes an asynchronous handle, and this native call without options does
 * the same. Wine makes an asynchronous handle by the native call only. */
static DWORD slot__create_native(slot__nt_create *create, const name_path *path, DWORD max_datagram,
                                 const security *s, HANDLE *handle)
{
    wchar_t native[NAME_PATH_SIZE + 8] = L"\\??\\";
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    LARGE_INTEGER for_ever;
    NTSTATUS status;

    wcscat(native, path->wide + 4); /* the part after \\.\ */
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
    return *handle == INVALID_HANDLE_VALUE ? win_last_error() : ERROR_SUCCESS;
}

DWORD slot_open(const name_path *path, HANDLE *handle)
{
    /* Only the right that we use, so that exact rights suffice; for other machines the one that
     * Microsoft names. */
    DWORD rights = path->local ? FILE_WRITE_DATA : GENERIC_WRITE;

    /* Since Vista, Windows ignores the sharing mode of writers; earlier systems and Wine heed
     * it. */
    *handle = CreateFileW(path->wide, rights, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                          OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    return *handle == INVALID_HANDLE_VALUE ? win_last_error() : ERROR_SUCCESS;
}
