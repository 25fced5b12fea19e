/*
 * Self-test: who the other end is, and who may open a name.
 */
#include "server/selftest.h"

#include <string.h>
#include <wchar.h>

#define ACCESS__STRICT 0x12019Bu /* read and write, without the right to create instances */

/* ---- Identity ------------------------------------------------------------------------------- */

static void access__see_id(trial *t, const char *what, BOOL ok, ULONG id, DWORD own)
{
    if (ok)
        trial_see(t, "%s: %s", what, id == own ? "ours" : "another");
    else
        trial_see_ok(t, what, FALSE);
}

static void access__ids(trial *t)
{
    DWORD process = GetCurrentProcessId(), session = 0;
    ULONG id = 0;
    BOOL ok;

    ProcessIdToSessionId(process, &session);
    ok = GetNamedPipeClientProcessId(t->server, &id);
    access__see_id(t, "client's process", ok, id, process);
    ok = GetNamedPipeClientSessionId(t->server, &id);
    access__see_id(t, "its session", ok, id, session);
    ok = GetNamedPipeServerProcessId(t->client, &id);
    access__see_id(t, "server's process", ok, id, process);
    ok = GetNamedPipeServerSessionId(t->client, &id);
    access__see_id(t, "its session", ok, id, session);
}

/* With the modes that the library sets, under which a call that waited for the handle's signal
 * would never return. */
static void access__tuned(trial *t)
{
    ULONG id = 0;
    BOOL ok;

    trial_other_writes(t, t->client, 5);
    trial_read(t, t->server, 10);
    ok = GetNamedPipeClientProcessId(t->server, &id);
    access__see_id(t, "client's process", ok, id, GetCurrentProcessId());
    trial_see_ok(t, "its session", GetNamedPipeClientSessionId(t->server, &id));
    trial_see_ok(t, "disconnect", DisconnectNamedPipe(t->server));
}

static void access__id_gone(trial *t)
{
    ULONG id = 0;
    BOOL ok;

    DisconnectNamedPipe(t->server);
    ok = GetNamedPipeClientProcessId(t->server, &id);
    trial_see(t, "client's process: %s", ok && id == GetCurrentProcessId() ? "ours" : "gone");
}

typedef union access__token_data {
    TOKEN_USER user;
    TOKEN_MANDATORY_LABEL label;
    SECURITY_IMPERSONATION_LEVEL level;
    char bytes[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
} access__token_data;

static bool access__ask(HANDLE token, TOKEN_INFORMATION_CLASS what, access__token_data *data)
{
    DWORD size;

    return GetTokenInformation(token, what, data, sizeof *data, &size);
}

/* Compares the token of the impersonated client with the process's own. */
static void access__see_token(trial *t, HANDLE theirs, HANDLE ours)
{
    access__token_data their, our;

    if (access__ask(theirs, TokenUser, &their) && access__ask(ours, TokenUser, &our))
        trial_see(t, "user: %s",
                  EqualSid(their.user.User.Sid, our.user.User.Sid) ? "ours" : "another");
    else
        trial_see_ok(t, "user", FALSE);
    trial_see_ok(t, "integrity", access__ask(theirs, TokenIntegrityLevel, &their));
    if (access__ask(theirs, TokenImpersonationLevel, &their))
        trial_see(t, "level: %s",
                  their.level == SecurityIdentification ? "identification" : "another");
    else
        trial_see_ok(t, "level", FALSE);
}

/* The token of the process; NULL: a call failed, and the trial saw it. */
static HANDLE access__own_token(trial *t)
{
    HANDLE token;

    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return trial_keep(t, token);
    trial_see_ok(t, "own token", FALSE);
    return NULL;
}

/* Impersonates, looks, and reverts whatever it saw. The own token comes first: a thread that only
 * identifies its client may open nothing. */
static void access__impersonate(trial *t)
{
    HANDLE theirs, ours = access__own_token(t);

    if (!trial_see_ok(t, "impersonate", ImpersonateNamedPipeClient(t->server)))
        return;
    if (trial_see_ok(t, "token", OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &theirs)))
        access__see_token(t, trial_keep(t, theirs), ours);
    trial_see_ok(t, "revert", RevertToSelf());
}

static void access__too_early(trial *t)
{
    trial_see_ok(t, "impersonate", ImpersonateNamedPipeClient(t->server));
    RevertToSelf();
}

static void access__after_read(trial *t)
{
    trial_other_writes(t, t->client, 5);
    trial_read(t, t->server, 10);
    access__impersonate(t);
}

/* ---- Permission ----------------------------------------------------------------------------- */

/* An instance with this descriptor; INVALID_HANDLE_VALUE: a call failed, and the trial saw it. */
static HANDLE access__serve(trial *t, const wchar_t *sddl)
{
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
    HANDLE server;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            sddl, SDDL_REVISION_1, &security.lpSecurityDescriptor, NULL)) {
        trial_see_ok(t, "descriptor", FALSE);
        return INVALID_HANDLE_VALUE;
    }
    server = trial_create(t, TRIAL_BYTES, 0, PIPE_UNLIMITED_INSTANCES, &security);
    if (server == INVALID_HANDLE_VALUE)
        trial_see_ok(t, "create", FALSE);
    LocalFree(security.lpSecurityDescriptor);
    return server;
}

/* A descriptor whose owner is the user of the process. */
static bool access__write_owner(trial *t, access__token_data *our, wchar_t *sddl, size_t count)
{
    HANDLE token = access__own_token(t);
    wchar_t *sid;

    if (!token || !access__ask(token, TokenUser, our) ||
        !ConvertSidToStringSidW(our->user.User.Sid, &sid))
        return trial_see_ok(t, "user", FALSE);
    swprintf(sddl, count, L"O:%lsD:P(A;;GA;;;WD)", sid);
    LocalFree(sid);
    return true;
}

