/*
 * A small deterministic Windows: everything that happens in it follows from one seed.
 *
 * Threads are coroutines of one scheduler, and only one runs at a time. It may be changed for
 * another at each point: each call into the system, each interlocked operation, each lock. Time is
 * virtual. It goes on to the next deadline when no thread can run, and in some worlds a little at
 * points, too.
 */
#ifndef SIM_H
#define SIM_H

#include <windows.h>

#include <stdbool.h>

#define SIM_NEVER UINT64_MAX
#define SIM_TLS_SLOTS 8

typedef struct sim_process {
    DWORD id, session;
    const char *user; /* a SID */
    unsigned machine;
    DWORD integrity;    /* 0: medium */
    bool network;       /* it came by a network logon, as over SSH */
    const char *groups; /* SIDs besides those that everybody has, with spaces; NULL: none */
} sim_process;

typedef struct sim_thread sim_thread;

/* ---- The scheduler -------------------------------------------------------------------------- */

/* Runs `world` in a Windows of its own; false when it failed, and the reason and the seed are
 * printed. */
bool sim_run(uint64_t seed, void (*world)(void *context), void *context);

/* Ends the run. Does not return. */
void sim_fail(const char *format, ...);

/* Less than `below`, which is not 0. What Windows leaves open is drawn here. */
uint32_t sim_draw(uint32_t below);

/* What a guide chooses. */
typedef enum sim_choice {
    SIM_CALL_POINT, /* at a call into the system: 0, the thread goes on; or one of the others does
                     */
    SIM_LOCK_POINT, /* the same at a lock */
    SIM_WORD_POINT, /* the same at an interlocked operation */
    SIM_BLOCK,      /* the thread cannot go on: who does */
    SIM_DRAW,       /* 0, the last number below; or 1, the number 0 */
} sim_choice;

/* Chooses instead of the seed, less than `count`, which is above 1; NULL: the seed does. `what`:
 * the lock or the word. */
typedef unsigned sim_guide_fn(sim_choice choice, unsigned count, const volatile void *what);
extern sim_guide_fn *sim_guide;

/* True: no filter driver stands between, so that nothing pends that can end, and a result is where
 * it belongs before its packet is. False: both are drawn. */
extern bool sim_is_bare;

/* Whether an operation that could end at once pends: at a rate that is drawn for each world, in a
 * third of which none does. */
bool sim_pends(void);

/* True: no port takes the handle of a mailslot, as if memory were short. */
extern bool sim_slots_take_no_port;

/* True once in so many times. */
static inline bool sim_chance(uint32_t one_in)
{
    return sim_draw(one_in) == 0;
}

uint64_t sim_now_ns(void);
uint64_t sim_steps(void); /* points so far */

/* Starts a thread in a process; it may be waited for by its handle. */
HANDLE sim_spawn(const sim_process *process, LPTHREAD_START_ROUTINE start, void *argument);

/* The process that the running thread belongs to, and those that a world can use. */
const sim_process *sim_process_here(void);
extern const sim_process sim_server, sim_client;

/* The program of this world: what its command lines begin with. `context`: of the world; `streams`:
 * the handles of its standard streams, which are its own. */
typedef void sim_program(void *context, const WCHAR *command_line, HANDLE streams[3]);
void sim_install(const WCHAR *name, sim_program *program, void *context);

/* Blocks the running thread until somebody wakes those that wait for `what`, or until the deadline:
 * then false. Whoever wakes up looks again at what it waited for. */
bool sim_wait_for(const void *what, uint64_t deadline_ns);
void sim_wake(const void *what);
void sim_wake_one(const void *what); /* one of them: which is left open */
uint64_t sim_deadline(DWORD ms);

/* Lets virtual time pass. No call into the system. */
void sim_sleep(DWORD ms);

/* Virtual time goes on at once, whoever can run. */
void sim_tick(DWORD ms);

/* No call of the running thread fails that need not, from here on: it is not of the library. */
void sim_spare(void);
bool sim_is_spared(void);

/* ---- What worlds count by themselves --------------------------------------------------------- */

/* How many datagrams were read from mailslots. */
extern uint64_t sim_datagrams_taken;

/* How many clients the instances of a name have, also those that have left and are not disconnected
 * yet. */
unsigned sim_clients_of(const WCHAR *path);

/* ---- The trace ------------------------------------------------------------------------------ */

/* Prints each change of the thread and each call into the system from here on. */
void sim_trace_on(void);

/* A line of the trace, with the thread and the virtual time. */
void sim_trace(const char *format, ...);

/* ---- Handles -------------------------------------------------------------------------------- */

typedef enum sim_kind {
    SIM_NONE,
    SIM_EVENT,
    SIM_THREAD,
    SIM_PORT,
    SIM_PIPE,
    SIM_SLOT,
    SIM_SENDER, /* to a mailslot */
    SIM_SOCKET,
    SIM_NULL, /* the null device */
    SIM_SECTION,
    SIM_TOKEN,
} sim_kind;

/* An object behind handles. Each kind begins with it. */
typedef struct sim_object {
    sim_kind kind;
    bool signalled;
    unsigned handles; /* that are open */
    void (*close)(struct sim_object *object);
} sim_object;

/* A handle, or another one. */
HANDLE sim_handle(sim_object *object);

/* Whether a child may inherit a handle, and how many handles one may. */
bool sim_is_inheritable(HANDLE handle);
unsigned sim_inheritable(void);

/* NULL, with ERROR_INVALID_HANDLE: it is none of this kind; SIM_NONE: of any. */
sim_object *sim_look(HANDLE handle, sim_kind kind);

/* How many handles are open. */
unsigned sim_handles(void);

/* Fails a call: sets the error, and is FALSE. */
BOOL sim_error(DWORD error);

/* Signals an object, without a point. */
void sim_signal(sim_object *object);

/* ---- The completion port -------------------------------------------------------------------- */

/* How the operations of a handle end. */
typedef struct sim_target {
    struct sim_port *port;
    ULONG_PTR key;
    sim_object *file; /* signalled by operations that have no event */
    bool skip_on_success, skip_signal;
} sim_target;

/* That of a handle; NULL: it is synchronous, or no file. */
sim_target *sim_target_of(HANDLE handle);

/* An operation has ended that was said to be pending. */
void sim_complete(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes);

/* One ends at once: FALSE or TRUE, as the call returns it; a packet comes as by Windows' rule. */
BOOL sim_complete_at_once(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes);

/* The Windows error of a status of the kernel. */
DWORD sim_error_of(NTSTATUS status);

#endif
