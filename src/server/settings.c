#include "server/settings.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/utf.h"
#include "server/number.h"
#include "server/output.h"
#include "server/words.h"

#include <stdio.h>
#include <string.h>

#define SETTINGS__LEAST_INTERVAL 100u
#define SETTINGS__MOST_RATE 100000u
#define SETTINGS__MOST_INTERVAL (24u * 60 * 60 * 1000)

static const option_row settings__own_rows[] = {
    {"stats_interval_ms", offsetof(settings, stats_interval_ms), OPTION_MS, 0,
     SETTINGS__LEAST_INTERVAL, SETTINGS__MOST_INTERVAL, true,
     "how often a line of figures goes to standard error; 0: never"},
    {"log_rate", offsetof(settings, log_rate), OPTION_COUNT, 100, 1, SETTINGS__MOST_RATE, false,
     "most lines of the log in a second, those of debug aside"},
};
static const option_table settings__own_table = {.rows = settings__own_rows, .count = 2};

/* Every number that the command line can set, and where its structure stands. */
static const struct {
    const option_table *table;
    size_t offset;
} settings__groups[] = {
    {&option_port_table, offsetof(settings, port)},
    {&option_listen_table, offsetof(settings, listen)},
    {&option_conn_table, offsetof(settings, listen.conn)},
    {&option_mailslot_table, offsetof(settings, mailslot)},
    {&settings__own_table, 0},
};

#define SETTINGS__GROUPS (sizeof settings__groups / sizeof *settings__groups)

/* ---- Reading -------------------------------------------------------------------------------- */

/* An argument taken apart: --name, --name value or --name=value. */
typedef struct settings__argument {
    const char *name, *value;
    size_t name_length;
    bool joined; /* the value was in the same argument */
} settings__argument;

static bool settings__is(const settings__argument *a, const char *name)
{
    return strlen(name) == a->name_length && strncmp(name, a->name, a->name_length) == 0;
}

static bool settings__is_option(const settings__argument *a)
{
    return !a->joined && a->value && strncmp(a->value, "--", 2) == 0;
}

static bool settings__split(settings__argument *a, const char *text, const char *next)
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

/* Behind an option that takes a value, another option is no value: somebody forgot it. Joined by
 * "=" it is one. */
static pp_status settings__refuse_option(const settings__argument *a, pp_error *error)
{
    return error_set(
        error, PP_E_ARGUMENT, 0,
        "--%.*s has no value: \"%s\" is an option; allowed: --%.*s=VALUE for such a one",
        (int)a->name_length, a->name, utf_shorten(a->value).text, (int)a->name_length, a->name);
}

static pp_status settings__take_word(settings *s, const word_row *row, const settings__argument *a,
                                     pp_error *error)
{
    if (!row->value && a->joined)
        return error_set(error, PP_E_ARGUMENT, 0, "--%s has the value \"%s\"; allowed: none",
                         row->name, utf_shorten(a->value).text);
    if (row->value && !a->value)
        return error_set(error, PP_E_ARGUMENT, 0, "--%s has no value; allowed: --%s %s", row->name,
                         row->name, row->value);
    if (row->value && settings__is_option(a))
        return settings__refuse_option(a, error);
    return row->take(s, a->value, error);
}

/* Whether a row of numbers has this name, and then what came of it. */
static bool settings__try_numbers(settings *s, const settings__argument *a, pp_status *status,
                                  pp_error *error)
{
    for (size_t g = 0; g < SETTINGS__GROUPS; g++)
        for (size_t i = 0; i < settings__groups[g].table->count; i++) {
            const option_row *row = &settings__groups[g].table->rows[i];
            char name[NUMBER_NAME];

            number_option_name(row, name);
            if (!settings__is(a, name))
                continue;
            *status =
                settings__is_option(a)
                    ? settings__refuse_option(a, error)
                    : number_take(row, (char *)s + settings__groups[g].offset, a->value, error);
            return true;
        }
    return false;
}

/* Of what stands twice one was meant, and we cannot tell which. */
static pp_status settings__note(settings *s, const settings__argument *a, pp_error *error)
{
    for (size_t i = 0; i < s->given_count; i++)
        if (strcspn(s->given[i], "=") == a->name_length &&
            strncmp(s->given[i], a->name, a->name_length) == 0)
            return error_set(error, PP_E_ARGUMENT, 0, "--%.*s is given twice; allowed: once",
                             (int)a->name_length, a->name);
    if (!settings__is(a, "allow"))
        s->given[s->given_count++] = a->name;
    return PP_OK;
}

