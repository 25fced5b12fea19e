"""
The program `pipeport serve`: its lines, its statuses, its end, and what it costs.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from harness import (
    DEADLINE,
    WINDOWS,
    Load,
    Process,
    Server,
    Skip,
    case,
    check,
    equal,
    expect_lost_output,
    expect_refusal,
    load,
    main,
    run,
    run_in_terminal,
    ticks,
    unique,
    wait_until,
)

STOPPED = (
    "clients messages_in messages_out bytes_in bytes_out datagrams datagrams_oversized errors kernel_reads"
    " kernel_writes kernel_dequeues kernel_other handles_open"
).split()


@case
def the_ready_line_is_to_the_letter():
    for mode in "stream", "message", "framed":
        server = Server("--mode", mode, "--workers", 3, mailslot=True)
        name = re.escape(server.name).encode()
        wanted = (
            rb"ready pipe=\\\\\.\\pipe\\%s mode=%s mailslot=\\\\\.\\mailslot\\%s workers=3"
            rb" pid=[1-9][0-9]*\n" % (name, mode.encode(), name)
        )
        check(re.fullmatch(wanted, server.ready), server.ready)
        server.stop()
    server = Server()
    check(b" mailslot=none " in server.ready, server.ready)
    server.stop()


@case
def a_name_may_be_a_full_path_and_any_language():
    path = rf"\\.\pipe\{unique()}-é日本"
    server = Process("pipeport", "serve", "--no-mailslot", "--pipe", path)
    check(f"pipe={path} ".encode() in server.some_line(), "the path in the ready line")
    load("--pipe", path, "--duration", 0.2, "--warmup", 0, "--verify")
    server.interrupt()
    equal(server.wait(), 0, "status")


@case
def every_wrong_argument_of_serve_is_one_line_and_status_2():
    ranges = {
        "workers": ("1 to 256, or 0", "00 257 x -1 1.5"),
        "accept-ready": ("1 to 1024", "0 1025"),
        "accept-depth": ("1 to 1024", "0 1025"),
        "wait-timeout": ("seconds", "0 3601"),
        "max-clients": ("1 to 100000", "0 100001"),
        "max-message": ("1 to 256M bytes", "0 268435457 1T"),
        "high-mark": ("1 to 256M bytes", "0 257M"),
        "low-mark": ("1 to 256M bytes, or 0", "00 257M"),
        "max-buffered": ("1M to 64G bytes", "1023K 65G"),
        "pipe-buffer": ("0 to 1M bytes", "1048577"),
        "drain-timeout": ("0 to 3600 seconds", "3600.001 0.0001"),
        "stats-interval": ("0.1 to 86400 seconds", "0 0.09 86401"),
    }
    for option, (allowed, values) in ranges.items():
        for value in values.split():
            arguments = ["serve", f"--{option}", value]
            expect_refusal("pipeport", arguments, 2, f"--{option} ", f'"{value}"', allowed)
    for arguments, allowed in (
        (["--mode", "pipe"], "stream, message or framed"),
        (["--service", "chat"], "echo"),
        (["--log-level", "loud"], "error, warn, info or debug"),
        (["--pipe", "a\\b"], "1 to 247 characters"),
        (["--pipe", ""], "1 to 247 characters"),
        (["--pipe", "x" * 248], "1 to 247 characters"),
        (["--pipe", "."], "ends in no dot and no space"),
        (["--pipe", " "], "ends in no dot and no space"),
        (["--pipe", "a/b"], "without \\ and /"),
        (["--mailslot", "trail "], "ends in no dot and no space"),
        (["--log-rate", "0"], "1 to 100000"),
        (["--pipe", r"\\.\mailslot\x"], r"\\.\pipe\NAME"),
        (["--pipe", r"\\machine\pipe\x"], r"\\.\pipe\NAME"),
        (["--mailslot", "a\\b"], r"\\.\mailslot\NAME"),
        (["--high-mark", "1K", "--low-mark", "2K"], "at most --high-mark"),
        (["--accept-ready", "65", "--accept-depth", "64"], "at most --accept-depth"),
        (["--json=1"], "allowed: yes or no"),
        (["--mode"], "--mode needs a value: stream, message or framed"),
        (["--frobnicate"], 'unknown option "--frobnicate"; see pipeport serve --help'),
        (["frobnicate"], 'unknown option "frobnicate"; see pipeport serve --help'),
    ):
        expect_refusal("pipeport", ["serve", *arguments], 2, allowed)
    nearest = 'unknown option "--hihg-mark=3"; the nearest is --high-mark; see pipeport serve --help'
    expect_refusal("pipeport", ["serve", "--hihg-mark=3"], 2, nearest)
    commands = "allowed: serve, stats, clients, drop, drain, stop, selftest, --version, --help"
    expect_refusal("pipeport", [], 2, "a command is missing", commands)
    expect_refusal("pipeport", ["frobnicate"], 2, 'unknown command "frobnicate"', commands)


@case
def what_cannot_be_opened_is_one_line_and_status_1():
    server = Server(mailslot=True)
    name = server.name
    taken = ["serve", "--pipe", name, "--no-mailslot"]
    expect_refusal("pipeport", taken, 1, rf"\\.\pipe\{name}", "taken")
    taken = ["serve", "--pipe", unique(), "--mailslot", name]
    expect_refusal("pipeport", taken, 1, rf"\\.\mailslot\{name}", "taken")
    alone = ["serve", "--pipe", unique(), "--no-mailslot"]
    expect_refusal("pipeport", [*alone, "--sddl", "rubbish"], 1, "sddl", "rubbish")
    expect_refusal("pipeport", [*alone, "--allow", "S-1-1-0", "--allow", "nobody-such"], 1,
                   "nobody-such")
    load("--pipe", name, "--duration", 0.2, "--warmup", 0)  # it did the server no harm
    server.stop()


@case
def ctrl_c_stops_it_with_the_last_line():
    server = Server(mailslot=True)
    figures = load("--pipe", server.name, "--clients", 7, "--duration", 0.3, "--warmup", 0)
    stopped = server.stop()
    equal(list(stopped), STOPPED, "keys")
    equal(stopped["clients"], 7, "clients")
    equal(stopped["errors"], 0, "errors")
    equal(stopped["handles_open"], 0, "handles open")
    check(stopped["messages_in"] >= figures["messages"] > 0, "messages")
    equal(stopped["bytes_in"], stopped["bytes_out"], "bytes")
    check(stopped["kernel_reads"] >= stopped["messages_in"], "reads")


@case
def json_has_the_same_keys():
    server = Server("--json", mailslot=True)
    ready = json.loads(server.ready)
    equal(list(ready), ["pipe", "mode", "mailslot", "workers", "pid"], "keys of ready")
    equal(ready["pipe"], rf"\\.\pipe\{server.name}", "pipe")
    equal(ready["mailslot"], rf"\\.\mailslot\{server.name}", "mailslot")
    server.interrupt()
    lines = server.lines()
    equal(server.wait(), 0, "status")
    equal(len(lines), 1, "lines after the first")
    equal(list(json.loads(lines[0])), STOPPED, "keys of stopped")


@case
def a_second_ctrl_c_stops_it_at_once():
    server = Server("--drain-timeout", 3600)
    client = Process("never_reader", rf"\\.\pipe\{server.name}", 300000)
    client.expect_line(b"written")
    server.interrupt()
    time.sleep(1)  # nothing must happen in it
    check(server.runs(), "waits for the client that does not read")
    began = time.monotonic()
    stopped = server.stop()
    check(time.monotonic() - began < 10, "at once")
    equal(stopped["handles_open"], 0, "handles open")
    equal(stopped["errors"], 0, "errors")


@case
def ctrl_c_in_the_middle_answers_what_was_read():
    for mode in "stream", "message", "framed":
        server = Server("--mode", mode, "--stats-interval", 0.1)
        client = Load(
            "--pipe", server.name, "--mode", mode, "--clients", 200, "--size", 20000, "--verify",
            "--warmup", 0, "--duration", 60,
        )  # fmt: skip
        server.wait_for(lambda seen: seen["messages_in"] >= 1000, "work")
        stopped = server.stop()
        figures = client.result(status=1)  # the server left it
        equal(stopped["clients"], 200, f"{mode}: clients")
        equal(stopped["errors"], 0, f"{mode}: errors")
        equal(stopped["bytes_in"], stopped["bytes_out"], f"{mode}: bytes answered")
        equal(figures["verify_failures"], 0, f"{mode}: verify failures")
        if mode != "stream":
            equal(stopped["messages_in"], stopped["messages_out"], f"{mode}: messages answered")
            equal(figures["messages"], stopped["messages_out"], f"{mode}: answers that arrived")


@case
def an_idle_server_with_a_thousand_clients_uses_no_time():
    # No more wait than always do: after a burst, what waits besides is closed 10 s later, which is
    # work.
    server = Server("--accept-depth", 64)
    ticks(server.pid)
    began = time.monotonic()
    # One message, and the next in 100 seconds.
    client = Load("--pipe", server.name, "--clients", 1000, "--rate", 0.01, "--warmup", 0,
                  "--duration", 25)  # fmt: skip
    state = {"ticks": -1, "since": 0}

    def quiet():
        now = ticks(server.pid)
        if now != state["ticks"]:
            state.update(ticks=now, since=time.monotonic())
        return now > 0 and time.monotonic() - state["since"] > 2

    wait_until(quiet, "quiet", 20)
    connected, before = time.monotonic() - began, ticks(server.pid)
    time.sleep(10)  # what is measured
    used = ticks(server.pid) - before
    check(client.runs(), "the clients are still there")
    figures = client.result()
    check(figures["connect_s"] + 1 < connected, f"connected after {figures['connect_s']} s")
    equal(server.stop()["clients"], 1000, "clients")
    # Where a thread must read the mailslot, it looks four times a second whether it is to stop.
    check(used <= 1, f"{used} ticks of 10 ms in 10 s")


@case
def at_most_three_kernel_calls_a_message():
    server = Server("--workers", 1)
    load("--pipe", server.name, "--clients", 32, "--size", 64, "--depth", 1, "--duration", 4)
    stopped = server.stop()
    calls = sum(stopped[f"kernel_{kind}"] for kind in ("reads", "writes", "dequeues", "other"))
    each = calls / stopped["messages_in"]
    print(f"{each:.2f} kernel calls a message, {stopped}")
    # Where each dequeue brings one packet they are three, and those of connecting come on top.
    check(calls <= 3 * stopped["messages_in"] + 32 * stopped["clients"], f"{each} kernel calls a message")


@case
def sink_counts_and_does_not_answer():
    server = Server("--service", "sink", "--mode", "message", "--stats-interval", 0.2)
    figures = load("--pipe", server.name, "--mode", "message", "--one-way", "--size", 100,
                   "--warmup", 0, "--duration", 0.5)  # fmt: skip
    server.wait_for(lambda seen: seen["clients"] == 32 and seen["clients_now"] == 0, "the end")
    stopped = server.stop()
    check(stopped["messages_in"] >= figures["messages"] > 0, "messages")
    equal(stopped["bytes_in"], 100 * stopped["messages_in"], "bytes")
    equal(stopped["messages_out"], 0, "answers")


@case
def figures_come_at_their_interval():
    server = Server("--stats-interval", 0.2)
    wait_until(lambda: server.stderr().count("stats clients_now=0 ") >= 3, "figures")
    server.stop()


@case
def figures_are_json_where_the_last_line_is():
    plain = Server("--stats-interval", 0.1)
    server = Server("--json", "--stats-interval", 0.1)
    for each in plain, server:
        wait_until(lambda each=each: each.stderr().count("\n") >= 2, "figures")
    load("--pipe", server.name, "--clients", 3, "--duration", 0.1, "--warmup", 0)

    def last():
        return json.loads(server.stderr().splitlines()[-2])  # the very last may not be whole yet

    wait_until(lambda: last()["clients"] == 3 and last()["clients_now"] == 0, "the clients' end")
    seen, line = last(), plain.stderr().splitlines()[0]
    equal(list(seen), [word.split("=")[0] for word in line.split()[1:]], "keys")
    equal([key for key in seen if key in STOPPED], STOPPED, "keys of the last line")
    equal(seen["clients_most"], 3, "clients at once")
    server.interrupt()
    stopped = json.loads(server.lines()[0])
    equal(stopped["messages_in"], seen["messages_in"], "messages")
    plain.stop()


# ---- Nothing stops the operator ----------------------------------------------------------------


def count_lines(text):
    """The lines about connections that ended, and how many were dropped or left out, as it says."""
    lines = text.decode().splitlines()
    told = re.findall(r"(\d+) lines were (?:dropped|left out)", text.decode())
    return sum(" ended: " in line for line in lines), sum(map(int, told))


def connect_many(server, times):
    for _ in range(times):
        load("--pipe", server.name, "--clients", 2000, "--duration", 0.1, "--warmup", 0)


@case
def a_log_that_nobody_reads_stops_nothing():
    reading, writing = os.pipe()
    server = Server("--log-level", "debug", "--stats-interval", 0.1, errors=writing)
    os.close(writing)
    connect_many(server, 3)
    equal(server.stop()["clients"], 6000, "clients")
    with open(reading, "rb") as log:
        lines, _ = count_lines(log.read())
    check(0 < lines < 6000, f"{lines} lines of 6000 were read")


@case
def a_log_that_is_read_late_says_what_it_lost():
    reading, writing = os.pipe()
    server = Server("--log-level", "debug", errors=writing)
    os.close(writing)
    connect_many(server, 3)
    seen = []

    def read():
        with open(reading, "rb") as log:
            seen.append(log.read())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    equal(server.stop()["clients"], 6000, "clients")
    reader.join(DEADLINE)
    lines, dropped = count_lines(seen[0])
    check(dropped > 0, "some were dropped")
    equal(lines + dropped, 6000, f"{lines} lines and {dropped} dropped")


@case
def an_output_that_nobody_reads_stops_nothing():
    if WINDOWS:
        raise Skip("Python cannot fill a pipe here without waiting for it")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for size in 65536, 1:
        with contextlib.suppress(BlockingIOError):
            while os.write(writing, bytes(size)):
                pass
    os.set_blocking(writing, True)
    name = unique()
    server = Process("pipeport", "serve", "--pipe", name, "--no-mailslot", "--stats-interval", 0.1,
                     stdout=writing)  # fmt: skip
    os.close(writing)
    load("--pipe", name, "--clients", 2, "--duration", 0.2, "--warmup", 0)
    server.interrupt()
    equal(server.wait(), 0, "status")
    with open(reading, "rb") as output:
        check(b"ready" not in output.read(), "it was full")


@case
def the_log_has_a_rate():
    server = Server("--log-rate", 5, "--mode", "framed", "--max-message", 10)
    began = time.monotonic()
    load("--pipe", server.name, "--mode", "framed", "--size", 11, "--clients", 300, "--duration", 5,
         status=1)  # fmt: skip
    equal(server.stop()["errors"], 300, "connections that ended so")
    took = time.monotonic() - began
    lines, left_out = count_lines(server.stderr().encode())
    check(5 <= lines <= 5 * (took + 2), f"{lines} lines in {took:.1f} s")
    equal(lines + left_out, 300, f"{lines} lines and {left_out} left out")


@case
def a_client_at_fault_is_in_the_log():
    server = Server("--mode", "message", "--max-message", 10)
    client = Load("--pipe", server.name, "--mode", "message", "--size", 11, "--clients", 1,
                  "--duration", 5)  # fmt: skip
    client.result(status=1)
    load("--pipe", server.name, "--mode", "message", "--size", 10, "--clients", 3, "--duration",
         0.2, "--warmup", 0)  # fmt: skip
    server.stop()
    lines = [line for line in server.stderr().splitlines() if " ended: " in line]
    equal(len(lines), 1, f"lines in {server.stderr()!r}")
    wanted = r".* info connection 1 of process \d+ ended: the message is longer than the limit"
    check(re.fullmatch(wanted, lines[0]), lines[0])


@case
def a_second_ctrl_c_ends_what_is_stuck():
    server = Process("stuck_server")
    server.expect_line(b"ready")
    server.interrupt()
    server.expect_line(b"stopping")
    check(server.runs(), "a callback that does not return holds it up")
    began = time.monotonic()
    server.interrupt()
    equal(server.wait(), 3, "status")
    check(time.monotonic() - began < 2, "within a second, and a little for a slow machine")


@case
def ctrl_c_is_heard_though_the_parent_ignores_it():
    server = Process("stuck_server", "deaf")
    server.expect_line(b"ready")
    server.interrupt()
    server.expect_line(b"stopping")
    server.interrupt()
    equal(server.wait(), 3, "status")


# ---- Names, and what is allowed ----------------------------------------------------------------


@case
def what_is_ready_is_reached_by_its_text_and_its_path():
    for text in "//./pipe/{}", "//./PIPE/{}/levels", r"\\.\pipe\{}/mixed", " .{}..x":
        text = text.format(unique())
        server = Process("pipeport", "serve", "--no-mailslot", "--pipe", text)
        path = re.search(r"pipe=(.+) mode=", server.some_line().decode())[1]
        status, output, errors = run("textbook", path)
        equal(status, 0, f"a textbook client of {path}: {output} {errors}")
        load("--pipe", text, "--clients", 1, "--duration", 0.1, "--warmup", 0)
        server.interrupt()
        equal(server.wait(), 0, "status")
    for text in "//./mailslot/{}", r"\\.\mailslot\{}/level", "{}-é":
        text = text.format(unique())
        server = Process("pipeport", "serve", "--stats-interval", 0.2, "--pipe", unique(),
                         "--mailslot", text)  # fmt: skip
        path = re.search(r"mailslot=(.+) workers=", server.some_line().decode())[1]
        for name in text, path:
            load("--mailslot", name, "--clients", 1, "--duration", 0.1, "--warmup", 0)
        status, _, errors = run("cmd", "/c", "echo", "one", ">", path)
        equal(status, 0, f"cmd's status; {errors}")
        server.interrupt()
        last = [line for line in server.lines()][0].decode()
        check(int(re.search(r"datagrams=(\d+)", last)[1]) > 0, last)
        equal(server.wait(), 0, "status")


@case
def a_second_server_has_no_standard_mailslot():
    first = Process("pipeport", "serve", "--pipe", unique())
    check(b"ready " in first.some_line(), "the first one's line")  # perhaps not the first of this user
    second = Process("pipeport", "serve", "--pipe", unique())
    check(b" mailslot=none " in second.some_line(), second.stderr())
    check(re.search(r" warn .*mailslot\\pipeport is taken .*no mailslot", second.stderr()), second.stderr())
    for server in first, second:
        server.interrupt()
        equal(server.wait(), 0, "status")
    asked = ["serve", "--pipe", unique(), "--mailslot", "pipeport"]
    third = Process("pipeport", "serve", "--pipe", unique())
    third.some_line()
    expect_refusal("pipeport", asked, 1, r"\\.\mailslot\pipeport", "taken")
    third.interrupt()


@case
def a_descriptor_without_a_list_is_refused():
    alone = ["serve", "--pipe", unique(), "--no-mailslot"]
    for sddl in "", "O:BAG:BA":
        expect_refusal("pipeport", [*alone, "--sddl", sddl], 1, "sddl", "list of who may connect")


@case
def options_stand_once_and_are_no_values():
    for twice in (["--pipe", "a", "--pipe=b"], ["--workers", "1", "--workers", "1"],
                  ["--json", "--json"]):  # fmt: skip
        expect_refusal("pipeport", ["serve", *twice], 2, f"{twice[0]} is given twice", "once")
    for option in "--pipe", "--max-clients":
        arguments = ["serve", option, "--no-mailslot"]
        expect_refusal("pipeport", arguments, 2, f"{option} needs a value", '"--no-mailslot"')
    server = Process("pipeport", "serve", "--no-mailslot", "--pipe=--odd-" + unique())
    check(rb"pipe=\\.\pipe\--odd-" in server.some_line(), "a value behind = is one")
    server.interrupt()


@case
def a_value_is_cut_at_a_character_for_a_terminal():
    for lead in "", "a":
        arguments = ("serve", "--mode", lead + "é" * 60)
        status, seen = run_in_terminal("pipeport", *arguments)
        equal(status, 2, "status")
        check("allowed:stream,messageorframed" in re.sub(r"\s+", "", seen), seen)
        equal(run("pipeport", *arguments)[2].count("\ufffd"), 0, "what is no text")


@case
def output_that_is_lost_is_a_failure():
    for arguments in ["--version"], ["--help"], ["serve", "--help"], ["selftest", "--json"], ["selftest"]:
        expect_lost_output("pipeport", *arguments)


@case
def oversized_datagrams_are_in_the_figures():
    server = Server("--stats-interval", 0.2, "--max-datagram", 100, mailslot=True)
    load("--mailslot", server.name, "--size", 50, "--duration", 0.1, "--warmup", 0, "--clients", 1)
    server.wait_for(lambda seen: seen["datagrams"] > 0, "datagrams")
    check("datagrams_oversized=0 " in server.stderr(), server.stderr())
    equal(server.stop()["datagrams_oversized"], 0, "oversized")


@case
def the_options_reach_the_library():
    server = Server("--max-message", 10, "--mode", "framed", "--max-clients", 3)
    figures = load("--pipe", server.name, "--mode", "framed", "--size", 11, "--clients", 2,
                   "--duration", 5, status=1)  # fmt: skip
    equal(figures["errors"], 2, "connections that ended")
    equal(server.stop()["errors"], 2, "connections that the server ended")


@case
def a_stream_has_no_longest_message():
    server = Server("--max-message", 10)
    load("--pipe", server.name, "--size", 20000, "--duration", 0.2, "--warmup", 0, "--verify")
    equal(server.stop()["errors"], 0, "errors")
    check(re.search(r" warn .*max_message is raised to 64K", server.stderr()), server.stderr())
    server = Server("--max-message", "64K")
    server.stop()
    equal(server.stderr(), "", "the log")


# ---- The engine's own trace --------------------------------------------------------------------


@contextlib.contextmanager
def copy_of_the_prefix():
    """The environment of a Wine prefix of its own, so that the engine's server is its own and can be
    traced. Its drive is that of the usual one. Wine's server saves the registry at its end: only then
    may the folder go."""
    usual = pathlib.Path(os.environ.get("WINEPREFIX") or pathlib.Path.home() / ".wine")
    if WINDOWS or not (usual / "system.reg").exists():
        raise Skip("the trace of calls is Wine's, and here is no Wine prefix")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in (*usual.glob("*.reg"), usual / ".update-timestamp"):
            shutil.copy(file, folder)
        shutil.copytree(usual / "dosdevices", folder / "dosdevices", symlinks=True)
        (folder / "drive_c").symlink_to(usual / "drive_c")
        env = dict(os.environ, WINEPREFIX=str(folder), WINEDEBUG="+server")
        try:
            yield env
        finally:
            for end in "-k", "-w":
                subprocess.run(["wineserver", end], env=env, timeout=DEADLINE)


def count_calls(trace):
    """Reads and writes of each process, by its id."""
    owner, calls = {}, {}
    for line in trace.splitlines():
        thread, colon, text = line.partition(": ")
        if not colon:
            continue
        found = re.match(r"init_first_thread\(\) = 0 \{ pid=(\w+), tid=(\w+)", text)
        if found:
            owner[found[2]] = found[1]
        found = re.match(r"new_thread\(\) = \w+ \{ tid=(\w+)", text)
        if found and thread in owner:
            owner[found[1]] = owner[thread]
        found = re.match(r"(read|write)\( ", text)
        if found:
            both = calls.setdefault(int(owner.get(thread, "0"), 16), {"read": 0, "write": 0})
            both[found[1]] += 1
    return calls


def agree(counted, traced, what):
    print(f"{what}: counted {counted}, traced {traced}")
    check(abs(counted - traced) <= 0.05 * traced, f"{what}: counted {counted}, traced {traced}")


@case
def kernel_calls_agree_with_the_system_trace():
    with copy_of_the_prefix() as env:
        server = Server(env=env)
        figures = Load("--pipe", server.name, "--clients", 8, "--warmup", 0, "--duration", 1,
                       env=env).result()  # fmt: skip
        own = int(re.search(rb"pid=(\d+)", server.ready)[1])
        stopped = server.stop()
        trace = server.stderr()
        calls = count_calls(trace)
    check(own in calls, f"the server's process {own} is in the trace: {list(calls)}")
    agree(stopped["kernel_reads"], calls[own]["read"], "the server's reads")
    agree(stopped["kernel_writes"], calls[own]["write"], "the server's writes")
    other = max((pid for pid in calls if pid != own), key=lambda pid: calls[pid]["read"])
    agree(figures["kernel_calls"]["read"], calls[other]["read"], "pipe_load's reads")
    agree(figures["kernel_calls"]["write"], calls[other]["write"], "pipe_load's writes")


sys.exit(main())
