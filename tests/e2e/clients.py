"""
Clients as people have them, in processes of their own, against `pipeport serve`.

A number after the case's name is how often textbook clients come, in a row or a hundred at once.
"""

import os
import random
import sys
import tempfile
import time

from harness import Load, Process, Server, case, check, equal, load, main, run
from managed import windows_path

given = int(sys.argv.pop()) if sys.argv[-1].isdigit() else None
in_a_row = given or 10
fresh_servers = given or 1


def pipe(server):
    return "\\\\.\\pipe\\" + server.name


def start(server, program, *arguments):
    return Process(program, pipe(server), *arguments)


def expect_echo(server, rounds=1):
    status, _, errors = run("textbook", pipe(server), rounds)
    equal(status, 0, f"the textbook client's status; {errors}")


@case
def a_hundred_textbook_clients_at_once_are_echoed():
    for _ in range(fresh_servers):
        server = Server()
        clients = [start(server, "textbook") for _ in range(100)]
        for client in clients:
            equal(client.wait(), 0, f"a client's status; {client.stderr()}")
        figures = server.stop()
        equal(figures["clients"], 100, "clients")
        equal(figures["bytes_in"], 100 * 17, "bytes in")
        equal(figures["bytes_out"], 100 * 17, "bytes out")
        equal(figures["errors"], 0, "errors")
        equal(figures["handles_open"], 0, "handles open")


def burst(server, processes, threads, way):
    """That many threads of that many processes open the pipe at once: how many each way it went."""
    group = [start(server, "burst", threads, way) for _ in range(processes)]
    for process in group:
        process.expect_line(b"ready")
    for process in group:
        process.process.stdin.write(b"go\n")
        process.process.stdin.flush()
    total = {}
    for process in group:
        words = process.some_line().decode().split()
        equal(process.wait(), 0, process.stderr())
        for key, count in zip(words[::2], words[1::2]):
            total[key] = total.get(key, 0) + int(count)
    print(f"{processes} x {threads} {way}: {total}")
    equal(sum(total.values()), processes * threads, "threads")
    return total


@case
def a_burst_finds_an_instance_for_each_from_the_second_on():
    server = Server("--accept-depth", "1024", "--stats-interval", "1")
    burst(server, 4, 250, "wait")
    for _ in range(2):
        # Those who came have gone, and as many wait as are expected.
        server.wait_for(lambda f: f["clients_now"] == 0 and f["handles_open"] >= 1000,
                        "waiting for the next burst")
        equal(burst(server, 4, 250, "wait")["opened"], 1000, "clients that found an instance")
    server.interrupt()
    equal(server.wait(), 0, "the server's status")


@case
def a_first_burst_finds_as_many_instances_as_are_ready():
    server = Server("--accept-ready", "1024", "--accept-depth", "1024")
    equal(burst(server, 4, 250, "wait")["opened"], 1000, "clients that found an instance")
    server.stop()


@case
def no_client_that_waits_the_default_times_out():
    server = Server()
    equal(burst(server, 2, 100, "default")["opened"], 200, "clients that found an instance")
    equal(server.stop()["errors"], 0, "errors")


@case
def no_client_that_calls_once_times_out():
    server = Server("--mode", "message")
    equal(burst(server, 2, 100, "call")["opened"], 200, "clients that were answered")
    figures = server.stop()
    equal(figures["clients"], 200, "clients")
    equal(figures["bytes_out"], 200 * 3, "bytes out")
    equal(figures["errors"], 0, "errors")


@case
def textbook_clients_in_a_row_are_echoed():
    server = Server()
    for _ in range(in_a_row):
        expect_echo(server)
    figures = server.stop()
    equal(figures["clients"], in_a_row, "clients")
    equal(figures["errors"], 0, "errors")


@case
def one_process_may_connect_a_thousand_times():
    server = Server()
    expect_echo(server, 1000)
    equal(server.stop()["clients"], 1000, "clients")


