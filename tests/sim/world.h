/* What a world is made of. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "calls.h"
#include "people.h"

#include "pipeport.h"

#define WORLD_FEW_CLIENTS 10
#define WORLD_MOST_CLIENTS 40
#define WORLD_MOST_SERVED 150
#define WORLD_MOST_PLACES 3
#define ADOPTED_STREAMS 3
#define WORLD_MOST_ADOPTED ADOPTED_STREAMS
#define WORLD_MOST_TIMERS 16
#define WORLD_MOST_MAILERS 4
#define WORLD_MOST_SQUATTERS 2
#define WORLD_LONGEST (256u * 1024) /* bytes of a message */
#define WORLD_STALL_MS 3000
#define WORLD_DAYS_MS (7 * 24 * 3600 * 1000u)

typedef struct world world;
typedef struct place place;
typedef struct watched watched;

/* What one side of a conversation sends. Its first bytes are its id, and each byte follows from the
 * id and its place, so whoever receives it knows whose it is and what must come. */
typedef struct flow {
    world *world;
    unsigned id;
    bool stream, empties; /* empties: messages of no bytes are among it */
    size_t longest;
    uint64_t offered, accepted, arrived; /* bytes; offered: one send more */
    unsigned sent, received;             /* messages; in stream mode: sends and deliveries */
    bool ended;                          /* its sender has declared the end */
    bool handed_over, closing;           /* its sender has closed gracefully; has closed */
    bool wild;                           /* it keeps no rule */
    bool broken;                         /* its sender has left inside a message */
    const void *reader;
    char head[64]; /* the first message */
} flow;

/* Who receives a flow. */
typedef struct reader {
    world *world;
    flow *from; /* NULL: it has not told its id yet */
    unsigned char head[4];
    unsigned have;
    bool wild;
} reader;

/* Chances, each once in so many times; 0: never. */
typedef struct manners {
    uint32_t pauses, sleeps, closes, aborts, fails, stops, shares, resumes;
} manners;

/* A connection as its callbacks have shown it so far. */
struct watched {
    world *world;
    place *place;
    pp_conn *conn;
    pp_conn_options options;
    manners manners;
    bool server, inside, opened, closed, identified, heard, got_end;
    bool held, room; /* its messages are refused or paused; on_writable has come */
    unsigned resuming, resumes;
    bool asked_close, asked_abort, failed; /* what its user has asked for */
    bool shut;                             /* the same, in a callback of its own */
    bool foreign;                          /* another thread sends */
    pp_status reason, status;              /* status: on_message has returned it */
    DWORD process;                         /* at the other end, as it was said to be */
    uint64_t opened_at, moved_at, close_at, closed_at;
    uint64_t refused; /* sends refused with PP_E_AGAIN */
    unsigned owed;    /* messages to send, in stream mode bytes */
    bool ends, ends_now, closes_when_done;
    unsigned sending; /* threads that do */
    bool asking;      /* a send was refused */
    flow *out;
    reader in;
};

typedef enum client_kind {
    CLIENT_DIALLED,
    CLIENT_PLAIN,
    CLIENT_BLOCKING, /* pp_client_open */
    CLIENT_SILENT,
    CLIENT_HOSTILE
} client_kind;

/* A client: by pp_dial, or a thread of its own process. */
typedef struct client {
    world *world;
    place *place;
    watched seen;
    flow *out;
    reader in;
    client_kind kind;
    unsigned to_send, leaves_after, late_ms;
    uint64_t dial_ms, dialled_at;
    DWORD slow_ms;
    size_t piece; /* most bytes of one write */
    bool done, half_writes, expects_other,
        is_far; /* another process as the server; another machine */
    HANDLE thread, sender;
    sim_process process;
    char letter;            /* who it is: people.c */
    bool at_end, was_reset; /* it has read to the end; its socket's connection is gone */
    bool hides, barred;     /* it lets nobody ask who it is; nothing gives it access */
} client;

typedef enum adopted_kind {
    ADOPTED_NOT,
    ADOPTED_SERVER_END,
    ADOPTED_CLIENT_END,
    ADOPTED_SOCKET,
    ADOPTED_STREAM /* a standard stream of a child, the one of its number in `adopted` */
} adopted_kind;

