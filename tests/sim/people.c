#include "people.h"

#include <string.h>

#define PEOPLE__OWNER "S-1-5-21-1-1-1-1000"
#define PEOPLE__STRANGER "S-1-5-21-1-1-1-1001"

/*
 * o the server's user     n the same by a network logon     l the same at low integrity
 * s another user          a an administrator                y SYSTEM
 * O, S the same as o and s on another machine
 */
static const person people__all[] = {
    {'o', {.session = 1, .user = PEOPLE__OWNER}},
    {'n', {.session = 3, .user = PEOPLE__OWNER, .network = true}},
    {'l', {.session = 1, .user = PEOPLE__OWNER, .integrity = 4096}},
    {'s', {.session = 2, .user = PEOPLE__STRANGER}},
    {'a',
     {.session = 4, .user = "S-1-5-21-1-1-1-1002", .integrity = 12288, .groups = "S-1-5-32-544"}},
    {'y', {.session = 0, .user = "S-1-5-18", .integrity = 16384}},
    {'O', {.session = 1, .user = PEOPLE__OWNER, .machine = 1}},
    {'S', {.session = 1, .user = PEOPLE__STRANGER, .machine = 1}},
};
const policy people_default = {NULL, "oanyO", "", "oany"};
const person people_owner = {'o', {.session = 1, .user = PEOPLE__OWNER}};

/* Low integrity may not write where no label says so. */
static const policy people__policies[] = {
    {"D:(A;;GA;;;WD)", "oanysOS", "", "oanys"},
    {"D:(D;;GA;;;" PEOPLE__STRANGER ")(A;;GA;;;WD)", "oanyO", "", "oany"},
    {"D:(D;;GA;;;NU)(A;;GA;;;WD)", "oays", "", "oays"},
    {"D:(A;;GA;;;WD)S:(ML;;NW;;;LW)", "oanysOSl", "", "oanysl"},
    {"D:P(A;;GA;;;" PEOPLE__OWNER ")(A;;0x12019b;;;AU)", "onO", "aysS", "on"},
    {"D:P(A;;GA;;;BA)(A;;GA;;;" PEOPLE__OWNER ")", "oanO", "", "oan"},
    {"D:P(A;;GRGW;;;AU)", "oanysOS", "", "oanys"},
};

const person *people_draw(void)
{
    return &people__all[sim_draw(sizeof people__all / sizeof *people__all)];
}

const policy *people_draw_access(pp_access *access, bool slot)
{
    static const char *const users[] = {PEOPLE__STRANGER, PEOPLE__OWNER};
    const policy *chosen;

    access->allow_remote = sim_chance(2);
    access->allow = users;
    access->allow_count = sim_draw(3);
    access->strict = sim_chance(2);
    if (slot || sim_chance(2))
        return &people_default;
    chosen = &people__policies[sim_draw(sizeof people__policies / sizeof *people__policies)];
    access->sddl = chosen->sddl;
    return chosen;
}

static bool people__is_among(const char *list, char who)
{
    return strchr(list, who) != NULL;
}

static bool people__is_far(char who)
{
    return who < 'a';
}

/* "up to 256 users or SIDs, who may read and write" */
static bool people__is_allowed(const policy *p, const pp_access *access, char who)
{
    return !p->sddl && access->allow_count > 0 && people__is_among("sS", who);
}

/* "allowed users may not create instances; they must ask for exactly the rights" */
bool people_may_open(const policy *p, const pp_access *access, char who, DWORD rights)
{
    bool exact = !(rights & (GENERIC_WRITE | FILE_CREATE_PIPE_INSTANCE));

    if (people__is_far(who) && !access->allow_remote)
        return false;
    return people__is_among(p->full, who) || (exact && people__is_among(p->exact, who)) ||
           (people__is_allowed(p, access, who) && (exact || !access->strict));
}

bool people_may_make(const policy *p, const pp_access *access, char who)
{
    return people__is_among(p->makes, who) ||
           (people__is_allowed(p, access, who) && !access->strict && !people__is_far(who));
}

/* "without allow_remote the slot denies network logons" */
bool people_may_send(const pp_access *access, char who)
{
    return people__is_among("oay", who) || (who == 'n' && access->allow_remote) ||
           people__is_allowed(&people_default, access, who);
}
