"""
The program pipe_load: that its figures are true, and that it notices what is wrong.
"""

import json
import os
import re
import sys
import tempfile
import time

from harness import (
    FaultServer,
    Load,
    Server,
    case,
    check,
    equal,
    expect_lost_output,
    expect_refusal,
    load,
    main,
    run,
    run_in_terminal,
    unique,
    wait_until,
)

KEYS = {
    "mode": None,
    "lane": None,
    "lanes": None,
    "lane_bells": None,
    "clients": None,
    "size": None,
    "depth": None,
    "rate": None,
    "workers": None,
    "duration_s": None,
    "messages": None,
    "messages_per_s": None,
    "megabytes_per_s": None,
    "latency_us": ["p50", "p90", "p99", "p999", "max", "mean"],
    "lateness_us": ["p99", "max"],
    "connect_s": None,
    "busy_retries": None,
    "errors": None,
    "verify_failures": None,
    "kernel_calls": ["read", "write", "dequeue", "other", "per_message"],
}
MODES = ("stream", "message", "framed")


def check_figures(figures):
    """What must hold for the figures of any run."""
    equal(list(figures), list(KEYS), "keys")
    for key, inner in KEYS.items():
        if inner:
            equal(list(figures[key]), inner, f"keys of {key}")
    seconds, messages = figures["duration_s"], figures["messages"]
    check(isinstance(messages, int) and messages > 0, f"messages: {messages}")
    by_rate = round(figures["megabytes_per_s"] * seconds * 1e6)
    equal(by_rate, messages * figures["size"], "messages times size")
    equal(round(figures["messages_per_s"] * seconds), messages, "messages by their rate")
    latency = [figures["latency_us"][key] for key in ("p50", "p90", "p99", "p999", "max")]
    equal(latency, sorted(latency), "percentiles in order")
    check(figures["latency_us"]["mean"] <= figures["latency_us"]["max"], "mean")
    calls = figures["kernel_calls"]
    each = sum(calls[kind] for kind in ("read", "write", "dequeue", "other")) / messages
    check(abs(calls["per_message"] - each) < 1e-6, "calls a message")


@case
def its_json_has_the_keys_of_the_design():
    for mode in MODES:
        server = Server("--mode", mode)
        figures = load("--pipe", server.name, "--mode", mode, "--clients", 5, "--size", 1000,
                       "--depth", 3, "--workers", 2, "--duration", 0.5, "--warmup", "0.1000000000000000055")  # fmt: skip
        check_figures(figures)
        given = {key: figures[key] for key in ("mode", "clients", "size", "depth", "workers")}
        equal(given, {"mode": mode, "clients": 5, "size": 1000, "depth": 3, "workers": 2}, "given")
        equal(figures["rate"], 0, "rate")
        check(0.5 <= figures["duration_s"] < 2, "duration")
        server.stop()


@case
def every_byte_is_checked_in_every_mode():
    for mode in MODES:
        server = Server("--mode", mode)
        # Eight of the longest take 0.35 s to come back on a busy machine.
        for size, depth, duration in (1, 7, 0.5), (64, 1, 0.5), (1000, 16, 0.5), ("300K", 2, 4), (0, 5, 0.5):
            if mode == "stream" and size == 0:
                continue
            figures = load("--pipe", server.name, "--mode", mode, "--size", size, "--depth", depth,
                           "--verify", "--duration", duration, "--warmup", 0, "--clients", 4)  # fmt: skip
            check_figures(figures)
            equal((figures["errors"], figures["verify_failures"]), (0, 0), f"{mode} {size} {depth}")
        equal(server.stop()["errors"], 0, f"{mode}: the server's errors")


@case
def its_messages_are_those_of_the_server():
    server = Server("--mode", "message", "--stats-interval", 0.1)
    client = Load("--pipe", server.name, "--mode", "message", "--size", 500, "--warmup", 0,
                  "--duration", 60, "--clients", 10)  # fmt: skip
    server.wait_for(lambda seen: seen["messages_in"] >= 1000, "work")
    stopped = server.stop()
    figures = client.result(status=1)
    equal(figures["messages"], stopped["messages_out"], "messages")
    equal(figures["messages"] * 500, stopped["bytes_out"], "bytes")


