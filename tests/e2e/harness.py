"""
What the end-to-end tests share. They drive the built programs, and take their paths from the
environment: PIPEPORT, PIPE_LOAD, CLIENTS (a folder), and MESON_EXE_WRAPPER, which runs them.

    x.py NAME     runs that case; status 0, 1 if it failed, 77 if it was skipped, 2 if no such
    x.py          runs all
    x.py --list   prints the names
"""

import contextlib
import itertools
import json
import os
import pathlib
import queue
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))

WINDOWS = os.name == "nt"
WRAPPER = shlex.split(os.environ.get("MESON_EXE_WRAPPER", "" if WINDOWS else "wine"))
os.environ.setdefault("WINEDEBUG", "-all")  # standard error is the program's own
DEADLINE = 60  # seconds that anything may take that is not said to take longer
SKIPPED = 77

cases = []
counter = itertools.count()


class Skip(Exception):
    pass


def case(function):
    cases.append(function)
    return function


def program(name):
    variable = {"pipeport": "PIPEPORT", "pipe_load": "PIPE_LOAD"}.get(name)
    if variable:
        return os.environ[variable]
    if name == "cmd" or os.path.isabs(name):
        return name
    return str(pathlib.Path(os.environ["CLIENTS"]) / (name + ".exe"))


def unique():
    """A name for a pipe or a mailslot that nobody else has."""
    return f"e2e-{os.getpid()}-{next(counter)}-{time.time_ns() & 0xFFFFFF:x}"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


