/*
 * Security descriptors, parsed from SDDL and enforced; SIDs as text; tokens; impersonation with its
 * rule (nothing was read yet: ERROR_CANNOT_IMPERSONATE).
 */
#include "security.h"

#include <rpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECURITY__MOST_ENTRIES 32
#define SECURITY__SID 68 /* bytes that the library keeps for one */

typedef struct sid {
    UCHAR count; /* of its numbers, where the functions look for them */
    DWORD last;  /* the last of them */
    char text[SECURITY__SID - 8];
} sid;

typedef struct entry {
    bool allow;
    DWORD rights;
    sid who;
} entry;

struct descriptor {
    sid owner;
    bool has_list;
    unsigned count;
    entry entries[SECURITY__MOST_ENTRIES];
};

typedef struct token {
    sim_object object;
    const sim_process *process;
} token;

/* ---- SIDs ----------------------------------------------------------------------------------- */

static void sid__set(sid *s, const char *text)
{
    static const struct {
        const char *alias, *text;
    } aliases[] = {{"SY", "S-1-5-18"},    {"BA", "S-1-5-32-544"}, {"NU", "S-1-5-2"},
                   {"WD", "S-1-1-0"},     {"AU", "S-1-5-11"},     {"IU", "S-1-5-4"},
                   {"BU", "S-1-5-32-545"}};

    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(text, aliases[i].alias) == 0)
            text = aliases[i].text;
    memset(s, 0, sizeof *s);
    snprintf(s->text, sizeof s->text, "%s", text);
    s->count = 1;
    s->last = (DWORD)strtoul(strrchr(text, '-') ? strrchr(text, '-') + 1 : "0", NULL, 10);
}

static char *narrow(const WCHAR *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = malloc((size_t)size + 1);

    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

BOOL ConvertStringSidToSidA(const char *text, PSID *made)
{
    sid *s;

    sim_point();
    if (strncmp(text, "S-1-", 4) != 0 || strlen(text) >= sizeof s->text ||
        strspn(text + 4, "0123456789-") != strlen(text + 4))
        return sim_error(ERROR_INVALID_SID);
    s = malloc(sizeof *s);
    sid__set(s, text);
    *made = s;
    return TRUE;
}

BOOL ConvertStringSidToSidW(const WCHAR *wide, PSID *made)
{
    char *text = narrow(wide);
    BOOL ok = ConvertStringSidToSidA(text, made);

    free(text);
    return ok;
}

BOOL ConvertSidToStringSidA(PSID from, char **text)
{
    *text = malloc(SECURITY__SID);
    snprintf(*text, SECURITY__SID, "%s", ((sid *)from)->text);
    return TRUE;
}

BOOL ConvertSidToStringSidW(PSID from, WCHAR **wide)
{
    const char *text = ((sid *)from)->text;
    size_t length = strlen(text);

    *wide = malloc((length + 1) * sizeof **wide);
    for (size_t i = 0; i <= length; i++)
        (*wide)[i] = (WCHAR)text[i];
    return TRUE;
}

BOOL EqualSid(PSID a, PSID b)
{
    return strcmp(((sid *)a)->text, ((sid *)b)->text) == 0;
}

DWORD *GetSidSubAuthority(PSID s, DWORD index)
{
    (void)index;
    return &((sid *)s)->last;
}

UCHAR *GetSidSubAuthorityCount(PSID s)
{
    return &((sid *)s)->count;
}

/* There are no names but SIDs yet. */
BOOL LookupAccountNameW(const WCHAR *system, const WCHAR *name, PSID made, DWORD *sid_size,
                        WCHAR *domain, DWORD *domain_size, SID_NAME_USE *use)
{
    (void)system, (void)name, (void)made, (void)sid_size, (void)domain, (void)domain_size,
        (void)use;
    sim_point();
    return sim_error(ERROR_NONE_MAPPED);
}

void *LocalFree(void *block)
{
    free(block);
    return NULL;
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

static DWORD security__rights(const char *text)
{
    if (text[0] == '0')
        return (DWORD)strtoul(text, NULL, 16);
    return (strstr(text, "GA") ? 0x1F01FFu : 0) | (strstr(text, "GR") ? 0x120089u : 0) |
           (strstr(text, "GW") ? 0x120116u : 0) | (strstr(text, "FA") ? 0x1F01FFu : 0);
}

/* (A;;RIGHTS;;;SID) */
static bool security__parse_entry(const char *text, entry *e)
{
    char kind[4], rights[32], who[SECURITY__SID];

    if (sscanf(text, "(%3[AD];;%31[^;];;;%63[^)])", kind, rights, who) != 3)
        return false;
    e->allow = kind[0] == 'A';
    e->rights = security__rights(rights);
    sid__set(&e->who, who);
    return true;
}

static bool security__parse(const char *text, descriptor *d)
{
    const char *list = strstr(text, "D:");
    char owner[SECURITY__SID];

    if (sscanf(text, "O:%63[^:GD]D", owner) == 1)
        sid__set(&d->owner, owner);
    if (!list)
        return text[0] == 'O';
    d->has_list = true;
    for (const char *at = strchr(list, '('); at; at = strchr(at + 1, '('))
        if (d->count == SECURITY__MOST_ENTRIES ||
            !security__parse_entry(at, &d->entries[d->count++]))
            return false;
    return true;
}

BOOL ConvertStringSecurityDescriptorToSecurityDescriptorW(const WCHAR *wide, DWORD revision,
                                                          PSECURITY_DESCRIPTOR *made, ULONG *size)
{
    descriptor *d = calloc(1, sizeof *d);
    char *text = narrow(wide);
    bool ok = security__parse(text, d);

    (void)revision, (void)size;
    sim_point();
    free(text);
    if (ok) {
        *made = d;
        return TRUE;
    }
    free(d);
    return sim_error(ERROR_INVALID_ACL);
}

BOOL GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR sd, BOOL *present, ACL **list, BOOL *defaulted)
{
    descriptor *d = sd;

    *present = d->has_list;
    *list = d->has_list ? (ACL *)d->entries : NULL;
    *defaulted = FALSE;
    return TRUE;
}

BOOL GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR sd, PSID *owner, BOOL *defaulted)
{
    *owner = *(sid **)sd;
    *defaulted = FALSE;
    return TRUE;
}