@case
def a_service_that_answers_after_20_ms_shows():
    for mode in range(3):
        server = FaultServer("late", mode)
        figures = load("--pipe", server.name, "--mode", MODES[mode], "--clients", 4,
                       "--duration", 2, "--warmup", 0.2)  # fmt: skip
        check_figures(figures)
        latency = figures["latency_us"]
        check(latency["p50"] >= 20000, f"p50 is {latency['p50']}")
        # Each client waits for one reply all the time, so its latencies add up to the duration, but
        # for one at either end. What a latency is above 20 ms is the machine's affair.
        waited = figures["messages"] * latency["mean"] / 4e6
        seconds, longest = figures["duration_s"], latency["max"] / 1e6
        check(0.9 * (seconds - longest) <= waited <= seconds + longest, f"each waited {waited} s")
        check(latency["p50"] <= 2 * latency["mean"], f"p50 is {latency['p50']}")
        server.kill()


@case
def one_changed_byte_is_one_verify_failure():
    for mode in range(3):
        server = FaultServer("flip", mode)
        figures = load("--pipe", server.name, "--mode", MODES[mode], "--clients", 4, "--verify",
                       "--duration", 1, "--warmup", 0, status=1)  # fmt: skip
        equal((figures["verify_failures"], figures["errors"]), (1, 0), MODES[mode])
        server.kill()


@case
def a_reply_too_many_is_noticed():
    for mode in range(3):
        server = FaultServer("twice", mode)
        figures = load("--pipe", server.name, "--mode", MODES[mode], "--clients", 1, "--duration",
                       1, "--warmup", 0, "--verify", status=1)  # fmt: skip
        # It came alone, or was taken for the reply to the next message.
        check(figures["errors"] + figures["verify_failures"] > 0, MODES[mode])
        server.kill()


@case
def a_server_that_dies_in_the_middle_gives_status_1():
    server = Server("--stats-interval", 0.1)
    client = Load("--pipe", server.name, "--clients", 20, "--duration", 300, "--warmup", 0)
    server.wait_for(lambda seen: seen["messages_in"] >= 1000, "work")
    server.kill()
    figures = client.result(status=1, timeout=30)
    equal(figures["errors"], 20, "errors")
    check(figures["duration_s"] < 60, "it does not wait for the whole duration")
    check_figures(figures)


@case
def a_name_that_stays_absent_gives_status_1():
    name = unique()
    client = Load("--pipe", name, "--clients", 3)
    client.json.write_text("yesterday's")
    began = time.monotonic()
    wait_until(lambda: client.stderr().endswith("\n"), "it says that it waits")
    check(time.monotonic() - began < 10, "within a second, and some for a start")
    check(f"waiting for {name}: 0 of 3 clients are connected; each tries for 30 s" in client.stderr(),
          client.stderr())  # fmt: skip
    equal((client.lines(90), client.wait()), ([], 1), "output and status")
    equal(client.stderr().count("\n"), 2, f"lines in {client.stderr()!r}")
    check("cannot connect" in client.stderr(), client.stderr())
    equal(client.json.read_text(), "yesterday's", "the figures of the run before")
    equal(os.listdir(client.json.parent), [client.json.name], "files")


@case
def ctrl_c_ends_the_measuring_and_reports():
    server = Server("--stats-interval", 0.1, mailslot=True)
    for target in ["--pipe", server.name], ["--mailslot", server.name]:
        client = Load(*target, "--clients", 2, "--duration", 600, "--warmup", 0)
        client.json.write_text("yesterday's")
        key = "messages_in" if target[0] == "--pipe" else "datagrams"
        server.wait_for(lambda seen: seen[key] >= 100, "work")
        client.interrupt()
        figures = client.result(status=130, timeout=20)
        check_figures(figures)
        equal(figures["errors"], 0, "errors")
        check(figures["duration_s"] < 300, "the time that it measured")
        check("interrupted" in client.stderr(), client.stderr())
        equal(client.stderr().count("\n"), 1, client.stderr())
    server.stop()


@case
def ctrl_c_in_the_warm_up_leaves_the_figures():
    server = Server("--stats-interval", 0.1, mailslot=True)
    for target in ["--pipe", server.name], ["--mailslot", server.name]:
        client = Load(*target, "--clients", 2, "--warmup", 600)
        client.json.write_text("yesterday's")
        key = "messages_in" if target[0] == "--pipe" else "datagrams"
        server.wait_for(lambda seen: seen[key] >= 100, "work")
        client.interrupt()
        equal((client.lines(20), client.wait()), ([], 130), "output and status")
        check("interrupted before anything was measured" in client.stderr(), client.stderr())
        equal(client.json.read_text(), "yesterday's", "the figures of the run before")
    server.stop()


