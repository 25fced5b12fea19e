#include "server/program.h"

#include "base/mem.h"

#define PROGRAM__LEAST_INTERVAL 100u
#define PROGRAM__MOST_INTERVAL (24u * 60 * 60 * 1000)
#define PROGRAM__MOST_RATE 100000u

static const option_row program__rows[] = {
    {"stats_interval_ms", offsetof(program, stats_interval_ms), OPTION_MS, 0,
     PROGRAM__LEAST_INTERVAL, PROGRAM__MOST_INTERVAL, true,
     "interval of the figures on standard error; 0: never"},
    {"log_rate", offsetof(program, log_rate), OPTION_COUNT, 100, 1, PROGRAM__MOST_RATE, false,
     "most log lines in a second, debug lines not counted"},
};
const option_table program_table = {.rows = program__rows,
                                    .count = sizeof program__rows / sizeof *program__rows};

void program_init(program *p)
{
    *p = (program){0};
    pp_port_options_init(&p->port);
    option_set_defaults(&program_table, p);
}

void program_free(program *p)
{
    for (size_t i = 0; i < p->endpoint_count; i++)
        endpoint_free(&p->endpoints[i]);
    mem_free(p->text);
    p->text = NULL;
}

endpoint *program_add(program *p, scope kind)
{
    endpoint *e;

    if (p->endpoint_count == PROGRAM_ENDPOINTS)
        return NULL;
    e = &p->endpoints[p->endpoint_count++];
    endpoint_init(e, kind);
    return e;
}

endpoint *program_find(program *p, scope kind)
{
    for (size_t i = 0; i < p->endpoint_count; i++)
        if (p->endpoints[i].kind == kind)
            return &p->endpoints[i];
    return NULL;
}

size_t program_count(const program *p, scope kind)
{
    size_t count = 0;

    for (size_t i = 0; i < p->endpoint_count; i++)
        count += p->endpoints[i].kind == kind;
    return count;
}
