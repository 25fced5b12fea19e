#include "pipe/users.h"

#include "base/clock.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USERS__WINDOW_MS 1000

struct users_entry {
    list link;
    char name[PP_SID_SIZE]; /* the user's SID, or the session */
    uint64_t connections;
    uint64_t window_began, in_window; /* connections since `window_began`, within a second */
};

void users_init(users *u)
{
    InitializeSRWLock(&u->lock);
    list_init(&u->all);
}

static void users__remove(users_entry *entry)
{
    list_remove(&entry->link);
    mem_free(entry);
}

void users_free(users *u)
{
    while (!list_is_empty(&u->all))
        users__remove(CONTAINER_OF(u->all.next, users_entry, link));
}

/* Finds the user's entry or makes one; drops entries of others that are no longer needed. */
static users_entry *users__find(users *u, const char *name, uint64_t now)
{
    users_entry *found = NULL;

    for (list *link = u->all.next, *next; link != &u->all; link = next) {
        users_entry *entry = CONTAINER_OF(link, users_entry, link);

        next = link->next;
        if (strcmp(entry->name, name) == 0)
            found = entry;
        else if (entry->connections == 0 && now - entry->window_began > USERS__WINDOW_MS)
            users__remove(entry);
    }
    if (!found && (found = mem_alloc_zeroed(sizeof *found)) != NULL) {
        snprintf(found->name, sizeof found->name, "%s", name);
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

static pp_status users__count(const users *u, users_entry *entry, uint64_t now)
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

pp_status users_enter(users *u, const pp_peer *peer, users_entry **entry)
{
    char name[PP_SID_SIZE];
    uint64_t now = clock_ms();
    pp_status status = PP_E_MEMORY;

    if (peer->user[0])
        snprintf(name, sizeof name, "%s", peer->user);
    else
        snprintf(name, sizeof name, "session %" PRIu32, peer->session_id);
    AcquireSRWLockExclusive(&u->lock);
    *entry = users__find(u, name, now);
    if (*entry)
        status = users__count(u, *entry, now);
    if (status != PP_OK)
        *entry = NULL;
    ReleaseSRWLockExclusive(&u->lock);
    return status;
}

void users_leave(users *u, users_entry *entry)
{
    AcquireSRWLockExclusive(&u->lock);
    entry->connections--;
    ReleaseSRWLockExclusive(&u->lock);
}