/* A listener, or the options of one connection that is adopted. */
struct place {
    world *world;
    char name[8], far_name[16];
    WCHAR path[24], far_path[24]; /* far: as other machines have it */
    pp_listen_options options;
    const policy *policy;
    manners manners;
    pp_listener *listener;
    bool listening, closing, closed;
    bool answers, answers_ends;
    unsigned pushes, serving, users; /* users: threads that use `listener` */
    adopted_kind adopted;
    bool ends_first;        /* its server ends its sending before the client does */
    client *adopted_by;     /* who has the other end */
    HANDLE adopter, theirs; /* the thread that has it adopted; the other end, if that makes it */
};

typedef struct timer_seen {
    world *world;
    uint64_t id, due;
    bool set, cancelled, called;
    unsigned cancelling;
    pp_status status;
} timer_seen;

/* A mailslot on the port, as its callbacks have shown it so far. */
typedef struct slot_seen {
    world *world;
    pp_mailslot_options options;
    pp_mailslot *mailslot;
    manners manners;
    bool listening, inside, closing, shut, held, closed;
    unsigned users; /* threads that use `mailslot` */
    unsigned resuming, resumes;
    uint64_t close_at;
    uint64_t delivered, empties; /* datagrams; of these, those of no bytes */
    char refused[5];             /* what the datagram that was refused last begins with */
    size_t refused_length;       /* SIZE_MAX: none was */
} slot_seen;

/* Who sends datagrams to it. Each begins with the sender's number and its own, and all its bytes
 * follow from these. */
typedef struct mailer {
    world *world;
    unsigned number;
    const person *who;
    const char *name;
    bool plain, far; /* by the Windows calls alone; by a name of another machine, or of all */
    unsigned to_send, next, arrived; /* datagrams; next: this one is sent now */
    uint64_t empties; /* datagrams of no bytes that were sent, the last one perhaps */
    bool done;
    DWORD slow_ms;
    HANDLE thread;
} mailer;

/* Who wants to serve our name. */
typedef struct squatter {
    world *world;
    const person *who;
    HANDLE thread;
} squatter;

/* A short session of a mode, in which the nth call of a kind fails. */
typedef struct walk {
    bool on;
    pp_mode mode;
    sim_call which;
    unsigned nth;
} walk;

struct world {
    walk walk;
    pp_port *port;
    pp_port_options options;
    bool calm;                                  /* everything that was asked is answered */
    bool faulty, hostile, sleeps, heavy, crowd; /* crowd: other users, and another machine */
    bool scribbled;                             /* a stranger writes into the lanes */
    volatile bool stopping, aborted, over;
    uint64_t stopped_at, deadline, slept_ms;
    place places[WORLD_MOST_PLACES], adopted[WORLD_MOST_ADOPTED];
    client clients[WORLD_MOST_CLIENTS];
    watched served[WORLD_MOST_SERVED];
    flow flows[WORLD_MOST_CLIENTS + WORLD_MOST_SERVED];
    timer_seen timers[WORLD_MOST_TIMERS];
    slot_seen slot;
    mailer mailers[WORLD_MOST_MAILERS];
    HANDLE children[2];
    squatter squatters[WORLD_MOST_SQUATTERS];
    unsigned squatted; /* names that were free and one of them has had, or asks for now */
    unsigned mailer_count;
    unsigned adopted_count, place_count, client_count, served_count, timer_count, clients_done;
    unsigned stalls, retries; /* callbacks that will stall; how often dials may retry */
    bool stalled;
    uint64_t aborted_at, most_seen;
    unsigned posted, posts_run, slow, closed_for[PP_STATUS_COUNT], opened, callbacks;
    uint64_t messages_in, unsure, refused;
};

static inline client *client_of(watched *w)
{
    return (client *)(void *)((char *)w - offsetof(client, seen));
}

bool world_does(uint32_t one_in);
void world_draw(world *w); /* all that is drawn before it begins */
void world_run(void *context);

/* Fails each call of each kind, one at a time; prints how many. False: something does not hold. */
bool walk_all(void);

/* Stops the port, as its users do. */
void world_stop(world *w, bool abort);

/* Waits for a thread, if it is one, and closes its handle. */
void world_join(HANDLE *thread);
void world_add_timer(world *w, uint64_t delay_ms);
void world_post(world *w);

