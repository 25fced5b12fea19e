/*
 * Floor 0: statuses, options, names, security, memory; and the pieces of floor 1 that stand alone.
 */
#include "kit.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/gate.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/options.h"
#include "base/security.h"
#include "base/utf.h"

TEST_CASE(every_status_has_a_name_and_a_text)
{
    for (int i = 0; i < PP_STATUS_COUNT; i++) {
        assert_true(strncmp(pp_status_name((pp_status)i), i == 0 ? "PP_OK" : "PP_E_", 5) == 0);
        assert_true(strlen(pp_status_text((pp_status)i)) > 3);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(pp_status_name((pp_status)i), pp_status_name((pp_status)j));
    }
    assert_string_equal(pp_status_name(PP_STATUS_COUNT), "PP_?");
    assert_non_null(pp_status_text((pp_status)-1));
}

TEST_CASE(windows_errors_become_statuses)
{
    pp_error error;

    assert_int_equal(error_from_windows(ERROR_SUCCESS), PP_OK);
    assert_int_equal(error_from_windows(ERROR_BROKEN_PIPE), PP_E_PEER_CLOSED);
    assert_int_equal(error_from_windows(ERROR_PIPE_BUSY), PP_E_BUSY);
    assert_int_equal(error_from_windows(ERROR_FILE_NOT_FOUND), PP_E_NOT_FOUND);
    assert_int_equal(error_from_windows(ERROR_OPERATION_ABORTED), PP_E_CANCELLED);
    assert_int_equal(error_from_windows(0xDEAD), PP_E_SYSTEM);
    assert_int_equal(error_set_windows(&error, ERROR_ACCESS_DENIED, "opening"), PP_E_ACCESS);
    assert_int_equal(error.windows_error, ERROR_ACCESS_DENIED);
    assert_non_null(strstr(error.message, "opening: "));
    assert_non_null(strstr(error.message, " (5)"));
    assert_null(strstr(error.message, ".")); /* the system's text ends in one */
}

/* The value just outside each end of each range is refused with the option's name and the range. */
static void check_ranges(const option_table *table, void *options)
{
    for (size_t i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];
        uint64_t *member = option_member(row, options), good = *member;
        uint64_t bad[] = {row->most + 1, row->least ? row->least - 1 : row->most + 1, UINT64_MAX};
        pp_error error;

        assert_int_equal(option_check(table, options, &error), PP_OK);
        for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
            char least[32], most[32];

            if (bad[j] == 0 && row->zero_allowed)
                continue;
            *member = bad[j];
            assert_int_equal(option_check(table, options, &error), PP_E_ARGUMENT);
            snprintf(least, sizeof least, " %llu to ", (unsigned long long)row->least);
            snprintf(most, sizeof most, " to %llu", (unsigned long long)row->most);
            assert_non_null(strstr(error.message, row->name));
            assert_non_null(strstr(error.message, least));
            assert_non_null(strstr(error.message, most));
        }
        *member = row->least;
        assert_int_equal(option_check(table, options, &error), PP_OK);
        *member = row->most;
        assert_int_equal(option_check(table, options, &error), PP_OK);
        *member = good;
    }
}

TEST_CASE(every_option_is_checked_at_both_ends)
{
    pp_port_options port;
    pp_listen_options listen;
    pp_dial_options dial;
    pp_mailslot_options mailslot;

    pp_port_options_init(&port);
    pp_listen_options_init(&listen);
    pp_dial_options_init(&dial);
    pp_mailslot_options_init(&mailslot);
    check_ranges(&option_port_table, &port);
    check_ranges(&option_conn_table, &listen.conn);
    check_ranges(&option_listen_table, &listen);
    check_ranges(&option_dial_table, &dial);
    check_ranges(&option_mailslot_table, &mailslot);
}

