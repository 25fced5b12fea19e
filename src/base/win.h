/*
 * The one place in src that includes Windows headers, so that the versions and the switches that
 * decide what they declare are the same everywhere.
 */
#ifndef PP_BASE_WIN_H
#define PP_BASE_WIN_H

/* Before windows.h, which brings an older one otherwise. */
#include <winsock2.h>

#include <windows.h>

/* After windows.h, which they need. */
#include <rpc.h>
#include <sddl.h>
#include <winternl.h>

#endif
