/*
 * Mailslots: whole datagrams in order, limits, and closing in the middle.
 */
#include "mailslot_kit.h"

#include <wchar.h>

TEST_CASE(twenty_thousand_datagrams_arrive_in_order)
{
    enum { ALL = 20000 };
    pp_port *port = kit_port(2);
    slot_counts c = {0};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 64 * 1024);
    pp_sender *sender;

    assert_ok(pp_sender_open(&sender, name, NULL));
    for (uint32_t i = 0; i < ALL; i++)
        assert_ok(send_stamped(sender, 0, i));
    wait_for(c.datagrams, ALL);
    assert_int_equal(c.wrong, 0);
    assert_ok(pp_sender_close(&sender));
    assert_null(sender);
    assert_ok(pp_mailslot_close(&slot));
    assert_null(slot);
    wait_for(c.closed, 1);
    assert_status(c.reason, PP_OK);
    /* A datagram is counted after its callback. */
    assert_int_equal(kit_stats(port).datagrams_in, ALL);
    assert_int_equal(kit_stats(port).bytes_in, c.bytes);
    kit_close(&port);
}

typedef struct sending {
    const char *name;
    uint32_t who, count;
    volatile LONG failed, sent;
} sending;

static DWORD WINAPI send_many(void *argument)
{
    sending *s = argument;
    pp_sender *sender;

    if (pp_sender_open(&sender, s->name, NULL) != PP_OK) {
        s->failed = 1;
        return 0;
    }
    for (uint32_t i = 0; i < s->count && !s->failed; i++) {
        if (send_stamped(sender, s->who, i) == PP_OK)
            kit_add(&s->sent, 1);
        else
            s->failed = 1;
    }
    pp_sender_close(&sender);
    return 0;
}

TEST_CASE(four_senders_at_once_keep_their_orders)
{
    pp_port *port = kit_port(2);
    slot_counts c = {0};
    const char *name = kit_name();
    sending s[SENDERS];
    HANDLE threads[SENDERS];

    listen_to(port, name, &c, 64 * 1024);
    for (uint32_t i = 0; i < SENDERS; i++) {
        s[i] = (sending){name, i, 1000, 0, 0};
        threads[i] = CreateThread(NULL, 0, send_many, &s[i], 0, NULL);
    }
    WaitForMultipleObjects(SENDERS, threads, TRUE, INFINITE);
    for (uint32_t i = 0; i < SENDERS; i++) {
        CloseHandle(threads[i]);
        assert_int_equal(s[i].failed, 0);
    }
    wait_for(c.datagrams, SENDERS * 1000);
    assert_int_equal(c.wrong, 0);
    kit_close(&port);
    assert_int_equal(c.closed, 1);
}

TEST_CASE(a_slot_can_be_closed_while_senders_write)
{
    enum { ROUNDS = 10 };
    static sending all[ROUNDS]; /* outlive the test, as the threads may */

    for (int round = 0; round < ROUNDS; round++) {
        pp_port *port = kit_port(2);
        slot_counts c = {0};
        const char *name = kit_name();
        pp_mailslot *slot = listen_to(port, name, &c, 64 * 1024);
        HANDLE thread;

        all[round] = (sending){name, 0, 1000000, 0, 0};
        thread = CreateThread(NULL, 0, send_many, &all[round], 0, NULL);
        wait_for(c.datagrams, 50);
        assert_ok(pp_mailslot_close(&slot));
        wait_for(c.closed, 1);
        /* Wine leaves a writer blocked that found the slot full; the process's end frees it. */
        if (WaitForSingleObject(thread, kit_is_wine() ? 100 : KIT_WAIT_MS) == WAIT_OBJECT_0)
            assert_int_equal(all[round].failed, 1); /* the slot was gone */
        else
            assert_true(kit_is_wine());
        assert_int_equal(c.wrong, 0);
        assert_true(c.datagrams <= all[round].sent + 1);
        CloseHandle(thread);
        kit_close(&port);
    }
}

/* As the platform SDK shows a sender: it shares reading alone, and keeps its handle. No other can
 * then open the slot, where systems look at what senders share. */