TEST_CASE(names_are_bare_or_full_paths)
{
    static const struct {
        const char *text, *path;
        bool local;
    } good[] = {
        {"a", "\\\\.\\pipe\\a", true},
        {"with space", "\\\\.\\pipe\\with space", true},
        {"\\\\.\\pipe\\x", "\\\\.\\pipe\\x", true},
        {"\\\\.\\PIPE\\LOCAL\\x", "\\\\.\\pipe\\LOCAL\\x", true},
        {"\\\\server\\pipe\\x", "\\\\server\\pipe\\x", false},
        {"\xC3\xA9t\xC3\xA9", "\\\\.\\pipe\\\xC3\xA9t\xC3\xA9", true},
        {"//./pipe/orders", "\\\\.\\pipe\\orders", true},
        {"\\\\.\\pipe\\a/b", "\\\\.\\pipe\\a\\b", true},
        {"//server/PIPE/a/b", "\\\\server\\pipe\\a\\b", false},
        {"\\\\?\\pipe\\x", "\\\\?\\pipe\\x", false},
        {"\\\\?\\pipe\\a/b.", "\\\\?\\pipe\\a/b.", false}, /* Windows takes it as it is */
        {" .a..b", "\\\\.\\pipe\\ .a..b", true},
    };
    static const char *const bad[] = {"",
                                      "a\\b",
                                      "\\\\.\\pipe\\",
                                      "\\\\.\\mailslot\\x",
                                      "\\\\.\\pip",
                                      "\\\\",
                                      "\\\\\\pipe\\x",
                                      "a\nb",
                                      "a/b",
                                      ".",
                                      "..",
                                      " ",
                                      "trail ",
                                      "trail.",
                                      "\\\\.\\pipe\\a\\\\b",
                                      "\\\\.\\pipe\\a\\..\\b",
                                      "//./pipe/a/",
                                      "//./pipe//a",
                                      "\\\\.\\pipeline\\x"};
    static name_path path;
    pp_error error;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(name_parse(&path, NAME_PIPE, good[i].text, false, "pipe", &error), PP_OK);
        assert_string_equal(path.text, good[i].path);
        assert_int_equal(path.local, good[i].local);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(name_parse(&path, NAME_PIPE, bad[i], false, "pipe", &error),
                         PP_E_ARGUMENT);
        assert_non_null(strstr(error.message, "pipe is \""));
        assert_non_null(strstr(error.message, "allowed: "));
    }
    assert_int_equal(name_parse(&path, NAME_PIPE, "\\\\server\\pipe\\x", true, "pipe", &error),
                     PP_E_ARGUMENT);
    assert_int_equal(name_parse(&path, NAME_PIPE, NULL, true, "pipe", &error), PP_E_ARGUMENT);
}

/* 256 characters of a whole path, of whatever length in bytes, and no more. */
TEST_CASE(the_longest_name_fits_its_path)
{
    static const struct {
        name_kind kind;
        const char *prefix;
        size_t most;
    } kinds[] = {{NAME_PIPE, "\\\\.\\pipe\\", 247}, {NAME_MAILSLOT, "//./mailslot/", 243}};
    static name_path path;
    pp_error error;

    for (int i = 0; i < 4; i++) {
        char text[1024] = "", *name = text + strlen(kinds[i / 2].prefix);
        name_kind kind = kinds[i / 2].kind;

        strcpy(text, kinds[i / 2].prefix);
        for (size_t n = 0; n < kinds[i / 2].most; n++)
            strcat(text, i % 2 ? "\xE2\x82\xAC" : "n");
        assert_int_equal(name_parse(&path, kind, name, true, "name", &error), PP_OK);
        assert_int_equal(wcslen(path.wide), 256);
        assert_int_equal(name_parse(&path, kind, text, true, "name", &error), PP_OK);
        strcat(text, "x");
        assert_int_equal(name_parse(&path, kind, name, true, "name", &error), PP_E_ARGUMENT);
        assert_non_null(strstr(error.message, kind == NAME_PIPE ? "1 to 247" : "1 to 243"));
        assert_non_null(strstr(error.message, "NAME"));
        assert_int_equal(name_parse(&path, kind, text, true, "name", &error), PP_E_ARGUMENT);
    }
}

/* A path that no buffer holds is refused, not shortened to another one. */
TEST_CASE(a_machine_of_any_length_is_no_other_name)
{
    static name_path path;
    char text[NAME_PATH_SIZE * 2] = "\\\\";
    pp_error error;

    for (size_t length = 100; length < NAME_PATH_SIZE + 100; length++) {
        memset(text + 2, 'm', length);
        strcpy(text + 2 + length, "\\pipe\\orders");
        if (name_parse(&path, NAME_PIPE, text, false, "pipe", &error) == PP_OK)
            assert_string_equal(path.text, text);
        else
            assert_non_null(strstr(error.message, "NAME"));
    }
}

static bool is_text(const char *text)
{
    wchar_t wide[512];

    return utf_to_utf16(text, wide, sizeof wide / sizeof *wide);
}

