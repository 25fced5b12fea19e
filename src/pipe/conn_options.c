#include "pipe/conn_options.h"

#include "base/error.h"
#include "base/options.h"
#include "pipe/ring.h"

void pp_conn_options_init(pp_conn_options *options)
{
    if (!options)
        return;
    *options = (pp_conn_options){0};
    option_set_defaults(&option_conn_table, options);
}

pp_status conn_check_options(pp_port *port, const pp_conn_options *options,
                             pp_conn_options *checked, pp_error *error)
{
    pp_status status = option_check(&option_conn_table, options, error);
    uint64_t longest;

    if (status == PP_OK)
        status = option_check_way(options->mode, options->direction, error);
    if (status == PP_OK)
        status = OPTION_CHECK_RESERVED(&options->handlers, error);
    if (status != PP_OK)
        return status;
    if (options->low_mark > options->high_mark)
        return error_set(
            error, PP_E_ARGUMENT, 0, "low_mark is %llu; allowed: at most high_mark, which is %llu",
            (unsigned long long)options->low_mark, (unsigned long long)options->high_mark);
    if (options->lane != PP_LANE_AUTO && options->lane != PP_LANE_OFF)
        return error_set(error, PP_E_ARGUMENT, 0, "lane is %d; allowed: auto (0) or off (1)",
                         (int)options->lane);
    if (!ring_size_is_right((uint32_t)options->lane_ring))
        return error_set(error, PP_E_ARGUMENT, 0, "lane_ring is %llu; allowed: a power of two",
                         (unsigned long long)options->lane_ring);
    *checked = *options;
    if (options->low_mark == 0)
        checked->low_mark = options->high_mark / 4;
    longest = budget_longest(&port->budget, options->max_message);
    if (longest < options->max_message)
        log_write(&port->log, PP_LOG_WARN,
                  "max_message %llu is cut to %llu, a quarter of max_buffered",
                  (unsigned long long)options->max_message, (unsigned long long)longest);
    checked->max_message = longest;
    return PP_OK;
}
