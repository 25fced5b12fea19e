#include "base/security.h"

#include "base/mem.h"
#include "base/options.h"
#include "base/utf.h"

#include <string.h>
#include <wchar.h>

#define SECURITY__READ_WRITE 0x12019Fu /* FILE_GENERIC_READ | FILE_GENERIC_WRITE */
#define SECURITY__ACE_MAX 240          /* characters of one entry; a SID has at most 184 */
#define SECURITY__MAX_ALLOWED 256

/* What a token tells; TokenUser and TokenLogonSid have one SID. */
typedef union security__token_data {
    TOKEN_USER user;
    TOKEN_GROUPS groups;
    char bytes[sizeof(TOKEN_GROUPS) + SECURITY_MAX_SID_SIZE];
} security__token_data;

static DWORD security__ask_token(TOKEN_INFORMATION_CLASS what, security__token_data *data)
{
    HANDLE token;
    DWORD size, code = ERROR_SUCCESS;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return win_last_error();
    if (!GetTokenInformation(token, what, data, sizeof *data, &size))
        code = win_last_error();
    CloseHandle(token);
    return code;
}

/* The SID of the process's user as text, for LocalFree. */
static DWORD security__current_user(wchar_t **sid)
{
    security__token_data data;
    DWORD code = security__ask_token(TokenUser, &data);

    if (code == ERROR_SUCCESS && !ConvertSidToStringSidW(data.user.User.Sid, sid))
        code = win_last_error();
    return code;
}

/* An entry that admits the process's own logon session; "" if Windows gives it none, as for a
 * service. */
static void security__write_own_logon(wchar_t *entry, size_t count)
{
    security__token_data data;
    wchar_t *sid;

    *entry = 0;
    if (security__ask_token(TokenLogonSid, &data) != ERROR_SUCCESS || data.groups.GroupCount == 0 ||
        !ConvertSidToStringSidW(data.groups.Groups[0].Sid, &sid))
        return;
    swprintf(entry, count, L"(A;;GA;;;%ls)", sid);
    LocalFree(sid);
}

/* The SID of an account name, or of a SID in text form, as text for LocalFree. */
static DWORD security__find_user(const wchar_t *name, wchar_t **sid)
{
    char bytes[SECURITY_MAX_SID_SIZE];
    wchar_t domain[256];
    DWORD sid_size = sizeof bytes, domain_size = sizeof domain / sizeof *domain;
    SID_NAME_USE use;
    PSID parsed;

    if (ConvertStringSidToSidW(name, &parsed)) {
        BOOL ok = ConvertSidToStringSidW(parsed, sid);
        DWORD code = ok ? ERROR_SUCCESS : win_last_error();

        LocalFree(parsed);
        return code;
    }
    if (!LookupAccountNameW(NULL, name, bytes, &sid_size, domain, &domain_size, &use) ||
        !ConvertSidToStringSidW(bytes, sid))
        return win_last_error();
    return ERROR_SUCCESS;
}

static void security__append(wchar_t *sddl, size_t count, uint32_t rights, const wchar_t *sid)
{
    size_t used = wcslen(sddl);

    swprintf(sddl + used, count - used, L"(A;;0x%x;;;%ls)", (unsigned)rights, sid);
}

static pp_status security__append_allowed(wchar_t *sddl, size_t count, const char *user,
                                          uint32_t rights, pp_error *error)
{
    wchar_t name[512], *sid;
    DWORD code;

    if (user && error_check_text(error, PP_E_SECURITY, "allow", user) != PP_OK)
        return PP_E_SECURITY;
    if (!user || !*user || !utf_to_utf16(user, name, sizeof name / sizeof *name))
        return error_set(error, PP_E_SECURITY, 0,
                         "allow is \"%s\"; allowed: a user that Windows knows, or a SID",
                         utf_shorten(user ? user : "NULL").text);
    code = security__find_user(name, &sid);
    if (code != ERROR_SUCCESS)
        return error_set(error, PP_E_SECURITY, code,
                         "allow is \"%s\"; allowed: a user that Windows knows, or a SID",
                         utf_shorten(user).text);
    security__append(sddl, count, rights, sid);
    LocalFree(sid);
    return PP_OK;
}

