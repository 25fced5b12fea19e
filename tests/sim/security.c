/*
 * Security descriptors, parsed from SDDL, written as it, and enforced.
 */
#include "security.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECURITY__MOST_ENTRIES 32
#define SECURITY__ALL FILE_ALL_ACCESS

typedef struct entry {
    bool allow;
    DWORD rights;
    sid who;
} entry;

struct descriptor {
    descriptor *self; /* callers have it in buffers of theirs, in which this alone counts */
    sid owner;
    DWORD integrity; /* of its label, which keeps lower ones from writing */
    bool has_list;
    unsigned count;
    entry entries[SECURITY__MOST_ENTRIES];
};

/* ---- Text ----------------------------------------------------------------------------------- */

static DWORD security__rights(const char *text)
{
    static const struct {
        const char *word;
        DWORD rights;
    } words[] = {{"GA", SECURITY__ALL},     {"FA", SECURITY__ALL},      {"GR", FILE_GENERIC_READ},
                 {"FR", FILE_GENERIC_READ}, {"GW", FILE_GENERIC_WRITE}, {"FW", FILE_GENERIC_WRITE}};
    DWORD rights = 0;

    if (text[0] == '0')
        return (DWORD)strtoul(text, NULL, 16);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i].word))
            rights |= words[i].rights;
    return rights;
}

/* (A;;RIGHTS;;;SID), or (ML;;NW;;;SID) */
static bool security__parse_entry(const char *text, descriptor *d)
{
    entry *e = &d->entries[d->count];
    char kind[4], rights[32], who[SID_ROOM];

    if (d->count == SECURITY__MOST_ENTRIES ||
        sscanf(text, "(%3[ADML];;%31[^;];;;%59[^)])", kind, rights, who) != 3)
        return false;
    sid_set(&e->who, who);
    if (kind[0] == 'M') {
        d->integrity = e->who.last;
        return true;
    }
    e->allow = kind[0] == 'A';
    e->rights = security__rights(rights);
    d->count++;
    return true;
}

static bool security__parse(const char *text, descriptor *d)
{
    const char *list = strstr(text, "D:");
    char owner[SID_ROOM];

    d->self = d;
    d->integrity = SID_MEDIUM; /* Microsoft, Mandatory Integrity Control: without a label */
    if (sscanf(text, "O:%59[^:GD]D", owner) == 1)
        sid_set(&d->owner, owner);
    d->has_list = list != NULL;
    for (const char *at = strchr(text, '('); at; at = strchr(at + 1, '('))
        if (!security__parse_entry(at, d))
            return false;
    return list || text[0] == 'O';
}

BOOL ConvertStringSecurityDescriptorToSecurityDescriptorW(const WCHAR *wide, DWORD revision,
                                                          PSECURITY_DESCRIPTOR *made, ULONG *size)
{
    descriptor *d = calloc(1, sizeof *d);
    char *text = sid_narrow(wide);
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

/* The list, as numbers alone; Windows also has words for some. */
BOOL ConvertSecurityDescriptorToStringSecurityDescriptorA(PSECURITY_DESCRIPTOR sd, DWORD revision,
                                                          DWORD what, char **text, ULONG *size)
{
    const descriptor *d = ((descriptor *)sd)->self;
    size_t room = 8 + d->count * (SID_ROOM + 32u), used;

    (void)revision, (void)what, (void)size;
    *text = malloc(room);
    used = (size_t)snprintf(*text, room, d->has_list ? "D:P" : "");
    for (unsigned i = 0; i < d->count; i++)
        used += (size_t)snprintf(*text + used, room - used, "(%c;;0x%x;;;%s)",
                                 d->entries[i].allow ? 'A' : 'D', (unsigned)d->entries[i].rights,
                                 sid_alias(&d->entries[i].who));
    return TRUE;
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

BOOL GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR sd, BOOL *present, ACL **list, BOOL *defaulted)
{
    descriptor *d = ((descriptor *)sd)->self;

    *present = d->has_list;
    *list = d->has_list ? (ACL *)d->entries : NULL;
    *defaulted = FALSE;
    return TRUE;
}

BOOL GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR sd, PSID *owner, BOOL *defaulted)
{
    descriptor *d = ((descriptor *)sd)->self;

    *owner = d->owner.text[0] ? &d->owner : NULL;
    *defaulted = FALSE;
    return TRUE;
}

