/*
 * The port's limit on queued and half-received bytes. Who cannot get bytes waits and is told when
 * there are some again. Nobody gets to hold more than is left free (the dynamic threshold of
 * Choudhury and Hahne), so that many who do not read leave room for those who do.
 *
 * Half-received messages could fill the limit so that none can be completed. Therefore a reserve,
 * twice the longest message of the port, is kept for one strand at a time: the claimant, which can
 * always complete its message and send an answer as long. It keeps the claim until it holds
 * nothing.
 *
 * Workers keep credit: bytes that are taken from the limit already and that nobody holds. What one
 * connection gives back the next takes again, and no cache line is shared while the credit lasts.
 * It counts as used, is at most 1/32 of the limit, and goes to whoever begins to wait
 * for bytes: he collects that of all workers, and while he waits there is none.
 */
#ifndef PP_IOCP_BUDGET_H
#define PP_IOCP_BUDGET_H

#include "base/list.h"
#include "base/win.h"

#include <stdint.h>

struct strand;

typedef struct budget {
    int64_t limit;
    int64_t grain; /* what a worker takes at once; it keeps at most twice that */
    volatile LONG64 used, most, reserve;
    struct strand *volatile claimant;
    SRWLOCK lock; /* for `waiters` */
    list waiters;
    volatile LONG waiting;
} budget;

/* Embedded in the strand's object, and under the budget's lock while it waits. */
typedef struct budget_waiter {
    list link;
    struct strand *strand;
    LONG event;
    uint64_t bytes, own; /* to be woken when `bytes` can be taken by one that has `own` */
    bool for_claim;      /* or when nobody has the claim */
} budget_waiter;

void budget_init(budget *b, uint64_t limit, unsigned workers);

/* The longest message that a port with this limit can take, at most `wanted`; reserves for it. */
uint64_t budget_reserve(budget *b, uint64_t wanted);

/* How far a strand may go. */
typedef enum budget_reach {
    BUDGET_GENERAL, /* what everybody may take */
    BUDGET_RESERVE, /* the reserve, too, if it has the claim */
    BUDGET_CLAIM    /* and it may take the claim */
} budget_reach;

/* Takes bytes for `s`, which has `own` of them already. */
bool budget_take(budget *b, struct strand *s, uint64_t bytes, uint64_t own, budget_reach reach);
void budget_give(budget *b, struct strand *s, uint64_t bytes);

/* Takes them whatever the limit says: for what is owed, and small. */
void budget_take_anyway(budget *b, uint64_t bytes);

/* For a strand that holds nothing any more. */
void budget_release_claim(budget *b, struct strand *s);

/*
 * The waiter's event is raised once, when so many bytes are free or, `for_claim`, when nobody has
 * the claim; perhaps at once. Waiting again, before that, adds a reason. For the strand's turn.
 */
void budget_waiter_init(budget_waiter *w, struct strand *s, LONG event);
void budget_wait(budget *b, budget_waiter *w, uint64_t bytes, uint64_t own, bool for_claim);
bool budget_is_waiting(budget *b, budget_waiter *w);
void budget_wait_no_more(budget *b, budget_waiter *w);

/* For one that was woken for the claim and perhaps had no use for it: the next may. */
void budget_pass_on(budget *b);

/* Whether so many bytes are free for the strand if it has the claim. */
bool budget_claimant_has_free(budget *b, const struct strand *s, uint64_t bytes);

/* Whether so many bytes are free for anyone. */
bool budget_has_free(budget *b, uint64_t bytes);

#endif