class Process:
    """A program that runs. Its lines on standard output are read as they come."""

    running = []

    def __init__(self, name, *arguments, env=None, errors=None, stdout=None):
        """Standard error goes to a file, or to `errors`; standard output to us, or to `stdout`."""
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.errors = pathlib.Path(self.folder.name) / "stderr"
        flags = subprocess.CREATE_NEW_PROCESS_GROUP if WINDOWS else 0
        with open(self.errors, "ab") as file:
            self.process = subprocess.Popen(
                [*WRAPPER, program(name), *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=file if errors is None else errors,
                env=env,
                creationflags=flags,
            )
        self.pid = self.process.pid
        self.output = queue.Queue()
        if stdout is None:
            threading.Thread(target=self._read, daemon=True).start()
        Process.running.append(self)

    def _read(self):
        for line in self.process.stdout:
            self.output.put(line)
        self.output.put(None)

    def line(self, timeout=DEADLINE):
        """The next line, with its end; None when there will be no more."""
        try:
            return self.output.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no line within {timeout} s; {self.stderr()}") from None

    def some_line(self):
        """The next line; fails, and says how the program ended, when there is none."""
        line = self.line()
        if line is None:
            check(False, f"{self.process.args} ended, status {self.wait()}, and said {self.stderr()!r}")
        return line

    def expect_line(self, wanted):
        equal(self.some_line().strip(), wanted, f"a line; standard error: {self.stderr()!r}")

    def lines(self, timeout=DEADLINE):
        return list(iter(lambda: self.line(timeout), None))

    def wait(self, timeout=DEADLINE):
        """The exit status."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"runs after {timeout} s; {self.stderr()}") from None

    def runs(self):
        return self.process.poll() is None

    def stderr(self):
        return self.errors.read_bytes().decode("utf-8", "replace")

    def interrupt(self):
        """Ctrl-C; on Windows Ctrl-Break, which is all that a group of its own can be sent."""
        self.process.send_signal(signal.CTRL_BREAK_EVENT if WINDOWS else signal.SIGINT)

    def kill(self):
        if self.runs():
            self.process.kill()
        self.process.wait()


def figures_of(line):
    return {key: int(value) for key, value in (word.split("=") for word in line.split()[1:])}


class Server(Process):
    """`pipeport serve` on names of its own; ready when it is made."""

    def __init__(self, *arguments, mailslot=False, env=None, errors=None):
        self.name = unique()
        slot = ["--mailslot", self.name] if mailslot else ["--no-mailslot"]
        super().__init__("pipeport", "serve", "--pipe", self.name, *slot, *arguments, env=env,
                         errors=errors)  # fmt: skip
        self.ready = self.some_line()

    def wait_for(self, condition, what):
        """For figures that it prints: needs --stats-interval. The first of them may be those of before
        what the caller has just done, or of the middle of it."""

        def lines():
            return [line for line in self.stderr().split("\n")[:-1] if line.startswith("stats ")]

        old = len(lines()) + 1
        wait_until(lambda: len(lines()) > old and condition(figures_of(lines()[-1])), what)

    def stop(self):
        """Stops it by Ctrl-C; the figures of its last line."""
        self.interrupt()
        return self.stopped()

    def stopped(self):
        rest = self.lines()
        equal(self.wait(), 0, "the server's status")
        equal(len(rest), 1, f"lines after the ready line, {rest}")
        check(rest[0].startswith(b"stopped "), rest[0])
        return figures_of(rest[0].decode())


class FaultServer(Process):
    def __init__(self, fault, mode=0):
        self.name = unique()
        super().__init__("fault_server", self.name, fault, mode)
        self.expect_line(b"ready")


class Load(Process):
    """pipe_load with a JSON file."""

    def __init__(self, *arguments, env=None):
        self.target = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.json = pathlib.Path(self.target.name) / "load.json"
        super().__init__("pipe_load", "--json", self.json, *arguments, env=env)

    def result(self, status=0, timeout=DEADLINE):
        """Waits for its end, and returns its figures."""
        lines = self.lines(timeout)
        equal(self.wait(timeout), status, f"status of pipe_load; {lines} {self.stderr()}")
        return json.loads(self.json.read_text())


def load(*arguments, status=0, timeout=DEADLINE):
    return Load(*arguments).result(status, timeout)


def run(name, *arguments, timeout=DEADLINE):
    """Runs a program to its end: status, standard output, standard error."""
    process = Process(name, *arguments)
    output = b"".join(process.lines(timeout))
    return process.wait(timeout), output, process.stderr()


def run_in_terminal(name, *arguments):
    """Runs a program with standard error on a terminal: status, and what the terminal got, without
    the sequences that move its cursor."""
    if WINDOWS:
        raise Skip("Python makes no terminals here")
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*WRAPPER, program(name), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while part := os.read(ours, 65536):
            seen += part
    os.close(ours)
    status = process.wait(DEADLINE)
    return status, re.sub(rb"\x1b\[[?0-9;]*[A-Za-z]", b"", seen).decode("utf-8", "replace")


def expect_lost_output(name, *arguments):
    """It ends with status 1 and says why when nobody can have its standard output: its reader has
    left, or, where there is such a device, the disk is full."""
    reading, writing = os.pipe()
    os.close(reading)
    targets = [writing]
    if os.path.exists("/dev/full"):
        targets.append(os.open("/dev/full", os.O_WRONLY))
    for target in targets:
        process = subprocess.run([*WRAPPER, program(name), *map(str, arguments)], stdout=target,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 timeout=DEADLINE)  # fmt: skip
        os.close(target)
        what = f"{name} {' '.join(map(str, arguments))}"
        equal(process.returncode, 1, f"{what}: status; {process.stderr}")
        check(b"standard output cannot be written" in process.stderr, process.stderr)


def expect_refusal(name, arguments, status, *allowed):
    """It says one line that contains each of `allowed`, on standard error, and nothing else."""
    got, output, errors = run(name, *arguments)
    what = f"{name} {' '.join(arguments)}"
    equal(got, status, f"{what}: status; {errors}")
    equal(output, b"", f"{what}: standard output")
    equal(errors.count("\n"), 1, f"{what}: lines in {errors!r}")
    for text in allowed:
        check(text in errors, f"{what}: no {text!r} in {errors!r}")


def ticks(pid):
    """The processor time that a process has used, of which there are 100 in a second."""
    stat = pathlib.Path(f"/proc/{pid}/stat")
    if not stat.exists():
        raise Skip("there is no /proc here")
    fields = stat.read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_until(condition, what, timeout=DEADLINE):
    """For what no event tells."""
    end = time.monotonic() + timeout
    while not condition():
        check(time.monotonic() < end, f"{what} did not happen within {timeout} s")
        time.sleep(0.1)


def run_case(function):
    try:
        function()
        print(f"passed: {function.__name__}")
        return 0
    except Skip as reason:
        print(f"SKIP: {reason}")
        return SKIPPED
    except Exception:
        traceback.print_exc()
        print(f"failed: {function.__name__}")
        return 1
    finally:
        for process in Process.running:
            with contextlib.suppress(OSError):
                process.kill()
        Process.running.clear()


def main():
    names = {function.__name__: function for function in cases}
    if sys.argv[1:] == ["--list"]:
        print("\n".join(names))
        return 0
    chosen = sys.argv[1:] or list(names)
    for name in chosen:
        if name not in names:
            print(f"no case {name}", file=sys.stderr)
            return 2
    results = [run_case(names[name]) for name in chosen]
    if len(results) == 1:
        return results[0]
    return 1 if 1 in results else 0
