#ifndef SIM_RPC_H
#define SIM_RPC_H

#include <windows.h>

#define RPC_S_OK 0
#define RPC_S_OUT_OF_MEMORY 14
#define RPC_S_UUID_LOCAL_ONLY 1824
RPC_STATUS UuidCreate(GUID *guid);

#endif