@case
def a_file_typed_by_cmd_is_one_datagram():
    text = b"one line\r\nand another\r\n"
    server = Server("--service", "sink", mailslot=True)
    with tempfile.TemporaryDirectory(prefix="a folder ") as folder:
        path = os.path.join(folder, "text.txt")
        with open(path, "wb") as file:
            file.write(text)
        # Words by themselves: they are quoted for programs, and cmd takes only the quotes around a
        # path.
        slot = rf"\\.\mailslot\{server.name}"
        status, _, errors = run("cmd", "/c", "type", windows_path(path), ">", slot)
        equal(status, 0, f"cmd's status; {errors}")
        figures = server.stop()
    equal(figures["datagrams"], 1, "datagrams")
    equal(figures["bytes_in"], len(text), "bytes in")


@case
def fifty_clients_killed_inside_a_message_are_counted_as_such():
    server = Server("--mode", "framed", "--log-level", "debug")
    for _ in range(5):
        batch = [start(server, "half_sender") for _ in range(10)]
        for client in batch:
            client.expect_line(b"in the middle")
        for client in batch:
            client.kill()
    # The others are served as before.
    load("--pipe", server.name, "--mode", "framed", "--clients", 4, "--duration", 1, "--warmup", 0,
         "--verify")
    figures = server.stop()
    equal(figures["errors"], 50, "errors")
    equal(server.stderr().count("left inside a message"), 50, "ends by that cause")
    equal(figures["handles_open"], 0, "handles open")


@case
def clients_killed_on_their_lanes_leave_nothing_and_nobody_notices():
    """Four connections each, in the middle of messages; others go on by lanes of their own meanwhile."""
    server = Server("--mode", "framed", "--stats-interval", 0.2)
    traffic = ["--pipe", server.name, "--mode", "framed", "--clients", 4, "--size", 3000, "--verify",
               "--warmup", 0]  # fmt: skip
    steady = Load(*traffic, "--duration", 60)
    for _ in range(20):
        victim = Load(*traffic, "--duration", 60)
        server.wait_for(lambda seen: seen["clients_now"] == 8, "four more clients")
        time.sleep(random.random() / 2)
        victim.kill()
        server.wait_for(lambda seen: seen["clients_now"] == 4, "the end of the four")
    steady.interrupt()
    figures = steady.result(130)  # interrupted
    equal((figures["errors"], figures["verify_failures"]), (0, 0), "errors and wrong bytes")
    equal(figures["lanes"], 4, "lanes of those who stayed")
    stopped = server.stop()
    equal(stopped["handles_open"], 0, "handles open")


@case
def what_a_client_sends_is_in_no_line_of_the_log():
    server = Server("--mode", "message", "--max-message", 10, "--log-level", "debug")
    status, _, errors = run("textbook", pipe(server))  # "sixteen and zero"
    equal(status, 1, f"the client's status; {errors}")
    equal(server.stop()["errors"], 1, "errors")
    check(" ended: " in server.stderr(), "the connection is in the log")
    check("sixteen" not in server.stderr(), server.stderr())


@case
def fifty_clients_killed_with_unread_replies_do_not_stop_the_listener():
    server = Server()
    for _ in range(5):
        batch = [start(server, "late_reader", 1000) for _ in range(10)]
        for client in batch:
            client.expect_line(b"waiting")
        for client in batch:
            client.kill()
        expect_echo(server)
    figures = server.stop()
    equal(figures["clients"], 55, "clients")
    equal(figures["errors"], 0, "errors")


@case
def a_client_that_reads_after_the_server_has_gone_gets_everything():
    server = Server()
    late = start(server, "late_reader", 60000)
    late.expect_line(b"waiting")
    figures = server.stop()
    check(not server.runs(), "the server has ended")
    equal(figures["bytes_out"], 60000, "bytes out")
    late.process.stdin.write(b"read\n")
    late.process.stdin.flush()
    equal(late.wait(), 0, f"the client's status; {late.stderr()}")


if __name__ == "__main__":
    sys.exit(main())
