#include "pipe/users.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define USERS__WINDOW_MS 1000

struct user {
    list link;
    char sid[PP_SID_SIZE];
    uint64_t connections;
    uint64_t window_began, in_window; /* connections since then, for at most a second */
};

void users_init(users *u)
{
    InitializeSRWLock(&u->lock);
    list_init(&u->all);
}

static void users__remove(user *entry)
{
    list_remove(&entry->link);
    mem_free(entry);
}

void users_free(users *u)
{
    while (!list_is_empty(&u->all))
        users__remove(CONTAINER_OF(u->all.next, user, link));
}

/* The user's entry, perhaps a new one; drops those of others that are no longer needed. */
static user *users__find(users *u, const char *sid, uint64_t now)
{
    user *found = NULL;

    for (list *link = u->all.next, *next; link != &u->all; link = next) {
        user *entry = CONTAINER_OF(link, user, link);

        next = link->next;
        if (strcmp(entry->sid, sid) == 0)
            found = entry;
        else if (entry->connections == 0 && now - entry->window_began > USERS__WINDOW_MS)
            users__remove(entry);
    }
    if (!found && (found = mem_alloc_zeroed(sizeof *found)) != NULL) {
        snprintf(found->sid, sizeof found->sid, "%s", sid);
        found->window_began = now;
        list_append(&u->all, &found->link);
    }
    return found;
}

void users_set_limits(users *u, uint64_t most, uint64_t most_per_second)
{
    AcquireSRWLockExclusive(&u->lock);
    u->most = most;
    u->most_per_second = most_per_second;
    ReleaseSRWLockExclusive(&u->lock);
}

bool users_are_limited(users *u)
{
    bool limited;

    AcquireSRWLockShared(&u->lock);
    limited = u->most > 0 || u->most_per_second > 0;
    ReleaseSRWLockShared(&u->lock);
    return limited;
}

static pp_status users__count(const users *u, user *entry, uint64_t now)
{
    if (now - entry->window_began >= USERS__WINDOW_MS) {
        entry->window_began = now;
        entry->in_window = 0;
    }
    if (u->most > 0 && entry->connections >= u->most)
        return PP_E_USER_LIMIT;
    if (u->most_per_second > 0 && entry->in_window >= u->most_per_second)
        return PP_E_USER_RATE;
    entry->connections++;
    entry->in_window++;
    return PP_OK;
}

pp_status users_enter(users *u, const char *sid, user **entry)
{
    uint64_t now = clock_ms();
    pp_status status = PP_E_MEMORY;

    AcquireSRWLockExclusive(&u->lock);
    *entry = users__find(u, sid, now);
    if (*entry)
        status = users__count(u, *entry, now);
    if (status != PP_OK)
        *entry = NULL;
    ReleaseSRWLockExclusive(&u->lock);
    return status;
}

void users_leave(users *u, user *entry)
{
    AcquireSRWLockExclusive(&u->lock);
    entry->connections--;
    ReleaseSRWLockExclusive(&u->lock);
}
