#!/usr/bin/env python3
"""The control pipe of a server, and the commands that ask by it."""

import json
import sys

from harness import (
    Load,
    Process,
    Server,
    case,
    check,
    equal,
    expect_refusal,
    load,
    main,
    run,
    unique,
    wait_until,
)


def ask(command, *arguments, status=0):
    """The answer, as the server gave it."""
    got, output, errors = run("pipeport", command, *arguments, "--json")
    equal((got, errors), (status, ""), f"{command}: status and standard error")
    equal(output.count(b"\n"), 1, f"{command}: lines")
    return json.loads(output)


def clients(server):
    return ask("clients", server.name)["clients"]


@case
def stats_are_those_of_the_server():
    server = Server("--service", "sink")
    load("--pipe", server.name, "--one-way", "--clients", 3, "--duration", 0.3, "--warmup", 0)
    answer = ask("stats", server.name)
    check(answer["ok"] and not answer["draining"], "ok")
    stats = answer["stats"]
    status, output, _ = run("pipeport", "stats", server.name)
    equal(status, 0, "status")
    table = dict(line.split() for line in output.decode().splitlines())
    equal(list(table), list(stats), "the table's rows")
    equal(int(table["messages_in"]), stats["messages_in"], "a row")
    equal((stats["clients"], stats["clients_now"]), (3, 0), "clients; who asks is none")
    stopped = server.stop()
    equal({k: stats[k] for k in ("messages_in", "bytes_in")},
          {k: stopped[k] for k in ("messages_in", "bytes_in")}, "the last line")  # fmt: skip


@case
def clients_are_listed_with_what_they_sent():
    server = Server("--mode", "message", mailslot=True)
    talker = Load("--pipe", server.name, "--mode", "message", "--size", 500, "--warmup", 0,
                  "--duration", 60, "--clients", 4)  # fmt: skip
    wait_until(lambda: len(clients(server)) == 4, "four clients")
    wait_until(lambda: all(c["messages_in"] > 5 for c in clients(server)), "messages")
    listed = clients(server)
    equal(len({c["id"] for c in listed}), 4, "ids")
    equal(len({c["process"] for c in listed}), 1, "the process")
    check(all(c["pipe"] == server.name for c in listed), listed)
    wait_until(lambda: all(c["user"].startswith("S-1-") for c in clients(server)), "users")
    # They go on meanwhile: what is counted later has grown, and an answer is counted before its
    # question.
    check(all(c["bytes_in"] % 500 == 0 for c in listed), listed)
    check(all(c["bytes_out"] >= c["bytes_in"] >= 500 * c["messages_in"] for c in listed), listed)
    status, output, _ = run("pipeport", "clients", server.name)
    rows = output.decode().splitlines()
    equal((status, len(rows)), (0, 5), "the table")
    equal({row.split()[0] for row in rows[1:]}, {str(c["id"]) for c in listed}, "its ids")
    server.stop()
    talker.result(status=1)
    equal(run("pipeport", "clients", server.name + "x")[0], 1, "status where there is no server")


@case
def a_client_that_is_dropped_ends_at_once():
    server = Server()
    talker = Load("--pipe", server.name, "--warmup", 0, "--duration", 60, "--clients", 2)
    wait_until(lambda: len(clients(server)) == 2, "two clients")
    first, second = (c["id"] for c in clients(server))
    equal(run("pipeport", "drop", first, server.name), (0, b"", ""), "drop")
    wait_until(lambda: [c["id"] for c in clients(server)] == [second], "one client")
    equal(ask("drop", first, server.name, status=1),
          {"ok": False, "error": f"no client has the id {first}"}, "again")  # fmt: skip
    figures = ask("stats", server.name)["stats"]
    equal((figures["clients"], figures["clients_now"]), (2, 1), "clients")
    server.stop()
    talker.wait()


@case
def stop_stops_the_server_gracefully_or_at_once():
    for arguments in ((), ("--now",)):
        server = Server()
        equal(run("pipeport", "stop", server.name, *arguments), (0, b"", ""), "stop")
        equal(server.stopped()["errors"], 0, "errors")


@case
def a_drain_lets_those_finish_who_are_there():
    server = Server()
    visitor = Process("asker", server.name)

    def talks(line):
        visitor.process.stdin.write(line + b"\n")
        visitor.process.stdin.flush()
        visitor.expect_line(line)

    talks(b"before")
    equal(run("pipeport", "drain", server.name), (0, b"", ""), "drain")
    check(ask("stats", server.name)["draining"], "draining")
    equal(run("asker", server.name)[0], 1, "the status of a new client")
    talks(b"after")
    visitor.process.stdin.close()
    equal(visitor.wait(), 0, "status of who was there")
    equal(server.stopped()["errors"], 0, "errors of the server")


@case
def what_is_asked_wrongly_is_said():
    server = Server()
    name = server.name + ".control"
    lines = (
        ("rubbish", 'the line is no JSON; allowed: {"command": ...}'),
        ("[1]", 'command is ""; allowed: stats, clients, drop, drain or stop'),
        ('{"command": "statz"}', 'command is "statz"; allowed: stats, clients, drop, drain or stop'),
        ('{"command": "drop"}', "id is missing, or no number; allowed: the id of a client"),
        ('{"command": "clients", "most": 0}', "most is no number; allowed: 1 to 10000"),
    )
    visitor = Process("asker", name)
    for line, wanted in lines:
        visitor.process.stdin.write(line.encode() + b"\n")
        visitor.process.stdin.flush()
        equal(json.loads(visitor.some_line()), {"ok": False, "error": wanted}, line)
    visitor.process.stdin.write(b"x" * 5000 + b"\n")
    visitor.process.stdin.close()
    equal(visitor.lines(), [], "answers to a line that is too long")
    visitor.wait()
    for arguments in (["drop"], ["drop", "x"], ["stats", "a", "b"], ["stats", "--now"], ["stop", "--frob"],
                      ["drop", "1" * 16]):  # fmt: skip
        expect_refusal("pipeport", arguments, 2, "allowed: pipeport " + arguments[0])
    server.stop()


@case
def a_server_may_have_no_control_pipe_or_another():
    server = Server("--control", "off")
    equal(run("pipeport", "stats", server.name)[0], 1, "status")
    server.stop()
    name = unique()
    server = Server("--control", name + ".control")
    equal(ask("stats", name)["stats"]["clients"], 0, "clients")
    other = Server("--control", name + ".control")
    other.interrupt()
    equal(other.lines()[-1][:8], b"stopped ", "it serves all the same")
    check("there is no control pipe" in other.stderr(), other.stderr())
    server.stop()


sys.exit(main())
