/*
 * A session: a client writes whatever it likes. The first byte says the mode, the second how long
 * its pieces are; the rest is what it writes. What is delivered is what the bytes mean.
 */
#include "fuzz.h"

#include "pipe/decoder.h"
#include "../sim/sim.h"

#include <string.h>

#define SESSION__PATH L"\\\\.\\pipe\\fuzz"
#define SESSION__LONGEST 1000

static struct {
    const uint8_t *data;
    size_t size, piece, delivered;
    pp_mode mode;
    uint8_t expected[FUZZ_TEXT];
    size_t expected_size;
    bool opened, closed, refused;
    pp_status reason;
} session;

/* Without what surrounds the messages. */
static void session__expect(void)
{
    decoder d = {.mode = session.mode, .max_message = SESSION__LONGEST};

    session.expected_size = 0;
    for (size_t at = 0; at < session.size;) {
        decoded next = decoder_look(&d, session.data + at, session.size - at, true);

        if (session.mode == PP_MODE_MESSAGE)
            next = (decoded){DECODED_MESSAGE, PP_OK, 0, session.size - at, session.size - at};
        if (next.kind != DECODED_MESSAGE)
            return;
        memcpy(session.expected + session.expected_size, session.data + at + next.skip,
               next.length);
        session.expected_size += next.length;
        at += next.size;
    }
}

static void session__open(pp_conn *conn, void *user)
{
    (void)conn, (void)user;
    session.opened = true;
}

static pp_status session__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)conn, (void)user;
    fuzz_expect(length <= SESSION__LONGEST || session.mode == PP_MODE_STREAM, "it is too long");
    fuzz_expect(session.delivered + length <= session.expected_size &&
                    memcmp(session.expected + session.delivered, data, length) == 0,
                "what comes was not sent");
    session.delivered += length;
    return PP_OK;
}

static void session__close(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)user;
    fuzz_expect(session.opened && !session.closed, "on_close comes twice");
    session.closed = true;
    session.reason = reason;
}

static DWORD session__client(void *argument)
{
    HANDLE pipe =
        CreateFileW(SESSION__PATH, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD bytes;

    (void)argument;
    fuzz_expect(pipe != INVALID_HANDLE_VALUE, "nobody listens");
    for (size_t at = 0, piece; at < session.size && !session.refused; at += piece) {
        piece = session.size - at < session.piece ? session.size - at : session.piece;
        session.refused = !WriteFile(pipe, session.data + at, (DWORD)piece, &bytes, NULL);
    }
    CloseHandle(pipe);
    return 0;
}

static void session__serve(pp_port **port)
{
    pp_port_options options;
    pp_listen_options listen;

    pp_port_options_init(&options);
    options.workers = 2;
    fuzz_expect(pp_port_open(port, &options, NULL) == PP_OK, "no port opens");
    pp_listen_options_init(&listen);
    listen.name = "fuzz";
    listen.conn.mode = session.mode;
    listen.conn.max_message = SESSION__LONGEST;
    listen.conn.handlers = (pp_handlers){
        .on_open = session__open, .on_message = session__message, .on_close = session__close};
    fuzz_expect(pp_listen(*port, &listen, NULL, NULL) == PP_OK, "nobody listens");
}

/* In message mode a piece longer than a message may be ends the connection. */
void fuzz_one(const uint8_t *data, size_t size)
{
    pp_port *port;
    HANDLE client;

    if (size < 2 || size > sizeof session.expected)
        return;
    memset(&session, 0, sizeof session);
    session.mode = (pp_mode)(data[0] % 3);
    session.piece = 1 + (size_t)data[1] * 8;
    session.data = data + 2;
    session.size = size - 2;
    session__expect();
    session__serve(&port);
    client = sim_spawn(&sim_client, session__client, NULL);
    WaitForSingleObject(client, INFINITE);
    CloseHandle(client);
    sim_sleep(1000);
    fuzz_expect(session.closed, "on_close never comes");
    fuzz_expect(session.reason != PP_E_PEER_CLOSED || session.delivered == session.expected_size ||
                    session.refused,
                "something was not delivered");
    pp_port_close(&port);
}
