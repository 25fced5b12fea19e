/*
 * Who may open a name. The first byte says what the rest is: an SDDL string, or users, one in each
 * line. A descriptor that is made guards a pipe.
 */
#include "fuzz.h"

#include "base/security.h"

#include <string.h>

#define ACCESS__MOST 16

static size_t access__users(const char *users[ACCESS__MOST], char *text)
{
    size_t count = 0;

    while (text && count < ACCESS__MOST) {
        char *end = strchr(text, '\n');

        users[count++] = text;
        if (end)
            *end++ = 0;
        text = end;
    }
    return count;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static char text[FUZZ_TEXT + 1];
    const char *users[ACCESS__MOST];
    uint8_t flags = size > 0 ? data[0] : 0;
    pp_access access = {.strict = flags & 2, .allow_remote = flags & 4};
    security s = {0};
    pp_error error = {0};
    HANDLE pipe;

    strcpy(text, fuzz_text(data + 1, size > 0 ? size - 1 : 0));
    if (flags & 1) {
        access.sddl = text;
    } else {
        access.allow = users;
        access.allow_count = access__users(users, text);
    }
    if (security_open(&s, &access, (flags & 8) != 0, &error) == PP_OK) {
        pipe = CreateNamedPipeW(L"\\\\.\\pipe\\fuzz", PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0,
                                &s.attributes);
        fuzz_expect(pipe != INVALID_HANDLE_VALUE, "no pipe takes the descriptor");
        CloseHandle(pipe);
    } else {
        fuzz_expect(error.message[0] != 0, "a refusal says nothing");
    }
    security_close(&s);
}
