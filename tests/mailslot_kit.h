/*
 * What the tests of mailslots share: a consumer that checks numbered datagrams, and a sender of
 * them.
 */
#ifndef PP_TESTS_MAILSLOT_KIT_H
#define PP_TESTS_MAILSLOT_KIT_H

#include "kit.h"

#define SENDERS 4

typedef struct slot_counts {
    volatile LONG datagrams, empty, wrong, closed, refuse, refused, reason;
    volatile LONG64 bytes;
    uint32_t next[SENDERS]; /* the next number expected of each sender */
} slot_counts;

/* A datagram begins with its sender and its number, and the rest follows from them. */
typedef struct stamp {
    uint32_t sender, number;
} stamp;

static size_t stamped_length(uint32_t number)
{
    return sizeof(stamp) + number * 7919u % 900;
}

static pp_status take(void *user, const void *data, size_t length)
{
    slot_counts *c = user;
    stamp s = {0};

    if (c->refuse) {
        kit_add(&c->refused, 1);
        return PP_E_AGAIN;
    }
    if (length >= sizeof s) {
        memcpy(&s, data, sizeof s);
        if (s.sender >= SENDERS || s.number != c->next[s.sender]++ ||
            length != stamped_length(s.number) ||
            !kit_is_filled((const char *)data + sizeof s, length - sizeof s, s.sender, s.number))
            InterlockedIncrement(&c->wrong);
    } else if (length == 0) {
        InterlockedIncrement(&c->empty);
    }
    c->bytes += (LONG64)length;
    kit_add(&c->datagrams, 1);
    return PP_OK;
}

static void slot_closed(void *user, pp_status reason)
{
    slot_counts *c = user;

    c->reason = (LONG)reason;
    kit_add(&c->closed, 1);
}

static pp_mailslot *listen_to(pp_port *port, const char *name, slot_counts *c, uint64_t longest)
{
    pp_mailslot_options options;
    pp_mailslot *slot;
    pp_error error;

    pp_mailslot_options_init(&options);
    options.name = name;
    options.max_datagram = longest;
    options.on_datagram = take;
    options.on_close = slot_closed;
    options.user = c;
    if (pp_mailslot_listen(port, &options, &slot, &error) != PP_OK)
        fail_msg("%s", error.message);
    return slot;
}

static pp_status send_stamped(pp_sender *sender, uint32_t who, uint32_t number)
{
    char data[sizeof(stamp) + 900];
    stamp s = {who, number};

    memcpy(data, &s, sizeof s);
    kit_fill(data + sizeof s, stamped_length(number) - sizeof s, who, number);
    return pp_sender_send(sender, data, stamped_length(number));
}

#endif