void *security_owner(descriptor *d)
{
    return &d->owner;
}

descriptor *security_copy(const void *from)
{
    descriptor *d = from ? malloc(sizeof *d) : NULL;

    if (d)
        memcpy(d, from, sizeof *d);
    return d;
}

void security_free(descriptor *d)
{
    free(d);
}

static bool security__is(const sid *who, const sim_process *process)
{
    return strcmp(who->text, process->user) == 0 || strcmp(who->text, "S-1-1-0") == 0 ||
           strcmp(who->text, "S-1-5-11") == 0;
}

/* In the order of the list: what is denied before it was allowed stays denied. */
bool security_allows(const descriptor *d, const sim_process *process, DWORD rights)
{
    DWORD left = rights & ~(DWORD)(SYNCHRONIZE);

    if (!d || !d->has_list)
        return true;
    for (unsigned i = 0; i < d->count && left != 0; i++) {
        if (!security__is(&d->entries[i].who, process))
            continue;
        if (!d->entries[i].allow && (d->entries[i].rights & left))
            return false;
        if (d->entries[i].allow)
            left &= ~d->entries[i].rights;
    }
    return left == 0;
}

/* ---- Tokens --------------------------------------------------------------------------------- */

HANDLE security_token(const sim_process *process)
{
    token *t = calloc(1, sizeof *t);

    t->object.kind = SIM_TOKEN;
    t->process = process;
    return sim_handle(&t->object);
}

BOOL OpenProcessToken(HANDLE process, DWORD rights, HANDLE *made)
{
    (void)process, (void)rights;
    sim_point();
    *made = security_token(sim_process_here());
    return TRUE;
}

BOOL GetTokenInformation(HANDLE handle, TOKEN_INFORMATION_CLASS what, void *data, DWORD size,
                         DWORD *used)
{
    token *t = (token *)sim_look(handle, SIM_TOKEN);
    SID_AND_ATTRIBUTES *first = data;
    sid *s;

    if (!t)
        return FALSE;
    if (what == TokenLogonSid) {
        ((TOKEN_GROUPS *)data)->GroupCount = 0;
        *used = sizeof(TOKEN_GROUPS);
        return TRUE;
    }
    s = (sid *)(void *)((char *)data + sizeof *first);
    if (size < sizeof *first + sizeof *s)
        return sim_error(ERROR_INSUFFICIENT_BUFFER);
    sid__set(s, what == TokenIntegrityLevel ? "S-1-16-8192" : t->process->user);
    first->Sid = s;
    first->Attributes = 0;
    *used = sizeof *first + sizeof *s;
    return TRUE;
}

RPC_STATUS UuidCreate(GUID *guid)
{
    guid->Data1 = sim_draw(UINT32_MAX);
    guid->Data2 = (uint16_t)sim_draw(65536);
    guid->Data3 = (uint16_t)sim_draw(65536);
    for (int i = 0; i < 8; i++)
        guid->Data4[i] = (unsigned char)sim_draw(256);
    return RPC_S_OK;
}
