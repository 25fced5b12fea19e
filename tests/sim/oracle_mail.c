/*
 * What must hold for a mailslot whatever happens: the contract of pipeport.h, sentence by sentence.
 */
#include "world.h"

#include <string.h>

static mailer *oracle__sender(slot_seen *s, const void *data, size_t length)
{
    unsigned number = length > 0 ? *(const unsigned char *)data : 0;

    if (number == 0 || number > s->world->mailer_count)
        sim_fail("a datagram comes that nobody has sent");
    return &s->world->mailers[number - 1];
}

/* ---- "A whole datagram. Calls never overlap. PP_E_AGAIN: the same datagram comes again after
 * pp_mailslot_resume." ---------------------------------------------------------------------------
 */

static void oracle__check_bytes(slot_seen *s, const void *data, size_t length)
{
    const mailer *m = oracle__sender(s, data, length);
    unsigned number;
    char sent[MAIL_ROOM];

    memcpy(&number, (const char *)data + 1, sizeof number);
    if (mail_datagram(m, number, sent) != length || memcmp(sent, data, length) != 0)
        sim_fail("datagram %u of sender %u is not as it was sent", number, m->number);
    if (number > m->next)
        sim_fail("datagram %u of sender %u was not sent yet", number, m->number);
}

void oracle_datagram(slot_seen *s, const void *data, size_t length)
{
    if (s->inside)
        sim_fail("on_datagram overlaps another callback");
    if (s->closed)
        sim_fail("on_datagram comes after on_close");
    if (s->held && s->resuming == 0)
        sim_fail("a datagram comes although nobody has resumed");
    if (s->shut)
        sim_fail("a datagram comes after the slot was closed in its callback");
    if (length > s->options.max_datagram)
        sim_fail("a datagram has %zu bytes, and max_datagram is %u", length,
                 (unsigned)s->options.max_datagram);
    s->inside = true;
    s->world->callbacks++;
    sim_trace("on_datagram of %zu", length);
    sim_point();
    if (length > 0)
        oracle__check_bytes(s, data, length);
    if (s->refused_length != SIZE_MAX &&
        (s->refused_length != length ||
         (length > 0 && memcmp(s->refused, data, sizeof s->refused) != 0)))
        sim_fail("another datagram comes than the one that was refused");
    s->refused_length = length;
    if (length > 0)
        memcpy(s->refused, data, sizeof s->refused);
}

/* In order, and none twice. On this machine none is lost; one to another may be, or come again. */
void oracle_taken(slot_seen *s, const void *data, size_t length)
{
    mailer *m;
    unsigned number;

    s->refused_length = SIZE_MAX;
    s->delivered++;
    s->empties += length == 0;
    if (length == 0)
        return;
    m = oracle__sender(s, data, length);
    memcpy(&number, (const char *)data + 1, sizeof number);
    if (number + (m->far ? 1 : 0) < m->arrived)
        sim_fail("datagram %u of sender %u comes late, or twice", number, m->number);
    if (!m->far && number > mail_skip(m, m->arrived))
        sim_fail("datagram %u of sender %u is lost", m->arrived, m->number);
    m->arrived = number + 1;
}

/* ---- "The mailslot has ended; once and last." -------------------------------------------------
 */

/* "PP_OK, PP_E_DRAIN_TIMEOUT (deliver_timeout_ms passed before the handler took everything)" */
static bool oracle__may_end(const slot_seen *s, pp_status reason)
{
    const world *w = s->world;

    if (reason == PP_OK)
        return s->closing || w->stopping;
    return reason == PP_E_DRAIN_TIMEOUT && w->stopping &&
           oracle_ms_since(w->stopped_at) + 1 >= s->options.deliver_timeout_ms;
}

static void oracle__ends_in_time(const slot_seen *s)
{
    const world *w = s->world;
    uint64_t patience = oracle_patience(w) + ORACLE_LOOK_MS;

    if (s->closing && oracle_ms_since(s->close_at) > patience)
        sim_fail("a mailslot ends %u ms after it was closed",
                 (unsigned)oracle_ms_since(s->close_at));
    if (w->stopping && oracle_ms_since(w->stopped_at) > s->options.deliver_timeout_ms + patience)
        sim_fail("a mailslot ends %u ms after the port was stopped",
                 (unsigned)oracle_ms_since(w->stopped_at));
}

