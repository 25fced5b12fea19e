#include "result.h"

#include "text.h"

void trouble_note(trouble *t, const char *format, ...)
{
    va_list arguments;

    InterlockedIncrement64(&t->count);
    if (InterlockedExchange(&t->noted, 1) != 0)
        return;
    va_start(arguments, format);
    text_format(t->text, sizeof t->text, format, arguments);
    va_end(arguments);
}
