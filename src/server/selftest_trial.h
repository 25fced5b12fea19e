/*
 * One trial of the self-test: what it saw, in words, and its port, pipes and slots, which it closes
 * at its end. The calls are Windows' own, not the library's: the platform is on trial.
 *
 * What it saw is a text of fixed phrases, "read: pending; packet: 5 bytes", to compare with the
 * expected one. No call waits longer than TRIAL_COMES_MS.
 */
#ifndef PP_SERVER_SELFTEST_TRIAL_H
#define PP_SERVER_SELFTEST_TRIAL_H

#include "base/win.h"

#include <stdbool.h>
#include <stddef.h>

#define TRIAL_COMES_MS 2000u    /* the wait for a packet that should come */
#define TRIAL_STAYS_AWAY_MS 30u /* and for one that should not */
#define TRIAL_SEEN 512
#define TRIAL_HANDLES 16
#define TRIAL_BUFFER 65536u /* most that one read takes or one write sends */

/* The pipe that a trial finds connected: what it carries, and with what else. */
enum {
    TRIAL_ALONE = 0, /* none: the trial makes its own */
    TRIAL_BYTES = 1,
    TRIAL_MESSAGES = 2,
    TRIAL_NO_QUOTA = 4,
    TRIAL_SKIPS = 8 /* the server's end has the modes of trial_skip_packets */
};

typedef struct trial {
    char seen[TRIAL_SEEN], aside[TRIAL_SEEN];
    wchar_t pipe[64], slot[64]; /* names that nobody else has */
    HANDLE port;
    HANDLE server, client; /* both ends, where it found them connected */
    HANDLE kept[TRIAL_HANDLES];
    int kept_count;
    OVERLAPPED operation[2]; /* of the handle on the port, and of the other end */
    char buffer[2][TRIAL_BUFFER];
} trial;

/* A trial is never freed: the system may still write into what belongs to an operation that did
 * not end as expected. NULL: no memory. */
trial *trial_open(void);

/* Connects what it wants to find connected, looks, and closes it. */
void trial_run(trial *t, unsigned ends, void (*look)(trial *t));

/* ---- What was seen -------------------------------------------------------------------------- */

/* Adds a phrase. */
void trial_see(trial *t, const char *format, ...);

/* A measurement, which is printed and not compared. */
void trial_see_aside(trial *t, const char *format, ...);

/* Adds "WHAT: ok" or "WHAT: error N", and returns `ok`. */
bool trial_see_ok(trial *t, const char *what, BOOL ok);

/* Whether all that it saw is one of the alternatives, which have " or " between them. */
bool trial_saw(const trial *t, const char *expected);

/* ---- Making both ends ----------------------------------------------------------------------- */

#define TRIAL_QUOTA 4096u

/* A handle that trial_run will close; INVALID_HANDLE_VALUE and NULL are passed through. */
HANDLE trial_keep(trial *t, HANDLE handle);

/* An instance of the trial's pipe, overlapped and on its port. INVALID_HANDLE_VALUE: it failed, and
 * the trial saw that; the same with the next one. */
HANDLE trial_serve(trial *t, unsigned ends);

/* Its other end, overlapped and on no port. */
HANDLE trial_open_pipe(trial *t, DWORD access);

/* CreateNamedPipe with further flags. The trial sees nothing of it. */
HANDLE trial_create(trial *t, unsigned ends, DWORD flags, DWORD most,
                    SECURITY_ATTRIBUTES *security);

/* Sets the notification modes of the library: a success at once queues no packet. */
void trial_skip_packets(HANDLE handle);

/* Closes it now. */
void trial_drop(trial *t, HANDLE handle);

/* ---- Operations of a handle on the port, each seen ------------------------------------------ */

/* "read: pending", "read: 5 bytes" or "read: error 109". */
DWORD trial_read(trial *t, HANDLE handle, DWORD size);
DWORD trial_write(trial *t, HANDLE handle, DWORD size);
DWORD trial_listen(trial *t, HANDLE handle);
void trial_cancel(trial *t, HANDLE handle);

/* "packet: 5 bytes" or "packet: error 109"; "no packet" when none comes in TRIAL_COMES_MS. */
void trial_see_packet(trial *t);

/* The same with a shorter wait, where no packet should come. */
void trial_see_no_packet(trial *t);

/* ---- The other end, which waits for its operations ------------------------------------------ */

/* "reads 5 bytes" or "reads error 109". Returns the error or 0. */
DWORD trial_other_reads(trial *t, HANDLE handle, DWORD size);

/* Seen only when it fails: "writes error 232". */
DWORD trial_other_writes(trial *t, HANDLE handle, DWORD size);

#endif
