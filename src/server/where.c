#include "server/where.h"

#include <stdio.h>

const where where_command_line = {"", "--"};

void where_field(const where *w, const char *name, char field[WHERE_FIELD])
{
    snprintf(field, WHERE_FIELD, "%s%s%s", w->place, w->hyphens, name);
}

pp_status where_refuse(const char *field, const char *value, const char *allowed, pp_error *error)
{
    if (!value)
        return error_set(error, PP_E_ARGUMENT, 0, "%s needs a value: %s", field, allowed);
    return error_set(error, PP_E_ARGUMENT, 0, "%s is \"%s\"; allowed: %s", field,
                     utf_shorten(value).text, allowed);
}
