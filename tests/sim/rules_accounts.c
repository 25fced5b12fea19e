/*
 * Rules of accounts: services, groups, low integrity, and what a false server may do with who asks
 * it.
 */
#include "rules.h"

#include "base/security.h"

#define ACCOUNTS__USER "S-1-5-21-1-1-1-1000" /* of sim_client, and of rule_low */
#define ACCOUNTS__VIRTUAL "S-1-5-80-1-2-3-4-5"
#define ACCOUNTS__FALSE_PIPE L"\\\\.\\pipe\\false"

static const sim_process accounts__virtual = {
    .id = 510, .user = ACCOUNTS__VIRTUAL, .integrity = 16384};
static const sim_process accounts__local = {.id = 511, .user = "S-1-5-19", .integrity = 16384};
static const sim_process accounts__managed = {
    .id = 512, .user = "S-1-5-21-2-2-2-1500", .integrity = 16384};
static const sim_process accounts__other = {
    .id = 513, .user = "S-1-5-80-6-7-8-9-10", .integrity = 16384};

static DWORD accounts__visit(const sim_process *who)
{
    return rule_visit(who, RULE_PIPE, SECURITY_STRICT_RIGHTS, 0);
}

/* Makes an instance of our name, beside ours. */
static DWORD accounts__squat(void *argument)
{
    *(DWORD *)argument =
        rule_outcome(CreateNamedPipeW(RULE_PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE,
                                      PIPE_UNLIMITED_INSTANCES, 100, 100, 0, NULL));
    return 0;
}

static void accounts__expect_squat(const sim_process *who, DWORD wanted)
{
    DWORD error;

    rule_in(who, accounts__squat, &error);
    rule_expect("an instance of another process", error, wanted);
}

/* ---- Services -------------------------------------------------------------------------------- */

static DWORD accounts__serve(void *argument)
{
    const char *users[] = {RULE_STRANGER};
    pp_access access = {.allow = users, .allow_count = 1, .strict = true};
    sim_process neighbour = *(const sim_process *)argument;
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("an allowed user", accounts__visit(&rule_stranger), ERROR_SUCCESS);
    accounts__expect_squat(&rule_stranger, ERROR_ACCESS_DENIED);
    rule_expect("another user", accounts__visit(&sim_client), ERROR_ACCESS_DENIED);
    rule_expect("another service", accounts__visit(&accounts__other), ERROR_ACCESS_DENIED);
    neighbour.id = 514;
    rule_expect("a process of its account", accounts__visit(&neighbour), ERROR_SUCCESS);
    accounts__expect_squat(&neighbour, ERROR_SUCCESS);
    rule_close(&s);
    return 0;
}

static void accounts__services(void)
{
    static const sim_process *const kinds[] = {&accounts__virtual, &accounts__local,
                                               &accounts__managed};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        rule_in(kinds[i], accounts__serve, (void *)(uintptr_t)kinds[i]);
}

static void accounts__group(void)
{
    static const char *const groups[] = {"S-1-5-11", "S-1-5-32-545", "S-1-5-4"};
    const char *group = groups[sim_draw(3)];
    pp_access access = {.allow = &group, .allow_count = 1, .strict = sim_chance(2)};
    sim_process network = rule_stranger;
    rule_server s;

    network.id = 515;
    network.network = true;
    rule_serve(&s, &access, PP_OK);
    rule_expect("a member", accounts__visit(&rule_stranger), ERROR_SUCCESS);
    rule_expect("a network logon", accounts__visit(&network),
                group == groups[2] ? ERROR_ACCESS_DENIED : ERROR_SUCCESS);
    accounts__expect_squat(&rule_stranger, access.strict ? ERROR_ACCESS_DENIED : ERROR_SUCCESS);
    rule_close(&s);
}

/* ---- Low integrity --------------------------------------------------------------------------- */

static DWORD accounts__serve_low(void *argument)
{
    pp_access access = {.sddl = "D:P(A;;GA;;;SY)(A;;GA;;;" ACCOUNTS__VIRTUAL
                                ")(A;;0x12019b;;;" ACCOUNTS__USER ")S:(ML;;NW;;;LW)"};
    rule_server s;

    (void)argument;
    rule_serve(&s, &access, PP_OK);
    rule_expect("low integrity", accounts__visit(&rule_low), ERROR_SUCCESS);
    accounts__expect_squat(&rule_low, ERROR_ACCESS_DENIED);
    rule_expect("another user", accounts__visit(&rule_stranger), ERROR_ACCESS_DENIED);
    rule_close(&s);
    return 0;
}

