/*
 * A mailslot on the port, what programs do in its callbacks, and its senders: ours, by pp_sender_*;
 * by the Windows calls alone; and by names that reach across machines.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define MAIL__HEADER 5
#define MAIL__MOST_REMOTE 424

/* ---- Datagrams ------------------------------------------------------------------------------- */

/* Some are empty, some as long as allowed. */
static size_t mail__length(const mailer *m, unsigned number)
{
    size_t most = m->world->slot.options.max_datagram;
    uint32_t hash = (number * 89 + m->number) * 2654435761u >> 8;

    if (m->far && most > MAIL__MOST_REMOTE)
        most = MAIL__MOST_REMOTE;
    if (hash % 8 == 0)
        return 0;
    return hash % 8 == 1 ? most : MAIL__HEADER + hash % (most - MAIL__HEADER + 1);
}

size_t mail_datagram(const mailer *m, unsigned number, char data[MAIL_ROOM])
{
    memcpy(data, flow_noise() + (m->number * 1000 + number) % 60000, MAIL_ROOM);
    data[0] = (char)m->number;
    memcpy(data + 1, &number, sizeof number);
    return mail__length(m, number);
}

unsigned mail_skip(const mailer *m, unsigned number)
{
    while (number < m->next && mail__length(m, number) == 0)
        number++;
    return number;
}

/* ---- What users ask for ---------------------------------------------------------------------- */

static void mail__resume(slot_seen *s)
{
    if (!s->mailslot)
        return;
    s->users++;
    s->resumes++;
    s->resuming++;
    pp_mailslot_resume(s->mailslot);
    s->resuming--;
    s->resumes++; /* it may have come after what began meanwhile */
    s->held = false;
    s->users--;
}

/* False: another thread uses it, or it was closed before. */
static bool mail__close(slot_seen *s)
{
    pp_mailslot *mailslot = s->users == 0 ? s->mailslot : NULL;

    if (!mailslot)
        return false;
    s->mailslot = NULL;
    s->closing = true;
    s->close_at = sim_now_ns();
    pp_mailslot_close(&mailslot);
    return true;
}

void mail_meddle(world *w)
{
    if (!w->calm && sim_chance(16))
        mail__close(&w->slot);
    else
        mail__resume(&w->slot);
}

/* ---- Callbacks ------------------------------------------------------------------------------- */

static void mail__resume_later(void *user, pp_status status)
{
    (void)status;
    mail__resume(user);
}

/* Refuses it, now and then, in each of the ways: it resumes before, later, or never. */
static bool mail__refuses(slot_seen *s)
{
    if (world_does(s->manners.resumes)) {
        mail__resume(s);
        return true;
    }
    if (!world_does(s->manners.pauses))
        return false;
    return (!s->world->calm && sim_chance(8)) ||
           pp_port_after(s->world->port, sim_draw(40), mail__resume_later, s, NULL) == PP_OK;
}

static pp_status mail__came(void *user, const void *data, size_t length)
{
    slot_seen *s = user;
    unsigned resumes = s->resumes;
    bool refuses;

    oracle_datagram(s, data, length);
    conns_linger(s->world, &s->manners);
    if (world_does(s->manners.stops))
        world_stop(s->world, sim_chance(2));
    refuses = mail__refuses(s);
    if (refuses && s->resumes == resumes)
        s->held = true;
    if (!refuses)
        oracle_taken(s, data, length);
    if (world_does(s->manners.closes))
        s->shut = mail__close(s) || s->shut;
    sim_point();
    s->inside = false;
    sim_wake(&s->world->clients_done);
    return refuses ? PP_E_AGAIN : world_does(s->manners.fails) ? PP_E_REFUSED : PP_OK;
}

static void mail__closed(void *user, pp_status reason)
{
    oracle_slot_closed(user, reason);
}

/* ---- Senders --------------------------------------------------------------------------------- */

static pp_status mail__send_plain(HANDLE handle, const char *data, size_t length)
{
    DWORD bytes;

    if (WriteFile(handle, data, (DWORD)length, &bytes, NULL))
        return PP_OK;
    return GetLastError() == ERROR_HANDLE_EOF ? PP_E_PEER_CLOSED : PP_E_TOO_LONG;
}

/* One datagram, or now and then one that is too long. False: the slot has closed. */
static bool mail__send(mailer *m, HANDLE handle, pp_sender *sender)
{
    char data[MAIL_ROOM];
    size_t length = mail_datagram(m, m->next, data);
    size_t longest = m->far ? MAIL__MOST_REMOTE : m->world->slot.options.max_datagram;
    pp_status status;

    if (sim_chance(16))
        length = longest + 1;
    else
        m->empties += length == 0;
    status =
        m->plain ? mail__send_plain(handle, data, length) : pp_sender_send(sender, data, length);
    oracle_mailed(m, length, status);
    if (length <= longest && status == PP_OK)
        m->next++;
    else if (length == 0)
        m->empties--;
    return status != PP_E_PEER_CLOSED;
}

