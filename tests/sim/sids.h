/* SIDs, as text, and tokens. */
#ifndef SIM_SIDS_H
#define SIM_SIDS_H

#include "sim.h"

#include <sddl.h>

#define SID_ROOM 68 /* bytes that the library keeps for one */
#define SID_MEDIUM 8192u

typedef struct sid {
    UCHAR count; /* of its numbers, where the functions look for them */
    DWORD last;  /* the last of them */
    char text[SID_ROOM - 8];
} sid;

/* For whom a thread acts: its own process, or the client of a pipe. */
typedef struct subject {
    const sim_process *process;
    bool network, is_client;
    DWORD level; /* of a client: SECURITY_IDENTIFICATION and so on */
} subject;

/* From its text, or from its alias in SDDL; and back. */
void sid_set(sid *s, const char *text);
const char *sid_alias(const sid *s);

/* A copy in UTF-8, for free. */
char *sid_narrow(const WCHAR *wide);

/* The level of a process, and the SID of a logon session; false: there is none. */
DWORD sid_integrity(const sim_process *process);
bool sid_logon(const subject *who, char text[SID_ROOM]);

/* A token, as a handle. */
HANDLE sid_token(const subject *who);

#endif
