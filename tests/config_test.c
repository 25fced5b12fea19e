/*
 * Configuration files: what they may be written in, what their sections serve, what messages say of
 * a mistake, and what comes first when the command line says something else.
 */
#include "kit.h"

#include "server/arguments.h"
#include "server/nearest.h"

#include <stdio.h>

/* The name of the file is in most messages. */
static char path[MAX_PATH + 16];

static void write_file(const void *bytes, size_t size)
{
    char folder[MAX_PATH];
    FILE *file;

    assert_in_range(GetTempPathA(sizeof folder, folder), 1, sizeof folder);
    snprintf(path, sizeof path, "%sc%lu.ini", folder, GetCurrentProcessId());
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Reads the file, and the arguments behind it. */
static pp_status read_program(program *p, const char *arguments, pp_error *error)
{
    static char line[512];
    static char config[] = "--config";
    char *words[32] = {config, path};
    int count = 2;
    pp_status status;

    snprintf(line, sizeof line, "%s", arguments);
    for (char *at = strtok(line, " "); at; at = strtok(NULL, " "))
        words[count++] = at;
    status = arguments_read(p, count, words, error);
    assert_true(DeleteFileA(path));
    return status;
}

static void read_text(program *p, const char *text, const char *arguments)
{
    pp_error error;

    write_file(text, strlen(text));
    if (read_program(p, arguments, &error) != PP_OK)
        fail_msg("%s", error.message);
}

/* What is said of a file that is refused, without its name. */
static const char *refusal(const void *bytes, size_t size, const char *arguments)
{
    static pp_error error;
    char name[32];
    program p;
    size_t length = (size_t)snprintf(name, sizeof name, "c%lu.ini", GetCurrentProcessId());
    const char *found;

    write_file(bytes, size);
    assert_status(read_program(&p, arguments, &error), PP_E_ARGUMENT);
    program_free(&p);
    found = strstr(error.message, name);
    assert_null(strchr(error.message, '\n'));
    return found ? found + length : error.message;
}

TEST_CASE(a_file_serves_as_many_names_as_it_has_sections)
{
    program p;
    const endpoint *e;

    read_text(&p,
              "# mine\n"
              "[server]\n"
              "workers = 3   ; enough\n"
              "log-level=debug\n"
              "json = yes\n"
              "\n"
              "  [ pipe orders ]\r\n"
              "\tmode\t=\tframed\r\n"
              "high-mark = 2M\n"
              "allow = S-1-1-0\n"
              "allow = S-1-5-18\n"
              "strict = yes\n"
              "[mailslot]\n"
              "service = sink\n"
              "[pipe log entries]\n"
              "sddl = D:(A;;GA;;;SY)\n"
              "idle-timeout = off\n"
              "strict = no",
              "");
    assert_int_equal(p.port.workers, 3);
    assert_int_equal(p.port.log_level, PP_LOG_DEBUG);
    assert_true(p.json);
    assert_int_equal(p.endpoint_count, 3);
    e = &p.endpoints[0];
    assert_string_equal(e->listen.name, "orders");
    assert_int_equal(e->listen.conn.mode, PP_MODE_FRAMED);
    assert_int_equal(e->listen.conn.high_mark, 2 * 1024 * 1024);
    assert_int_equal(e->access.allow_count, 2);
    assert_true(e->access.strict);
    e = &p.endpoints[1];
    assert_int_equal(e->kind, SCOPE_MAILSLOT);
    assert_false(e->named);
    assert_ptr_equal(e->service, &service_sink);
    e = &p.endpoints[2];
    assert_string_equal(e->listen.name, "log entries");
    assert_string_equal(e->access.sddl, "D:(A;;GA;;;SY)");
    assert_int_equal(e->listen.conn.mode, PP_MODE_STREAM);
    assert_false(e->access.strict);
    program_free(&p);
}

TEST_CASE(what_notepad_writes_is_read)
{
    static const char utf8[] = "\xEF\xBB\xBF[pipe gr\xC3\xBC\xC3\x9F"
                               "e]\r\n";
    static const char little[] = "\xFF\xFE[\0p\0i\0p\0e\0 \0g\0r\0\xFC\0\xDF\0e\0]\0\r\0\n";
    static const char big[] = "\xFE\xFF\0[\0p\0i\0p\0e\0 \0g\0r\0\xFC\0\xDF\0e\0]\0\r\0\n";
    const struct {
        const char *bytes;
        size_t size;
    } files[] = {{utf8, sizeof utf8 - 1},
                 {utf8 + 3, sizeof utf8 - 4},
                 {little, sizeof little},
                 {big, sizeof big - 1}};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        pp_error error;
        program p;

        write_file(files[i].bytes, files[i].size);
        assert_ok(read_program(&p, "", &error));
        assert_string_equal(p.endpoints[0].listen.name, "gr\xC3\xBC\xC3\x9F"
                                                        "e");
        program_free(&p);
    }
}

