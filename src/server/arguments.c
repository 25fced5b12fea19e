#include "server/arguments.h"

#include "base/error.h"
#include "server/config.h"
#include "server/nearest.h"
#include "server/setting.h"

#include <string.h>

/* An argument taken apart: --name, --name value or --name=value. */
typedef struct arguments__part {
    const char *name, *value;
    size_t name_length;
    bool joined; /* the value was in the same argument */
} arguments__part;

static bool arguments__split(arguments__part *a, const char *text, const char *next)
{
    const char *equals = strchr(text, '=');

    if (strncmp(text, "--", 2) != 0)
        return false;
    a->name = text + 2;
    a->joined = equals != NULL;
    a->name_length = equals ? (size_t)(equals - a->name) : strlen(a->name);
    a->value = equals ? equals + 1 : next;
    return true;
}

/* An option after an option is no value: the user forgot the value. Joined by "=" it is one. */
static pp_status arguments__check_value(const arguments__part *a, const char *name, pp_error *error)
{
    if (a->joined || !a->value || strncmp(a->value, "--", 2) != 0)
        return PP_OK;
    return error_set(error, PP_E_ARGUMENT, 0,
                     "--%s needs a value, and \"%s\" is an option; allowed: --%s=VALUE, where "
                     "VALUE may begin with --",
                     name, utf_shorten(a->value).text, name);
}

/* The only endpoint of its kind, which is added when the file has none: one name fits no two. */
static pp_status arguments__give_name(program *p, const setting *s, const char *value,
                                      pp_error *error)
{
    const scope kind = (scope)s->scopes;
    const size_t count = program_count(p, kind);
    endpoint *e = count == 0 ? program_add(p, kind) : program_find(p, kind);

    if (count > 1 || !e)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "--%s names one %s, and %s has %u; allowed: with a file that has one",
                         s->name, setting_scope_name(kind), utf_shorten(p->config).text,
                         (unsigned)count);
    return setting_for_endpoint(s, e, value, &where_command_line, error);
}

/* Every target within the setting's scopes gets the value. */
static pp_status arguments__give(program *p, const setting *s, const char *value, pp_error *error)
{
    pp_status status = PP_OK;

    if (setting_is_name(s))
        return arguments__give_name(p, s, value, error);
    if (s->scopes & SCOPE_PROGRAM)
        status = setting_for_program(s, p, value, &where_command_line, error);
    for (size_t i = 0; i < p->endpoint_count && status == PP_OK; i++)
        if (s->scopes & p->endpoints[i].kind)
            status = setting_for_endpoint(s, &p->endpoints[i], value, &where_command_line, error);
    return status;
}

static pp_status arguments__refuse(const char *text, pp_error *error)
{
    size_t hyphens = strncmp(text, "--", 2) == 0 ? 2 : 0;
    nearest closest = nearest_to(text + hyphens, strcspn(text + hyphens, "="));
    setting s;

    for (unsigned i = 0; setting_at(&s, i); i++)
        nearest_offer(&closest, s.name);
    return error_set(error, PP_E_ARGUMENT, 0,
                     "unknown option \"%s\"%s%s; see pipeport serve --help", utf_shorten(text).text,
                     closest.best[0] ? "; the nearest is --" : "", closest.best);
}

/* Takes an argument apart, and the next one when that is its value: `used` says how many. */
static pp_status arguments__parse(const char *text, const char *next, arguments__part *a,
                                  setting *s, int *used, pp_error *error)
{
    if (!arguments__split(a, text, next) || !setting_find(s, a->name, a->name_length))
        return arguments__refuse(text, error);
    *used = setting_takes_value(s) && !a->joined ? 2 : 1;
    if (setting_takes_value(s))
        return arguments__check_value(a, s->name, error);
    a->value = a->joined ? a->value : NULL;
    return PP_OK;
}

/* Options are given in this order, wherever they stand. */
typedef enum arguments__turn {
    ARGUMENTS__FIRST, /* before the file is read */
    ARGUMENTS__NAMES, /* which may add an endpoint that further options are for */
    ARGUMENTS__REST
} arguments__turn;

static arguments__turn arguments__turn_of(const setting *s)
{
    return setting_comes_first(s) ? ARGUMENTS__FIRST
           : setting_is_name(s)   ? ARGUMENTS__NAMES
                                  : ARGUMENTS__REST;
}

static pp_status arguments__take(program *p, int count, char **arguments, arguments__turn turn,
                                 pp_error *error)
{
    pp_status status = PP_OK;

    for (int i = 0, used = 1; i < count && status == PP_OK && !p->help; i += used) {
        arguments__part a = {0};
        setting s;

        status = arguments__parse(arguments[i], i + 1 < count ? arguments[i + 1] : NULL, &a, &s,
                                  &used, error);
        if (status == PP_OK && arguments__turn_of(&s) == turn)
            status = arguments__give(p, &s, a.value, error);
    }
    return status;
}

/* What the command line says comes before what the file says. */
static pp_status arguments__read_file(program *p, pp_error *error)
{
    pp_status status = config_read(p, error);

    p->given = 0;
    for (size_t i = 0; i < p->endpoint_count; i++)
        p->endpoints[i].given = 0;
    return status;
}

static pp_status arguments__check_names(const program *p, size_t count, const where *w,
                                        pp_error *error)
{
    const endpoint *e = &p->endpoints[count];

    for (size_t i = 0; i < count; i++)
        if (endpoint_is_twin(e, &p->endpoints[i]))
            return error_set(error, PP_E_ARGUMENT, 0,
                             "%sthe %s \"%s\" has a section before; allowed: one", w->place,
                             setting_scope_name(e->kind), utf_shorten(endpoint_name(e)).text);
    return PP_OK;
}

static pp_status arguments__check(const program *p, pp_error *error)
{
    pp_status status = PP_OK;
    size_t served = 0;

    for (size_t i = 0; i < p->endpoint_count && status == PP_OK; i++) {
        char place[WHERE_PLACE];
        where w = config_where(p, &p->endpoints[i], place);

        status = endpoint_check(&p->endpoints[i], &w, error);
        if (status == PP_OK)
            status = arguments__check_names(p, i, &w, error);
        served += !p->endpoints[i].left_out;
    }
    if (status == PP_OK && p->endpoint_count == 0)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "%s has no section [pipe NAME] or [mailslot NAME], so there is nothing to "
                         "serve",
                         utf_shorten(p->config).text);
    if (status == PP_OK && served == 0)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "--no-mailslot leaves nothing to serve; allowed: beside a pipe");
    return status;
}

pp_status arguments_read(program *p, int count, char **arguments, pp_error *error)
{
    pp_status status;

    program_init(p);
    status = arguments__take(p, count, arguments, ARGUMENTS__FIRST, error);
    if (status != PP_OK || p->help || p->example)
        return status;
    if (p->config) {
        status = arguments__read_file(p, error);
    } else {
        program_add(p, SCOPE_MAILSLOT);
        program_add(p, SCOPE_PIPE);
    }
    if (status == PP_OK)
        status = arguments__take(p, count, arguments, ARGUMENTS__NAMES, error);
    if (status == PP_OK)
        status = arguments__take(p, count, arguments, ARGUMENTS__REST, error);
    return status == PP_OK ? arguments__check(p, error) : status;
}