TEST_CASE(a_sender_that_keeps_the_slot_holds_up_no_end)
{
    for (int i = 0; i < 2; i++) {
        pp_port *port = kit_port(1);
        slot_counts c = {0};
        wchar_t path[128];
        const char *name = kit_name();
        pp_mailslot *slot = listen_to(port, name, &c, 1000);
        HANDLE sender;

        swprintf(path, sizeof path / sizeof *path, L"\\\\.\\mailslot\\%hs", name);
        sender = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                             FILE_ATTRIBUTE_NORMAL, NULL);
        assert_true(sender != INVALID_HANDLE_VALUE);
        kit_write(sender, "alarm 7", 7);
        wait_for(c.datagrams, 1);
        if (i == 0) {
            assert_ok(pp_mailslot_close(&slot));
            wait_for(c.closed, 1);
            assert_status(c.reason, PP_OK);
            kit_close(&port);
        } else {
            kit_close(&port);
            assert_int_equal(c.closed, 1);
            assert_ok(pp_mailslot_close(&slot));
        }
        CloseHandle(sender);
    }
}

/* A thread that reads ahead looks four times a second, until what it may read ahead is full. A
 * port's read, which waits for the consumer, comes to rest at once. */
static void wait_until_nothing_is_read(pp_port *port, slot_counts *c)
{
    uint64_t reads;

    do {
        reads = kit_stats(port).kernel_reads;
        assert_false(kit_wait_ms(&c->datagrams, 1, 600));
    } while (kit_stats(port).kernel_reads != reads);
}

TEST_CASE(a_consumer_that_is_not_ready_is_waited_for)
{
    pp_port *port = kit_port(2);
    slot_counts c = {.refuse = 1};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 1000);
    sending s = {name, 0, 2000, 0, 0};
    HANDLE thread = CreateThread(NULL, 0, send_many, &s, 0, NULL);

    wait_for(c.refused, 1);
    wait_until_nothing_is_read(port, &c);
    assert_ok(pp_mailslot_resume(slot));
    wait_for(c.refused, 2); /* the same one again */
    c.refuse = 0;
    assert_ok(pp_mailslot_resume(slot));
    wait_for(c.datagrams, 2000);
    assert_int_equal(c.wrong, 0);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    kit_close(&port);
    assert_ok(pp_mailslot_close(&slot)); /* the handle outlives the port */
}

typedef struct hesitant {
    pp_mailslot *slot;
    volatile LONG calls, taken;
} hesitant;

/* Refuses the first two times, and is ready again before it says so. */
static pp_status hesitate(void *user, const void *data, size_t length)
{
    hesitant *h = user;

    (void)data, (void)length;
    if (++h->calls <= 2) {
        pp_mailslot_resume(h->slot);
        return PP_E_AGAIN;
    }
    kit_add(&h->taken, 1);
    return PP_OK;
}

TEST_CASE(a_resume_inside_the_consumer_counts)
{
    pp_port *port = kit_port(1);
    hesitant h = {0};
    pp_mailslot_options options;
    pp_sender *sender;

    pp_mailslot_options_init(&options);
    options.name = kit_name();
    options.on_datagram = hesitate;
    options.user = &h;
    assert_ok(pp_mailslot_listen(port, &options, &h.slot, NULL));
    assert_ok(pp_sender_open(&sender, options.name, NULL));
    assert_ok(pp_sender_send(sender, "x", 1));
    wait_for(h.taken, 1);
    assert_int_equal(h.calls, 3);
    assert_ok(pp_sender_close(&sender));
    kit_close(&port);
    assert_ok(pp_mailslot_close(&h.slot));
}

/* A thread reads ahead, and a port's read brings one at a time. Nothing but the count of calls
 * tells how far it is. */
static LONG count_what_is_read(pp_port *port, slot_counts *c, LONG sent)
{
    for (int tries = 0; tries < 100 && !kit_wait_ms(&c->closed, 1, 10); tries++)
        if (kit_stats(port).kernel_reads > (uint64_t)sent)
            return sent;
    return 1;
}

