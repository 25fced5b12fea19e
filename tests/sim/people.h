/* Who the clients of a world are, and whom its options let in: read from the texts of pipeport.h
 * and docs/security.md, not from the library. */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#include "sim.h"

#include "pipeport.h"

/* Its letter is what the lists of people.c are made of. */
typedef struct person {
    char letter;
    sim_process process;
} person;

/* The user of the server, on its machine; and any of all. */
extern const person people_owner;
const person *people_draw(void);

/* What gives access, drawn; and what it means. */
typedef struct policy {
    const char *sddl;         /* NULL: the default, and `allow` */
    const char *full, *exact; /* who has all rights; who also may read and write, and no more */
    const char *makes;        /* who may make an instance */
} policy;

extern const policy people_default;

/* Draws the access of a pipe or a mailslot. */
const policy *people_draw_access(pp_access *access, bool slot);

/* Whether somebody may open a pipe with these rights; make an instance of its name; send to a
 * mailslot. */
bool people_may_open(const policy *p, const pp_access *access, char who, DWORD rights);
bool people_may_make(const policy *p, const pp_access *access, char who);
bool people_may_send(const pp_access *access, char who);

#endif
