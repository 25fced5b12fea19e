#include "server/config.h"

#include "base/error.h"
#include "server/ini.h"
#include "server/nearest.h"
#include "server/setting.h"
#include "server/text_file.h"

#include <stdio.h>
#include <string.h>

#define CONFIG__SECTIONS "[server], [pipe NAME] or [mailslot NAME]"
#define CONFIG__SHOWN 40 /* bytes of a file's or an endpoint's name in a place */

/* Where the reader is. */
typedef struct config {
    program *program;
    const char *section; /* the word; NULL: before the first */
    scope scope;
    endpoint *endpoint; /* NULL: the program */
    const ini_item *item;
} config;

/* ---- Messages ------------------------------------------------------------------------------- */

static const char *config__file_name(const char *path)
{
    const char *name = path;

    for (const char *at = path; *at; at++)
        if (*at == '\\' || *at == '/')
            name = at + 1;
    return name;
}

/* "FILE:12: [pipe orders] " */
static void config__place(const char *file, unsigned line, const char *section, const char *name,
                          char place[WHERE_PLACE])
{
    char shown_file[CONFIG__SHOWN], shown_name[CONFIG__SHOWN];
    int used;

    utf_fit(shown_file, sizeof shown_file, config__file_name(file));
    utf_fit(shown_name, sizeof shown_name, name ? name : "");
    used = snprintf(place, WHERE_PLACE, "%s:%u: ", shown_file, line);
    if (section)
        snprintf(place + used, WHERE_PLACE - (size_t)used, "[%s%s%s] ", section, name ? " " : "",
                 shown_name);
}

static const char *config__name_of(const endpoint *e)
{
    return e && e->named ? endpoint_name(e) : NULL;
}

where config_where(const program *p, const endpoint *e, char place[WHERE_PLACE])
{
    if (!p->config || e->line == 0)
        return where_command_line;
    config__place(p->config, e->line, setting_scope_name(e->kind), config__name_of(e), place);
    return (where){place, ""};
}

static where config__here(const config *c, char place[WHERE_PLACE])
{
    config__place(c->program->config, c->item->line, c->section, config__name_of(c->endpoint),
                  place);
    return (where){place, ""};
}

/* "FILE:12: [pipe orders] WHAT", and the nearest of what is allowed. */
static pp_status config__refuse(const config *c, const char *what, const nearest *closest,
                                pp_error *error)
{
    char place[WHERE_PLACE];

    config__here(c, place);
    return error_set(
        error, PP_E_ARGUMENT, 0, "%s\"%s\" %s%s%s", place, utf_shorten(c->item->name).text, what,
        closest && closest->best[0] ? "; the nearest is " : "", closest ? closest->best : "");
}

/* ---- Sections ------------------------------------------------------------------------------- */

static pp_status config__refuse_section(const config *c, pp_error *error)
{
    nearest closest = nearest_to(c->item->name, strlen(c->item->name));

    nearest_offer(&closest, setting_scope_name(SCOPE_PROGRAM));
    nearest_offer(&closest, setting_scope_name(SCOPE_PIPE));
    nearest_offer(&closest, setting_scope_name(SCOPE_MAILSLOT));
    return config__refuse(c, "is no section; allowed: " CONFIG__SECTIONS, &closest, error);
}

static bool config__find_scope(const char *name, scope *found)
{
    static const scope scopes[] = {SCOPE_PROGRAM, SCOPE_PIPE, SCOPE_MAILSLOT};

    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (strcmp(setting_scope_name(scopes[i]), name) == 0) {
            *found = scopes[i];
            return true;
        }
    return false;
}

static pp_status config__name_endpoint(config *c, pp_error *error)
{
    const char *name = setting_scope_name(c->scope);
    char place[WHERE_PLACE];
    where w;
    setting s;

    if (!c->item->value || !setting_find(&s, name, strlen(name)))
        return PP_OK; /* it has the default name */
    w = config__here(c, place);
    return setting_for_endpoint(&s, c->endpoint, c->item->value, &w, error);
}

static pp_status config__begin_section(config *c, pp_error *error)
{
    c->section = NULL;
    c->endpoint = NULL;
    if (!config__find_scope(c->item->name, &c->scope))
        return config__refuse_section(c, error);
    if (c->scope == SCOPE_PROGRAM && c->item->value)
        return config__refuse(c, "has no name; allowed: [server]", NULL, error);
    c->section = c->item->name;
    if (c->scope == SCOPE_PROGRAM)
        return PP_OK;
    c->endpoint = program_add(c->program, c->scope);
    if (!c->endpoint)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "%s:%u: there are more sections; allowed: %d pipes and mailslots",
                         utf_shorten(config__file_name(c->program->config)).text, c->item->line,
                         PROGRAM_ENDPOINTS);
    c->endpoint->line = c->item->line;
    return config__name_endpoint(c, error);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static pp_status config__refuse_key(const config *c, pp_error *error)
{
    nearest closest = nearest_to(c->item->name, strlen(c->item->name));
    setting s;

    for (unsigned i = 0; setting_at(&s, i); i++)
        if (setting_is_for_files(&s) && (s.scopes & c->scope))
            nearest_offer(&closest, s.name);
    return config__refuse(c, "is no key of this section", &closest, error);
}

/* The key is right, and in another section's place. */
static pp_status config__refuse_place(const config *c, const setting *s, pp_error *error)
{
    char what[WHERE_FIELD];

    snprintf(what, sizeof what, "belongs to a section [%s]",
             s->scopes & SCOPE_PROGRAM ? "server"
             : s->scopes & SCOPE_PIPE  ? "pipe NAME"
                                       : "mailslot NAME");
    return config__refuse(c, what, NULL, error);
}

static pp_status config__take_key(config *c, pp_error *error)
{
    char place[WHERE_PLACE];
    where w = config__here(c, place);
    const char *name = c->item->name;
    setting s;

    if (!c->section)
        return config__refuse(c, "stands before any section; allowed: " CONFIG__SECTIONS, NULL,
                              error);
    if (!setting_find(&s, name, strlen(name)) || !setting_is_for_files(&s))
        return config__refuse_key(c, error);
    if (!(s.scopes & c->scope))
        return config__refuse_place(c, &s, error);
    if (c->endpoint)
        return setting_for_endpoint(&s, c->endpoint, c->item->value, &w, error);
    return setting_for_program(&s, c->program, c->item->value, &w, error);
}

/* ---- The file ------------------------------------------------------------------------------- */

static pp_status config__take(config *c, pp_error *error)
{
    switch (c->item->kind) {
    case INI_SECTION:
        return config__begin_section(c, error);
    case INI_KEY:
        return config__take_key(c, error);
    case INI_WRONG:
    case INI_END:
        break;
    }
    return config__refuse(c, "is neither a section nor a key; allowed: KEY = VALUE", NULL, error);
}

pp_status config_read(program *p, pp_error *error)
{
    config c = {.program = p};
    pp_status status = text_file_read(p->config, &p->text, error);
    ini in = {p->text, 0};
    ini_item item;

    c.item = &item;
    while (status == PP_OK && (item = ini_next(&in)).kind != INI_END)
        status = config__take(&c, error);
    return status;
}
