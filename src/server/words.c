#include "server/words.h"

#include "base/error.h"
#include "base/name.h"
#include "base/utf.h"

#include <stdio.h>
#include <string.h>

/* ---- Choices -------------------------------------------------------------------------------- */

static const char *const words__modes[] = {"stream", "message", "framed", NULL};
static const char *const words__levels[] = {"error", "warn", "info", "debug", NULL};

const char *settings_mode_name(pp_mode mode)
{
    return words__modes[mode];
}

/* The place of `value` among the names, or -1. */
static int words__find(const char *const *names, const char *value)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], value) == 0)
            return i;
    return -1;
}

static pp_status words__refuse(const char *name, const char *value, const char *allowed,
                               pp_error *error)
{
    return error_set(error, PP_E_ARGUMENT, 0, "--%s is \"%s\"; allowed: %s", name,
                     utf_shorten(value).text, allowed);
}

static pp_status words__mode(settings *s, const char *value, pp_error *error)
{
    int found = words__find(words__modes, value);

    if (found < 0)
        return words__refuse("mode", value, "stream, message or framed", error);
    s->listen.conn.mode = (pp_mode)found;
    return PP_OK;
}

static pp_status words__log_level(settings *s, const char *value, pp_error *error)
{
    int found = words__find(words__levels, value);

    if (found < 0)
        return words__refuse("log-level", value, "error, warn, info or debug", error);
    s->port.log_level = (pp_log_level)found;
    return PP_OK;
}

static pp_status words__service(settings *s, const char *value, pp_error *error)
{
    for (int i = 0; i < SERVICE_COUNT; i++)
        if (strcmp(service_table[i].name, value) == 0) {
            s->service = &service_table[i];
            return PP_OK;
        }
    return words__refuse("service", value, "echo or sink", error);
}

/* ---- Names ---------------------------------------------------------------------------------- */

static pp_status words__pipe(settings *s, const char *value, pp_error *error)
{
    name_path path;

    s->listen.name = value;
    return name_parse(&path, NAME_PIPE, value, true, "--pipe", error);
}

static pp_status words__mailslot(settings *s, const char *value, pp_error *error)
{
    name_path path;

    s->mailslot.name = value;
    s->mailslot_asked = true;
    return name_parse(&path, NAME_MAILSLOT, value, true, "--mailslot", error);
}

static pp_status words__allow(settings *s, const char *value, pp_error *error)
{
    (void)error;
    s->allow[s->listen.access.allow_count++] = value;
    s->mailslot.access.allow_count = s->listen.access.allow_count;
    return PP_OK;
}

static pp_status words__sddl(settings *s, const char *value, pp_error *error)
{
    (void)error;
    s->listen.access.sddl = s->mailslot.access.sddl = value;
    return PP_OK;
}

/* ---- Switches ------------------------------------------------------------------------------- */

static pp_status words__no_mailslot(settings *s, const char *value, pp_error *error)
{
    (void)value, (void)error;
    s->no_mailslot = true;
    return PP_OK;
}

static pp_status words__strict(settings *s, const char *value, pp_error *error)
{
    (void)value, (void)error;
    s->listen.access.strict = true;
    return PP_OK;
}

static pp_status words__refuse_unknown(settings *s, const char *value, pp_error *error)
{
    (void)value, (void)error;
    s->listen.refuse_unknown = true;
    return PP_OK;
}

static pp_status words__allow_remote(settings *s, const char *value, pp_error *error)
{
    (void)value, (void)error;
    s->listen.access.allow_remote = s->mailslot.access.allow_remote = true;
    return PP_OK;
}

static pp_status words__json(settings *s, const char *value, pp_error *error)
{
    (void)value, (void)error;
    s->json = true;
    return PP_OK;
}

static pp_status words__help(settings *s, const char *value, pp_error *error)
{
    (void)value, (void)error;
    s->help = true;
    return PP_OK;
}

/* ---- The table ------------------------------------------------------------------------------ */

const word_row word_table[WORD_COUNT] = {
    {"pipe", "NAME", words__pipe, "a bare name or \\\\.\\pipe\\NAME; default: pipeport"},
    {"mode", "MODE", words__mode, "stream, message or framed; default: stream"},
    {"service", "SERVICE", words__service, "echo or sink; default: echo"},
    {"mailslot", "NAME", words__mailslot,
     "a bare name or \\\\.\\mailslot\\NAME; default: pipeport, or none where that is taken"},
    {"no-mailslot", NULL, words__no_mailslot, "open no mailslot"},
    {"allow", "USER", words__allow, "a user or SID who may connect too; may be repeated"},
    {"sddl", "STRING", words__sddl, "replaces all other rules of who may connect"},
    {"strict", NULL, words__strict, "allowed users may not create instances of the pipe"},
    {"refuse-unknown", NULL, words__refuse_unknown,
     "end connections that do not let the server ask who the user is"},
    {"allow-remote", NULL, words__allow_remote, "let clients of other machines in"},
    {"log-level", "LEVEL", words__log_level, "error, warn, info or debug; default: info"},
    {"json", NULL, words__json, "the ready and the stopped line as JSON objects"},
    {"help", NULL, words__help, "print this"},
};