TEST_CASE(a_value_is_cut_at_a_character_and_a_reason_never)
{
    char value[2000] = "";
    pp_error error;

    for (size_t lead = 0; lead < 4; lead++) {
        value[lead] = 0;
        memset(value, 'v', lead);
        for (int i = 0; i < 300; i++)
            strcat(value, i % 2 ? "\xF0\x9F\x98\x80" : "\xE2\x82\xAC");
        assert_true(is_text(utf_shorten(value).text));
        assert_true(strlen(utf_shorten(value).text) > UTF_SHORT - 4);
        assert_string_equal(utf_shorten(value).text + strlen(utf_shorten(value).text) - 3, "...");
        error_set(&error, PP_E_ARGUMENT, 0, "%s", value);
        assert_true(is_text(error.message));
        assert_string_equal(error.message + strlen(error.message) - 3, "...");
        assert_int_equal(error_set_windows(&error, ERROR_ACCESS_DENIED, value), PP_E_ACCESS);
        assert_true(is_text(error.message));
        assert_non_null(strstr(error.message, "...: "));
        assert_string_equal(error.message + strlen(error.message) - 3, "(5)");
    }
    assert_string_equal(utf_shorten("short").text, "short");
    memset(value, 'v', UTF_SHORT + 3); /* the longest that is not cut */
    value[UTF_SHORT + 3] = 0;
    assert_string_equal(utf_shorten(value).text, value);
    for (DWORD code = 0; code < 2000; code++) {
        error_set_windows(&error, code, value);
        assert_true(is_text(error.message));
        assert_int_equal(error.message[strlen(error.message) - 1], ')');
    }
}

/* The rights that the descriptor's entry for `sid` allows, or denies with ACCESS_DENIED_ACE_TYPE.
 */
static DWORD rights_of(const security *s, const wchar_t *text, BYTE type)
{
    BOOL present, defaulted;
    ACL *acl;
    PSID sid;
    DWORD rights = 0;

    assert_true(
        GetSecurityDescriptorDacl(s->attributes.lpSecurityDescriptor, &present, &acl, &defaulted));
    assert_true(present);
    assert_true(ConvertStringSidToSidW(text, &sid));
    for (DWORD i = 0; i < acl->AceCount; i++) {
        void *ace;

        assert_true(GetAce(acl, i, &ace));
        if (((ACE_HEADER *)ace)->AceType == type &&
            EqualSid((PSID) & ((ACCESS_ALLOWED_ACE *)ace)->SidStart, sid))
            rights |= ((ACCESS_ALLOWED_ACE *)ace)->Mask;
    }
    LocalFree(sid);
    return rights;
}

#define WORLD L"S-1-1-0"
#define SYSTEM_SID L"S-1-5-18"
#define ADMINISTRATORS L"S-1-5-32-544"
#define NETWORK L"S-1-5-2"

TEST_CASE(access_is_given_to_those_named_and_nobody_else)
{
    const char *const everyone[] = {"S-1-1-0"};
    pp_access access = {0};
    pp_error error;
    security s;

    assert_int_equal(security_open(&s, &access, false, &error), PP_OK);
    assert_int_equal(rights_of(&s, WORLD, ACCESS_ALLOWED_ACE_TYPE), 0);
    assert_true(rights_of(&s, SYSTEM_SID, ACCESS_ALLOWED_ACE_TYPE) != 0);
    assert_true(rights_of(&s, ADMINISTRATORS, ACCESS_ALLOWED_ACE_TYPE) != 0);
    assert_int_equal(rights_of(&s, NETWORK, ACCESS_DENIED_ACE_TYPE), 0);
    security_close(&s);

    access.allow = everyone;
    access.allow_count = 1;
    assert_int_equal(security_open(&s, &access, true, &error), PP_OK);
    assert_int_equal(rights_of(&s, WORLD, ACCESS_ALLOWED_ACE_TYPE), 0x12019F);
    assert_true(rights_of(&s, NETWORK, ACCESS_DENIED_ACE_TYPE) != 0);
    security_close(&s);

    access.strict = true;
    assert_int_equal(security_open(&s, &access, false, &error), PP_OK);
    assert_int_equal(rights_of(&s, WORLD, ACCESS_ALLOWED_ACE_TYPE), 0x12019B);
    security_close(&s);

    access.sddl = "D:(A;;GR;;;SY)";
    assert_int_equal(security_open(&s, &access, false, &error), PP_OK);
    assert_int_equal(rights_of(&s, WORLD, ACCESS_ALLOWED_ACE_TYPE), 0);
    security_close(&s);
}

/* A process that came over SSH has a network logon as well: its own, which comes before the deny.
 */
