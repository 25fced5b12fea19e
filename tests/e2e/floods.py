"""
What other clients do to those that a server works for: floods, and a stop at any moment.

FLOODS_KILLED is how many clients the first case kills (20), FLOODS_STOPS how often the last case stops a
server (30), FLOODS_SEED what the moments follow from (the time).

What is measured: the rate of 8 clients of pipe_load in a closed loop, which check every byte, for SECONDS
without the flood and with it, in turn, three times; the medians are compared. What else the machine does
meets both; where it does so much that too little seems left, up to six more pairs join. A flood has a rate,
and its programs have started when the measuring begins: what is left tells what the flood costs the server,
not what a program costs that takes all processors.
"""

import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import re
import statistics
import sys
import time

from harness import Load, Process, Server, case, check, equal, figures_of, load, main, wait_until

SECONDS = 0.6
EACH = 4  # clients that are killed meanwhile
MODES = "stream", "message", "framed"
DRAIN = 20

stages = itertools.cycle(("open", "header", "half", "unread", "reading", "writing"))
killed = int(os.environ.get("FLOODS_KILLED", 20))
stops = int(os.environ.get("FLOODS_STOPS", 30))


def pipe(server):
    return "\\\\.\\pipe\\" + server.name


def tell(process):
    """Sends the line that it waits for."""
    process.process.stdin.write(b"\n")
    process.process.stdin.flush()


# ---- Floods ------------------------------------------------------------------------------------


def rate(server, mode):
    figures = load("--pipe", server.name, "--mode", mode, "--clients", 8, "--size", 500, "--verify",
                   "--warmup", 0.2, "--duration", SECONDS)  # fmt: skip
    equal((figures["errors"], figures["verify_failures"]), (0, 0), "errors and wrong bytes")
    return round(figures["messages_per_s"])


def withstand(mode, flood, rounds=3):
    server = Server("--mode", mode, "--accept-depth", 64, "--stats-interval", 0.2)
    wait_until(lambda: server.stderr().count("\n") > 0, "figures")
    idle = figures_of(server.stderr().splitlines()[0])["operations_pending"]
    without, beside = [], []
    share = 0
    while len(without) < rounds or (share < 0.5 and len(without) < rounds + 6):
        without.append(rate(server, mode))
        with flood(server, without[-1]):
            beside.append(rate(server, mode))
        share = statistics.median(beside) / statistics.median(without)
    print(f"{mode}: {share:.2f} of the messages/s: without {without}, beside the flood {beside}")
    check(share >= 0.5, f"{mode}: {share:.2f} of the rate is left")
    rest = {"clients_now": 0, "buffered": 0, "operations_pending": idle}
    server.wait_for(lambda seen: rest.items() <= seen.items(), f"{rest}")
    equal(server.stop()["handles_open"], 0, "handles open")


def flooder(kind, most):
    """So many times a second, or one for each eight messages that the others got before: where the machine
    has time for fewer, the flood's programs would take it all."""

    @contextlib.contextmanager
    def flood(server, before):
        process = Process("flooder", pipe(server), kind, max(10, min(most, before // 8)))
        process.expect_line(b"ready")
        yield
        tell(process)
        times = int(process.some_line().split()[1])
        print(f"{kind}: {times} times")
        check(times >= 3, "the flood went on")
        equal(process.wait(), 0, "its status")

    return flood


@contextlib.contextmanager
def victims(server, _):
    """Some that are killed while the others are measured, at any stage, each after the one before."""
    clients = [Process("victim", pipe(server), next(stages)) for _ in range(EACH)]
    for client in clients:
        client.expect_line(b"ready")

    def kill():
        for client in clients:
            tell(client)
            client.expect_line(b"there")
            client.kill()
            time.sleep(0.2)  # their rate: at most five a second

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        over = pool.submit(kill)
        yield
        over.result()


@case
def clients_killed_at_every_stage_leave_the_others_half_their_rate():
    withstand("framed", victims, max(3, -(-killed // EACH)))


@case
def a_thousand_a_second_that_leave_at_once_leave_the_others_half_their_rate():
    withstand("message", flooder("leave", 1000))


@case
def a_byte_a_second_leaves_the_others_half_their_rate():
    withstand("framed", flooder("drip", 50))  # on each of 50 pipes


@case
def random_bytes_leave_the_others_half_their_rate_in_each_mode():
    for mode in MODES:
        withstand(mode, flooder("random", 20))


# ---- A stop at any moment ----------------------------------------------------------------------


def stop_once(mode, works, moment, seed):
    server = Server("--mode", mode, "--drain-timeout", DRAIN, "--stats-interval", 0.1)
    visitor = Process("visitor", pipe(server), mode, seed)
    client = Load("--pipe", server.name, "--mode", mode, "--clients", 8, "--depth", 3, "--size", 3000,
                  "--verify", "--warmup", 0, "--duration", 60)  # fmt: skip
    if works:  # otherwise perhaps while clients come
        server.wait_for(lambda seen: seen["messages_in"] > 0, "work")
    time.sleep(moment)
    began = time.monotonic()
    stopped = server.stop()
    check(time.monotonic() - began < DRAIN, "it ends within its drain time-out")
    equal((stopped["errors"], stopped["handles_open"]), (0, 0), "errors and handles open")
    equal(stopped["bytes_in"], stopped["bytes_out"], "bytes answered")
    wait_until(lambda: not client.runs() or "waiting for" in client.stderr(), "the end of pipe_load")
    client.kill()  # if it came too late, and sent nothing
    figures = {"messages": 0, "verify_failures": 0}
    if client.json.exists():
        figures = json.loads(client.json.read_text())
    line = visitor.some_line().decode()
    answers, size, wrong, torn = map(int, re.findall(r"\d+", line))
    equal((wrong, figures["verify_failures"]), (0, 0), "wrong bytes")
    if mode != "stream":  # in which a part of what was sent may have been read
        equal(torn, 0, "ends inside an answer")
        equal(figures["messages"] + answers, stopped["messages_out"], "answers that arrived")
        equal(figures["messages"] * 3000 + size, stopped["bytes_out"], "bytes that arrived")
    return answers + figures["messages"]


@case
def a_server_stopped_at_any_moment_has_given_whole_answers():
    seed = int(os.environ.get("FLOODS_SEED", time.time_ns()))
    print(f"FLOODS_SEED={seed}")
    drawn = random.Random(seed)
    answers = [stop_once(MODES[i % 3], i % 2, drawn.uniform(0, 0.5), drawn.getrandbits(16))
               for i in range(stops)]  # fmt: skip
    print(f"answers in each round: {answers}")


if __name__ == "__main__":
    sys.exit(main())
