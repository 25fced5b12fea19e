#include "server/service.h"

#include "base/error.h"

#include <assert.h>

const service *const service_table[SERVICE_COUNT] = {&service_echo, &service_sink};

const char *service_name(size_t index)
{
    return index < SERVICE_COUNT ? service_table[index]->name : NULL;
}

pp_status service_take_datagram(void *state, const void *data, size_t length)
{
    (void)state, (void)data, (void)length;
    return PP_OK;
}

pp_status service_open(service_states *s, const service *wanted, pp_port *port, void **state,
                       pp_error *error)
{
    pp_status status = PP_OK;

    *state = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (s->opened[i].service == wanted) {
            *state = s->opened[i].state;
            return PP_OK;
        }
    if (wanted->open)
        status = wanted->open(port, state);
    if (status != PP_OK)
        return error_set(error, status, 0, "the service %s cannot be opened: %s", wanted->name,
                         pp_status_text(status));
    assert(s->count < SERVICE_COUNT);
    s->opened[s->count].service = wanted;
    s->opened[s->count++].state = *state;
    return PP_OK;
}

void service_close_all(service_states *s)
{
    for (; s->count > 0; s->count--)
        if (s->opened[s->count - 1].service->close)
            s->opened[s->count - 1].service->close(s->opened[s->count - 1].state);
}