@case
def ctrl_c_ends_the_waiting_for_a_server():
    client = Load("--pipe", unique(), "--clients", 2)
    client.json.write_text("yesterday's")
    wait_until(lambda: "waiting for" in client.stderr(), "it says that it waits")
    client.interrupt()
    equal(client.wait(20), 130, "status")
    check("interrupted before every client was connected" in client.stderr(), client.stderr())
    equal(client.json.read_text(), "yesterday's", "the figures of the run before")


@case
def figures_go_to_standard_output_for_a_hyphen():
    server = Server()
    short = ("--pipe", server.name, "--duration", 0.2, "--warmup", 0, "--clients", 2)
    status, output, errors = run("pipe_load", *short, "--json", "-")
    equal((status, errors), (0, ""), "status and standard error")
    check_figures(json.loads(output))
    expect_lost_output("pipe_load", *short, "--json", "-")
    expect_lost_output("pipe_load", *short)
    expect_lost_output("pipe_load", "--help")
    server.stop()


@case
def a_file_that_cannot_be_written_costs_no_run():
    with tempfile.TemporaryDirectory() as folder:
        for path in folder, os.path.join(folder, "absent", "file"):
            expect_refusal("pipe_load", ["--json", path, "--pipe", unique()], 1, "--json", "allowed")


@case
def missing_replies_are_one_error_for_each_client():
    server = Server("--service", "sink")
    figures = Load("--pipe", server.name, "--clients", 4, "--duration", 0.2, "--warmup", 0)
    equal(figures.result(status=1)["errors"], 4, "errors")
    check("replies are missing" in figures.stderr(), figures.stderr())
    server.stop()


@case
def late_replies_are_called_late():
    server = FaultServer("drip", 1)
    client = Load("--pipe", server.name, "--mode", "message", "--clients", 1, "--depth", 60,
                  "--duration", 1.5, "--warmup", 0)  # fmt: skip
    equal(client.result(status=1)["errors"], 1, "errors")
    check("its replies were late" in client.stderr(), client.stderr())
    server.kill()


@case
def a_server_of_another_mode_is_named():
    server = Server("--mode", "stream")
    expect_refusal("pipe_load", ["--pipe", server.name, "--mode", "message"], 1, server.name,
                   "the pipe is of another mode")  # fmt: skip
    server.stop()


@case
def long_names_leave_room_for_the_reason():
    for lead in "", "a":
        name = lead + "é" * 240
        expect_refusal("pipe_load", ["--mailslot", name], 1, "...: ", "(2)")
        got = run("pipe_load", "--mode", name)[2]
        check("allowed: stream" in got and "\ufffd" not in got, got)


@case
def every_wrong_argument_of_pipe_load_is_one_line_and_status_2():
    ranges = {
        "clients": ("1 to 50000", "0 50001 x 1.5"),
        "size": ("0 to 16777216", "-1 17M 1G"),
        "depth": ("1 to 4096", "0 4097"),
        "duration": ("0.1 to 604800", "0 x 0x1"),
        "warmup": ("0 to 3600", "-1 3601"),
        "workers": ("1 to 256", "0 257"),
        "rate": ("0.01 to 10000000", "0 10000001"),
    }
    for option, (allowed, values) in ranges.items():
        for value in values.split():
            expect_refusal("pipe_load", [f"--{option}", value], 2, f"--{option} ", value, allowed)
    for arguments, allowed in (
        (["--mode", "pipe"], "stream, message or framed"),
        (["--size", "0"], "in stream mode"),
        (["--clients", "1025", "--size", "1M"], "at most 1073741824"),
        (["--pipe", "a\\b"], "1 to 247 characters"),
        (["--mailslot", "a\\b"], "1 to 243 characters"),
        (["--verify", "--one-way"], "one of them"),
        (["--json"], "--json needs a value: FILE"),
        (["--pipe", "--quiet"], "--pipe=VALUE"),
        (["--depth", "--quiet"], "--depth=VALUE"),
        (["--depth", "1", "--depth=2"], "--depth is given twice"),
        (["--pipe", "a", "--pipe", "a"], "--pipe is given twice"),
        (["--quiet", "--quiet"], "--quiet is given twice"),
        (["--frobnicate"], 'unknown option "--frobnicate"; see pipe_load --help'),
        (["frobnicate"], 'unknown option "frobnicate"; see pipe_load --help'),
    ):
        expect_refusal("pipe_load", arguments, 2, allowed)


