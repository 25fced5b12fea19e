/*
 * Rules of mailslots: what arrives, who may send, and what crosses to another machine. The port may
 * refuse the slot's handle, as it may each when memory is short; then a thread reads.
 */
#include "rules.h"

#include <string.h>

#define SLOTS__LONGEST 500

typedef struct slots__seen {
    rule_server server;
    unsigned count, next;           /* datagrams; the number that must come */
    size_t bytes;                   /* of the last one */
    bool any_order, refuses, holds; /* holds: it refuses, and never resumes */
    bool closes_itself;
    unsigned closes;
    pp_status reason;
} slots__seen;

static void slots__resume(void *user, pp_status status)
{
    (void)status;
    pp_mailslot_resume(((slots__seen *)user)->server.mailslot);
}

/* Each datagram begins with its number. */
static pp_status slots__came(void *user, const void *data, size_t length)
{
    slots__seen *seen = user;

    if (seen->refuses && sim_chance(16)) { /* a resume that comes before the refusal */
        pp_mailslot_resume(seen->server.mailslot);
        return PP_E_AGAIN;
    }
    if (seen->refuses && sim_chance(16) &&
        pp_port_after(seen->server.port, sim_draw(20), slots__resume, seen, NULL) == PP_OK)
        return PP_E_AGAIN;
    if (seen->holds && sim_chance(4))
        return PP_E_AGAIN;
    seen->count++;
    seen->bytes = length;
    if (!seen->any_order && length > 0)
        rule_expect("the datagram", *(const unsigned char *)data, seen->next & 0xFF);
    seen->next++;
    if (seen->closes_itself)
        pp_mailslot_close(&seen->server.mailslot);
    return PP_OK;
}

static void slots__closed(void *user, pp_status reason)
{
    slots__seen *seen = user;

    seen->closes++;
    seen->reason = reason;
}

static void slots__serve(slots__seen *seen, bool allow_remote)
{
    pp_mailslot_options options;

    memset(seen, 0, sizeof *seen);
    rule_open(&seen->server);
    pp_mailslot_options_init(&options);
    options.name = "rule";
    options.max_datagram = SLOTS__LONGEST;
    options.access.allow_remote = allow_remote;
    options.on_datagram = slots__came;
    options.on_close = slots__closed;
    options.user = seen;
    sim_slots_take_no_port = sim_chance(2);
    rule_expect("pp_mailslot_listen",
                pp_mailslot_listen(seen->server.port, &options, &seen->server.mailslot, NULL),
                PP_OK);
}

static void slots__end(slots__seen *seen)
{
    rule_close(&seen->server);
    rule_expect("calls of on_close", seen->closes, 1);
    rule_expect("the reason", seen->reason, PP_OK);
}

/* ---- Senders --------------------------------------------------------------------------------- */

typedef struct slots__sending {
    const char *name;
    unsigned first, count;
    size_t length; /* 0: each one has another */
    pp_status opened, sent;
} slots__sending;

static DWORD slots__send(void *argument)
{
    slots__sending *what = argument;
    char data[SLOTS__LONGEST + 1] = "";
    pp_sender *sender;

    what->opened = pp_sender_open(&sender, what->name, NULL);
    for (unsigned i = 0; what->opened == PP_OK && i < what->count; i++) {
        data[0] = (char)(what->first + i);
        what->sent = pp_sender_send(sender, data,
                                    what->length > 0 ? what->length : i % (SLOTS__LONGEST + 1));
    }
    pp_sender_close(&sender);
    return 0;
}

static void slots__order(void)
{
    slots__sending what = {.name = "rule", .count = 50 + sim_draw(400)};
    slots__seen seen;

    slots__serve(&seen, false);
    seen.refuses = sim_chance(2);
    rule_in(&sim_client, slots__send, &what);
    rule_expect("the last send", what.sent, PP_OK);
    while (seen.count < what.count)
        sim_sleep(10);
    slots__end(&seen);
}

static void slots__too_long(void)
{
    slots__sending what = {.name = "rule", .count = 1, .length = SLOTS__LONGEST};
    slots__seen seen;

    slots__serve(&seen, false);
    rule_in(&sim_client, slots__send, &what);
    rule_expect("the longest datagram", what.sent, PP_OK);
    what.length++;
    rule_in(&sim_client, slots__send, &what);
    rule_expect("a longer one", what.sent, PP_E_TOO_LONG);
    sim_sleep(1000);
    rule_expect("datagrams", seen.count, 1);
    rule_expect("its bytes", seen.bytes, SLOTS__LONGEST);
    slots__end(&seen);
}