TEST_CASE(a_stop_delivers_what_was_read)
{
    enum { ALL = 50 };
    pp_port *port = kit_port(2);
    slot_counts c = {.refuse = 1};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 1000);
    pp_sender *sender;
    LONG read;

    assert_ok(pp_sender_open(&sender, name, NULL));
    for (uint32_t i = 0; i < ALL; i++)
        assert_ok(send_stamped(sender, 0, i));
    wait_for(c.refused, 1);
    read = count_what_is_read(port, &c, ALL);
    assert_ok(pp_port_stop(port));
    assert_false(kit_wait_ms(&c.closed, 1, 500));
    c.refuse = 0;
    assert_ok(pp_mailslot_resume(slot));
    wait_for(c.closed, 1);
    assert_status(c.reason, PP_OK);
    assert_int_equal(c.datagrams, read);
    assert_int_equal(c.wrong, 0);
    assert_ok(pp_sender_close(&sender));
    kit_close(&port);
    assert_ok(pp_mailslot_close(&slot));
}

TEST_CASE(a_consumer_that_never_takes_holds_a_stop_up_for_its_time)
{
    pp_port *port = kit_port(2);
    slot_counts c = {.refuse = 1};
    pp_mailslot_options options;
    pp_sender *sender;

    pp_mailslot_options_init(&options);
    options.name = kit_name();
    options.deliver_timeout_ms = 300;
    options.on_datagram = take;
    options.on_close = slot_closed;
    options.user = &c;
    assert_ok(pp_mailslot_listen(port, &options, NULL, NULL));
    assert_ok(pp_sender_open(&sender, options.name, NULL));
    assert_ok(send_stamped(sender, 0, 0));
    wait_for(c.refused, 1);
    assert_ok(pp_port_stop(port));
    assert_false(kit_wait_ms(&c.closed, 1, 100));
    wait_for(c.closed, 1);
    assert_status(c.reason, PP_E_DRAIN_TIMEOUT);
    assert_ok(pp_sender_close(&sender));
    kit_close(&port);
}

TEST_CASE(limits_are_kept_and_counted)
{
    static char data[2000];
    pp_port *port = kit_port(1);
    slot_counts c = {0};
    const char *name = kit_name();
    pp_sender *sender;
    pp_status longer, longest;
    pp_stats stats;

    listen_to(port, name, &c, 7);
    assert_ok(pp_sender_open(&sender, name, NULL));
    assert_ok(pp_sender_send(sender, data, 7));
    longer = pp_sender_send(sender, data, 8); /* Windows refuses it here, Wine delivers it */
    assert_ok(pp_sender_send(sender, data, 6));
    longest = pp_sender_send(sender, data, sizeof data); /* more than a read has room for */
    assert_ok(pp_sender_send(sender, NULL, 0));
    wait_for(c.datagrams, 3);
    assert_ok(pp_sender_close(&sender));
    assert_ok(pp_port_stop(port));
    assert_ok(pp_port_wait(port)); /* a datagram is counted after its callback */
    stats = kit_stats(port);
    assert_int_equal(c.datagrams, 3);
    assert_int_equal(c.bytes, 13);
    assert_int_equal(c.empty, 1);
    assert_int_equal(stats.datagrams_in, 3);
    assert_int_equal(stats.datagrams_empty, 1);
    assert_int_equal(stats.datagrams_oversized, (longer == PP_OK) + (longest == PP_OK));
    if (longer != PP_OK)
        assert_status(longer, PP_E_TOO_LONG);
    if (longest != PP_OK)
        assert_status(longest, PP_E_TOO_LONG);
    kit_close(&port);
}

TEST_CASE(a_slot_is_reached_by_its_full_path)
{
    pp_port *port = kit_port(1);
    slot_counts c = {0};
    char path[128];
    pp_mailslot *slot;
    pp_sender *sender;

    snprintf(path, sizeof path, "\\\\.\\mailslot\\%s", kit_name());
    slot = listen_to(port, path, &c, 100);
    assert_string_equal(pp_mailslot_path(slot), path);
    assert_ok(pp_sender_open(&sender, path, NULL));
    assert_ok(pp_sender_send(sender, "path", 4));
    wait_for(c.datagrams, 1);
    assert_ok(pp_sender_close(&sender));
    assert_ok(pp_mailslot_close(&slot));
    kit_close(&port);
}