TEST_CASE(what_is_no_text_is_refused)
{
    static char long_file[1024 * 1024 + 1];
    const char *allowed = "allowed: UTF-8, or UTF-16 with a byte order mark";

    memset(long_file, '\n', sizeof long_file);
    assert_non_null(strstr(refusal("[pipe a]\nx\0", 11, ""), " has a byte of 0; "));
    assert_non_null(strstr(refusal("[pipe a]\n\xFC\n", 11, ""), ":2: the line is not UTF-8; "));
    assert_non_null(strstr(refusal("[pipe a]\n\xFC", 10, ""), allowed));
    assert_non_null(strstr(refusal("\xFF\xFE[\0p", 5, ""), " is no whole UTF-16; "));
    assert_non_null(strstr(refusal("\xFF\xFE\0\xD8[\0", 6, ""), " is no whole UTF-16; "));
    assert_non_null(strstr(refusal("\xFF\xFE[\0\0\0", 6, ""), allowed));
    assert_non_null(strstr(refusal(long_file, sizeof long_file, ""), " is longer than 1M; "));
}

TEST_CASE(a_mistake_in_a_file_is_one_line_that_says_where)
{
    static const struct {
        const char *text, *said;
    } mistakes[] = {
        {"", " has no section [pipe NAME] or [mailslot NAME], so there is nothing to serve"},
        {"mode = framed", ":1: \"mode\" stands before any section; allowed: [server], [pipe NAME] "
                          "or [mailslot NAME]"},
        {"\n[pip a]", ":2: \"pip\" is no section; allowed: [server], [pipe NAME] or [mailslot NAME]"
                      "; the nearest is pipe"},
        {"[server a]", ":1: \"server\" has no name; allowed: [server]"},
        {"[pipe a]\nhihg-mark = 3",
         ":2: [pipe a] \"hihg-mark\" is no key of this section; the nearest is high-mark"},
        {"[pipe a]\nfrobnicate = 3", ":2: [pipe a] \"frobnicate\" is no key of this section"},
        {"[pipe a]\npipe = b", ":2: [pipe a] \"pipe\" is no key of this section"},
        {"[pipe a]\nworkers = 3", ":2: [pipe a] \"workers\" belongs to a section [server]"},
        {"[server]\nmode = framed", ":2: [server] \"mode\" belongs to a section [pipe NAME]"},
        {"[pipe a]\nmax-datagram = 3",
         ":2: [pipe a] \"max-datagram\" belongs to a section [mailslot NAME]"},
        {"[pipe a]\nhigh-mark = x", ":2: [pipe a] high-mark is \"x\"; allowed: 1 to 256M bytes"},
        {"[pipe a]\nmode = bytes",
         ":2: [pipe a] mode is \"bytes\"; allowed: stream, message or framed"},
        {"[pipe a]\nstrict = 1", ":2: [pipe a] strict is \"1\"; allowed: yes or no"},
        {"[pipe a]\nmode = framed\nmode = stream",
         ":3: [pipe a] mode is given twice; allowed: once"},
        {"[pipe a]\nlow-mark = 2\nhigh-mark = 1",
         ":1: [pipe a] low-mark is 2; allowed: at most high-mark, which is 1"},
        {"[pipe a]\nlane-ring = 5000", ":1: [pipe a] lane-ring is 5000; allowed: a power of two"},
        {"[pipe a]\n[mailslot a]\n[pipe A]",
         ":3: [pipe A] the pipe \"A\" has a section before; allowed: one"},
        {"[pipe a]\nstrict",
         ":2: [pipe a] \"strict\" is neither a section nor a key; allowed: KEY = VALUE"},
        {"[pipe a", ":1: \"[pipe a\" is neither a section nor a key; allowed: KEY = VALUE"},
    };

    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        assert_string_equal(refusal(mistakes[i].text, strlen(mistakes[i].text), ""),
                            mistakes[i].said);
    assert_non_null(strstr(refusal("[pipe a\\\\b]", 11, ""), ":1: [pipe] pipe is \"a\\\\b\"; "));
}

