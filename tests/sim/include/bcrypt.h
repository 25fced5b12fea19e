#ifndef SIM_BCRYPT_H
#define SIM_BCRYPT_H

#include <windows.h>

#define BCRYPT_USE_SYSTEM_PREFERRED_RNG 2u

NTSTATUS BCryptGenRandom(void *algorithm, UCHAR *to, ULONG size, ULONG flags);

#endif
