/*
 * What the command line of `pipeport serve` asks for. The numbers come from the library's tables of
 * options: name, range, default and help stand there alone.
 */
#ifndef PP_SERVER_SETTINGS_H
#define PP_SERVER_SETTINGS_H

#include "base/options.h"
#include "pipeport.h"
#include "server/service.h"

typedef struct settings {
    pp_port_options port;
    pp_listen_options listen;
    pp_mailslot_options mailslot;
    bool mailslot_asked, no_mailslot, json, help; /* asked: the mailslot was named */
    const service *service;
    const char **allow; /* what both access structures point to */
    const char **given; /* the options that were read; in the same block */
    size_t given_count;
    uint64_t stats_interval_ms, log_rate;
} settings;

/* Reads `count` arguments, which must outlive the settings. Paired with settings_free, also when it
 * fails: PP_E_ARGUMENT with one line that says what is wrong and what is allowed, PP_E_MEMORY. */
pp_status settings_read(settings *s, int count, char **arguments, pp_error *error);
void settings_free(settings *s);

/* Prints every option on standard output. */
void settings_print_help(void);

/* The name of a mode as it is written in arguments and lines. */
const char *settings_mode_name(pp_mode mode);

#endif
