/*
 * Self-test: making instances, connecting, and finding a name busy, absent or taken.
 */
#include "server/selftest.h"

#define BOTH_WAYS (GENERIC_READ | GENERIC_WRITE)

static void connect__pending(trial *t)
{
    HANDLE server = trial_serve(t, TRIAL_BYTES);

    trial_listen(t, server);
    trial_open_pipe(t, BOTH_WAYS);
    trial_see_packet(t);
}

static void connect__client_first(trial *t)
{
    HANDLE server = trial_serve(t, TRIAL_BYTES);

    if (trial_open_pipe(t, BOTH_WAYS) == INVALID_HANDLE_VALUE)
        return;
    trial_listen(t, server);
    trial_see_no_packet(t);
}

static void connect__client_gone(trial *t)
{
    HANDLE server = trial_serve(t, TRIAL_BYTES), client;

    trial_skip_packets(server);
    client = trial_open_pipe(t, BOTH_WAYS);
    trial_other_writes(t, client, 5);
    trial_drop(t, client);
    trial_listen(t, server);
    trial_see_no_packet(t);
    trial_read(t, server, 10);
    trial_read(t, server, 10);
}

static void connect__again(trial *t)
{
    trial_drop(t, t->client);
    trial_see_ok(t, "disconnect", DisconnectNamedPipe(t->server));
    trial_listen(t, t->server);
    t->client = trial_open_pipe(t, BOTH_WAYS);
    trial_see_packet(t);
    trial_other_writes(t, t->client, 5);
    trial_read(t, t->server, 10);
}

static void connect__cancelled(trial *t)
{
    HANDLE server = trial_serve(t, TRIAL_BYTES);

    trial_listen(t, server);
    trial_cancel(t, server);
    trial_see_packet(t);
    trial_listen(t, server);
    trial_open_pipe(t, BOTH_WAYS);
    trial_see_packet(t);
}

static void connect__busy(trial *t)
{
    trial_open_pipe(t, BOTH_WAYS);
    trial_drop(t, t->client);
    trial_open_pipe(t, BOTH_WAYS);
}

static void connect__absent(trial *t)
{
    trial_open_pipe(t, BOTH_WAYS);
    trial_see_ok(t, "wait", WaitNamedPipeW(t->pipe, 1));
}

static void connect__freed(trial *t)
{
    HANDLE server = trial_serve(t, TRIAL_BYTES);

    trial_drop(t, server);
    trial_open_pipe(t, BOTH_WAYS);
    server = trial_create(t, TRIAL_BYTES, FILE_FLAG_FIRST_PIPE_INSTANCE, 1, NULL);
    trial_see_ok(t, "create", server != INVALID_HANDLE_VALUE);
}

static void connect__wait(trial *t)
{
    trial_see_ok(t, "wait", WaitNamedPipeW(t->pipe, 20));
    trial_serve(t, TRIAL_BYTES);
    trial_see_ok(t, "wait", WaitNamedPipeW(t->pipe, 20));
}

#define CONNECT__DEFAULT_MS 200u

static void connect__wait_default(trial *t)
{
    HANDLE server = trial_keep(
        t, CreateNamedPipeW(t->pipe, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, PIPE_UNLIMITED_INSTANCES,
                            TRIAL_QUOTA, TRIAL_QUOTA, CONNECT__DEFAULT_MS, NULL));
    ULONGLONG began = GetTickCount64();

    if (!trial_see_ok(t, "create", server != INVALID_HANDLE_VALUE) ||
        trial_open_pipe(t, BOTH_WAYS) == INVALID_HANDLE_VALUE)
        return;
    trial_see_ok(t, "wait", WaitNamedPipeW(t->pipe, NMPWAIT_USE_DEFAULT_WAIT));
    trial_see(t, GetTickCount64() - began >= CONNECT__DEFAULT_MS / 2 ? "in time" : "at once");
}

static void connect__first_demanded(trial *t)
{
    HANDLE second;

    trial_serve(t, TRIAL_BYTES);
    second =
        trial_create(t, TRIAL_BYTES, FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_UNLIMITED_INSTANCES, NULL);
    trial_see_ok(t, "create", second != INVALID_HANDLE_VALUE);
}

static void connect__full(trial *t)
{
    for (int i = 0; i < 2; i++)
        trial_see_ok(t, "create", trial_create(t, TRIAL_BYTES, 0, 1, NULL) != INVALID_HANDLE_VALUE);
}

static void connect__count(trial *t)
{
    HANDLE server = trial_serve(t, TRIAL_BYTES);
    DWORD count;

    for (int i = 0; i < 2; i++) {
        BOOL ok = GetNamedPipeHandleStateW(server, NULL, &count, NULL, NULL, NULL, 0);

        if (trial_see_ok(t, "state", ok))
            trial_see(t, "%lu instances", count);
        trial_serve(t, TRIAL_BYTES);
    }
}

static void connect__see_read_mode(trial *t, HANDLE client)
{
    DWORD state;

    if (GetNamedPipeHandleStateW(client, &state, NULL, NULL, NULL, NULL, 0))
        trial_see(t, state & PIPE_READMODE_MESSAGE ? "reads messages" : "reads bytes");
    else
        trial_see_ok(t, "state", FALSE);
}

static void connect__read_mode(trial *t)
{
    DWORD message = PIPE_READMODE_MESSAGE;

    connect__see_read_mode(t, t->client);
    trial_see_ok(t, "switch", SetNamedPipeHandleState(t->client, &message, NULL, NULL));
    connect__see_read_mode(t, t->client);
}