static pp_status security__write_sddl(wchar_t *sddl, size_t count, const pp_access *access,
                                      bool deny_network, pp_error *error)
{
    wchar_t *owner, logon[SECURITY__ACE_MAX] = L"";
    DWORD code = security__current_user(&owner);
    pp_status status = PP_OK;

    if (code != ERROR_SUCCESS)
        return error_set_windows(error, code, "the current user's SID cannot be read");
    /* A process that came over SSH or WinRM has a network logon, too, but is on this machine. */
    if (deny_network)
        security__write_own_logon(logon, SECURITY__ACE_MAX);
    /* Names the owner, too. Without that, an elevated process's names would belong to the
     * Administrators, and clients that check the owner expect the user. */
    swprintf(sddl, count, L"O:%lsD:P%ls%ls(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;%ls)", owner, logon,
             deny_network ? L"(D;;GA;;;NU)" : L"", owner);
    LocalFree(owner);

    for (size_t i = 0; i < access->allow_count && status == PP_OK; i++)
        status = security__append_allowed(
            sddl, count, access->allow[i],
            access->strict ? SECURITY_STRICT_RIGHTS : SECURITY__READ_WRITE, error);
    return status;
}

/* Without a list Windows admits everybody, or uses a default of the system. */
static bool security__has_list(PSECURITY_DESCRIPTOR descriptor)
{
    BOOL present, defaulted;
    ACL *list;

    return GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted) && present && list;
}

static pp_status security__convert(security *s, const wchar_t *sddl, const pp_access *access,
                                   pp_error *error)
{
    PSECURITY_DESCRIPTOR *descriptor = &s->attributes.lpSecurityDescriptor;
    DWORD code;

    s->attributes.nLength = sizeof s->attributes;
    s->attributes.bInheritHandle = FALSE;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, descriptor,
                                                              NULL)) {
        code = win_last_error();
        *descriptor = NULL;
        return error_set(error, PP_E_SECURITY, code,
                         "sddl is \"%s\"; Windows rejects it (error %lu)",
                         utf_shorten(access->sddl ? access->sddl : "").text, (unsigned long)code);
    }
    if (security__has_list(*descriptor))
        return PP_OK;
    security_close(s);
    return error_set(
        error, PP_E_SECURITY, 0,
        "sddl is \"%s\"; allowed: a descriptor with a list of who may connect, such as "
        "D:(A;;GRGW;;;AU)",
        utf_shorten(access->sddl ? access->sddl : "").text);
}

pp_status security_open(security *s, const pp_access *access, bool deny_network, pp_error *error)
{
    size_t count = (access->allow_count + 6) * SECURITY__ACE_MAX;
    wchar_t *sddl;
    pp_status status;

    status = OPTION_CHECK_RESERVED(access, error);
    if (status != PP_OK)
        return status;
    if (access->allow_count > SECURITY__MAX_ALLOWED)
        return error_set(error, PP_E_ARGUMENT, 0, "allow has %llu users; allowed: at most %d",
                         (unsigned long long)access->allow_count, SECURITY__MAX_ALLOWED);
    if (access->allow_count > 0 && !access->allow)
        return error_set(error, PP_E_ARGUMENT, 0, "allow is NULL");
    if (access->sddl) {
        status = error_check_text(error, PP_E_SECURITY, "sddl", access->sddl);
        if (status != PP_OK)
            return status;
        sddl = utf_copy_utf16(access->sddl);
        if (!sddl)
            return error_set(error, PP_E_MEMORY, 0, "out of memory");
        status = security__convert(s, sddl, access, error);
    } else {
        sddl = mem_alloc(count * sizeof *sddl);
        if (!sddl)
            return error_set(error, PP_E_MEMORY, 0, "out of memory");
        status = security__write_sddl(sddl, count, access, deny_network, error);
        if (status == PP_OK)
            status = security__convert(s, sddl, access, error);
    }
    mem_free(sddl);
    return status;
}

void security_close(security *s)
{
    LocalFree(s->attributes.lpSecurityDescriptor);
    s->attributes.lpSecurityDescriptor = NULL;
}
