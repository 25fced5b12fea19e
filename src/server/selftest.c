#include "server/selftest.h"

#include "base/mem.h"
#include "base/utf.h"
#include "pipeport.h"
#include "server/exits.h"
#include "server/output.h"

#include <cJSON.h>
#include <stdio.h>
#include <string.h>

#define SELFTEST__TEXT 1400

static const selftest_table *const selftest__tables[] = {SELFTEST_TABLES};

typedef enum selftest__result { PASS, FAIL, NOT_HERE, SELFTEST__RESULTS } selftest__result;
static const char *const selftest__words[] = {"PASS", "FAIL", "NOT HERE"};

typedef struct selftest__run {
    bool json;
    const char *wine; /* its version, or NULL: this is Windows */
    char system[96];
    unsigned counts[SELFTEST__RESULTS];
    cJSON *rows;
} selftest__run;

/* ---- The system ----------------------------------------------------------------------------- */

/* The FARPROC that GetProcAddress returns may only be converted through another function type. */
typedef void selftest__any(void);

static selftest__any *selftest__find(const char *name)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    return ntdll ? (selftest__any *)GetProcAddress(ntdll, name) : NULL;
}

/* The version as it is: GetVersionEx tells a program without a manifest an older one. */
static void selftest__look_at_system(selftest__run *run)
{
    typedef const char *wine_version(void);
    typedef NTSTATUS NTAPI version(RTL_OSVERSIONINFOW * information);
    wine_version *wine = (wine_version *)selftest__find("wine_get_version");
    version *ask = (version *)selftest__find("RtlGetVersion");
    RTL_OSVERSIONINFOW v = {.dwOSVersionInfoSize = sizeof v};

    if (ask)
        ask(&v);
    run->wine = wine ? wine() : NULL;
    snprintf(run->system, sizeof run->system, "Windows %lu.%lu.%lu%s%s", v.dwMajorVersion,
             v.dwMinorVersion, v.dwBuildNumber, run->wine ? ", Wine " : "",
             run->wine ? run->wine : "");
}

/* ---- One row -------------------------------------------------------------------------------- */

typedef struct selftest__look {
    const selftest_row *row;
    trial *trial;
} selftest__look;

static DWORD WINAPI selftest__look_main(void *argument)
{
    selftest__look *look = argument;

    trial_run(look->trial, look->row->ends, look->row->look);
    return 0;
}

/* On a thread of its own, which is left behind when a call of the system never returns. False: it
 * did not end, and what it saw is still being written. */
static bool selftest__try(selftest__look *look)
{
    HANDLE thread = CreateThread(NULL, 0, selftest__look_main, look, 0, NULL);
    bool ended;

    if (!thread)
        return false;
    ended = WaitForSingleObject(thread, SELFTEST_LONGEST_MS) == WAIT_OBJECT_0;
    CloseHandle(thread);
    return ended;
}

static selftest__result selftest__judge(const selftest__run *run, const selftest_row *row,
                                        const trial *t)
{
    if (!row->windows)
        return NOT_HERE;
    if (trial_saw(t, row->windows))
        return PASS;
    return run->wine && row->wine && trial_saw(t, row->wine) ? NOT_HERE : FAIL;
}

/* A result that differs from Windows gets the one of Windows beside it. */
static void selftest__describe(const selftest_row *row, const trial *t, selftest__result result,
                               char *text, size_t size)
{
    bool differs = result != PASS && row->windows;

    snprintf(text, size, "%s%s%s%s%s%s", *t->seen ? t->seen : "nothing", *t->aside ? " (" : "",
             t->aside, *t->aside ? ")" : "", differs ? "; on Windows: " : "",
             differs ? row->windows : "");
}

static void selftest__report(selftest__run *run, const selftest_row *row, selftest__result result,
                             const char *seen)
{
    cJSON *object;

    run->counts[result]++;
    if (!run->json) {
        output_format(OUTPUT_STDOUT, "%-8s  %s: %s", selftest__words[result], row->sentence, seen);
        return;
    }
    object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", row->sentence);
    cJSON_AddStringToObject(object, "result", selftest__words[result]);
    cJSON_AddStringToObject(object, "seen", seen);
    cJSON_AddItemToArray(run->rows, object);
}

static void selftest__run_row(selftest__run *run, const selftest_row *row)
{
    char text[SELFTEST__TEXT];
    /* Both stay allocated: a trial that did not end goes on with them. */
    selftest__look *look = mem_alloc_zeroed(sizeof *look);
    selftest__result result = FAIL;

    if (look)
        *look = (selftest__look){row, trial_open()};
    if (!look || !look->trial) {
        snprintf(text, sizeof text, "out of memory");
    } else if (!selftest__try(look)) {
        snprintf(text, sizeof text, "it did not end within %u s", SELFTEST_LONGEST_MS / 1000);
    } else {
        result = selftest__judge(run, row, look->trial);
        selftest__describe(row, look->trial, result, text, sizeof text);
    }
    selftest__report(run, row, result, text);
}

/* ---- The command ---------------------------------------------------------------------------- */

static void selftest__print_json(selftest__run *run)
{
    cJSON *object = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(object, "version", pp_version());
    cJSON_AddStringToObject(object, "system", run->system);
    cJSON_AddItemToObject(object, "rows", run->rows);
    text = cJSON_Print(object);
    if (text)
        output_text(OUTPUT_STDOUT, text);
    output_text(OUTPUT_STDOUT, "\n");
    cJSON_free(text);
    cJSON_Delete(object);
}

static int selftest__run_all(bool json)
{
    selftest__run run = {.json = json};

    run.rows = cJSON_CreateArray();
    selftest__look_at_system(&run);
    if (!json)
        output_format(OUTPUT_STDOUT, "pipeport %s on %s", pp_version(), run.system);
    for (size_t i = 0; i < sizeof selftest__tables / sizeof *selftest__tables; i++)
        for (size_t row = 0; row < selftest__tables[i]->count; row++)
            selftest__run_row(&run, &selftest__tables[i]->rows[row]);
    if (json) {
        selftest__print_json(&run);
    } else {
        cJSON_Delete(run.rows);
        output_format(OUTPUT_STDOUT, "%u PASS, %u NOT HERE, %u FAIL", run.counts[PASS],
                      run.counts[NOT_HERE], run.counts[FAIL]);
    }
    return output_status(run.counts[FAIL] == 0 ? 0 : EXITS_FAILED);
}

int selftest_main(int count, char **arguments)
{
    bool json = count == 1 && strcmp(arguments[0], "--json") == 0;

    if (count == 1 && strcmp(arguments[0], "--help") == 0) {
        output_text(
            OUTPUT_STDOUT,
            "pipeport selftest [--json]\n"
            "Checks, in a few seconds, what pipeport assumes about this system. Each line is\n"
            "PASS, FAIL or NOT HERE (no test is possible here, or Wine is known to differ),\n"
            "and what was seen. Exit status: 0 nothing failed, 1 otherwise.\n");
        return output_status(0);
    }
    if (count > 0 && !json) {
        output_format(OUTPUT_STDERR, "pipeport: unknown option \"%s\"; allowed: --json, --help",
                      utf_shorten(arguments[count > 1 ? 1 : 0]).text);
        return EXITS_WRONG_ARGUMENTS;
    }
    return selftest__run_all(json);
}