/* "Then the mailslot still delivers what it has read." */
void oracle_slot_closed(slot_seen *s, pp_status reason)
{
    const world *w = s->world;

    if (s->closed || s->inside)
        sim_fail("on_close of a mailslot comes twice, or overlaps on_datagram");
    s->closed = true;
    sim_trace("on_close of the mailslot: %s", pp_status_name(reason));
    if (!w->faulty && !oracle__may_end(s, reason))
        sim_fail("a mailslot ends with %s, which has no reason", pp_status_name(reason));
    if (reason == PP_OK && !s->closing && !w->aborted && s->delivered != sim_datagrams_taken)
        sim_fail("a mailslot has read %u datagrams, and delivered %u",
                 (unsigned)sim_datagrams_taken, (unsigned)s->delivered);
    oracle__ends_in_time(s);
}

/* ---- "PP_E_NOT_FOUND: no such slot. PP_E_ACCESS: the slot does not admit us." ------------------
 */

void oracle_sender_opened(const mailer *m, pp_status status)
{
    const slot_seen *s = &m->world->slot;
    bool may = m->far || people_may_send(&s->options.access, m->who->letter);

    if (status == PP_OK && !may)
        sim_fail("sender %u, %c, gets in, and nothing gives it access", m->number, m->who->letter);
    if (m->world->faulty)
        return;
    if (status == PP_E_ACCESS && may)
        sim_fail("sender %u, %c, is denied access", m->number, m->who->letter);
    if (status == PP_E_NOT_FOUND && !s->closing && !m->world->stopping)
        sim_fail("the name of the mailslot is free");
}

/* ---- Sending: "PP_E_TOO_LONG: more than 424 bytes to another machine, or more than the slot
 * takes" -----------------------------------------------------------------------------------------
 */

void oracle_mailed(const mailer *m, size_t length, pp_status status)
{
    const slot_seen *s = &m->world->slot;
    bool too_long = length > (m->far ? 424 : s->options.max_datagram);

    if (status == PP_OK ? !too_long : status == PP_E_TOO_LONG ? too_long : false)
        return;
    if (!m->far && status == PP_E_PEER_CLOSED && (s->closing || s->closed || m->world->stopping))
        return;
    if (!m->world->faulty)
        sim_fail("a send of %zu bytes to a mailslot returns %s", length, pp_status_name(status));
}

/* ---- At the end ------------------------------------------------------------------------------ */

static void oracle__judge_senders(const world *w)
{
    uint64_t least = 0, most = 0;

    for (unsigned i = 0; i < w->mailer_count; i++) {
        const mailer *m = &w->mailers[i];

        least += m->far ? 0 : m->empties;
        most += m->far ? m->empties * 2 : m->empties;
        if (w->calm && !m->far && mail_skip(m, m->arrived) < m->next)
            sim_fail("datagram %u of sender %u never comes", m->arrived, m->number);
    }
    if (w->slot.empties > most || (w->calm && w->slot.empties < least))
        sim_fail("%u datagrams of no bytes came, and %u were sent", (unsigned)w->slot.empties,
                 (unsigned)most);
}

void oracle_judge_mail(const world *w)
{
    const slot_seen *s = &w->slot;
    pp_stats stats;

    if (s->listening && !s->closed)
        sim_fail("a mailslot has no on_close");
    oracle__judge_senders(w);
    pp_port_stats(w->port, &stats);
    if (stats.datagrams_in != s->delivered || stats.datagrams_empty != s->empties ||
        stats.datagrams_oversized != 0)
        sim_fail("%u datagrams came, %u of them empty, and the port counts %u and %u",
                 (unsigned)s->delivered, (unsigned)s->empties, (unsigned)stats.datagrams_in,
                 (unsigned)stats.datagrams_empty);
}
