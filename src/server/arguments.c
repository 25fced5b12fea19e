#include "server/arguments.h"

#include "base/error.h"
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

/* Every target within the setting's scopes gets the value. */
static pp_status arguments__give(program *p, const setting *s, const char *value, pp_error *error)
{
    pp_status status = PP_OK;

    if (s->scopes & SCOPE_PROGRAM)
        status = setting_for_program(s, p, value, &where_command_line, error);
    for (size_t i = 0; i < p->endpoint_count && status == PP_OK; i++)
        if (s->scopes & p->endpoints[i].kind)
            status = setting_for_endpoint(s, &p->endpoints[i], value, &where_command_line, error);
    return status;
}

/* Takes one argument, and the next when that is its value: `used` says how many. */
static pp_status arguments__take(program *p, const char *text, const char *next, int *used,
                                 pp_error *error)
{
    arguments__part a;
    setting s;
    pp_status status;

    if (!arguments__split(&a, text, next) || !setting_find(&s, a.name, a.name_length))
        return error_set(error, PP_E_ARGUMENT, 0,
                         "unknown option \"%s\"; see pipeport serve --help",
                         utf_shorten(text).text);
    *used = setting_takes_value(&s) && !a.joined ? 2 : 1;
    if (!setting_takes_value(&s))
        return arguments__give(p, &s, a.joined ? a.value : NULL, error);
    status = arguments__check_value(&a, s.name, error);
    return status == PP_OK ? arguments__give(p, &s, a.value, error) : status;
}

pp_status arguments_read(program *p, int count, char **arguments, pp_error *error)
{
    pp_status status = PP_OK;

    program_init(p);
    /* The pipe opens last: when a client can connect, nothing can fail any more. */
    program_add(p, SCOPE_MAILSLOT);
    program_add(p, SCOPE_PIPE);
    for (int i = 0, used = 1; i < count && status == PP_OK && !p->help; i += used)
        status =
            arguments__take(p, arguments[i], i + 1 < count ? arguments[i + 1] : NULL, &used, error);
    for (size_t i = 0; i < p->endpoint_count && status == PP_OK; i++)
        status = endpoint_check(&p->endpoints[i], &where_command_line, error);
    return status;
}
