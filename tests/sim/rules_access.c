/*
 * Rules of access on one machine: who gets in, who serves the name, and who is known.
 */
#include "rules.h"

#include "base/security.h"
#include "calls.h"

#include <string.h>

#define ACCESS__OURS "S-1-5-21-1-1-1-1000"

static void access__users(void)
{
    const char *users[] = {RULE_STRANGER};
    pp_access access = {0};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("our user", rule_call(&sim_client, RULE_PIPE), ERROR_SUCCESS);
    rule_expect("a stranger", rule_call(&rule_stranger, RULE_PIPE), ERROR_ACCESS_DENIED);
    rule_expect("connections", s.opened, 1);
    rule_close(&s);
    access.allow = users;
    access.allow_count = 1;
    rule_serve(&s, &access, PP_OK);
    rule_expect("an allowed user", rule_call(&rule_stranger, RULE_PIPE), ERROR_SUCCESS);
    rule_expect("its user is known", strcmp(s.peer.user, RULE_STRANGER), 0);
    rule_expect("its process", s.peer.process_id, rule_stranger.id);
    rule_close(&s);
}

/* What a stranger does who wants to serve our name: to make an instance of it. */
static DWORD access__squat(void *argument)
{
    DWORD mode = PIPE_ACCESS_DUPLEX | (sim_chance(2) ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0);

    *(DWORD *)argument = rule_outcome(CreateNamedPipeW(
        RULE_PIPE, mode, PIPE_TYPE_MESSAGE, PIPE_UNLIMITED_INSTANCES, 100, 100, 0, NULL));
    return 0;
}

static void access__strict(void)
{
    const char *users[] = {RULE_STRANGER};
    pp_access access = {.allow = users, .allow_count = 1, .strict = true};
    rule_server s;
    DWORD error;

    rule_serve(&s, &access, PP_OK);
    rule_expect("all rights", rule_call(&rule_stranger, RULE_PIPE), ERROR_ACCESS_DENIED);
    rule_expect("exact rights", rule_visit(&rule_stranger, RULE_PIPE, SECURITY_STRICT_RIGHTS, 0),
                ERROR_SUCCESS);
    rule_in(&rule_stranger, access__squat, &error);
    rule_expect("an instance of a stranger", error, ERROR_ACCESS_DENIED);
    rule_close(&s);
}

static void access__sddl(void)
{
    pp_access access = {.sddl = "D:(D;;GA;;;" RULE_STRANGER ")(A;;GA;;;WD)"};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("a denied user", rule_call(&rule_stranger, RULE_PIPE), ERROR_ACCESS_DENIED);
    rule_expect("everybody else", rule_call(&sim_client, RULE_PIPE), ERROR_SUCCESS);
    rule_close(&s);
}

/* The first instance needs no right, so that the second shows it. */
static void access__not_ourselves(void)
{
    pp_access access = {.sddl = "D:(A;;0x12019b;;;" ACCESS__OURS ")"};
    rule_server s;

    rule_serve(&s, &access, PP_E_ACCESS);
    rule_expect("the name", rule_call(&sim_client, RULE_PIPE), ERROR_FILE_NOT_FOUND);
    rule_close(&s);
}

static void access__low(void)
{
    pp_access access = {0};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("low integrity", rule_call(&rule_low, RULE_PIPE), ERROR_ACCESS_DENIED);
    rule_close(&s);
    access.sddl = "D:(A;;GA;;;WD)S:(ML;;NW;;;LW)";
    rule_serve(&s, &access, PP_OK);
    rule_expect("with a label", rule_call(&rule_low, RULE_PIPE), ERROR_SUCCESS);
    rule_expect("its integrity", s.peer.integrity, 4096);
    rule_close(&s);
}

static DWORD access__squat_first(void *argument)
{
    *(HANDLE *)argument = CreateNamedPipeW(RULE_PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE,
                                           PIPE_UNLIMITED_INSTANCES, 100, 100, 0, NULL);
    return 0;
}

static void access__taken(void)
{
    pp_access access = {0};
    rule_server s;
    HANDLE theirs;

    rule_in(&rule_stranger, access__squat_first, &theirs);
    rule_serve(&s, &access, PP_E_NAME_TAKEN);
    rule_close(&s);
    CloseHandle(theirs);
}

typedef struct access__siege {
    volatile bool over;
    unsigned tries, successes;
} access__siege;

static DWORD access__besiege(void *argument)
{
    access__siege *siege = argument;
    DWORD error;

    for (; !siege->over; siege->tries++) {
        access__squat(&error);
        siege->successes += error == ERROR_SUCCESS;
        if (sim_chance(4))
            sim_sleep(1);
    }
    return 0;
}

/* From start to stop, while clients come and go. */
static void access__never_free(void)
{
    const char *users[] = {RULE_STRANGER};
    pp_access access = {.allow = users, .allow_count = 1, .strict = true};
    access__siege siege = {0};
    HANDLE thread;
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    thread = sim_spawn(&rule_stranger, access__besiege, &siege);
    for (unsigned visits = sim_draw(8); visits > 0; visits--)
        rule_expect("our user", rule_call(&sim_client, RULE_PIPE), ERROR_SUCCESS);
    siege.over = true;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    rule_expect("instances of a stranger", siege.successes, 0);
    rule_close(&s);
}

static void access__hidden(void)
{
    DWORD hides = SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS;
    pp_access access = {0};
    pp_listen_options listen;
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("a hidden client",
                rule_visit(&sim_client, RULE_PIPE, GENERIC_READ | GENERIC_WRITE, hides),
                ERROR_SUCCESS);
    rule_expect("its user", strlen(s.peer.user), 0);
    rule_close(&s);
    rule_open(&s);
    rule_prepare(&s, &listen);
    listen.refuse_unknown = true;
    rule_expect("pp_listen", rule_listen(&s, &listen), PP_OK);
    rule_expect("a hidden client that is refused",
                rule_visit(&sim_client, RULE_PIPE, GENERIC_READ | GENERIC_WRITE, hides),
                ERROR_BROKEN_PIPE);
    rule_expect("answers", s.answered, 0);
    rule_close(&s);
    rule_expect("the reason", s.reason, PP_E_REFUSED);
}

/* A service is in session 0. */
static void access__half_known(void)
{
    static const sim_process service = {.id = 506, .user = "S-1-5-18", .integrity = 16384};
    pp_access access = {0};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    faults_none();
    faults_at(CALL_GetNamedPipeClientProcessId, 1);
    rule_expect("a service", rule_call(&service, RULE_PIPE), ERROR_SUCCESS);
    rule_expect("its process", s.peer.process_id, 0);
    rule_expect("its session", s.peer.session_id, 0);
    rule_expect("its user is known", strcmp(s.peer.user, service.user), 0);
    faults_none();
    rule_close(&s);
}

static const rule access__rows[] = {
    {"without options only our user gets in, and a user that is allowed", access__users},
    {"a strict user gets in by exact rights, and makes no instance", access__strict},
    {"what the sddl denies stays outside", access__sddl},
    {"an sddl that denies ourselves an instance fails, and frees the name", access__not_ourselves},
    {"low integrity stays outside unless a label lets it in", access__low},
    {"a name that another user serves is taken", access__taken},
    {"a stranger never makes an instance of our name", access__never_free},
    {"a client of session 0 is known, also where its process is not", access__half_known},
    {"a client may hide its user, unless that is refused", access__hidden},
};

const rule_table access_rules = {access__rows, sizeof access__rows / sizeof *access__rows};
