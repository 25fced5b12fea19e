#include "iocp/log.h"

#include "base/utf.h"

#define LOG__LINE 512

void log_write(const log_sink *log, pp_log_level level, const char *format, ...)
{
    char line[LOG__LINE];
    va_list arguments;

    if (!log->write || level > log->level)
        return;
    va_start(arguments, format);
    utf_format(line, sizeof line, format, arguments);
    va_end(arguments);
    log->write(log->user, level, line);
}
