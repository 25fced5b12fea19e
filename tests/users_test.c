/*
 * The users of a listener, alone: whom it counts, and whom it forgets.
 */
#include "kit.h"

#include "pipe/users.h"

static users_entry *enter(users *u, const char *name)
{
    pp_peer peer = {0};
    users_entry *entry;

    snprintf(peer.user, sizeof peer.user, "%s", name);
    assert_ok(users_enter(u, &peer, &entry));
    return entry;
}

static int known(const users *u)
{
    int count = 0;

    for (const list *link = u->all.next; link != &u->all; link = link->next)
        count++;
    return count;
}

/* A second after the last connection of many users, only those who are there are still known. */
TEST_CASE(users_without_connections_are_forgotten)
{
    enum { MANY = 100 };
    ULONGLONG began = GetTickCount64();
    volatile LONG never = 0;
    users u;
    users_entry *stays;

    users_init(&u);
    users_set_limits(&u, 1, 0);
    stays = enter(&u, "stays");
    for (int i = 0; i < MANY; i++) {
        char name[16];

        snprintf(name, sizeof name, "user %d", i);
        users_leave(&u, enter(&u, name));
    }
    assert_true(known(&u) == 1 + MANY || GetTickCount64() - began >= 1000);
    do {
        assert_true(GetTickCount64() - began < KIT_WAIT_MS);
        assert_false(kit_wait_ms(&never, 1, 10));
        users_leave(&u, enter(&u, "comes and leaves"));
    } while (known(&u) != 2);
    assert_true(GetTickCount64() - began >= 980);
    users_leave(&u, stays); /* its entry is still there */
    users_free(&u);
}

static const struct CMUnitTest tests[] = {
    TEST(users_without_connections_are_forgotten),
};

HARNESS_MAIN(tests)
