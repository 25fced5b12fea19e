/*
 * The table of the numeric options, and the checks that read it.
 */
#include "base/options.h"

#include <inttypes.h>

#define KIB 1024ull
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)
#define SECOND 1000ull
#define MINUTE (60ull * SECOND)
#define HOUR (60ull * MINUTE)
#define DAY (24ull * HOUR)

#define ROW(type, member, ...)                                                                     \
    {                                                                                              \
#member, offsetof(type, member), __VA_ARGS__                                               \
    }
#define TABLE(type, rows)                                                                          \
    {                                                                                              \
        rows, sizeof(rows) / sizeof *(rows), offsetof(type, reserved),                             \
            sizeof((type *)0)->reserved / sizeof(uint64_t)                                         \
    }

/* `workers`: 0 stands for the default, which depends on the machine. */
static const option_row option__port_rows[] = {
    ROW(pp_port_options, workers, OPTION_COUNT, 0, 1, 256, true,
        "worker threads; 0: one for each processor"),
    ROW(pp_port_options, max_buffered, OPTION_BYTES, 256 * MIB, 1 * MIB, 64 * GIB, false,
        "most queued and partly received bytes, all connections together"),
    ROW(pp_port_options, max_lane_bytes, OPTION_BYTES, 64 * MIB, 1 * MIB, 64 * GIB, true,
        "most memory of all lanes together; 0: no lanes"),
    ROW(pp_port_options, lane_poll_us, OPTION_COUNT, 2000, 1, 100000, true,
        "most microseconds that a worker looks at lanes before it sleeps; 0: none"),
    ROW(pp_port_options, slow_callback_ms, OPTION_MS, 1 * SECOND, 1, 1 * HOUR, true,
        "log callbacks that run longer than this; 0: never"),
};

static const option_row option__conn_rows[] = {
    ROW(pp_conn_options, max_message, OPTION_BYTES, 1 * MIB, 1, 256 * MIB, false,
        "longest message"),
    ROW(pp_conn_options, high_mark, OPTION_BYTES, 1 * MIB, 1, 256 * MIB, false,
        "a connection accepts sends while fewer bytes are queued"),
    ROW(pp_conn_options, low_mark, OPTION_BYTES, 0, 1, 256 * MIB, true,
        "a full queue accepts sends again at this; 0: a quarter of the high mark"),
    ROW(pp_conn_options, drain_timeout_ms, OPTION_MS, 5 * SECOND, 0, 1 * HOUR, false,
        "how long a graceful close may take"),
    ROW(pp_conn_options, first_byte_timeout_ms, OPTION_MS, 0, 100, 7 * DAY, true,
        "time-out of a client's first byte; 0: none"),
    ROW(pp_conn_options, idle_timeout_ms, OPTION_MS, 0, 100, 7 * DAY, true,
        "time-out without any read or write; 0: none"),
    ROW(pp_conn_options, lane_busy, OPTION_COUNT, 64, 1, 1000000, false,
        "reads and writes within a second after which a connection is busy enough for a lane"),
    ROW(pp_conn_options, lane_ring, OPTION_BYTES, 64 * KIB, 4 * KIB, 1 * MIB, false,
        "size of each ring of a lane: a power of two"),
};

static const option_row option__listen_rows[] = {
    ROW(pp_listen_options, accept_ready, OPTION_COUNT, 64, 1, 1024, false,
        "instances that always wait for clients"),
    ROW(pp_listen_options, accept_depth, OPTION_COUNT, 256, 1, 1024, false,
        "most instances that wait for clients after a burst"),
    ROW(pp_listen_options, wait_timeout_ms, OPTION_MS, 5 * SECOND, 1, 1 * HOUR, false,
        "how long clients without a time-out of their own wait for an instance"),
    ROW(pp_listen_options, max_clients, OPTION_COUNT, 10000, 1, 100000, false,
        "most clients at once"),
    ROW(pp_listen_options, pipe_buffer, OPTION_BYTES, 64 * KIB, 0, 1 * MIB, false,
        "kernel buffer of each direction"),
    ROW(pp_listen_options, max_clients_per_user, OPTION_COUNT, 0, 1, 100000, true,
        "most clients of one user at once; 0: no limit"),
    ROW(pp_listen_options, max_connects_per_user, OPTION_COUNT, 0, 1, 100000, true,
        "most connections of one user in a second; 0: no limit"),
};