/* Who makes an object owns it, unless its descriptor names another. */
descriptor *security_copy(const void *from)
{
    descriptor *d = malloc(sizeof *d);

    memcpy(d, ((const descriptor *)from)->self, sizeof *d);
    d->self = d;
    if (!d->owner.text[0])
        sid_set(&d->owner, security_here().process->user);
    return d;
}

/* A pipe's: Microsoft, CreateNamedPipe. A mailslot's: the default of the maker's token, that is,
 * the user and SYSTEM. */
descriptor *security_default(bool slot)
{
    descriptor *d = calloc(1, sizeof *d);
    char text[256];

    snprintf(text, sizeof text, "O:%sD:(A;;FA;;;SY)(A;;FA;;;%s)%s", security_here().process->user,
             security_here().process->user, slot ? "" : "(A;;FA;;;BA)(A;;FR;;;WD)(A;;FR;;;AN)");
    security__parse(text, d);
    return d;
}

void security_free(descriptor *d)
{
    free(d);
}

/* ---- Checks --------------------------------------------------------------------------------- */

static bool security__in_groups(const char *groups, const char *who)
{
    size_t length = strlen(who);

    for (const char *at = groups; at && (at = strstr(at, who)) != NULL; at += length)
        if ((at == groups || at[-1] == ' ') && (at[length] == 0 || at[length] == ' '))
            return true;
    return false;
}

/* Microsoft, Well-known SIDs: everybody, authenticated users, users; by network or interactive. */
static bool security__is(const sid *s, const subject *who)
{
    char logon[SID_ROOM];

    return strcmp(s->text, who->process->user) == 0 ||
           security__in_groups("S-1-1-0 S-1-5-11 S-1-5-32-545", s->text) ||
           strcmp(s->text, who->network ? "S-1-5-2" : "S-1-5-4") == 0 ||
           (sid_logon(who, logon) && strcmp(s->text, logon) == 0) ||
           security__in_groups(who->process->groups, s->text);
}

/* Microsoft, How DACLs Control Access to an Object: in the order of the list, so that what is
 * denied before it was allowed stays denied. An owner may always read and write the list. */
static bool security__list_allows(const descriptor *d, const subject *who, DWORD left)
{
    if (!d->has_list)
        return true;
    if (security__is(&d->owner, who))
        left &= ~(READ_CONTROL | WRITE_DAC);
    for (unsigned i = 0; i < d->count && left != 0; i++) {
        const entry *e = &d->entries[i];

        if (!security__is(&e->who, who))
            continue;
        if (!e->allow && (e->rights & left))
            return false;
        if (e->allow)
            left &= ~e->rights;
    }
    return left == 0;
}

/* Microsoft, Mandatory Integrity Control: who is lower than the label may not write. Microsoft,
 * Impersonation Levels: who only identifies a client may open nothing for it. */
DWORD security_check(const descriptor *d, const subject *who, DWORD rights)
{
    DWORD writing = FILE_GENERIC_WRITE & ~FILE_GENERIC_READ;

    if (who->is_client && who->level < SECURITY_IMPERSONATION)
        return ERROR_BAD_IMPERSONATION_LEVEL;
    if ((rights & writing) && sid_integrity(who->process) < d->integrity)
        return ERROR_ACCESS_DENIED;
    return security__list_allows(d, who, rights & ~(DWORD)SYNCHRONIZE) ? ERROR_SUCCESS
                                                                       : ERROR_ACCESS_DENIED;
}