static DWORD accounts__open_to_read(void *argument)
{
    *(DWORD *)argument =
        rule_outcome(CreateFileW(RULE_PIPE, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    return 0;
}

/* Without a label, who is lower may not write; reading is the list's affair. */
static void accounts__low_reads(void)
{
    pp_access access = {0};
    rule_server s;
    DWORD error;

    rule_serve(&s, &access, PP_OK);
    rule_in(&rule_low, accounts__open_to_read, &error);
    rule_expect("low integrity of our own user", error, ERROR_SUCCESS);
    rule_expect("low integrity that writes", rule_call(&rule_low, RULE_PIPE), ERROR_ACCESS_DENIED);
    rule_close(&s);
}

static void accounts__low(void)
{
    pp_access access = {.sddl = "D:P(A;;GA;;;SY)(A;;GA;;;" ACCOUNTS__USER ")S:(ML;;NW;;;LW)"};
    rule_server s;

    rule_in(&accounts__virtual, accounts__serve_low, NULL);
    rule_serve(&s, &access, PP_OK);
    rule_expect("low integrity of our own user", accounts__visit(&rule_low), ERROR_SUCCESS);
    accounts__expect_squat(&rule_low, ERROR_SUCCESS);
    rule_close(&s);
}

/* ---- A false server -------------------------------------------------------------------------- */

typedef struct accounts__falsehood {
    HANDLE server, plain;
    pp_client *client;
    DWORD error; /* of what the server tried as its client */
} accounts__falsehood;

static DWORD accounts__ask(void *argument)
{
    accounts__falsehood *f = argument;
    pp_client_options options;

    pp_client_options_init(&options);
    options.name = "false";
    options.mode = PP_MODE_MESSAGE;
    rule_expect("pp_client_open", pp_client_open(&f->client, &options, NULL), PP_OK);
    rule_expect("pp_client_send", pp_client_send(f->client, "five", 5, 1000), PP_OK);
    return 0;
}

static DWORD accounts__ask_plainly(void *argument)
{
    accounts__falsehood *f = argument;
    DWORD bytes;

    f->plain = CreateFileW(ACCOUNTS__FALSE_PIPE, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                           OPEN_EXISTING, 0, NULL);
    rule_expect("WriteFile", WriteFile(f->plain, "five", 5, &bytes, NULL), TRUE);
    return 0;
}

/* Opens our pipe as its client. */
static DWORD accounts__act(void *argument)
{
    accounts__falsehood *f = argument;
    char request[8];
    DWORD bytes;

    rule_expect("ReadFile", ReadFile(f->server, request, sizeof request, &bytes, NULL), TRUE);
    rule_expect("impersonation", ImpersonateNamedPipeClient(f->server), TRUE);
    f->error = rule_outcome(
        CreateFileW(RULE_PIPE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL));
    RevertToSelf();
    CloseHandle(f->server);
    return 0;
}

static void accounts__false_server(void)
{
    pp_access access = {0};
    accounts__falsehood f;
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    f.server = rule_pose(&rule_stranger, ACCOUNTS__FALSE_PIPE);
    rule_in(&sim_client, accounts__ask, &f);
    rule_in(&rule_stranger, accounts__act, &f);
    rule_expect("as our client", f.error, ERROR_BAD_IMPERSONATION_LEVEL);
    pp_client_close(&f.client);
    f.server = rule_pose(&rule_stranger, ACCOUNTS__FALSE_PIPE);
    rule_in(&sim_client, accounts__ask_plainly, &f);
    rule_in(&rule_stranger, accounts__act, &f);
    rule_expect("as a plain client", f.error, ERROR_SUCCESS);
    CloseHandle(f.plain);
    rule_close(&s);
}

/* ---- After the stop -------------------------------------------------------------------------- */

static void accounts__free_again(void)
{
    pp_access access = {0};
    rule_server s;

    rule_serve(&s, &access, PP_OK);
    rule_expect("our user", rule_call(&sim_client, RULE_PIPE), ERROR_SUCCESS);
    accounts__expect_squat(&rule_stranger, ERROR_ACCESS_DENIED);
    rule_close(&s);
    accounts__expect_squat(&rule_stranger, ERROR_SUCCESS);
}

static const rule accounts__rows[] = {
    {"a service of any account lets in whom it allows, and its account", accounts__services},
    {"members of an allowed group get in, and serve nothing where it is strict", accounts__group},
    {"low integrity serves our name where its user is ours alone", accounts__low},
    {"low integrity of our own user may open our pipe to read", accounts__low_reads},
    {"a false server cannot act for our client", accounts__false_server},
    {"a name is anybody's once its server has stopped", accounts__free_again},
};

const rule_table account_rules = {accounts__rows, sizeof accounts__rows / sizeof *accounts__rows};
