#include "server/endpoint.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/name.h"

#include <ctype.h>
#include <inttypes.h>

void endpoint_init(endpoint *e, scope kind)
{
    *e = (endpoint){.kind = kind, .service = service_table[0]};
    pp_listen_options_init(&e->listen);
    pp_mailslot_options_init(&e->mailslot);
}

void endpoint_free(endpoint *e)
{
    mem_free((void *)e->allow);
    e->allow = NULL;
    e->access = (pp_access){0};
}

pp_status endpoint_allow(endpoint *e, const char *user, pp_error *error)
{
    size_t count = e->access.allow_count;
    const char **grown = mem_resize((void *)e->allow, (count + 1) * sizeof *grown);

    if (!grown)
        return error_set(error, PP_E_MEMORY, 0, "no memory for the list of --allow");
    grown[count] = user;
    e->access.allow = e->allow = grown;
    e->access.allow_count = count + 1;
    return PP_OK;
}

const char *endpoint_name(const endpoint *e)
{
    return e->kind == SCOPE_PIPE ? e->listen.name : e->mailslot.name;
}

/* Letters of either case are the same; of other alphabets Windows finds that out. */
static bool endpoint__is_same(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

bool endpoint_is_twin(const endpoint *e, const endpoint *other)
{
    const name_kind kind = e->kind == SCOPE_PIPE ? NAME_PIPE : NAME_MAILSLOT;
    name_path path, other_path;

    return e->kind == other->kind &&
           name_parse(&path, kind, endpoint_name(e), true, "", NULL) == PP_OK &&
           name_parse(&other_path, kind, endpoint_name(other), true, "", NULL) == PP_OK &&
           endpoint__is_same(path.text, other_path.text);
}

/* "LOW is 2; allowed: at most HIGH, which is 1" */
static pp_status endpoint__check_order(const where *w, const char *low, uint64_t low_value,
                                       const char *high, uint64_t high_value, pp_error *error)
{
    char field[WHERE_FIELD];

    if (low_value <= high_value)
        return PP_OK;
    where_field(w, low, field);
    return error_set(error, PP_E_ARGUMENT, 0,
                     "%s is %" PRIu64 "; allowed: at most %s%s, which is %" PRIu64, field,
                     low_value, w->hyphens, high, high_value);
}

static pp_status endpoint__check_ring(const where *w, uint64_t size, pp_error *error)
{
    char field[WHERE_FIELD];

    if ((size & (size - 1)) == 0)
        return PP_OK;
    where_field(w, "lane-ring", field);
    return error_set(error, PP_E_ARGUMENT, 0, "%s is %" PRIu64 "; allowed: a power of two", field,
                     size);
}

pp_status endpoint_check(const endpoint *e, const where *w, pp_error *error)
{
    const pp_listen_options *l = &e->listen;
    pp_status status = endpoint__check_order(w, "low-mark", l->conn.low_mark, "high-mark",
                                             l->conn.high_mark, error);

    if (status == PP_OK)
        status = endpoint__check_ring(w, l->conn.lane_ring, error);
    if (status != PP_OK)
        return status;
    return endpoint__check_order(w, "accept-ready", l->accept_ready, "accept-depth",
                                 l->accept_depth, error);
}

bool endpoint_raise_max_message(endpoint *e)
{
    pp_conn_options *conn = &e->listen.conn;

    if (e->kind != SCOPE_PIPE || conn->mode != PP_MODE_STREAM ||
        conn->max_message >= ENDPOINT_LONGEST_READ)
        return false;
    conn->max_message = ENDPOINT_LONGEST_READ;
    return true;
}

pp_status endpoint_open(endpoint *e, pp_port *port, void *state, sessions *all, pp_error *error)
{
    e->home = (session_home){all, e->service, state, endpoint_name(e)};
    if (e->kind == SCOPE_MAILSLOT) {
        e->mailslot.access = e->access;
        e->mailslot.on_datagram = e->service->on_datagram;
        e->mailslot.user = state;
        return pp_mailslot_listen(port, &e->mailslot, &e->slot, error);
    }
    e->listen.access = e->access;
    e->listen.conn.handlers = session_handlers(e->service);
    e->listen.conn.user = &e->home;
    return pp_listen(port, &e->listen, &e->listener, error);
}

void endpoint_close(endpoint *e)
{
    if (e->listener)
        pp_listener_close(&e->listener);
    if (e->slot)
        pp_mailslot_close(&e->slot);
}

const char *endpoint_path(const endpoint *e)
{
    if (e && e->listener)
        return pp_listener_path(e->listener);
    return e && e->slot ? pp_mailslot_path(e->slot) : "none";
}

const char *endpoint_lane_name(size_t lane)
{
    static const char *const names[] = {"auto", "off"};

    return lane < sizeof names / sizeof *names ? names[lane] : NULL;
}

const char *endpoint_mode_name(size_t mode)
{
    static const char *const names[] = {"stream", "message", "framed"};

    return mode < sizeof names / sizeof *names ? names[mode] : NULL;
}
