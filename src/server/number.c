#include "server/number.h"

#include "server/where.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Steps over digits; false when there are none or the value does not fit. */
static bool number__digits(const char **text, uint64_t *value)
{
    const char *at = *text;

    *value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');

        if (*value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    if (at == *text)
        return false;
    *text = at;
    return true;
}

static bool number__multiply(uint64_t *value, uint64_t by)
{
    if (*value > UINT64_MAX / by)
        return false;
    *value *= by;
    return true;
}

/* Milliseconds after the point of seconds. */
static bool number__fraction(const char **text, uint64_t *ms)
{
    *ms = 0;
    if (**text != '.')
        return true;
    (*text)++;
    for (uint64_t worth = 100; **text >= '0' && **text <= '9'; (*text)++, worth /= 10) {
        if (worth == 0 && **text != '0')
            return false; /* finer than a millisecond */
        *ms += (uint64_t)(**text - '0') * worth;
    }
    return true;
}

static bool number__suffix(const char **text, uint64_t *value)
{
    unsigned shift = 0;

    switch (**text) {
    case 'K':
    case 'k':
        shift = 10;
        break;
    case 'M':
    case 'm':
        shift = 20;
        break;
    case 'G':
    case 'g':
        shift = 30;
        break;
    default:
        return true;
    }
    (*text)++;
    return number__multiply(value, 1ull << shift);
}

/* False: the text is no such number, or the number needs more than 64 bits. */
static bool number__parse(option_unit unit, const char *text, uint64_t *value)
{
    uint64_t ms = 0;
    bool ok = number__digits(&text, value);

    if (ok && unit == OPTION_MS) {
        ok = number__multiply(value, 1000) && number__fraction(&text, &ms) &&
             *value <= UINT64_MAX - ms;
        *value += ms;
    }
    if (ok && unit == OPTION_BYTES)
        ok = number__suffix(&text, value);
    return ok && *text == 0;
}

void number_print(option_unit unit, uint64_t value, char text[NUMBER_TEXT])
{
    static const char suffixes[] = {0, 'K', 'M', 'G', 0};
    unsigned step = 0;

    if (unit == OPTION_MS && value % 1000 != 0) {
        snprintf(text, NUMBER_TEXT, "%g", (double)value / 1000);
        return;
    }
    if (unit == OPTION_MS)
        value /= 1000;
    for (; unit == OPTION_BYTES && value > 0 && value % 1024 == 0 && suffixes[step + 1]; step++)
        value /= 1024;
    snprintf(text, NUMBER_TEXT, "%" PRIu64 "%.1s", value, &suffixes[step]);
}

static const char *number__unit(option_unit unit)
{
    return unit == OPTION_BYTES ? " bytes" : unit == OPTION_MS ? " seconds" : "";
}

static bool number__can_be_off(const option_row *row)
{
    return row->zero_allowed && row->unit == OPTION_MS;
}

void number_option_name(const option_row *row, char name[NUMBER_NAME])
{
    size_t length = strlen(row->name);

    if (row->unit == OPTION_MS)
        length -= strlen("_ms");
    snprintf(name, NUMBER_NAME, "%.*s", (int)length, row->name);
    for (; *name; name++)
        if (*name == '_')
            *name = '-';
}

void number_range(const option_row *row, char text[NUMBER_RANGE])
{
    char least[NUMBER_TEXT], most[NUMBER_TEXT];

    number_print(row->unit, row->least, least);
    number_print(row->unit, row->most, most);
    snprintf(text, NUMBER_RANGE, "%s to %s%s%s", least, most, number__unit(row->unit),
             number__can_be_off(row) ? ", or off"
             : row->zero_allowed     ? ", or 0"
                                     : "");
}

void number_show(const option_row *row, uint64_t value, char text[NUMBER_TEXT])
{
    if (value == 0 && number__can_be_off(row))
        snprintf(text, NUMBER_TEXT, "off");
    else
        number_print(row->unit, value, text);
}

const char *number_meaning_of_zero(const option_row *row)
{
    const char *found = row->zero_allowed ? strstr(row->help, NUMBER_ZERO) : NULL;

    return found ? found + strlen(NUMBER_ZERO) : NULL;
}

pp_status number_take(const option_row *row, void *options, const char *value, const char *field,
                      pp_error *error)
{
    char range[NUMBER_RANGE];
    uint64_t number = 0;
    bool ok = value && number__parse(row->unit, value, &number) && number >= row->least &&
              number <= row->most;

    if (value && row->zero_allowed && strcmp(value, number__can_be_off(row) ? "off" : "0") == 0) {
        number = 0;
        ok = true;
    }
    if (ok) {
        *option_member(row, options) = number;
        return PP_OK;
    }
    number_range(row, range);
    return where_refuse(field, value, range, error);
}
