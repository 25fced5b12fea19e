/*
 * Somebody writes random things into the rings at random moments, while both ends go on. The
 * library maps its sections through functions of this program, so that the test sees where they
 * are.
 */
#include "kit.h"

#include "pipe/ring.h"

enum { ROUNDS = 150, MOST_VIEWS = 2, HEAD = 4096, RING = 4096, WORDS = HEAD / 4, SCRIBBLES = 40 };

/* ---- Where the sections are ----------------------------------------------------------------- */

extern void *__imp_MapViewOfFile, *__imp_UnmapViewOfFile;

static void *(WINAPI *real_map)(HANDLE, DWORD, DWORD, DWORD, SIZE_T);
static BOOL(WINAPI *real_unmap)(const void *);

static SRWLOCK lock = SRWLOCK_INIT;
static char *views[MOST_VIEWS]; /* of the victims, while they are mapped */
static volatile LONG watches;   /* whether the next ones are those of victims */

static void *WINAPI map(HANDLE mapping, DWORD access, DWORD high, DWORD low, SIZE_T size)
{
    char *view = real_map(mapping, access, high, low, size);

    AcquireSRWLockExclusive(&lock);
    for (int i = 0; i < MOST_VIEWS && view && watches; i++)
        if (!views[i]) {
            views[i] = view;
            break;
        }
    ReleaseSRWLockExclusive(&lock);
    return view;
}

static BOOL WINAPI unmap(const void *view)
{
    AcquireSRWLockExclusive(&lock);
    for (int i = 0; i < MOST_VIEWS; i++)
        if (views[i] == view)
            views[i] = NULL;
    ReleaseSRWLockExclusive(&lock);
    return real_unmap(view);
}

/* A word of the ring, or some byte of what goes through it. */
static void scribble(uint32_t *random)
{
    char *view;

    AcquireSRWLockExclusive(&lock);
    view = views[kit_draw(random, MOST_VIEWS)];
    if (view && kit_draw(random, 2)) {
        volatile LONG *word =
            (volatile LONG *)(void *)(view + (size_t)RING_APART * kit_draw(random, 8));

        *word = kit_draw(random, 2) ? *word + (LONG)kit_draw(random, 2 * RING) - RING
                                    : (LONG)(kit_draw(random, 0x10000) * 0x10001);
    } else if (view) {
        view[HEAD + kit_draw(random, 2 * RING)] = (char)kit_draw(random, 256);
    }
    ReleaseSRWLockExclusive(&lock);
}

/* ---- Those who talk ------------------------------------------------------------------------- */

enum { LONGEST = 3000 };

typedef struct talker {
    kit_counts counts; /* first: the handlers of the kit count into it */
    volatile LONG answers, wrong;
} talker;

static void talk(pp_conn *conn, const talker *t)
{
    char data[LONGEST];
    size_t size = (size_t)t->answers * 7919 % LONGEST;

    kit_fill(data, size, (uint32_t)t->answers, 0);
    pp_conn_send(conn, data, size);
}

static void begin(pp_conn *conn, void *user)
{
    talk(conn, user);
}

static pp_status go_on(pp_conn *conn, void *user, const void *data, size_t length)
{
    talker *t = user;

    if (!kit_is_filled(data, length, (uint32_t)t->answers, 0))
        InterlockedIncrement(&t->wrong);
    kit_add(&t->answers, 1);
    talk(conn, t);
    return PP_OK;
}

static pp_conn *dial(rig *r, talker *t)
{
    pp_handlers handlers = kit_counting();
    pp_dial_options options;
    pp_conn *conn;

    handlers.on_open = begin;
    handlers.on_message = go_on;
    options = rig_dial_options(r, handlers, t);
    options.conn.lane_busy = 4;
    assert_ok(pp_dial(r->port, &options, &conn, NULL));
    return conn;
}

static LONG ended_for_nonsense(rig *r)
{
    return r->counts.reasons[PP_E_PROTOCOL];
}

TEST_CASE(who_writes_at_random_into_rings_ends_no_connection_but_their_own)
{
    rig *r = rig_open(2, PP_MODE_FRAMED);
    static talker steady, victim;
    void *map_import = __imp_MapViewOfFile, *unmap_import = __imp_UnmapViewOfFile;
    pp_conn *other, *conn;
    uint32_t random = 12345;
    LONG nonsense = 0;

    memcpy(&real_map, &map_import, sizeof real_map);
    memcpy(&real_unmap, &unmap_import, sizeof real_unmap);
    kit_import(&__imp_MapViewOfFile, (void *)(uintptr_t)map);
    kit_import(&__imp_UnmapViewOfFile, (void *)(uintptr_t)unmap);
    r->listen.conn.lane_ring = RING;
    rig_listen(r);
    other = dial(r, &steady);
    wait_until(kit_stats(r->port).lanes_now == 2);
    watches = 1;
    for (LONG round = 0; round < ROUNDS; round++) {
        LONG before = steady.answers;

        victim = (talker){0};
        conn = dial(r, &victim);
        wait_until(views[0] && views[1] && kit_stats(r->port).lanes_now == 4);
        for (int i = 0; i < SCRIBBLES && !victim.counts.closed; i++) {
            scribble(&random);
            if (kit_draw(&random, 4) == 0)
                kit_wait_ms(&victim.counts.closed, 1, kit_draw(&random, 2));
        }
        wait_for(steady.answers, before + 10);
        pp_conn_abort(conn);
        wait_for(victim.counts.closed, 1);
        wait_for(r->counts.closed, round + 1);
        nonsense += victim.counts.reasons[PP_E_PROTOCOL];
        pp_conn_unref(&conn);
    }
    print_message("%ld servers' and %ld clients' ends of %d found nonsense\n",
                  (long)ended_for_nonsense(r), (long)nonsense, ROUNDS);
    assert_true(ended_for_nonsense(r) > ROUNDS / 10);
    assert_true(nonsense > ROUNDS / 10);
    assert_int_equal(steady.wrong, 0);
    assert_int_equal(steady.counts.closed, 0);
    pp_conn_abort(other);
    pp_conn_unref(&other);
    wait_for(steady.counts.closed, 1);
    rig_close(r);
    kit_import(&__imp_MapViewOfFile, map_import);
    kit_import(&__imp_UnmapViewOfFile, unmap_import);
}

static const struct CMUnitTest tests[] = {
    TEST(who_writes_at_random_into_rings_ends_no_connection_but_their_own),
};

HARNESS_MAIN(tests)
