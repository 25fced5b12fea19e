#include "server/logger.h"

#include "base/clock.h"
#include "server/output.h"

#include <inttypes.h>
#include <stdio.h>

#define LOGGER__SECOND_MS 1000u

const char *logger_level_name(size_t level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    return level < sizeof names / sizeof *names ? names[level] : NULL;
}

static void logger__print(pp_log_level level, const char *line)
{
    SYSTEMTIME now;

    GetSystemTime(&now);
    output_format(OUTPUT_STDERR, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ %s %s", now.wYear, now.wMonth,
                  now.wDay, now.wHour, now.wMinute, now.wSecond, now.wMilliseconds,
                  logger_level_name(level), line);
}

static void logger__print_left_out(uint64_t count)
{
    char line[96];

    if (count == 0)
        return;
    snprintf(line, sizeof line, "%" PRIu64 " lines were left out: more than --log-rate in a second",
             count);
    logger__print(PP_LOG_WARN, line);
}

/* Counts a line; false: it is over the limit. When a second has passed, `left_out` receives the
 * lines that it left out. */
static bool logger__may_write(logger *l, uint64_t *left_out)
{
    uint64_t second = clock_ms() / LOGGER__SECOND_MS;
    bool may;

    *left_out = 0;
    AcquireSRWLockExclusive(&l->lock);
    if (second != l->second) {
        *left_out = l->left_out;
        l->second = second;
        l->lines = l->left_out = 0;
    }
    may = l->lines < l->most;
    if (may)
        l->lines++;
    else
        l->left_out++;
    ReleaseSRWLockExclusive(&l->lock);
    return may;
}

void logger_open(logger *l, uint64_t most)
{
    *l = (logger){.most = most};
    InitializeSRWLock(&l->lock);
}

void logger_write(void *user, pp_log_level level, const char *line)
{
    logger *l = user;
    uint64_t left_out = 0;
    bool may = level == PP_LOG_DEBUG || logger__may_write(l, &left_out);

    logger__print_left_out(left_out);
    if (may)
        logger__print(level, line);
}

void logger_close(logger *l)
{
    logger__print_left_out(l->left_out);
    l->left_out = 0;
}