TEST_CASE(a_file_has_a_limit_of_names)
{
    static char text[PROGRAM_ENDPOINTS * 16 + 16];
    size_t used = 0;

    for (int i = 0; i <= PROGRAM_ENDPOINTS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "[pipe p%d]\n", i);
    assert_string_equal(refusal(text, used, ""),
                        ":65: there are more sections; allowed: 64 pipes and mailslots");
}

TEST_CASE(the_command_line_comes_before_the_file)
{
    program p;

    read_text(&p, "[server]\nworkers = 3\n[pipe a]\nmode = framed\nallow = S-1-1-0\n[mailslot b]\n",
              "--workers 2 --mode message --pipe c --allow S-1-5-18");
    assert_int_equal(p.port.workers, 2);
    assert_int_equal(p.endpoint_count, 2);
    assert_string_equal(p.endpoints[0].listen.name, "c");
    assert_int_equal(p.endpoints[0].listen.conn.mode, PP_MODE_MESSAGE);
    assert_int_equal(p.endpoints[0].access.allow_count, 2); /* both: it may be repeated */
    program_free(&p);
    read_text(&p, "[mailslot b]", "--max-clients 5 --strict --pipe c");
    assert_int_equal(p.endpoint_count, 2);
    assert_int_equal(program_find(&p, SCOPE_PIPE)->listen.max_clients, 5);
    assert_true(program_find(&p, SCOPE_PIPE)->access.strict);
    assert_string_equal(program_find(&p, SCOPE_PIPE)->listen.name, "c");
    program_free(&p);
    read_text(&p, "[server]\nworkers = 3", "--pipe c");
    assert_int_equal(p.endpoint_count, 1);
    program_free(&p);
    read_text(&p, "[pipe a]\nstrict = yes", "--strict=no");
    assert_false(p.endpoints[0].access.strict);
    program_free(&p);
    assert_string_equal(refusal("[mailslot b]", 12, "--no-mailslot"),
                        "--no-mailslot leaves nothing to serve; allowed: beside a pipe");
    assert_non_null(strstr(refusal("[pipe a]\n[pipe b]", 17, "--pipe c"),
                           " has 2; allowed: with a file that has one"));
    assert_string_equal(refusal("[pipe a]", 8, "--mode stream --mode framed"),
                        "--mode is given twice; allowed: once");
}

TEST_CASE(the_nearest_word_is_found)
{
    static const char *const words[] = {"stream", "message", "framed"};
    static const struct {
        const char *word, *nearest;
    } pairs[] = {{"stream", "stream"},
                 {"sream", "stream"},
                 {"strems", "stream"},
                 {"framde", "framed"},
                 {"massage", "message"},
                 {"bytes", ""},
                 {"", ""},
                 {"m", ""}};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        nearest n = nearest_to(pairs[i].word, strlen(pairs[i].word));

        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            nearest_offer(&n, words[k]);
        assert_string_equal(n.best, pairs[i].nearest);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(a_file_serves_as_many_names_as_it_has_sections),
    TEST(what_notepad_writes_is_read),
    TEST(what_is_no_text_is_refused),
    TEST(a_mistake_in_a_file_is_one_line_that_says_where),
    TEST(a_file_has_a_limit_of_names),
    TEST(the_command_line_comes_before_the_file),
    TEST(the_nearest_word_is_found),
};

HARNESS_MAIN(tests)
