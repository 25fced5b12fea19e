/*
 * A section: memory that this process shares with the process at the other end of a pipe. One end
 * makes it, under a name that nobody can guess, and tells the name through the pipe. The other
 * opens it. When both have their view, the maker forgets the name, and with it goes the way in.
 *
 * The rule. Whoever may open it may write into it at any time: nothing in it is believed. Its
 * descriptor lets in one user, that of the other end; the maker needs no right, since it has a
 * handle.
 */
#ifndef PP_PIPE_SECTION_H
#define PP_PIPE_SECTION_H

#include "base/win.h"

#include <stdbool.h>
#include <stddef.h>

#define SECTION_SECRET 16 /* bytes of the name that nobody can guess */

typedef struct section {
    HANDLE mapping; /* of the maker, until section_forget_name */
    char *view;     /* NULL: there is none */
} section;

/* Random bytes. False: Windows has none. */
bool section_draw(unsigned char *secret);

/* Makes one of zeroes, and draws its secret. `user`: the SID of the other end's user. `low`: the
 * other end has low integrity. `global`: it is in another session. Returns a Windows error or 0. */
DWORD section_make(section *s, size_t size, const char *user, bool low, bool global,
                   unsigned char *secret);

/* Opens what the other end made. Memory that may go while we use it is refused, with
 * ERROR_INVALID_DATA. */
DWORD section_open(section *s, size_t size, bool global, const unsigned char *secret);

void section_forget_name(section *s);
void section_close(section *s);

#endif
