#include "server/check.h"

#include "base/security.h"
#include "server/config.h"
#include "server/output.h"
#include "server/report.h"
#include "server/setting.h"

#include <cJSON.h>
#include <stdio.h>

#define CHECK__LINE 4096

pp_status check_access(const program *p, pp_error *error)
{
    for (size_t i = 0; i < p->endpoint_count; i++) {
        const endpoint *e = &p->endpoints[i];
        char place[WHERE_PLACE];
        const where w = config_where(p, e, place);
        pp_error inner;
        security s;
        pp_status status = security_open(&s, &e->access, e->kind == SCOPE_MAILSLOT, &inner);

        if (status != PP_OK)
            return error_set(error, status, inner.windows_error, "%s%s", w.place, inner.message);
        security_close(&s);
    }
    return PP_OK;
}

/* Calls `show` for each setting of the owner that has not its default. */
typedef void check__fn(void *user, const char *name, const char *value);

static void check__settings(const void *owner, scope kind, check__fn *show, void *user)
{
    char value[SETTING_SHOWN];
    setting s;

    for (unsigned i = 0; setting_at(&s, i); i++)
        if ((s.scopes & kind) && setting_show(&s, owner, value))
            show(user, s.name, value);
}

/* ---- The table ------------------------------------------------------------------------------ */

typedef struct check__line {
    char text[CHECK__LINE];
    size_t used;
} check__line;

static void check__add(void *user, const char *name, const char *value)
{
    check__line *l = user;

    if (l->used < sizeof l->text)
        l->used +=
            (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, " %s=%s", name, value);
}

static void check__row(const void *owner, scope kind, const char *name)
{
    check__line l;

    l.used = (size_t)snprintf(l.text, sizeof l.text, "%-8s %-24s", setting_scope_name(kind), name);
    check__settings(owner, kind, check__add, &l);
    output_line(OUTPUT_STDOUT, l.text);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void check__add_json(void *user, const char *name, const char *value)
{
    cJSON_AddStringToObject(user, name, value);
}

static void check__row_json(const void *owner, scope kind, const char *name)
{
    cJSON *object = cJSON_CreateObject(), *settings;

    cJSON_AddStringToObject(object, "kind", setting_scope_name(kind));
    if (*name)
        cJSON_AddStringToObject(object, "name", name);
    settings = cJSON_AddObjectToObject(object, "settings");
    check__settings(owner, kind, check__add_json, settings);
    report_print_object(OUTPUT_STDOUT, object);
    cJSON_Delete(object);
}

void check_print(const program *p)
{
    void (*row)(const void *, scope, const char *) = p->json ? check__row_json : check__row;

    row(p, SCOPE_PROGRAM, "");
    for (size_t i = 0; i < p->endpoint_count; i++)
        if (!p->endpoints[i].left_out)
            row(&p->endpoints[i], p->endpoints[i].kind, endpoint_name(&p->endpoints[i]));
}
