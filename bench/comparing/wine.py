"""Wine on one processor: its server, and the programs that run in it."""

import contextlib
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time

READY = 60  # seconds within which a server is ready, and stops
PAGE = os.sysconf("SC_PAGE_SIZE")


class Failed(Exception):
    """A program did not do what it was run for."""


@contextlib.contextmanager
def processors(count):
    """Pins this process, and with it all that it starts, to so many."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def wine_server():
    """A Wine server of ours, where another may run that is not pinned: it ends by itself when
    nothing has used it for a while."""
    print("waiting for the Wine server that is running to end", file=sys.stderr)
    subprocess.run(["wineserver", "-w"], check=False)
    server = subprocess.Popen(["wineserver", "-f", "-p"], stderr=subprocess.DEVNULL)
    try:
        # What Wine itself starts with the first program should not start in a measurement.
        subprocess.run(["wine", "cmd", "/c", "exit"], stdin=subprocess.DEVNULL, check=True)
        yield
    finally:
        subprocess.run(["wineserver", "-k"], check=False)
        server.wait(READY)


class Program:
    """One that runs, and whose lines on standard output are read as they come."""

    def __init__(self, folder, command):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["wine", str(folder / command[0]), *map(str, command[1:])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put(None)

    def line(self, timeout=READY):
        """The next line; None: there are no more."""
        try:
            return self.lines.get(timeout=timeout)
        except queue.Empty:
            raise Failed(f"no line within {timeout} s") from None

    def runs(self):
        return self.process.poll() is None

    def wait(self, timeout):
        """Waits for its end, which must be a success: its last line, if any."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"it runs after {timeout} s") from None
        last = None
        while (line := self.line()) is not None:
            last = line
        if status != 0:
            self.errors.seek(0)
            text = self.errors.read().decode("utf-8", "replace").strip()
            raise Failed(f"status {status}: {text or last}")
        return last

    def ticks(self):
        """Processor time used, in hundredths of a second."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def resident(self):
        """Bytes of memory in use."""
        statm = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(statm.split()[1]) * PAGE

    def wait_until_quiet(self, seconds, timeout=120):
        """Until it has used no time at all for so long."""
        deadline = time.monotonic() + timeout
        seen, since = self.ticks(), time.monotonic()
        while time.monotonic() - since < seconds:
            if time.monotonic() > deadline:
                raise Failed(f"it was never quiet for {seconds} s")
            time.sleep(0.1)
            if self.ticks() != seen:
                seen, since = self.ticks(), time.monotonic()

    def close(self):
        if self.runs():
            self.process.kill()
        self.process.wait()
        self.errors.close()


class Wine:
    """Runs the programs of a build directory."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def pipe(self):
        """A name that nobody else has."""
        self.count += 1
        return f"compare-{os.getpid()}-{self.count}"

    @contextlib.contextmanager
    def program(self, command):
        program = Program(self.folder, command)
        try:
            yield program
        finally:
            program.close()

    @contextlib.contextmanager
    def server(self, command, figures=None):
        """One that is ready; it is stopped by Ctrl-C. Numbers of its last line go to `figures`."""
        with self.program(command) as program:
            line = program.line()
            if line is None or not line.startswith("ready "):
                raise Failed(f"not ready: {line}; {program.wait(READY)}")
            yield program
            program.process.send_signal(signal.SIGINT)
            last = program.wait(READY)
            if figures is not None and last:
                words = (word.split("=") for word in last.split()[1:])
                figures.update({key: int(value) for key, value in words})

    def output(self, command, timeout):
        """Runs a program to its end: the JSON of its last line."""
        with self.program(command) as program:
            return json.loads(program.wait(timeout))

    def load(self, command, timeout):
        """Runs pipe_load to its end: its figures."""
        with self.loading(command, timeout) as (_, figures):
            pass
        return figures

    @contextlib.contextmanager
    def loading(self, command, timeout):
        """pipe_load while it runs; its figures are there when it has ended."""
        figures = {}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "load.json")
            with self.program([*command, "--quiet", "--json", path]) as program:
                yield program, figures
                program.wait(timeout)
            figures.update(json.loads(path.read_text()))
