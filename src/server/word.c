#include "server/word.h"

#include "base/name.h"
#include "server/logger.h"
#include "server/program.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define WORD__ENDPOINTS (SCOPE_PIPE | SCOPE_MAILSLOT)

/* ---- Taking --------------------------------------------------------------------------------- */

static void word__mode(void *target, size_t index)
{
    endpoint *e = target;

    e->listen.conn.mode = (pp_mode)index;
}

static void word__lane(void *target, size_t index)
{
    endpoint *e = target;

    e->listen.conn.lane = (pp_lane)index;
}

static void word__service(void *target, size_t index)
{
    endpoint *e = target;

    e->service = service_table[index];
}

static void word__log_level(void *target, size_t index)
{
    program *p = target;

    p->port.log_level = (pp_log_level)index;
}

static pp_status word__pipe(void *target, const char *value, const char *field, pp_error *error)
{
    endpoint *e = target;
    name_path path;

    e->listen.name = value;
    e->named = true;
    return name_parse(&path, NAME_PIPE, value, true, field, error);
}

static pp_status word__mailslot(void *target, const char *value, const char *field, pp_error *error)
{
    endpoint *e = target;
    name_path path;

    e->mailslot.name = value;
    e->named = true;
    return name_parse(&path, NAME_MAILSLOT, value, true, field, error);
}

static pp_status word__allow(void *target, const char *value, const char *field, pp_error *error)
{
    (void)field;
    return endpoint_allow(target, value, error);
}

static pp_status word__sddl(void *target, const char *value, const char *field, pp_error *error)
{
    endpoint *e = target;

    (void)field, (void)error;
    e->access.sddl = value;
    return PP_OK;
}

/* ---- The table ------------------------------------------------------------------------------ */

const word_row word_table[WORD_COUNT] = {
    {"pipe", "a bare name or \\\\.\\pipe\\NAME; default: pipeport", "NAME", SCOPE_PIPE,
     .take = word__pipe},
    {"mode", NULL, "MODE", SCOPE_PIPE, .choice = endpoint_mode_name, .choose = word__mode},
    {"lane", NULL, "WHEN", SCOPE_PIPE, .choice = endpoint_lane_name, .choose = word__lane},
    {"service", NULL, "SERVICE", WORD__ENDPOINTS, .choice = service_name, .choose = word__service},
    {"mailslot",
     "a bare name or \\\\.\\mailslot\\NAME; default: pipeport, or none if that is taken", "NAME",
     SCOPE_MAILSLOT, .take = word__mailslot},
    {"no-mailslot", "open no mailslot", NULL, SCOPE_MAILSLOT, .flag = offsetof(endpoint, left_out)},
    {"allow", "also admit this user or SID; may be repeated", "USER", WORD__ENDPOINTS,
     .repeats = true, .take = word__allow},
    {"sddl", "security descriptor; replaces the default and --allow", "STRING", WORD__ENDPOINTS,
     .take = word__sddl},
    {"strict", "users of --allow may not create instances of the pipe", NULL, SCOPE_PIPE,
     .flag = offsetof(endpoint, access.strict)},
    {"refuse-unknown", "end connections of clients that hide their user", NULL, SCOPE_PIPE,
     .flag = offsetof(endpoint, listen.refuse_unknown)},
    {"allow-remote", "admit clients of other machines", NULL, WORD__ENDPOINTS,
     .flag = offsetof(endpoint, access.allow_remote)},
    {"log-level", NULL, "LEVEL", SCOPE_PROGRAM, .choice = logger_level_name, .preset = PP_LOG_INFO,
     .choose = word__log_level},
    {"json", "print the ready line, the figures and the last line as JSON", NULL, SCOPE_PROGRAM,
     .flag = offsetof(program, json)},
    {"help", "print this", NULL, SCOPE_PROGRAM, .flag = offsetof(program, help)},
};

/* ---- Rows ----------------------------------------------------------------------------------- */

void word_allowed(const word_row *row, char text[WORD_ALLOWED])
{
    size_t used = 0;

    if (!row->choice) {
        snprintf(text, WORD_ALLOWED, "%s", row->value ? row->value : "");
        return;
    }
    for (size_t i = 0; row->choice(i) && used < WORD_ALLOWED; i++) {
        const char *before = i == 0 ? "" : row->choice(i + 1) ? ", " : " or ";

        used += (size_t)snprintf(text + used, WORD_ALLOWED - used, "%s%s", before, row->choice(i));
    }
}

static pp_status word__choose(const word_row *row, void *target, const char *value,
                              const char *field, pp_error *error)
{
    char allowed[WORD_ALLOWED];

    assert(value);
    for (size_t i = 0; row->choice(i); i++)
        if (strcmp(row->choice(i), value) == 0) {
            row->choose(target, i);
            return PP_OK;
        }
    word_allowed(row, allowed);
    return where_refuse(field, value, allowed, error);
}

pp_status word_take(const word_row *row, void *target, const char *value, const char *field,
                    pp_error *error)
{
    char allowed[WORD_ALLOWED];

    word_allowed(row, allowed);
    if (row->value && !value)
        return where_refuse(field, NULL, allowed, error);
    if (!row->value && value)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is \"%s\"; allowed: no value", field,
                         utf_shorten(value).text);
    if (row->choice)
        return word__choose(row, target, value, field, error);
    if (row->take)
        return row->take(target, value, field, error);
    *(bool *)(void *)((char *)target + row->flag) = true;
    return PP_OK;
}
