/*
 * SIDs as text, and tokens with what may be asked of them.
 */
#include "sids.h"

#include <rpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct token {
    sim_object object;
    subject who;
} token;

/* ---- SIDs ----------------------------------------------------------------------------------- */

static const struct {
    const char *alias, *text;
} sid__aliases[] = {{"SY", "S-1-5-18"},     {"BA", "S-1-5-32-544"}, {"NU", "S-1-5-2"},
                    {"WD", "S-1-1-0"},      {"AU", "S-1-5-11"},     {"IU", "S-1-5-4"},
                    {"BU", "S-1-5-32-545"}, {"AN", "S-1-5-7"},      {"LW", "S-1-16-4096"},
                    {"ME", "S-1-16-8192"},  {"HI", "S-1-16-12288"}};

const char *sid_alias(const sid *s)
{
    for (size_t i = 0; i < sizeof sid__aliases / sizeof *sid__aliases; i++)
        if (strcmp(s->text, sid__aliases[i].text) == 0)
            return sid__aliases[i].alias;
    return s->text;
}

void sid_set(sid *s, const char *text)
{
    for (size_t i = 0; i < sizeof sid__aliases / sizeof *sid__aliases; i++)
        if (strcmp(text, sid__aliases[i].alias) == 0)
            text = sid__aliases[i].text;
    memset(s, 0, sizeof *s);
    snprintf(s->text, sizeof s->text, "%s", text);
    s->count = 1;
    s->last = (DWORD)strtoul(strrchr(text, '-') ? strrchr(text, '-') + 1 : "0", NULL, 10);
}

char *sid_narrow(const WCHAR *wide)
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
    sid_set(s, text);
    *made = s;
    return TRUE;
}

BOOL ConvertStringSidToSidW(const WCHAR *wide, PSID *made)
{
    char *text = sid_narrow(wide);
    BOOL ok = ConvertStringSidToSidA(text, made);

    free(text);
    return ok;
}

BOOL ConvertSidToStringSidA(PSID from, char **text)
{
    *text = malloc(SID_ROOM);
    snprintf(*text, SID_ROOM, "%s", ((sid *)from)->text);
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

/* ---- Tokens --------------------------------------------------------------------------------- */

HANDLE sid_token(const subject *who)
{
    token *t = calloc(1, sizeof *t);

    t->object.kind = SIM_TOKEN;
    t->who = *who;
    return sim_handle(&t->object);
}

BOOL OpenProcessToken(HANDLE process, DWORD rights, HANDLE *made)
{
    subject who = {.process = sim_process_here(), .network = sim_process_here()->network};

    (void)process, (void)rights;
    sim_point();
    *made = sid_token(&who);
    return TRUE;
}

DWORD sid_integrity(const sim_process *process)
{
    return process->integrity ? process->integrity : SID_MEDIUM;
}

/* Services have no logon session of their own. */
bool sid_logon(const subject *who, char text[SID_ROOM])
{
    snprintf(text, SID_ROOM, "S-1-5-5-%u-%u", who->is_client && who->network ? 1u : 0u,
             (unsigned)who->process->session);
    return who->process->session != 0;
}

/* The SID that a class tells; false: there is none. */
static bool token__sid(const token *t, TOKEN_INFORMATION_CLASS what, char text[SID_ROOM])
{
    if (what == TokenLogonSid)
        return sid_logon(&t->who, text);
    if (what == TokenIntegrityLevel)
        snprintf(text, SID_ROOM, "S-1-16-%u", (unsigned)sid_integrity(t->who.process));
    else
        snprintf(text, SID_ROOM, "%s", t->who.process->user);
    return true;
}

BOOL GetTokenInformation(HANDLE handle, TOKEN_INFORMATION_CLASS what, void *data, DWORD size,
                         DWORD *used)
{
    token *t = (token *)sim_look(handle, SIM_TOKEN);
    TOKEN_GROUPS *groups = data;
    size_t before = what == TokenLogonSid ? sizeof *groups : sizeof(SID_AND_ATTRIBUTES);
    SID_AND_ATTRIBUTES *first = what == TokenLogonSid ? groups->Groups : data;
    char text[SID_ROOM];

    if (!t)
        return FALSE;
    if (what == TokenImpersonationLevel && !t->who.is_client)
        return sim_error(ERROR_INVALID_PARAMETER); /* a primary token has none */
    if (what == TokenImpersonationLevel) {
        *(SECURITY_IMPERSONATION_LEVEL *)data =
            (SECURITY_IMPERSONATION_LEVEL)(t->who.level / SECURITY_IDENTIFICATION);
        *used = sizeof(SECURITY_IMPERSONATION_LEVEL);
        return TRUE;
    }
    *used = (DWORD)(before + sizeof(sid));
    if (size < *used)
        return sim_error(ERROR_INSUFFICIENT_BUFFER);
    if (what == TokenLogonSid)
        groups->GroupCount = 0;
    if (!token__sid(t, what, text))
        return TRUE;
    if (what == TokenLogonSid)
        groups->GroupCount = 1;
    *first = (SID_AND_ATTRIBUTES){.Sid = (char *)data + before};
    sid_set(first->Sid, text);
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