static const option_row option__dial_rows[] = {
    ROW(pp_dial_options, timeout_ms, OPTION_MS, 5 * SECOND, 0, 7 * DAY, false,
        "how long to retry an absent or busy name"),
};

static const option_row option__client_rows[] = {
    ROW(pp_client_options, max_message, OPTION_BYTES, 1 * MIB, 1, 256 * MIB, false,
        "longest message"),
    ROW(pp_client_options, timeout_ms, OPTION_MS, 5 * SECOND, 0, 7 * DAY, false,
        "how long to retry an absent or busy name"),
};

static const option_row option__mailslot_rows[] = {
    ROW(pp_mailslot_options, max_datagram, OPTION_BYTES, 64 * KIB, 1, 16 * MIB, false,
        "longest datagram"),
    ROW(pp_mailslot_options, deliver_timeout_ms, OPTION_MS, 5 * SECOND, 0, 1 * HOUR, false,
        "how long a stopping mailslot may deliver what it has read"),
};

const option_table option_port_table = TABLE(pp_port_options, option__port_rows);
const option_table option_conn_table = TABLE(pp_conn_options, option__conn_rows);
const option_table option_listen_table = TABLE(pp_listen_options, option__listen_rows);
const option_table option_dial_table = TABLE(pp_dial_options, option__dial_rows);
const option_table option_client_table = TABLE(pp_client_options, option__client_rows);
const option_table option_mailslot_table = TABLE(pp_mailslot_options, option__mailslot_rows);

uint64_t *option_member(const option_row *row, void *options)
{
    return (uint64_t *)(void *)((char *)options + row->offset);
}

void option_set_defaults(const option_table *table, void *options)
{
    for (size_t i = 0; i < table->count; i++)
        *option_member(&table->rows[i], options) = table->rows[i].preset;
}

static const char *option__unit_text(option_unit unit)
{
    return unit == OPTION_BYTES ? " bytes" : unit == OPTION_MS ? " ms" : "";
}

static pp_status option__check_value(const option_row *row, uint64_t value, pp_error *error)
{
    if ((value >= row->least && value <= row->most) || (value == 0 && row->zero_allowed))
        return PP_OK;
    return error_set(error, PP_E_ARGUMENT, 0,
                     "%s is %" PRIu64 "; allowed: %s%" PRIu64 " to %" PRIu64 "%s", row->name, value,
                     row->zero_allowed && row->least > 0 ? "0, or " : "", row->least, row->most,
                     option__unit_text(row->unit));
}

pp_status option_check_reserved(const uint64_t *reserved, size_t count, pp_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (reserved[i] != 0)
            return error_set(error, PP_E_ARGUMENT, 0,
                             "reserved is not 0; allowed: options that pipeport " PIPEPORT_VERSION
                             " knows, as their _init function leaves them");
    return PP_OK;
}

pp_status option_check(const option_table *table, const void *options, pp_error *error)
{
    const char *base = options;

    for (size_t i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];
        uint64_t value = *(const uint64_t *)(const void *)(base + row->offset);
        pp_status status = option__check_value(row, value, error);

        if (status != PP_OK)
            return status;
    }
    return option_check_reserved((const uint64_t *)(const void *)(base + table->reserved_offset),
                                 table->reserved_count, error);
}

pp_status option_check_way(pp_mode mode, pp_direction direction, pp_error *error)
{
    if ((unsigned)mode > PP_MODE_FRAMED)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "mode is %d; allowed: stream (0), message (1) or framed (2)", (int)mode);
    if ((unsigned)direction > PP_DIRECTION_OUTBOUND)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "direction is %d; allowed: duplex (0), inbound (1) or outbound (2)",
                         (int)direction);
    return PP_OK;
}
