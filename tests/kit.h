/*
 * What the tests share: unique names, waiting for counts with a deadline, ports, an echo service,
 * and a plain client as a user without the library would write it.
 *
 * Callbacks only count and record; assertions are for the main thread, which waits with kit_wait.
 */
#ifndef PP_TESTS_KIT_H
#define PP_TESTS_KIT_H

#include "pipeport.h"

#include "harness.h"

#include <windows.h>
#include <sddl.h>

#include <stdio.h>
#include <string.h>

#define KIT_WAIT_MS 30000

/* A name that no other test uses; valid until 64 more were asked for. */
const char *kit_name(void);

/* Adds to a count, and wakes kit_wait. From any thread. */
void kit_add(volatile LONG *count, LONG amount);

/* Waits until the count is at least so much; false when the time is up. Main thread only. */
bool kit_wait(volatile LONG *count, LONG least);
bool kit_wait_ms(volatile LONG *count, LONG least, DWORD ms);

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        pp_status kit__status = (call);                                                            \
        if (kit__status != PP_OK)                                                                  \
            print_error("%s: %s\n", #call, pp_status_name(kit__status));                           \
        assert_int_equal(kit__status, PP_OK);                                                      \
    } while (0)
#define assert_status(call, status) assert_string_equal(pp_status_name(call), #status)
/* Waits until a count is at least so much, and fails when the time is up. */
#define wait_for(count, least) assert_true(kit_wait(&(count), (least)))

/* Waits until it is so, which nobody counts, and fails when the time is up. */
#define wait_until(condition)                                                                      \
    for (ULONGLONG kit__end = GetTickCount64() + KIT_WAIT_MS; !(condition);)                       \
    assert_true(GetTickCount64() < kit__end)

/* How often functions were called that a port runs; their user pointer. */
typedef struct kit_calls {
    volatile LONG ok, cancelled;
} kit_calls;
void kit_count_call(void *user, pp_status status);

/* A port with so many workers; its log goes to standard output. */
pp_port *kit_port(unsigned workers);
pp_port *kit_port_limited(unsigned workers, uint64_t max_buffered);
pp_stats kit_stats(pp_port *port);

/* Stops the port, asserts that nothing is left of it, and closes it. */
void kit_close(pp_port **port);

/* What a connection of a test counts; its user pointer. */
typedef struct kit_counts {
    volatile LONG opened, messages, bytes, closed, writable, ended;
    volatile LONG reason; /* of the last that closed */
    volatile LONG reasons[PP_STATUS_COUNT];
} kit_counts;

/* Handlers that count into a kit_counts. */
pp_handlers kit_counting(void);

/* The same, and every message is sent back. */
pp_handlers kit_echo(void);

/* Options for an echo listener, and listening with them. */
pp_listen_options kit_listen_options(const char *name, pp_mode mode, kit_counts *counts);
pp_listener *kit_listen(pp_port *port, const pp_listen_options *options);
pp_dial_options kit_dial_options(const char *name, pp_mode mode, pp_handlers handlers, void *user);

/* The blocking client, with what sets it apart filled into its options. */
pp_client_options kit_client_options(const char *name, pp_mode mode);
pp_client *kit_open_client(const pp_client_options *options);

/* A plain client, synchronous, by the Windows calls alone. */
HANDLE kit_open(const char *name, bool message_mode);
void kit_write(HANDLE pipe, const void *data, size_t length);
/* Reads exactly so many bytes, and compares. */
void kit_expect(HANDLE pipe, const void *data, size_t length);
/* Reads until the other end has closed; returns how many bytes came. */
size_t kit_drain(HANDLE pipe);

/* Has the library call this function in place of the one that `place`, __imp_NAME, holds. */
void kit_import(void **place, void *function);

/* How many bytes of an instance wait to be read. PeekNamedPipe is asynchronous on Windows, and
 * would wait for an event that the library's handles never set. */
ULONG kit_bytes_waiting(HANDLE pipe);

/* What most tests begin with: a port, and an echo listener on it whose connections count. */
typedef struct rig {
    pp_port *port;
    const char *name;
    kit_counts counts;
    pp_listen_options listen; /* may be changed before the rig listens */
    pp_listener *listener;
} rig;

/* Valid until 64 more were opened, so that the counts can be looked at after rig_close. */
rig *rig_open(unsigned workers, pp_mode mode);
void rig_listen(rig *r);

/* A plain client of it; the first makes it listen. */
HANDLE rig_client(rig *r);

/* The options of a connection that dials it. */
pp_dial_options rig_dial_options(const rig *r, pp_handlers handlers, void *user);

/* kit_close, of its port. */
void rig_close(rig *r);

/* Writes a frame of framed mode; returns its size. */
size_t kit_put_frame(char *at, const void *data, size_t length);

/* The next number of a sequence that follows from `*random` alone: less than `below`. */
uint32_t kit_draw(uint32_t *random, uint32_t below);

/* Bytes that tell where they belong: position `at` of stream `seed`. */
unsigned char kit_byte(uint32_t seed, uint64_t at);
void kit_fill(void *data, size_t length, uint32_t seed, uint64_t at);
bool kit_is_filled(const void *data, size_t length, uint32_t seed, uint64_t at);

/* Open handles of this process; under Wine the open descriptors of its server process, which all
 * programs share: for tests that run alone. */
size_t kit_descriptors(void);

/* The SID of the user that this process runs as. */
void kit_own_sid(char *text, size_t size);

/* Bytes of memory that this process has for itself; under Wine those that are in memory. Windows
 * takes pages away, and gives them back, for reasons of its own. */
size_t kit_memory(void);

bool kit_is_wine(void);

/* Ends the test as skipped where the library's memory has guards: the reason that it gives. */
#ifdef PP_MEMORY_GUARD
#define kit_skip_with_guards(reason) test_skip(reason)
#else
#define kit_skip_with_guards(reason) ((void)0)
#endif

/* The command line that starts a program in this one's folder; valid until the next call. */
const char *kit_command(const char *program, const char *arguments);

#endif