TEST_CASE(a_taken_slot_and_an_absent_one_say_so)
{
    pp_port *port = kit_port(1);
    slot_counts c = {0};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 100), *second;
    pp_mailslot_options options;
    pp_sender *sender;
    pp_error error;

    pp_mailslot_options_init(&options);
    options.name = name;
    assert_status(pp_mailslot_listen(port, &options, &second, &error), PP_E_NAME_TAKEN);
    assert_non_null(strstr(error.message, name));
    assert_null(second);
    assert_ok(pp_mailslot_close(&slot));
    wait_for(c.closed, 1);
    assert_status(pp_sender_open(&sender, name, &error), PP_E_NOT_FOUND);
    assert_null(sender);
    kit_close(&port);
}

typedef struct slow_slot {
    volatile LONG datagrams, posted, closed, posted_after, closed_after;
    HANDLE go;
} slow_slot;

static pp_status take_slowly(void *user, const void *data, size_t length)
{
    slow_slot *s = user;
    ULONGLONG began = GetTickCount64();

    (void)data, (void)length;
    WaitForSingleObject(s->go, KIT_WAIT_MS);
    while (GetTickCount64() - began < 2)
        YieldProcessor();
    kit_add(&s->datagrams, 1);
    return PP_OK;
}

static void note_post(void *user, pp_status status)
{
    slow_slot *s = user;

    (void)status;
    s->posted_after = s->datagrams;
    kit_add(&s->posted, 1);
}

static void note_close(void *user, pp_status reason)
{
    slow_slot *s = user;

    (void)reason;
    s->closed_after = s->datagrams;
    kit_add(&s->closed, 1);
}

/* Thousands of datagrams are read at once; a slow consumer must not make one turn of them. */
TEST_CASE(a_slow_consumer_holds_up_neither_others_nor_the_close)
{
    enum { ALL = 2000 };
    pp_port *port = kit_port(1);
    slow_slot s = {.go = CreateEventW(NULL, TRUE, FALSE, NULL)};
    pp_mailslot_options options;
    pp_mailslot *slot;
    pp_sender *sender;
    LONG closed_at;

    pp_mailslot_options_init(&options);
    options.name = kit_name();
    options.on_datagram = take_slowly;
    options.on_close = note_close;
    options.user = &s;
    assert_ok(pp_mailslot_listen(port, &options, &slot, NULL));
    assert_ok(pp_sender_open(&sender, options.name, NULL));
    for (int i = 0; i < ALL; i++)
        assert_ok(pp_sender_send(sender, "x", 1));
    assert_ok(pp_port_post(port, note_post, &s));
    SetEvent(s.go);
    wait_for(s.posted, 1);
    assert_true(s.posted_after < 100);
    assert_ok(pp_mailslot_close(&slot));
    closed_at = s.datagrams;
    wait_for(s.closed, 1);
    assert_true(s.closed_after - closed_at < 100);
    assert_ok(pp_sender_close(&sender));
    kit_close(&port);
    CloseHandle(s.go);
}

static const struct CMUnitTest tests[] = {
    TEST(twenty_thousand_datagrams_arrive_in_order),
    TEST(four_senders_at_once_keep_their_orders),
    TEST(a_slot_can_be_closed_while_senders_write),
    TEST(a_sender_that_keeps_the_slot_holds_up_no_end),
    TEST(a_consumer_that_is_not_ready_is_waited_for),
    TEST(a_resume_inside_the_consumer_counts),
    TEST(a_stop_delivers_what_was_read),
    TEST(a_consumer_that_never_takes_holds_a_stop_up_for_its_time),
    TEST(limits_are_kept_and_counted),
    TEST(a_slow_consumer_holds_up_neither_others_nor_the_close),
    TEST(a_slot_is_reached_by_its_full_path),
    TEST(a_taken_slot_and_an_absent_one_say_so),
};

HARNESS_MAIN(tests)
