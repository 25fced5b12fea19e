#include "options.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS__MOST_IN_FLIGHT (1024.0 * 1024 * 1024)

typedef enum options__kind { OPTIONS__COUNT, OPTIONS__BYTES, OPTIONS__DECIMAL } options__kind;

typedef struct options__number {
    const char *name, *value;
    size_t offset;
    options__kind kind;
    double standard, least, most;
    const char *help;
} options__number;

static const options__number options__numbers[] = {
    {"clients", "NUMBER", offsetof(options, clients), OPTIONS__COUNT, 32, 1, 50000,
     "connections, or senders of datagrams"},
    {"size", "BYTES", offsetof(options, size), OPTIONS__BYTES, 64, 0, 16.0 * 1024 * 1024,
     "size of a message"},
    {"depth", "NUMBER", offsetof(options, depth), OPTIONS__COUNT, 1, 1, 4096,
     "messages that each client keeps outstanding"},
    {"duration", "SECONDS", offsetof(options, duration), OPTIONS__DECIMAL, 10, 0.1, 604800,
     "how long to measure"},
    {"warmup", "SECONDS", offsetof(options, warmup), OPTIONS__DECIMAL, 1, 0, 3600,
     "how long to run before the measuring"},
    {"rate", "NUMBER", offsetof(options, rate), OPTIONS__DECIMAL, 0, 0.01, 10000000,
     "messages a second of all clients together, on schedule; default: as fast as replies come"},
    {"workers", "NUMBER", offsetof(options, workers), OPTIONS__COUNT, 0, 1, 256,
     "threads; default: one for each processor that the process may use"},
};

typedef struct options__text {
    const char *name, *value;
    size_t offset;
    const char *help;
} options__text;

static const options__text options__texts[] = {
    {"pipe", "NAME", offsetof(options, pipe), "a bare name or a path; default: pipeport"},
    {"mode", "MODE", offsetof(options, mode_name), "stream, message or framed; default: stream"},
    {"lane", "WHEN", offsetof(options, lane_name),
     "auto or off: whether framed messages may leave the pipe for shared memory; default: auto"},
    {"mailslot", "NAME", offsetof(options, mailslot), "send datagrams to this slot instead"},
    {"json", "FILE", offsetof(options, json),
     "write the figures to this file; -: to standard output, and no table"},
};

typedef struct options__switch {
    const char *name;
    size_t offset;
    const char *help;
} options__switch;