/* Opens the pipe with these rights, and switches it to messages. */
static void connect__switch_with(trial *t, DWORD rights)
{
    DWORD message = PIPE_READMODE_MESSAGE;
    HANDLE client;

    trial_serve(t, TRIAL_MESSAGES);
    client = trial_open_pipe(t, rights);
    if (client != INVALID_HANDLE_VALUE)
        trial_see_ok(t, "switch", SetNamedPipeHandleState(client, &message, NULL, NULL));
}

static void connect__switch_denied(trial *t)
{
    connect__switch_with(t, GENERIC_READ);
}

/* The rights with which the library dials. */
static void connect__switch_granted(trial *t)
{
    connect__switch_with(t, FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES |
                                FILE_WRITE_ATTRIBUTES | SYNCHRONIZE);
}

/* Opens a message pipe that its server made one way. */
static HANDLE connect__open_one_way(trial *t, DWORD way, DWORD rights, const char *what)
{
    DWORD least = FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE;
    HANDLE client;

    trial_keep(t, CreateNamedPipeW(t->pipe, way, PIPE_TYPE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS,
                                   PIPE_UNLIMITED_INSTANCES, TRIAL_QUOTA, TRIAL_QUOTA, 0, NULL));
    client =
        CreateFileW(t->pipe, rights | least, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    trial_see_ok(t, what, client != INVALID_HANDLE_VALUE);
    return trial_keep(t, client);
}

/* Dials as the library does, for both ways and then for the one, and tries the way that is closed.
 */
static void connect__one_way(trial *t, DWORD way, DWORD right)
{
    DWORD message = PIPE_READMODE_MESSAGE;
    HANDLE client;

    connect__open_one_way(t, way, FILE_READ_DATA | FILE_WRITE_DATA, "open both ways");
    client = connect__open_one_way(t, way, right, "open one way");
    if (client == INVALID_HANDLE_VALUE)
        return;
    trial_see_ok(t, "switch", SetNamedPipeHandleState(client, &message, NULL, NULL));
    trial_see_ok(t, "port", CreateIoCompletionPort(client, t->port, 0, 0) != NULL);
    if (right == FILE_WRITE_DATA)
        trial_read(t, client, 1);
    else
        trial_write(t, client, 1);
    trial_see_no_packet(t);
}

static void connect__only_takes(trial *t)
{
    connect__one_way(t, PIPE_ACCESS_INBOUND, FILE_WRITE_DATA);
}

static void connect__only_gives(trial *t)
{
    connect__one_way(t, PIPE_ACCESS_OUTBOUND, FILE_READ_DATA);
}

static const selftest_row connect__rows[] = {
    {"ConnectNamedPipe is pending until a client comes", TRIAL_ALONE, connect__pending,
     "connect: pending; packet: 0 bytes", NULL},
    {"a client that came before ConnectNamedPipe is told at once, without a packet", TRIAL_ALONE,
     connect__client_first, "connect: error 535; no packet", NULL},
    {"what a client left behind before ConnectNamedPipe can be read", TRIAL_ALONE,
     connect__client_gone, "connect: error 232; no packet; read: 5 bytes; read: error 109", NULL},
    {"DisconnectNamedPipe makes an instance usable again", TRIAL_BYTES, connect__again,
     "disconnect: ok; connect: pending; packet: 0 bytes; read: 5 bytes", NULL},
    {"a cancelled ConnectNamedPipe brings its packet and can be made again", TRIAL_ALONE,
     connect__cancelled,
     "connect: pending; cancel: ok; packet: error 995; connect: pending; packet: 0 bytes", NULL},
    {"a name without a free instance is busy, also when its client has gone", TRIAL_BYTES,
     connect__busy, "open: error 231; open: error 231", NULL},
    {"an absent name is told at once", TRIAL_ALONE, connect__absent, "open: error 2; wait: error 2",
     NULL},
    {"a name is free when its last instance is closed", TRIAL_ALONE, connect__freed,
     "open: error 2; create: ok", NULL},
    {"WaitNamedPipe ends when its time is up or an instance is free", TRIAL_BYTES, connect__wait,
     "wait: error 121; wait: ok", NULL},
    {"who waits the default waits as long as the first instance says", TRIAL_ALONE,
     connect__wait_default, "create: ok; wait: error 121; in time", NULL},
    {"a first instance is refused where there is one", TRIAL_ALONE, connect__first_demanded,
     "create: error 5 or create: error 231", "create: ok"},
    {"no more instances are made than the first allows", TRIAL_ALONE, connect__full,
     "create: ok; create: error 231", NULL},
    {"the number of instances is told", TRIAL_ALONE, connect__count,
     "state: ok; 1 instances; state: ok; 2 instances", NULL},
    {"a client reads bytes until it switches", TRIAL_MESSAGES, connect__read_mode,
     "reads bytes; switch: ok; reads messages", NULL},
    {"a client with the right to read alone cannot switch", TRIAL_ALONE, connect__switch_denied,
     "switch: error 5", "switch: ok"},
    {"a client with the rights that the library asks for can switch", TRIAL_ALONE,
     connect__switch_granted, "switch: ok", NULL},
    {"a pipe that only takes lets in who only writes", TRIAL_ALONE, connect__only_takes,
     "open both ways: error 5; open one way: ok; switch: ok; port: ok; read: error 5; no packet",
     "open both ways: ok; open one way: ok; switch: ok; port: ok; read: error 5; no packet"},
    {"a pipe that only gives lets in who only reads", TRIAL_ALONE, connect__only_gives,
     "open both ways: error 5; open one way: ok; switch: ok; port: ok; write: error 5; no packet",
     "open both ways: ok; open one way: ok; switch: ok; port: ok; write: error 5; no packet"},
};

const selftest_table selftest_connect_table = SELFTEST_TABLE(connect__rows);
