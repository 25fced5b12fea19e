#!/usr/bin/env python3
"""
Shows which faults the tests see: plants those of tools/faults one at a time in a copy of the tree,
builds it, and runs the test programs of the suites unit, pipe and mailslot until one fails or takes
too long. A fault that no program sees is a survivor. To be run by hand before a release: it takes an
hour.

    tools/mutate.py [OPTION]... [FILE]...      FILE: only faults of files that begin so (src/base)
        --jobs N     so many test programs at once (4)
        --json FILE  the results so far, as JSON
        --list       prints the faults, and plants none
        --check      whether each fault still fits its file, exactly once

Status 1: there are survivors, a fault does not fit or compile, or a program fails without a fault.
Wine's prefix is that of WINEPREFIX.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing

from faults import FAULTS, SIM_FAULTS

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITES = ("unit", "pipe", "mailslot")
MOST_SECONDS = 600  # of a program without a fault; with one, a few times what it took then


class Fault(typing.NamedTuple):
    file: str
    name: str
    old: str
    new: str


class Result(typing.NamedTuple):
    file: str
    name: str
    outcome: str  # caught, survived, or: does not compile
    by: str  # the program that failed first
    seconds: float


def misfits(faults):
    """A line for each fault that does not fit its file, or does so more than once."""
    for fault in faults:
        path = ROOT / fault.file
        count = path.read_text(encoding="utf-8").count(fault.old) if path.exists() else 0
        if count != 1:
            yield f'{fault.file}: "{fault.name}": what it changes occurs {count} times, not once'
        elif fault.old == fault.new or "/*" in fault.old:
            yield f'{fault.file}: "{fault.name}": it changes nothing, or a comment'


class Copy:
    """A copy of the tree with a build of its own."""

    def __init__(self, folder):
        self.tree, self.log = folder / "tree", folder / "log"
        files = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name)
        # The libraries' sources are not in git.
        shutil.copytree(ROOT / "subprojects", self.tree / "subprojects", dirs_exist_ok=True)

    def run(self, *command):
        """Runs it in the tree; whether its status was 0."""
        with open(self.log, "wb") as log:
            return subprocess.run(
                command, cwd=self.tree, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            ).returncode == 0  # fmt: skip

    def setup(self):
        cross = ["--cross-file", "tools/mingw-gcc.ini"] if os.name != "nt" else []
        return self.run("meson", "setup", "build", *cross) and self.run("ninja", "-C", "build")

    def build(self, target):
        return self.run("ninja", "-C", "build", os.path.relpath(target, self.tree / "build"))

    def programs(self):
        """The files of the test programs."""
        output = subprocess.run(
            ["meson", "introspect", "build", "--tests"],
            cwd=self.tree, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        return sorted({
            test["cmd"][0]
            for test in json.loads(output)
            if {suite.rpartition(":")[2] for suite in test["suite"]} & set(SUITES)
            and test["cmd"][0].endswith("_test.exe")
        })  # fmt: skip

    @contextlib.contextmanager
    def planted(self, fault):
        path = self.tree / fault.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")


class Round:
    """One run of the test programs, several at once, until one fails."""

    def __init__(self, copy, jobs):
        self.copy, self.jobs = copy, jobs
        self.running = {}  # the process of each program, and when it began
        self.took = {}  # seconds, of those that have ended
        self.failed = None

    def start(self, program):
        if not self.copy.build(program):
            self.failed = "the build"
            return
        command = [program] if os.name == "nt" else ["wine", program]
        self.running[program] = (
            subprocess.Popen(
                command, cwd=self.copy.tree, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            ),
            time.monotonic(),
        )  # fmt: skip

    def look(self, limits):
        """Takes those that have ended."""
        for program, (process, began) in list(self.running.items()):
            status = process.poll()
            took = time.monotonic() - began
            if status is not None:
                del self.running[program]
                self.took[program] = took
            if status or (status is None and took > limits.get(program, MOST_SECONDS)):
                self.failed = self.failed or pathlib.Path(program).stem

    def kill(self):
        """Ends those that still run, with the processes that they have started."""
        for process, _ in self.running.values():
            if os.name == "nt":
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(self, programs, limits):
        """The name of a program that failed; None: there is none."""
        left = list(programs)
        try:
            while (left or self.running) and not self.failed:
                if left and len(self.running) < self.jobs:
                    self.start(left.pop(0))
                else:
                    time.sleep(0.02)
                self.look(limits)
        finally:
            self.kill()
        return self.failed


class Run:
    """All faults, one after the other."""

    def __init__(self, copy, jobs, report):
        self.copy, self.jobs, self.report = copy, jobs, report
        self.results = []
        self.seconds = {}  # of each program, without a fault
        self.catches = collections.Counter()  # by folder and program

    def is_sound(self):
        """Whether all programs pass without a fault."""
        if not self.copy.setup():
            print("it does not build:", self.copy.log.read_text(errors="replace")[-2000:])
            return False
        whole = Round(self.copy, self.jobs)
        failed = whole.run(self.copy.programs(), {})
        self.seconds = whole.took
        if failed:
            print(f"without a fault, fails: {failed}")
        return not failed

    def test(self, folder):
        """First come the programs that saw most faults of the folder, then the quickest."""

        def order(program):
            return -self.catches[folder, pathlib.Path(program).stem], self.seconds[program]

        limits = {program: 20 + 4 * seconds for program, seconds in self.seconds.items()}
        return Round(self.copy, self.jobs).run(sorted(self.seconds, key=order), limits)

    def try_fault(self, fault):
        began = time.monotonic()
        with self.copy.planted(fault):
            by = self.test(folder := str(pathlib.Path(fault.file).parent)) or ""
        outcome = "caught" if by else "survived"
        if by == "the build":
            outcome, by = "does not compile", ""
        elif by:
            self.catches[folder, by] += 1
        return Result(fault.file, fault.name, outcome, by, round(time.monotonic() - began, 1))

    def plant(self, faults):
        for number, fault in enumerate(faults, 1):
            result = self.try_fault(fault)
            self.results.append(result)
            by = f" by {result.by}" if result.by else ""
            print(
                f"{number}/{len(faults)} {result.seconds:.0f} s {result.file}: {result.name}:"
                f" {result.outcome}{by}",
                flush=True,
            )
            if self.report:
                rows = [r._asdict() for r in self.results]
                self.report.write_text(json.dumps(rows, indent=1) + "\n")


@contextlib.contextmanager
def wine_up():
    """A program that waits for its input keeps Wine up: see wine_up in tools/setup.sh."""
    if os.name == "nt":
        yield
        return
    os.environ.setdefault("WINEDEBUG", "-all")
    os.environ.setdefault("WINEDLLOVERRIDES", "mscoree,mshtml=")
    keeper = subprocess.Popen(
        ["wine", "cmd"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        keeper.stdin.close()
        keeper.wait()


def print_results(results):
    survivors = [r for r in results if r.outcome == "survived"]
    others = [r for r in results if r.outcome == "does not compile"]
    for title, rows in (("survived:", survivors), ("do not compile:", others)):
        if rows:
            width = max(len(r.file) for r in rows)
            print(title)
            print("\n".join(f"  {r.file:<{width}}  {r.name}" for r in sorted(rows)))
    print(f"{len(results) - len(survivors) - len(others)} of {len(results)} faults were caught")
    return not survivors and not others


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("files", nargs="*")
    wanted = parser.parse_args()
    faults = [Fault(*fault) for fault in FAULTS]
    both = faults + [Fault(*fault) for fault in SIM_FAULTS]
    wrong = list(misfits(both))
    if wrong or wanted.check:
        print("\n".join(wrong) or f"{len(both)} faults fit")
        return 1 if wrong else 0
    faults = [f for f in faults if f.file.startswith(tuple(wanted.files or [""]))]
    if wanted.list or not faults:
        print("\n".join(f"{f.file}: {f.name}" for f in faults) or "no fault is in these files")
        return 0 if faults else 2
    with tempfile.TemporaryDirectory(prefix="pipeport-mutate-") as folder, wine_up():
        run = Run(Copy(pathlib.Path(folder)), wanted.jobs, wanted.json)
        sound = run.is_sound()
        if sound:
            run.plant(faults)
            sound = run.is_sound()
    return 0 if print_results(run.results) and sound else 1


if __name__ == "__main__":
    sys.exit(main())