static pp_status slots__try(const sim_process *who, const char *name)
{
    slots__sending what = {.name = name, .count = 1, .length = 5};

    rule_in(who, slots__send, &what);
    return what.opened;
}

/* A process of the server's own logon session may send though it came by the network. */
static void slots__access(void)
{
    sim_process own_session = rule_ssh;
    slots__seen seen;

    own_session.session = sim_server.session;
    slots__serve(&seen, false);
    seen.any_order = true;
    rule_expect("our user", slots__try(&sim_client, "rule"), PP_OK);
    rule_expect("a stranger", slots__try(&rule_stranger, "rule"), PP_E_ACCESS);
    rule_expect("a network logon", slots__try(&rule_ssh, "rule"), PP_E_ACCESS);
    rule_expect("the same in our session", slots__try(&own_session, "rule"), PP_OK);
    rule_expect("no slot", slots__try(&sim_client, "other"), PP_E_NOT_FOUND);
    slots__end(&seen);
    slots__serve(&seen, true);
    rule_expect("a network logon that is allowed", slots__try(&rule_ssh, "rule"), PP_OK);
    slots__end(&seen);
}

static void slots__taken(void)
{
    pp_mailslot_options options;
    slots__seen seen;

    slots__serve(&seen, false);
    pp_mailslot_options_init(&options);
    options.name = "RULE";
    rule_expect("a second slot", pp_mailslot_listen(seen.server.port, &options, NULL, NULL),
                PP_E_NAME_TAKEN);
    slots__end(&seen);
}

/* Datagrams may be lost, and come twice; none of more than 424 bytes goes. */
static void slots__remote(void)
{
    static const char *const names[] = {"\\\\ONE\\mailslot\\rule", "\\\\*\\mailslot\\rule",
                                        "\\\\DOMAIN\\mailslot\\rule"};
    slots__sending what = {.name = names[sim_draw(3)], .count = 5, .length = 424};
    slots__seen seen;

    slots__serve(&seen, true);
    seen.any_order = true;
    rule_in(&rule_remote, slots__send, &what);
    rule_expect("424 bytes", what.sent, PP_OK);
    sim_sleep(1000);
    if (seen.count > 10 || (seen.count > 0 && seen.bytes != 424))
        sim_fail("%u datagrams, the last of %zu bytes", seen.count, seen.bytes);
    what.length = 425;
    what.count = 1;
    rule_in(&rule_remote, slots__send, &what);
    rule_expect("425 bytes", what.sent, PP_E_TOO_LONG);
    slots__end(&seen);
}

/* A close while a sender goes on. */
static void slots__close(void)
{
    slots__sending what = {.name = "rule", .count = 100, .length = 5};
    HANDLE thread;
    slots__seen seen;

    slots__serve(&seen, false);
    seen.holds = sim_chance(2);
    thread = sim_spawn(&sim_client, slots__send, &what);
    if (sim_chance(2))
        sim_sleep(1 + sim_draw(30));
    slots__end(&seen);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static void slots__close_itself(void)
{
    slots__sending what = {.name = "rule", .count = 20, .length = 5};
    slots__seen seen;

    slots__serve(&seen, false);
    seen.closes_itself = true;
    rule_in(&sim_client, slots__send, &what);
    sim_sleep(1000);
    rule_expect("datagrams", seen.count, 1);
    slots__end(&seen);
}

static const rule slots__rows[] = {
    {"all datagrams arrive whole and in order, also empty ones", slots__order},
    {"the longest datagram arrives, and a longer one is refused", slots__too_long},
    {"a slot takes from whom its access names", slots__access},
    {"a second slot of a name is refused", slots__taken},
    {"another machine sends at most 424 bytes", slots__remote},
    {"a slot closes while senders send", slots__close},
    {"a slot that is closed in on_datagram delivers nothing more", slots__close_itself},
};

const rule_table slot_rules = {slots__rows, sizeof slots__rows / sizeof *slots__rows};