static const options__switch options__switches[] = {
    {"one-way", offsetof(options, one_way), "send without waiting for replies"},
    {"verify", offsetof(options, verify), "check every byte that comes back"},
    {"quiet", offsetof(options, quiet), "print neither progress nor the table"},
    {"help", offsetof(options, help), "print this"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool options__refuse(char error[OPTIONS_ERROR], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_format(error, OPTIONS_ERROR, format, arguments);
    va_end(arguments);
    return false;
}

#define OPTIONS__LONGEST 40 /* characters of a number */

/* ---- Values --------------------------------------------------------------------------------- */

/* Digits, for decimals with a point, for bytes with K or M behind them. */
static bool options__parse(options__kind kind, const char *text, double *value)
{
    size_t length = strspn(text, kind == OPTIONS__DECIMAL ? "0123456789." : "0123456789");
    char *end;

    if (length == 0 || length > OPTIONS__LONGEST)
        return false;
    *value = strtod(text, &end);
    if (end != text + length)
        return false;
    if (kind == OPTIONS__BYTES && (*end == 'K' || *end == 'k'))
        *value *= 1024, end++;
    else if (kind == OPTIONS__BYTES && (*end == 'M' || *end == 'm'))
        *value *= 1024.0 * 1024, end++;
    return *end == 0;
}

/* Counts and bytes are whole numbers. */
static void options__set_number(options *o, const options__number *row, double number)
{
    void *at = (char *)o + row->offset;

    if (row->kind == OPTIONS__DECIMAL)
        *(double *)at = number;
    else
        *(uint64_t *)at = (uint64_t)number;
}

static bool options__take_number(options *o, const options__number *row, const char *value,
                                 char error[OPTIONS_ERROR])
{
    double number;

    if (value && options__parse(row->kind, value, &number) && number >= row->least &&
        number <= row->most) {
        options__set_number(o, row, number);
        return true;
    }
    return options__refuse(error, "--%s is \"%s\"; allowed: %.15g to %.15g", row->name,
                           text_shorten(value ? value : "").text, row->least, row->most);
}

static bool options__take_text(options *o, const options__text *row, const char *value,
                               char error[OPTIONS_ERROR])
{
    if (!value)
        return options__refuse(error, "--%s needs a value: %s", row->name, row->value);
    *(const char **)(void *)((char *)o + row->offset) = value;
    return true;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static bool options__is(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && strncmp(name, text, length) == 0;
}

/* Of what stands twice one was meant, and we cannot tell which. `bit` is the option's own. */
static bool options__note(options *o, const char *name, size_t bit, char error[OPTIONS_ERROR])
{
    uint32_t mask = 1u << bit;

    if (o->given & mask)
        return options__refuse(error, "--%s is given twice; allowed: once", name);
    o->given |= mask;
    return true;
}

/* Behind an option that takes a value, another option is no value: somebody forgot it. */
static bool options__is_value(const char *name, const char *value, char error[OPTIONS_ERROR])
{
    if (!value || strncmp(value, "--", 2) != 0)
        return true;
    return options__refuse(
        error,
        "--%s needs a value, and \"%s\" is an option; allowed: --%s=VALUE, where "
        "VALUE may begin with --",
        name, text_shorten(value).text, name);
}

/* An argument taken apart: --name, --name value or --name=value. */
typedef struct options__argument {
    const char *name, *value;
    size_t length; /* of the name */
    bool joined;   /* the value was in the same argument */
} options__argument;

static options__argument options__split(const char *text, const char *next)
{
    options__argument a = {.name = strncmp(text, "--", 2) == 0 ? text + 2 : ""};
    const char *equals = strchr(a.name, '=');

    a.joined = equals != NULL;
    a.value = equals ? equals + 1 : next;
    a.length = equals ? (size_t)(equals - a.name) : strlen(a.name);
    return a;
}

/* Takes one argument, and the next when that is its value: `*used` says how many. */
static bool options__take(options *o, const char *text, const char *next, int *used,
                          char error[OPTIONS_ERROR])
{
    options__argument a = options__split(text, next);
    size_t bit = 0;

    *used = a.joined ? 1 : 2;
    for (size_t i = 0; i < COUNT_OF(options__numbers); i++, bit++) {
        const options__number *row = &options__numbers[i];

        if (options__is(row->name, a.name, a.length))
            return options__note(o, row->name, bit, error) &&
                   (a.joined || options__is_value(row->name, a.value, error)) &&
                   options__take_number(o, row, a.value, error);
    }
    for (size_t i = 0; i < COUNT_OF(options__texts); i++, bit++) {
        const options__text *row = &options__texts[i];

        if (options__is(row->name, a.name, a.length))
            return options__note(o, row->name, bit, error) &&
                   (a.joined || options__is_value(row->name, a.value, error)) &&
                   options__take_text(o, row, a.value, error);
    }
    *used = 1;
    for (size_t i = 0; !a.joined && i < COUNT_OF(options__switches); i++, bit++)
        if (options__is(options__switches[i].name, a.name, a.length)) {
            *(bool *)(void *)((char *)o + options__switches[i].offset) = true;
            return options__note(o, options__switches[i].name, bit, error);
        }
    return options__refuse(error, "unknown option \"%s\"; see pipe_load --help",
                           text_shorten(text).text);
}

static bool options__set_mode(options *o, char error[OPTIONS_ERROR])
{
    static const char *const names[] = {"stream", "message", "framed"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], o->mode_name) == 0) {
            o->mode = (pp_mode)i;
            return true;
        }
    return options__refuse(error, "--mode is \"%s\"; allowed: stream, message or framed",
                           text_shorten(o->mode_name).text);
}

static bool options__set_lane(options *o, char error[OPTIONS_ERROR])
{
    o->lane = strcmp(o->lane_name, "off") == 0 ? PP_LANE_OFF : PP_LANE_AUTO;
    if (o->lane == PP_LANE_OFF || strcmp(o->lane_name, "auto") == 0)
        return true;
    return options__refuse(error, "--lane is \"%s\"; allowed: auto or off",
                           text_shorten(o->lane_name).text);
}

/* What only all arguments together tell. */
static bool options__complete(options *o, char error[OPTIONS_ERROR])
{
    double in_flight = (double)o->clients * (double)o->size * (double)o->depth;

    if (!options__set_mode(o, error) || !options__set_lane(o, error))
        return false;
    if (o->mailslot) {
        o->mode_name = "mailslot";
        if (o->verify)
            return options__refuse(error, "--verify is set with --mailslot; allowed: one of "
                                          "them, since datagrams have no replies");
        return true;
    }
    if (o->mode == PP_MODE_STREAM && o->size < 1)
        return options__refuse(error, "--size is 0; allowed in stream mode: 1 to 16777216");
    if (in_flight > OPTIONS__MOST_IN_FLIGHT)
        return options__refuse(error,
                               "--clients times --size times --depth is %.0f bytes; "
                               "allowed: at most 1073741824",
                               in_flight);
    if (o->verify && o->one_way)
        return options__refuse(error, "--verify is set with --one-way; allowed: one of them, since "
                                      "nothing comes back");
    return true;
}

bool options_read(options *o, int count, char **arguments, char error[OPTIONS_ERROR])
{
    *o = (options){.pipe = "pipeport", .mode_name = "stream", .lane_name = "auto"};
    for (size_t i = 0; i < COUNT_OF(options__numbers); i++)
        options__set_number(o, &options__numbers[i], options__numbers[i].standard);
    for (int i = 0, used; i < count && !o->help; i += used) {
        const char *next = i + 1 < count ? arguments[i + 1] : NULL;

        if (!options__take(o, arguments[i], next, &used, error))
            return false;
    }
    return o->help || options__complete(o, error);
}

/* ---- Help ----------------------------------------------------------------------------------- */

static void options__print_row(const char *name, const char *value, const char *help)
{
    char left[40];

    snprintf(left, sizeof left, "--%s %s", name, value);
    printf("  %-22s %s", left, help);
}

void options_print_help(void)
{
    printf("pipe_load [OPTION]...\n"
           "Sends messages over a named pipe, or datagrams to a mailslot, and measures.\n"
           "The status is 0, or 1 when any error or verify failure occurred, or 2 when an\n"
           "argument is wrong. Ctrl-C ends the measuring, prints what was measured, and\n"
           "returns 130.\n\n");
    for (size_t i = 0; i < COUNT_OF(options__texts); i++) {
        options__print_row(options__texts[i].name, options__texts[i].value, options__texts[i].help);
        printf("\n");
    }
    for (size_t i = 0; i < COUNT_OF(options__numbers); i++) {
        const options__number *row = &options__numbers[i];

        options__print_row(row->name, row->value, row->help);
        printf("; %.15g to %.15g", row->least, row->most);
        if (row->standard > 0)
            printf("; default: %.15g", row->standard);
        printf("\n");
    }
    for (size_t i = 0; i < COUNT_OF(options__switches); i++) {
        options__print_row(options__switches[i].name, "", options__switches[i].help);
        printf("\n");
    }
    printf("\nThe data in flight (clients times size times depth) is at most 1 GiB. Bytes may end\n"
           "in K or M.\n");
}
