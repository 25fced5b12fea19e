#include "pipe/peer.h"

#include "base/mem.h"
#include "pipe/identity.h"

#include <assert.h>

bool peer_init(struct peer *p)
{
    *p = (struct peer){0};
    InitializeSRWLock(&p->lock);
    p->known = mem_alloc_zeroed(sizeof *p->known);
    return p->known != NULL;
}

void peer_free(struct peer *p)
{
    assert(!p->entry);
    mem_free(p->known);
}

const pp_peer *peer_known(const struct peer *p)
{
    return p->known;
}

bool peer_copy(struct peer *p, pp_peer *copy)
{
    bool set;

    AcquireSRWLockExclusive(&p->lock);
    *copy = *p->known;
    set = p->set;
    ReleaseSRWLockExclusive(&p->lock);
    return set;
}

static void peer__set(struct peer *p, const pp_peer *known)
{
    AcquireSRWLockExclusive(&p->lock);
    *p->known = *known;
    p->set = true;
    ReleaseSRWLockExclusive(&p->lock);
}

void peer_ask_process(struct peer *p, kernel *k, HANDLE pipe, bool is_server_end)
{
    pp_peer known = {0};

    identity_of_process(k, pipe, is_server_end, &known);
    peer__set(p, &known);
}

DWORD peer_ask_user(struct peer *p, kernel *k, HANDLE pipe)
{
    pp_peer known = *p->known;
    DWORD error;

    if (p->asked)
        return ERROR_SUCCESS;
    p->asked = true;
    error = identity_of_user(k, pipe, &known);
    peer__set(p, &known);
    return error;
}

pp_status peer_enter_users(struct peer *p, users *u)
{
    assert(!p->entry);
    return users_enter(u, p->known, &p->entry);
}

void peer_leave_users(struct peer *p, users *u)
{
    if (p->entry)
        users_leave(u, p->entry);
    p->entry = NULL;
}
