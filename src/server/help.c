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

static void help__setting(const setting *s)
{
    static const char *const values[] = {"NUMBER", "BYTES", "SECONDS"};
    const char *value = s->word ? s->word->value : values[s->number->unit];
    char left[96], right[HELP__TEXT];

    snprintf(left, sizeof left, "--%s%s%s", s->name, value ? " " : "", value ? value : "");
    if (s->word)
        help__word(s->word, right);
    else
        help__number(s->number, right);
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
