/*
 * The handle of a mailslot, made so that the port can use it where the system allows that.
 */
#ifndef PP_MAILSLOT_SLOT_H
#define PP_MAILSLOT_SLOT_H

#include "base/security.h"
#include "base/name.h"
#include "base/win.h"

/* Creates the slot. Windows then refuses longer datagrams at the sender. Returns a Windows error or
 * 0. */
DWORD slot_create(const name_path *path, DWORD max_datagram, const security *s, HANDLE *handle);

/* Opens a slot for writing. Returns a Windows error or 0. */
DWORD slot_open(const name_path *path, HANDLE *handle);

#endif
