/*
 * A client in framed mode that is killed at a stage. `victim PIPE STAGE`: says "ready", waits for a
 * line on standard input, goes as far as open      the pipe is open header    it has written half
 * of a frame's header half      it has written half of a message unread    it has written a
 * message, and does not read the answer reading   it waits in ReadFile for an answer that does not
 * come writing   it writes messages until nobody takes more, and waits in WriteFile says "there"
 * (the last two: just before), and waits to be killed.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    DWORD bytes; /* of a frame of 1,000 bytes */
    bool reads, writes;
} stages[] = {
    {.name = "open"},
    {.name = "header", .bytes = 2},
    {.name = "half", .bytes = 504},
    {.name = "unread", .bytes = 1004},
    {.name = "reading", .reads = true},
    {.name = "writing", .writes = true},
};

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

static HANDLE open_pipe(const char *name)
{
    HANDLE pipe;

    do { /* again, when another client was faster */
        WaitNamedPipeA(name, NMPWAIT_WAIT_FOREVER);
        pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    } while (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY);
    return pipe;
}

static int go_to(size_t stage, HANDLE pipe)
{
    static char frame[1004] = "\xE8\x03";
    DWORD count;

    if (pipe == INVALID_HANDLE_VALUE || !WriteFile(pipe, frame, stages[stage].bytes, &count, NULL))
        return 1;
    say("there");
    while (stages[stage].writes && WriteFile(pipe, frame, sizeof frame, &count, NULL))
        ; /* until it waits for ever */
    if (stages[stage].reads)
        ReadFile(pipe, frame, sizeof frame, &count, NULL);
    WaitForSingleObject(GetCurrentProcess(), INFINITE);
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof stages / sizeof *stages; i++)
        if (strcmp(argv[2], stages[i].name) == 0) {
            say("ready");
            (void)getchar();
            return go_to(i, open_pipe(argv[1]));
        }
    return 2;
}
