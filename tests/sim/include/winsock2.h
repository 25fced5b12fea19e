/* Winsock for the simulator: what the library calls for a connected socket. */
#ifndef SIM_WINSOCK2_H
#define SIM_WINSOCK2_H

#include <windows.h>

#define WSAECONNRESET 10054u
#define WSAECONNABORTED 10053u
#define WSAENOTSOCK 10038u
#define WSAENETDOWN 10050u
#define WSAENOBUFS 10055u
#define SD_SEND 1
#define SOL_SOCKET 0xFFFF
#define SO_TYPE 0x1008
#define SOCK_STREAM 1

typedef struct WSABUF {
    ULONG len;
    char *buf;
} WSABUF;

int closesocket(SOCKET s);
int shutdown(SOCKET s, int how);
int getsockopt(SOCKET s, int level, int name, char *value, int *size);
int WSAGetLastError(void);
int WSARecv(SOCKET s, WSABUF *buffers, DWORD count, DWORD *bytes, DWORD *flags, OVERLAPPED *o,
            void *completion);
int WSASend(SOCKET s, WSABUF *buffers, DWORD count, DWORD *bytes, DWORD flags, OVERLAPPED *o,
            void *completion);

#endif