static pp_status mail__open_sender(const mailer *m, HANDLE *handle, pp_sender **sender)
{
    WCHAR path[40];

    *handle = INVALID_HANDLE_VALUE;
    *sender = NULL;
    if (!m->plain)
        return pp_sender_open(sender, m->name, NULL);
    swprintf(path, sizeof path / sizeof *path, L"\\\\%ls\\mailslot\\m", m->far ? L"*" : L".");
    *handle = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    return *handle != INVALID_HANDLE_VALUE         ? PP_OK
           : GetLastError() == ERROR_ACCESS_DENIED ? PP_E_ACCESS
                                                   : PP_E_NOT_FOUND;
}

static DWORD mail__main(void *argument)
{
    mailer *m = argument;
    pp_sender *sender;
    HANDLE handle;
    pp_status status;

    if (m->plain)
        sim_spare();
    sim_sleep(sim_draw(50));
    if (pp_sender_open(&sender, "absent", NULL) == PP_OK)
        sim_fail("a mailslot is found that nobody has made");
    status = mail__open_sender(m, &handle, &sender);
    oracle_sender_opened(m, status);
    while (status == PP_OK && !m->world->over && m->next < m->to_send) {
        if (m->slow_ms > 0)
            sim_sleep(sim_draw(m->slow_ms));
        if (!mail__send(m, handle, sender))
            break;
    }
    if (handle != INVALID_HANDLE_VALUE)
        CloseHandle(handle);
    pp_sender_close(&sender);
    m->done = true;
    sim_wake(&m->world->clients_done);
    return 0;
}

/* ---- The course of it ------------------------------------------------------------------------ */

static void mail__draw_sender(world *w, unsigned number)
{
    static const char *const far[] = {"\\\\ONE\\mailslot\\m", "\\\\*\\mailslot\\m",
                                      "\\\\DOMAIN\\mailslot\\m"};
    mailer *m = &w->mailers[number];

    m->world = w;
    m->number = number + 1;
    m->plain = !w->walk.on && sim_chance(2);
    m->far = !w->walk.on && sim_chance(3);
    m->who = w->crowd ? people_draw() : &people_owner;
    m->far = m->far || m->who->process.machine > 0;
    m->name = m->far ? far[sim_draw(3)] : sim_chance(2) ? "M" : "\\\\.\\mailslot\\m";
    m->to_send = 1 + sim_draw(w->walk.on ? 3 : 60);
    m->slow_ms = sim_chance(3) ? 1 + sim_draw(30) : 0;
}

void mail_draw(world *w)
{
    slot_seen *s = &w->slot;

    if (!w->walk.on && !sim_chance(3))
        return;
    pp_mailslot_options_init(&s->options);
    s->world = w;
    s->options.name = "m";
    s->options.max_datagram = MAIL__HEADER + sim_draw(sim_chance(2) ? 20 : 900);
    s->options.deliver_timeout_ms = w->calm ? 3600 * 1000 : sim_chance(4) ? 0 : sim_draw(2000);
    if (w->crowd)
        people_draw_access(&s->options.access, true);
    s->options.on_datagram = mail__came;
    s->options.on_close = mail__closed;
    s->options.user = s;
    s->manners = w->places[0].manners;
    s->refused_length = SIZE_MAX;
    sim_slots_take_no_port = sim_chance(2);
    w->mailer_count = w->walk.on ? 2 : 1 + sim_draw(WORLD_MOST_MAILERS);
    for (unsigned i = 0; i < w->mailer_count; i++)
        mail__draw_sender(w, i);
}

void mail_open(world *w)
{
    pp_error error;

    if (w->mailer_count == 0)
        return;
    w->slot.listening =
        pp_mailslot_listen(w->port, &w->slot.options, &w->slot.mailslot, &error) == PP_OK;
    if (!w->slot.listening && !w->faulty && !w->stopping)
        sim_fail("pp_mailslot_listen: %s", error.message);
    if (w->slot.listening && (w->walk.on || sim_chance(8)) && !w->faulty &&
        pp_mailslot_listen(w->port, &w->slot.options, NULL, &error) != PP_E_NAME_TAKEN)
        sim_fail("pp_mailslot_listen for a name that is taken: %s", error.message);
}

void mail_start(world *w)
{
    for (unsigned i = 0; i < w->mailer_count && w->slot.listening; i++)
        w->mailers[i].thread = sim_spawn(&w->mailers[i].who->process, mail__main, &w->mailers[i]);
}

/* The senders are done. In a calm world all that they sent has come, too. */
bool mail_is_quiet(const world *w)
{
    uint64_t empties = 0;

    for (unsigned i = 0; i < w->mailer_count && w->slot.listening; i++) {
        const mailer *m = &w->mailers[i];

        if (!m->done || (w->calm && !m->far && mail_skip(m, m->arrived) < m->next))
            return false;
        empties += m->far ? 0 : m->empties;
    }
    return !w->calm || w->slot.empties >= empties;
}

void mail_close(world *w)
{
    for (unsigned i = 0; i < w->mailer_count; i++)
        world_join(&w->mailers[i].thread);
    oracle_judge_mail(w);
    pp_mailslot_close(&w->slot.mailslot);
}
