/*
 * What the server does for its clients: a service is a set of handlers.
 */
#ifndef PP_SERVER_SERVICE_H
#define PP_SERVER_SERVICE_H

#include "pipeport.h"

typedef struct service {
    const char *name, *help;
    pp_handlers handlers;
} service;

#define SERVICE_COUNT 2
extern const service service_table[SERVICE_COUNT];

/* In stream mode a service sends what one read brought, and no read brings more than this. */
#define SERVICE_LONGEST_READ (64u * 1024)

/* Datagrams have nobody to be answered to: both services take and count them. */
pp_status service_take_datagram(void *user, const void *data, size_t length);

#endif