static void access__owner(trial *t)
{
    union {
        SECURITY_DESCRIPTOR descriptor;
        char bytes[256];
    } got;
    access__token_data our;
    wchar_t sddl[256];
    PSID owner = NULL;
    HANDLE client;
    BOOL defaulted;
    DWORD size;

    if (!access__write_owner(t, &our, sddl, sizeof sddl / sizeof *sddl) ||
        access__serve(t, sddl) == INVALID_HANDLE_VALUE)
        return;
    client = trial_open_pipe(t, GENERIC_READ);
    if (GetKernelObjectSecurity(client, OWNER_SECURITY_INFORMATION, &got, sizeof got, &size) &&
        GetSecurityDescriptorOwner(&got, &owner, &defaulted) && owner)
        trial_see(t, "owner: %s", EqualSid(owner, our.user.User.Sid) ? "ours" : "another");
    else
        trial_see_ok(t, "owner", FALSE);
}

/* Opens the pipe with these rights, and frees the instance again. */
static void access__try(trial *t, HANDLE server, const char *what, DWORD rights)
{
    HANDLE client = CreateFileW(t->pipe, rights, 0, NULL, OPEN_EXISTING, 0, NULL);
    bool opened = trial_see_ok(t, what, client != INVALID_HANDLE_VALUE);

    if (opened) {
        CloseHandle(client);
        DisconnectNamedPipe(server);
        ConnectNamedPipe(server, &t->operation[0]); /* the next open completes it */
    }
}

static void access__nobody(trial *t)
{
    HANDLE server = access__serve(t, L"D:P");

    if (server != INVALID_HANDLE_VALUE)
        access__try(t, server, "open", FILE_READ_DATA);
}

static void access__strict(trial *t)
{
    HANDLE server = access__serve(t, L"D:P(A;;0x12019b;;;WD)"), second;

    if (server == INVALID_HANDLE_VALUE)
        return;
    access__try(t, server, "open for all", GENERIC_READ | GENERIC_WRITE);
    access__try(t, server, "for exact rights", ACCESS__STRICT);
    second = trial_create(t, TRIAL_BYTES, 0, PIPE_UNLIMITED_INSTANCES, NULL);
    trial_see_ok(t, "instance", second != INVALID_HANDLE_VALUE);
}

static void access__generic(trial *t)
{
    GENERIC_MAPPING map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                           FILE_ALL_ACCESS};
    DWORD rights = GENERIC_READ | GENERIC_WRITE;

    MapGenericMask(&rights, &map);
    trial_see(t, "0x%lx", rights);
    trial_see(t, rights & FILE_CREATE_PIPE_INSTANCE ? "may create" : "may not create");
}

static void access__read_back(trial *t)
{
    union {
        SECURITY_DESCRIPTOR descriptor;
        char bytes[512];
    } got;
    HANDLE server = access__serve(t, L"D:P(A;;0x12019b;;;WD)");
    char *text = NULL;
    DWORD size;

    if (server == INVALID_HANDLE_VALUE)
        return;
    if (!GetKernelObjectSecurity(server, DACL_SECURITY_INFORMATION, &got, sizeof got, &size) ||
        !ConvertSecurityDescriptorToStringSecurityDescriptorA(
            &got, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL)) {
        trial_see_ok(t, "read back", FALSE);
        return;
    }
    trial_see(t, "%s", strchr(text, '(') ? strchr(text, '(') : text);
    LocalFree(text);
}

static void access__other_machine(trial *t)
{
    trial_see(t, "takes a second machine");
}

static const selftest_row access__rows[] = {
    {"both ends tell each other's process and session", TRIAL_BYTES, access__ids,
     "client's process: ours; its session: ours; server's process: ours; its session: ours", NULL},
    {"a pipe without signals and packets still tells its client, and disconnects",
     TRIAL_BYTES | TRIAL_SKIPS, access__tuned,
     "read: 5 bytes; client's process: ours; its session: ok; disconnect: ok", NULL},
    {"the client's process is gone after DisconnectNamedPipe", TRIAL_BYTES, access__id_gone,
     "client's process: gone", "client's process: ours"},
    {"a client is not impersonated before the first read", TRIAL_BYTES, access__too_early,
     "impersonate: error 1368", "impersonate: ok"},
    {"a client is identified after the first read, no further", TRIAL_BYTES | TRIAL_SKIPS,
     access__after_read,
     "read: 5 bytes; impersonate: ok; token: ok; user: ours; integrity: ok; "
     "level: identification; revert: ok",
     "read: 5 bytes; impersonate: ok; token: ok; user: ours; integrity: ok; "
     "level: another; revert: ok"},
    {"a client sees who owns the pipe", TRIAL_ALONE, access__owner, "owner: ours", NULL},
    {"nobody gets in where nobody is allowed", TRIAL_ALONE, access__nobody, "open: error 5",
     "open: ok"},
    {"exact rights let a client in and nobody make an instance", TRIAL_ALONE, access__strict,
     "open for all: error 5; for exact rights: ok; instance: error 5",
     "open for all: ok; for exact rights: ok; instance: ok"},
    {"reading and writing by the generic rights includes making instances", TRIAL_ALONE,
     access__generic, "0x12019f; may create", NULL},
    {"what is allowed is read back as it was written", TRIAL_ALONE, access__read_back,
     "(A;;0x12019b;;;WD)", NULL},
    {"clients of other machines are refused", TRIAL_ALONE, access__other_machine, NULL, NULL},
};

const selftest_table selftest_access_table = SELFTEST_TABLE(access__rows);
