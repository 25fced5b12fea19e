"""
Faults that tools/sim_faults.py plants, to show that the simulated Windows of tests/sim sees them.
Ten are defects that the library had, five are made up.
"""

FAULTS = [
    ("iocp/kernel.c", "a result is written over while another worker has it",
     "        counter_add(k->locals, COUNT_OP_PENDING, 1);\n        return OP_PENDING;",
     "        counter_add(k->locals, COUNT_OP_PENDING, 1);\n        *error = code;\n"
     "        *bytes = 0;\n        return OP_PENDING;"),
    ("pipe/conn_read.c", "a resume is lost while the consumer says \"not now\"",
     "else if (!gate_shut_unless_reopened(&c->gate, ticket))",
     "else if ((gate_shut(&c->gate), ticket < 0))"),
    ("pipe/listener.c", "a raise touches a listener that has retired",
     "    InterlockedIncrement(&l->refs);\n    AcquireSRWLockExclusive(&l->lock);\n"
     "    fifo_append(&l->came, &i->came);\n    ReleaseSRWLockExclusive(&l->lock);\n"
     "    strand_raise(&l->strand, LISTENER_CAME);\n    listener_unref(l);",
     "    AcquireSRWLockExclusive(&l->lock);\n"
     "    fifo_append(&l->came, &i->came);\n    ReleaseSRWLockExclusive(&l->lock);\n"
     "    strand_raise(&l->strand, LISTENER_CAME);"),
    ("iocp/budget.c", "the last room of the limit is given away twice",
     "(!r->holder && a->called)",
     "a->called"),
    ("pipe/conn_write.c", "a write waits for its round beyond the drain deadline",
     "queued < TRANSPORT_WRITE_MUCH && c->state == CONN_OPEN &&",
     "queued < TRANSPORT_WRITE_MUCH &&"),
    ("pipe/open.c", "a pipe that is refused is closed twice",
     "    if (status == PP_OK)\n        *pipe = opened;\n    else\n        CloseHandle(opened);",
     "    *pipe = opened;\n    if (status != PP_OK)\n        CloseHandle(opened);"),
    ("pipe/listener.c", "instances stop to wait after a burst, and drop who opens them",
     "    uint64_t room = listener__room(l);\n\n    for",
     "    uint64_t room = listener__target(l);\n\n    for"),
    ("mailslot/mailslot.c", "a mailslot that its consumer closed delivers on",
     "        if (m->closed || gate_is_shut",
     "        if (gate_is_shut"),
    ("pipe/conn_write.c", "sends refused during the last turn are not counted",
     "outbox_free(&c->outbox));\n    conn__note_refusals(c, false);",
     "outbox_free(&c->outbox));"),
    ("iocp/strand.c", "a strand that was made ready is used again",
     "        watch_wake(all->watch);",
     "        watch_wake(s->all->watch);"),
    ("base/gate.h", "the gate looks for a resume, and only then shuts",
     "InterlockedCompareExchange(&g->state, ticket | GATE_SHUT, ticket);",
     "g->state;\n\n    if (before == ticket)\n        InterlockedOr(&g->state, GATE_SHUT);"),
    ("pipe/conn_read.c", "no raise after as many reads as a turn may have",
     "        if (!conn__make_room(c, needed))\n            return;\n"
     "        if (reads == CONN__MOST_READS) {\n            strand_raise(&c->strand, CONN_AGAIN);",
     "        if (!conn__make_room(c, needed))\n            return;\n"
     "        if (reads == CONN__MOST_READS) {\n            ;"),
    ("pipe/conn_read.c", "a read that was cancelled is taken for the end",
     "    else if (error == ERROR_OPERATION_ABORTED)",
     "    else if (error == ERROR_OPERATION_ABORTED)\n"
     "        conn__peer_left(c, ERROR_BROKEN_PIPE);\n    else if (error == ERROR_SUCCESS)"),
    ("pipe/impersonate.c", "a worker remains the client whose token it cannot open",
     "OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, token))\n"
     "        error = win_last_error();",
     "OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, token))\n"
     "        return win_last_error();"),
    ("pipe/listener.c", "a closed listener calls its name free while connections have it",
     "l->waiting_count + l->surplus_count + l->connections > 0 || l->held > 0)",
     "l->waiting_count + l->surplus_count > 0 || l->held > 0)"),
]