TEST_CASE(the_own_logon_comes_before_other_networks)
{
    pp_access access = {0};
    pp_error error;
    security s;
    char *text, *own, *denied;

    assert_int_equal(security_open(&s, &access, true, &error), PP_OK);
    assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorA(
        s.attributes.lpSecurityDescriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text,
        NULL));
    own = strstr(text, ";;;S-1-5-5-");
    denied = strstr(text, "(D;;");
    assert_true(own && denied && own < denied);
    LocalFree(text);
    security_close(&s);
}

TEST_CASE(wrong_users_and_descriptors_are_named)
{
    const char *const nobody[] = {"no such user here"};
    static const char *const without_list[] = {"", "O:BAG:BA", "S:(AU;SA;GA;;;WD)"};
    pp_access access = {.allow = nobody, .allow_count = 1};
    pp_error error;
    security s;

    assert_int_equal(security_open(&s, &access, false, &error), PP_E_SECURITY);
    assert_non_null(strstr(error.message, "no such user here"));
    access = (pp_access){.sddl = "D:(nonsense"};
    assert_int_equal(security_open(&s, &access, false, &error), PP_E_SECURITY);
    assert_non_null(strstr(error.message, "D:(nonsense"));
    for (size_t i = 0; i < sizeof without_list / sizeof *without_list; i++) {
        access = (pp_access){.sddl = without_list[i]};
        assert_int_equal(security_open(&s, &access, false, &error), PP_E_SECURITY);
        assert_null(s.attributes.lpSecurityDescriptor);
        assert_non_null(strstr(error.message, "sddl is \""));
        assert_non_null(strstr(error.message, "allowed: "));
    }
    access = (pp_access){.allow_count = 1};
    assert_int_equal(security_open(&s, &access, false, &error), PP_E_ARGUMENT);
}

TEST_CASE(malformed_text_is_refused)
{
    wchar_t wide[8];
    char text[8];

    assert_true(utf_to_utf16("\xE2\x82\xAC", wide, 8));
    assert_int_equal(wide[0], 0x20AC);
    assert_true(utf_to_utf8(wide, text, sizeof text));
    assert_string_equal(text, "\xE2\x82\xAC");
    assert_false(utf_to_utf16("\xC3(", wide, 8));
    assert_false(utf_to_utf16("too long for it", wide, 8));
    assert_null(utf_copy_utf16("\xFF"));
}

TEST_CASE(memory_comes_from_the_chosen_allocator)
{
    uint64_t before = mem_allocations();
    char *block = mem_alloc(100);

    assert_true(mem_is_ours(block));
    block = mem_resize(block, 100000);
    assert_true(mem_is_ours(block));
    assert_int_equal(mem_allocations(), before + 2);
    mem_free(block);
#if defined(PP_MEMORY_MIMALLOC) || defined(PP_MEMORY_GUARD)
    {
        void *theirs = malloc(100);

        assert_false(mem_is_ours(theirs)); /* nobody's malloc is overridden */
        free(theirs);
    }
#endif
}

TEST_CASE(a_gate_keeps_a_resume_that_came_first)
{
    gate g = {0};
    LONG seen = gate_ticket(&g);

    assert_true(gate_shut_unless_reopened(&g, seen));
    assert_true(gate_is_shut(&g));
    gate_open(&g);
    assert_false(gate_is_shut(&g));
    seen = gate_ticket(&g);
    gate_open(&g); /* the resume that comes before the refusal is noted */
    assert_false(gate_shut_unless_reopened(&g, seen));
    assert_false(gate_is_shut(&g));
    seen = gate_ticket(&g);
    gate_shut(&g);
    assert_true(gate_shut_unless_reopened(&g, seen));
    assert_true(gate_is_shut(&g));
}

static const struct CMUnitTest tests[] = {
    TEST(every_status_has_a_name_and_a_text),
    TEST(windows_errors_become_statuses),
    TEST(every_option_is_checked_at_both_ends),
    TEST(names_are_bare_or_full_paths),
    TEST(the_longest_name_fits_its_path),
    TEST(a_machine_of_any_length_is_no_other_name),
    TEST(a_value_is_cut_at_a_character_and_a_reason_never),
    TEST(access_is_given_to_those_named_and_nobody_else),
    TEST(the_own_logon_comes_before_other_networks),
    TEST(wrong_users_and_descriptors_are_named),
    TEST(malformed_text_is_refused),
    TEST(memory_comes_from_the_chosen_allocator),
    TEST(a_gate_keeps_a_resume_that_came_first),
};

HARNESS_MAIN(tests)