/* Takes one argument, and the next when that is its value: `used` says how many. */
static pp_status settings__take(settings *s, const char *text, const char *next, int *used,
                                pp_error *error)
{
    settings__argument a;
    pp_status status;

    *used = 1;
    if (settings__split(&a, text, next)) {
        status = settings__note(s, &a, error);
        if (status != PP_OK)
            return status;
        for (size_t i = 0; i < WORD_COUNT; i++)
            if (settings__is(&a, word_table[i].name)) {
                *used += word_table[i].value && !a.joined;
                return settings__take_word(s, &word_table[i], &a, error);
            }
        *used += !a.joined;
        if (settings__try_numbers(s, &a, &status, error))
            return status;
    }
    return error_set(error, PP_E_ARGUMENT, 0,
                     "\"%s\" is no argument of serve; allowed: those of pipeport serve --help",
                     utf_shorten(text).text);
}

static void settings__init(settings *s)
{
    *s = (settings){0};
    pp_port_options_init(&s->port);
    pp_listen_options_init(&s->listen);
    pp_mailslot_options_init(&s->mailslot);
    option_set_defaults(&settings__own_table, s);
    s->service = &service_table[0];
    s->mailslot.on_datagram = service_take_datagram;
}

/* What only all arguments together tell. */
static pp_status settings__complete(settings *s, pp_error *error)
{
    pp_conn_options *conn = &s->listen.conn;

    conn->handlers = s->service->handlers;
    s->listen.access.allow = s->mailslot.access.allow = s->allow;
    /* A stream has no messages to limit; what a service sends back must not be limited by chance.
     */
    if (conn->mode == PP_MODE_STREAM && conn->max_message < SERVICE_LONGEST_READ)
        conn->max_message = SERVICE_LONGEST_READ;
    if (conn->low_mark > conn->high_mark)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "--low-mark is %llu; allowed: at most --high-mark, which is %llu",
                         (unsigned long long)conn->low_mark, (unsigned long long)conn->high_mark);
    if (s->listen.accept_ready > s->listen.accept_depth)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "--accept-ready is %llu; allowed: at most --accept-depth, which is %llu",
                         (unsigned long long)s->listen.accept_ready,
                         (unsigned long long)s->listen.accept_depth);
    return PP_OK;
}

pp_status settings_read(settings *s, int count, char **arguments, pp_error *error)
{
    settings__init(s);
    s->allow = mem_alloc_zeroed(((size_t)count + 1) * 2 * sizeof *s->allow);
    if (!s->allow)
        return error_set(error, PP_E_MEMORY, 0, "no memory for the arguments");
    s->given = s->allow + count + 1;
    for (int i = 0, used; i < count && !s->help; i += used) {
        const char *next = i + 1 < count ? arguments[i + 1] : NULL;
        pp_status status = settings__take(s, arguments[i], next, &used, error);

        if (status != PP_OK)
            return status;
    }
    return settings__complete(s, error);
}

void settings_free(settings *s)
{
    mem_free((void *)s->allow);
    s->allow = s->given = NULL;
}

/* ---- Help ----------------------------------------------------------------------------------- */

static void settings__print_row(const char *name, const char *value, const char *help)
{
    char left[64], line[512];

    snprintf(left, sizeof left, "--%s%s%s", name, value ? " " : "", value ? value : "");
    snprintf(line, sizeof line, "  %-28s %s\n", left, help);
    output_text(OUTPUT_STDOUT, line);
}

static void settings__print_number(const option_row *row)
{
    static const char *const values[] = {"NUMBER", "BYTES", "SECONDS"};
    const char *zero = number_meaning_of_zero(row);
    int length = zero ? (int)(zero - strlen(NUMBER_ZERO) - row->help) : (int)strlen(row->help);
    char name[NUMBER_NAME], range[NUMBER_RANGE], standard[NUMBER_TEXT], help[384];

    number_option_name(row, name);
    number_range(row, range);
    number_print(row->unit, row->preset, standard);
    snprintf(help, sizeof help, "%.*s; %s; default: %s", length, row->help, range,
             zero && row->preset == 0 ? zero : standard);
    settings__print_row(name, values[row->unit], help);
}

void settings_print_help(void)
{
    output_text(
        OUTPUT_STDOUT,
        "pipeport serve [OPTION]...\n"
        "Serves a named pipe and a mailslot until Ctrl-C, Ctrl-Break, or its console closes.\n"
        "It then stops gracefully; a second Ctrl-C stops it at once. Both end with the\n"
        "status 0; 1 means that it could not serve, 2 that an argument is wrong, and 3\n"
        "that something was stuck at the second Ctrl-C, and was cut off.\n\n");
    for (size_t i = 0; i < WORD_COUNT; i++)
        settings__print_row(word_table[i].name, word_table[i].value, word_table[i].help);
    for (size_t g = 0; g < SETTINGS__GROUPS; g++)
        for (size_t i = 0; i < settings__groups[g].table->count; i++)
            settings__print_number(&settings__groups[g].table->rows[i]);
    output_text(OUTPUT_STDOUT, "\nSizes may end in K, M or G; seconds may have decimals.\n");
}
