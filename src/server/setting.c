#include "server/setting.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The numbers, and where their structures stand in their targets. */
static const struct {
    const option_table *table;
    unsigned scopes;
    size_t offset;
} setting__groups[] = {
    {&option_port_table, SCOPE_PROGRAM, offsetof(program, port)},
    {&option_listen_table, SCOPE_PIPE, offsetof(endpoint, listen)},
    {&option_conn_table, SCOPE_PIPE, offsetof(endpoint, listen.conn)},
    {&option_mailslot_table, SCOPE_MAILSLOT, offsetof(endpoint, mailslot)},
    {&program_table, SCOPE_PROGRAM, 0},
};

#define SETTING__GROUPS (sizeof setting__groups / sizeof *setting__groups)

/* ---- Finding -------------------------------------------------------------------------------- */

bool setting_at(setting *s, unsigned index)
{
    size_t left = index;

    *s = (setting){.index = index};
    if (left < WORD_COUNT) {
        s->word = &word_table[left];
        s->scopes = s->word->scopes;
        snprintf(s->name, sizeof s->name, "%s", s->word->name);
        return true;
    }
    left -= WORD_COUNT;
    for (size_t g = 0; g < SETTING__GROUPS; left -= setting__groups[g++].table->count)
        if (left < setting__groups[g].table->count) {
            s->number = &setting__groups[g].table->rows[left];
            s->scopes = setting__groups[g].scopes;
            s->offset = setting__groups[g].offset;
            number_option_name(s->number, s->name);
            return true;
        }
    return false;
}

bool setting_find(setting *s, const char *name, size_t length)
{
    for (unsigned i = 0; setting_at(s, i); i++)
        if (strlen(s->name) == length && strncmp(s->name, name, length) == 0)
            return true;
    return false;
}

bool setting_takes_value(const setting *s)
{
    return s->number || s->word->value;
}

bool setting_is_for_files(const setting *s)
{
    return s->number || s->word->use == WORD_KEY;
}

bool setting_is_name(const setting *s)
{
    return s->word && s->word->use == WORD_NAME;
}

bool setting_comes_first(const setting *s)
{
    return s->word && s->word->use == WORD_FIRST;
}

const char *setting_scope_name(scope of)
{
    return of == SCOPE_PROGRAM ? "server" : of == SCOPE_PIPE ? "pipe" : "mailslot";
}

static bool setting__show_number(const setting *s, const void *owner, char text[SETTING_SHOWN])
{
    const char *member = (const char *)owner + s->offset + s->number->offset;
    uint64_t value = *(const uint64_t *)(const void *)member;

    number_show(s->number, value, text);
    return value != s->number->preset;
}

bool setting_show(const setting *s, const void *owner, char text[SETTING_SHOWN])
{
    return s->number ? setting__show_number(s, owner, text) : word_show(s->word, owner, text);
}

/* ---- Giving --------------------------------------------------------------------------------- */

/* The user meant one of two values, and we cannot tell which. */
static pp_status setting__note(const setting *s, uint64_t *given, const char *field,
                               pp_error *error)
{
    uint64_t bit = 1ull << s->index;

    assert(s->index < sizeof bit * 8);
    if ((*given & bit) && !(s->word && s->word->repeats))
        return error_set(error, PP_E_ARGUMENT, 0, "%s is given twice; allowed: once", field);
    *given |= bit;
    return PP_OK;
}

static pp_status setting__give(const setting *s, void *target, uint64_t *given, const char *value,
                               const where *w, pp_error *error)
{
    char field[WHERE_FIELD];
    pp_status status;

    where_field(w, s->name, field);
    status = setting__note(s, given, field, error);
    if (status != PP_OK)
        return status;
    return s->word ? word_take(s->word, target, value, field, error)
                   : number_take(s->number, (char *)target + s->offset, value, field, error);
}

pp_status setting_for_program(const setting *s, program *p, const char *value, const where *w,
                              pp_error *error)
{
    assert(s->scopes & SCOPE_PROGRAM);
    return setting__give(s, p, &p->given, value, w, error);
}

pp_status setting_for_endpoint(const setting *s, endpoint *e, const char *value, const where *w,
                               pp_error *error)
{
    assert(s->scopes & e->kind);
    return setting__give(s, e, &e->given, value, w, error);
}