@case
def the_table_is_for_people_and_quiet_is_quiet():
    server = Server()
    short = ("--pipe", server.name, "--duration", 0.2, "--warmup", 0, "--clients", 2)
    status, output, errors = run("pipe_load", *short)
    equal((status, errors), (0, ""), "status and standard error, which is no terminal")
    for word in b"latency", b"messages/s", b"p99.9", b"verify failures":
        check(word in output, output)
    equal(run("pipe_load", *short, "--quiet"), (0, b"", ""), "all of a quiet run")
    server.stop()


@case
def progress_is_for_a_terminal():
    server = Server()
    arguments = ("--pipe", server.name, "--duration", 2.5, "--warmup", 0, "--clients", 2)
    status, seen = run_in_terminal("pipe_load", *arguments)
    equal(status, 0, "status")
    for second in 1, 2:
        check(re.search(rf"pipe_load: *measuring *{second} *s: *\d+ *messages/s", seen), seen)
    status, seen = run_in_terminal("pipe_load", *arguments, "--quiet")
    equal((status, "pipe_load" in seen), (0, False), f"a quiet run {seen!r}")
    server.stop()


@case
def one_way_sends_what_arrives():
    for mode in MODES:
        server = Server("--service", "sink", "--mode", mode, "--stats-interval", 0.2)
        figures = load("--pipe", server.name, "--mode", mode, "--one-way", "--size", 100, "--depth",
                       4, "--warmup", 0, "--duration", 0.5, "--clients", 5)  # fmt: skip
        check_figures(figures)
        server.wait_for(lambda seen: seen["clients"] == 5 and seen["clients_now"] == 0, "the end")
        sent, arrived = figures["messages"] * 100, server.stop()["bytes_in"]
        check(sent <= arrived <= sent + 5 * 5 * 100, f"{mode}: {sent} sent, {arrived} arrived")


@case
def datagrams_arrive():
    server = Server("--stats-interval", 0.2, mailslot=True)
    fast = load("--mailslot", server.name, "--duration", 0.5, "--warmup", 0, "--clients", 3)
    slow = load("--mailslot", server.name, "--duration", 1, "--warmup", 0, "--rate", 200, "--size", 0)
    for figures in fast, slow:
        check_figures(figures)
        equal(figures["mode"], "mailslot", "mode")
    check(150 <= slow["messages"] <= 210, f"{slow['messages']} at a rate of 200")
    sent = fast["messages"] + slow["messages"]
    server.wait_for(lambda seen: seen["datagrams"] >= sent, "all datagrams")
    arrived = server.stop()["datagrams"]
    check(sent <= arrived <= sent + 8, f"{sent} sent, {arrived} arrived")
    absent = unique()
    expect_refusal("pipe_load", ["--mailslot", absent], 1, absent)


@case
def a_rate_is_kept():
    for mode in MODES:
        server = Server("--mode", mode)
        figures = load("--pipe", server.name, "--mode", mode, "--rate", 500, "--duration", 2,
                       "--verify", "--clients", 8)  # fmt: skip
        check_figures(figures)
        equal((figures["rate"], figures["errors"]), (500, 0), mode)
        check(450 <= figures["messages_per_s"] <= 550, f"{figures['messages_per_s']} messages/s")
        check(0 < figures["lateness_us"]["p99"] <= figures["lateness_us"]["max"], "lateness")
        server.stop()


@case
def a_stall_shows_in_the_latency_of_what_was_due():
    server = FaultServer("stall")
    # A quarter of the messages is due during the stall, their latencies spread over its second: of
    # all messages the slowest hundredth is at 0.96 s and more.
    figures = load("--pipe", server.name, "--clients", 1, "--rate", 500, "--duration", 4,
                   "--warmup", 0, "--verify")  # fmt: skip
    check_figures(figures)
    latency = figures["latency_us"]
    check(990000 <= latency["max"] <= 3000000, f"max is {latency['max']}")
    check(930000 <= latency["p99"] <= latency["max"], f"p99 is {latency['p99']}")
    check(latency["p50"] < 100000, f"p50 is {latency['p50']}")
    server.kill()


sys.exit(main())