/* ---- flows.c -------------------------------------------------------------------------------- */

void flow_init(flow *f, world *w, unsigned id, const place *p);

/* The next message; in stream mode at most `most` bytes. After it was accepted: flow_sent. */
const char *flow_next(flow *f, size_t most, size_t *length);
void flow_sent(flow *f, size_t length);

/* What has come is what must; it is taken. */
void flow_check(reader *r, const void *data, size_t length);
void flow_take(reader *r, const void *data, size_t length);

/* Bytes that belong to no flow. */
const char *flow_noise(void);

/* ---- conns.c: the callbacks of both sides ---------------------------------------------------- */

void watched_init(watched *w, world *world, place *p, flow *out);
void conns_set_handlers(pp_conn_options *o, bool server);
void conns_go_on(watched *w);
DWORD conns_send_main(void *argument);
void conns_close(watched *w);
void conns_abort(watched *w);
void conns_resume(watched *w);

/* A callback takes long, now and then. */
void conns_linger(world *w, const manners *m);

/* ---- Clients -------------------------------------------------------------------------------- */

void client_start(client *c);
void client_done(client *c);
bool client_expects_more(const client *c);
DWORD plain_main(void *argument);
DWORD blocking_main(void *argument);
DWORD meddle(void *argument);
DWORD scribble(void *argument);
bool sections_scribble(void); /* sections.c; false: there is no memory to write into */
DWORD squat_main(void *argument);

/* ---- adopted.c ------------------------------------------------------------------------------- */

void adopted_draw(place *p, unsigned number);
void adopted_start(world *w);
void adopted_join(world *w); /* after the clients */
HANDLE adopted_open(client *c);

/* ---- mail.c: a mailslot and its senders ------------------------------------------------------ */

void mail_draw(world *w);
void mail_open(world *w);
void mail_start(world *w);
void mail_meddle(world *w);
bool mail_is_quiet(const world *w);
void mail_close(world *w); /* after the port has stopped */

#define MAIL_ROOM 1000

/* The bytes of a sender's datagram; how many they are. More follow. */
size_t mail_datagram(const mailer *m, unsigned number, char data[MAIL_ROOM]);

/* The first one from `number` on that has bytes, or the next one to be sent. */
unsigned mail_skip(const mailer *m, unsigned number);

/* ---- oracle*.c: the contract ----------------------------------------------------------------- */

#define ORACLE_LATE_MS 3000 /* that virtual time may lag behind a deadline */
#define ORACLE_LOOK_MS 250  /* where a thread reads a mailslot, its end takes up to this */

uint64_t oracle_ms_since(uint64_t then);

/* Callbacks that take long make everything late. */
uint64_t oracle_patience(const world *w);

void oracle_begins(watched *w, const char *which);
void oracle_ends(watched *w);
void oracle_open(watched *w);
void oracle_message(watched *w, const void *data, size_t length);
void oracle_end(watched *w);
void oracle_writable(watched *w);
void oracle_identity(watched *w, const pp_peer *peer);
void oracle_close(watched *w, pp_status reason);
void oracle_sent(watched *w, pp_status status);
void oracle_listener_closed(place *p);
void oracle_timer(timer_seen *t, pp_status status);
void oracle_posted(world *w, uint64_t at);
void oracle_limit(world *w);
void oracle_at_rest(world *w);
void oracle_stopped(world *w);
void oracle_judge_conn(const watched *w);
void oracle_judge_client(const client *c);
void oracle_judge_reader(const client *c);
void oracle_judge(world *w);
void oracle_datagram(slot_seen *s, const void *data, size_t length);
void oracle_taken(slot_seen *s, const void *data, size_t length);
void oracle_slot_closed(slot_seen *s, pp_status reason);
void oracle_sender_opened(const mailer *m, pp_status status);
void oracle_mailed(const mailer *m, size_t length, pp_status status);
bool oracle_may_open(const client *c, DWORD rights);
void oracle_opened(client *c, DWORD rights, DWORD error);
void oracle_peer_opens(watched *w);
void oracle_peer_speaks(watched *w);
void oracle_peer_closed(const watched *w);
void oracle_user_limit(const watched *w);
void oracle_user_refused(const watched *w, pp_status reason);
void oracle_judge_mail(const world *w);

#endif
