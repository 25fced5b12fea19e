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

static pp_status word__config(void *target, const char *value, const char *field, pp_error *error)
{
    program *p = target;

    (void)field, (void)error;
    p->config = value;
    return PP_OK;
}

static pp_status word__control(void *target, const char *value, const char *field, pp_error *error)
{
    program *p = target;
    name_path path;

    p->control = value;
    return strcmp(value, PROGRAM_OFF) == 0
               ? PP_OK
               : name_parse(&path, NAME_PIPE, value, true, field, error);
}

static bool word__show_control(const void *target, char *text)
{
    const program *p = target;

    utf_fit(text, WORD_SHOWN, p->control ? p->control : "");
    return p->control != NULL;
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

/* ---- Showing -------------------------------------------------------------------------------- */

static size_t word__mode_of(const void *target)
{
    const endpoint *e = target;

    return (size_t)e->listen.conn.mode;
}

static size_t word__lane_of(const void *target)
{
    const endpoint *e = target;

    return (size_t)e->listen.conn.lane;
}

static size_t word__service_of(const void *target)
{
    const endpoint *e = target;
    size_t index = 0;

    while (index + 1 < SERVICE_COUNT && service_table[index] != e->service)
        index++;
    return index;
}

static size_t word__log_level_of(const void *target)
{
    const program *p = target;

    return (size_t)p->port.log_level;
}

static bool word__show_users(const void *target, char *text)
{
    const endpoint *e = target;
    size_t used = 0;

    text[0] = 0;
    for (size_t i = 0; i < e->access.allow_count; i++) {
        utf_fit(text + used, WORD_SHOWN - used, i > 0 ? "," : "");
        used = strlen(text);
        utf_fit(text + used, WORD_SHOWN - used, e->access.allow[i]);
        used = strlen(text);
        if (used + sizeof UTF_CUT >= WORD_SHOWN)
            break;
    }
    return used > 0;
}

static bool word__show_sddl(const void *target, char *text)
{
    const endpoint *e = target;

    utf_fit(text, WORD_SHOWN, e->access.sddl ? e->access.sddl : "");
    return e->access.sddl != NULL;
}

/* ---- The table ------------------------------------------------------------------------------ */

const word_row word_table[WORD_COUNT] = {
    {"config", "read this configuration file; options beside it come before what it says", "FILE",
     SCOPE_PROGRAM, .use = WORD_FIRST, .take = word__config},
    {"check", "only check the options and the file, and print what would be served", NULL,
     SCOPE_PROGRAM, .use = WORD_FIRST, .flag = offsetof(program, check)},
    {"example", "print a configuration file with every key and its default", NULL, SCOPE_PROGRAM,
     .use = WORD_FIRST, .flag = offsetof(program, example)},
    {"pipe", "a bare name or \\\\.\\pipe\\NAME; default: pipeport", "NAME", SCOPE_PIPE,
     .use = WORD_NAME, .take = word__pipe},
    {"mode", NULL, "MODE", SCOPE_PIPE, .choice = endpoint_mode_name, .choose = word__mode,
     .chosen = word__mode_of},
    {"lane", NULL, "WHEN", SCOPE_PIPE, .choice = endpoint_lane_name, .choose = word__lane,
     .chosen = word__lane_of},
    {"service", NULL, "SERVICE", WORD__ENDPOINTS, .choice = service_name, .choose = word__service,
     .chosen = word__service_of},
    {"mailslot",
     "a bare name or \\\\.\\mailslot\\NAME; default: pipeport, or none if that is taken", "NAME",
     SCOPE_MAILSLOT, .use = WORD_NAME, .take = word__mailslot},
    {"no-mailslot", "open no mailslot", NULL, SCOPE_MAILSLOT, .use = WORD_COMMAND,
     .flag = offsetof(endpoint, left_out)},
    {"allow", "also admit this user or SID; may be repeated", "USER", WORD__ENDPOINTS,
     .repeats = true, .sample = "S-1-5-11", .take = word__allow, .show = word__show_users},
    {"sddl", "security descriptor; replaces the default and --allow", "STRING", WORD__ENDPOINTS,
     .sample = "D:(A;;GA;;;SY)(A;;GA;;;BA)", .take = word__sddl, .show = word__show_sddl},
    {"strict", "users of --allow may not create instances of the pipe", NULL, SCOPE_PIPE,
     .flag = offsetof(endpoint, access.strict)},
    {"refuse-unknown", "end connections of clients that hide their user", NULL, SCOPE_PIPE,
     .flag = offsetof(endpoint, listen.refuse_unknown)},
    {"allow-remote", "admit clients of other machines", NULL, WORD__ENDPOINTS,
     .flag = offsetof(endpoint, access.allow_remote)},
    {"log-level", NULL, "LEVEL", SCOPE_PROGRAM, .choice = logger_level_name, .preset = PP_LOG_INFO,
     .choose = word__log_level, .chosen = word__log_level_of},
    {"control",
     "name of the control pipe, or off; default: that of the first pipe with .control behind",
     "NAME", SCOPE_PROGRAM, .sample = "pipeport.control", .take = word__control,
     .show = word__show_control},
    {"json", "print the ready line, the figures and the last line as JSON", NULL, SCOPE_PROGRAM,
     .flag = offsetof(program, json)},
    {"help", "print this", NULL, SCOPE_PROGRAM, .use = WORD_FIRST, .flag = offsetof(program, help)},
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

static pp_status word__switch(const word_row *row, void *target, const char *value,
                              const char *field, pp_error *error)
{
    bool off = value && strcmp(value, "no") == 0;

    if (!off && value && strcmp(value, "yes") != 0)
        return where_refuse(field, value, "yes or no", error);
    *(bool *)(void *)((char *)target + row->flag) = !off;
    return PP_OK;
}

pp_status word_take(const word_row *row, void *target, const char *value, const char *field,
                    pp_error *error)
{
    char allowed[WORD_ALLOWED];

    word_allowed(row, allowed);
    if (!row->value)
        return word__switch(row, target, value, field, error);
    if (!value)
        return where_refuse(field, NULL, allowed, error);
    if (row->choice)
        return word__choose(row, target, value, field, error);
    return row->take(target, value, field, error);
}

bool word_show(const word_row *row, const void *target, char text[WORD_SHOWN])
{
    if (row->use != WORD_KEY)
        return false;
    if (row->choice) {
        size_t index = row->chosen(target);

        snprintf(text, WORD_SHOWN, "%s", row->choice(index));
        return index != row->preset;
    }
    if (row->show)
        return row->show(target, text);
    snprintf(text, WORD_SHOWN, "yes");
    return *(const bool *)(const void *)((const char *)target + row->flag);
}
