#include "iocp/inbox.h"

#include "iocp/kernel.h"
#include "iocp/port.h"
#include "iocp/strand.h"

static void inbox__announce(pp_port *port)
{
    DWORD error = kernel_post(port, PORT_KEY_INBOX);

    if (error == ERROR_SUCCESS)
        return;
    watch_owe(port, WATCH_OWES_INBOX);
    port_log(port, PP_LOG_ERROR, "no packet could be queued: Windows error %lu",
             (unsigned long)error);
}

void inbox_give(pp_port *port, fifo *strands)
{
    inbox *in = &port->inbox;
    bool announced;

    AcquireSRWLockExclusive(&in->lock);
    fifo_move(&in->strands, strands);
    announced = in->announced;
    in->announced = true;
    ReleaseSRWLockExclusive(&in->lock);
    if (!announced)
        inbox__announce(port);
}

void inbox_push(pp_port *port, strand *s)
{
    fifo one = {NULL, NULL};

    fifo_append(&one, &s->ready);
    inbox_give(port, &one);
}

void inbox_take(pp_port *port, fifo *taken, unsigned most)
{
    inbox *in = &port->inbox;
    bool more;

    AcquireSRWLockExclusive(&in->lock);
    for (fifo_link *link; most > 0 && (link = fifo_take(&in->strands)) != NULL; most--)
        fifo_append(taken, link);
    more = in->strands.first != NULL;
    in->announced = more;
    ReleaseSRWLockExclusive(&in->lock);
    if (more)
        inbox__announce(port);
}
