#include "server/help.h"

#include "server/output.h"
#include "server/setting.h"

#include <stdio.h>
#include <string.h>

#define HELP__TEXT 384 /* of a row; the tables have nothing longer */

static void help__row(const char *left, const char *right)
{
    char line[512];

    snprintf(line, sizeof line, "  %-28s %s\n", left, right);
    output_text(OUTPUT_STDOUT, line);
}

static void help__word(const word_row *row, char *text)
{
    char allowed[WORD_ALLOWED];

    word_allowed(row, allowed);
    if (row->choice)
        snprintf(text, HELP__TEXT, "%s; default: %s", allowed, row->choice(row->preset));
    else
        snprintf(text, HELP__TEXT, "%s", row->help);
}

static void help__number(const option_row *row, char *text)
{
    const char *zero = number_meaning_of_zero(row);
    int length = zero ? (int)(zero - strlen(NUMBER_ZERO) - row->help) : (int)strlen(row->help);
    char range[NUMBER_RANGE], preset[NUMBER_TEXT];

    number_range(row, range);
    number_print(row->unit, row->preset, preset);
    snprintf(text, HELP__TEXT, "%.*s; %s; default: %s", length, row->help, range,
             zero && row->preset == 0 ? zero : preset);
}

static void help__describe(const setting *s, char *text)
{
    if (s->word)
        help__word(s->word, text);
    else
        help__number(s->number, text);
}

static void help__setting(const setting *s)
{
    static const char *const values[] = {"NUMBER", "BYTES", "SECONDS"};
    const char *value = s->word ? s->word->value : values[s->number->unit];
    char left[96], right[HELP__TEXT];

    snprintf(left, sizeof left, "--%s%s%s", s->name, value ? " " : "", value ? value : "");
    help__describe(s, right);
    help__row(left, right);
}

void help_print(void)
{
    setting s;

    output_text(
        OUTPUT_STDOUT,
        "pipeport serve [OPTION]...\n"
        "Serves a named pipe and a mailslot until Ctrl-C, Ctrl-Break, or until its console\n"
        "closes. It then stops gracefully; a second Ctrl-C stops it at once.\n"
        "Exit status: 0 it stopped, 1 it could not serve, 2 an argument is wrong, 3 a second\n"
        "Ctrl-C cut off something that was stuck.\n\n");
    for (unsigned i = 0; setting_at(&s, i); i++)
        help__setting(&s);
    output_text(OUTPUT_STDOUT, "\nSizes may end in K, M or G; seconds may have decimals.\n");
    output_text(OUTPUT_STDOUT, "\nServices:\n");
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        help__row(service_table[i]->name, service_table[i]->help);
}

/* ---- The example of a configuration file ---------------------------------------------------- */

static void help__default(const setting *s, char *text)
{
    if (s->number)
        number_show(s->number, s->number->preset, text);
    else if (s->word->choice)
        snprintf(text, HELP__TEXT, "%s", s->word->choice(s->word->preset));
    else
        snprintf(text, HELP__TEXT, "%s", s->word->sample ? s->word->sample : "no");
}

static void help__key(const setting *s)
{
    char text[HELP__TEXT], value[HELP__TEXT], line[2 * HELP__TEXT + 96];

    help__describe(s, text);
    help__default(s, value);
    snprintf(line, sizeof line, "\n; %s\n;%s = %s\n", text, s->name, value);
    output_text(OUTPUT_STDOUT, line);
}

static void help__section(scope of, const char *name)
{
    char line[64];
    setting s;

    snprintf(line, sizeof line, "\n[%s%s]\n", setting_scope_name(of), name);
    output_text(OUTPUT_STDOUT, line);
    for (unsigned i = 0; setting_at(&s, i); i++)
        if ((s.scopes & of) && setting_is_for_files(&s))
            help__key(&s);
}

void help_print_example(void)
{
    output_text(OUTPUT_STDOUT,
                "; A configuration file of `pipeport serve --config FILE`, with every key and its\n"
                "; default. Take the semicolon away to set one. A file may have as many sections\n"
                "; [pipe NAME] and [mailslot NAME] as names to serve. Sizes may end in K, M or G;\n"
                "; times are seconds. `pipeport serve --config FILE --check` checks it.\n");
    help__section(SCOPE_PROGRAM, "");
    help__section(SCOPE_PIPE, " pipeport");
    help__section(SCOPE_MAILSLOT, " pipeport");
}
