#!/usr/bin/env python3
"""
Shows which faults the tests see: plants those of tools/faults one at a time in copies of the tree,
builds them, and runs the suites unit, pipe and mailslot until a test fails or takes too long. A fault
that no test sees is a survivor. To be run by hand before a release: it takes a minute or more for each.

    tools/mutate.py [OPTION]... [FILE]...      FILE: only faults of files that begin so (src/base)
        --jobs N     so many copies at once (2)
        --json FILE  the results, as JSON
        --list       prints the faults, and plants none
        --check      whether each fault still fits its file, exactly once

Status 1: there are survivors, or a fault does not fit or compile. Wine's prefix is that of WINEPREFIX.
"""

import argparse
import contextlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import typing

from faults import FAULTS

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITES = ("unit", "pipe", "mailslot")
MOST_SECONDS = 900  # of all tests; each has a limit of its own, which also counts as a failure


class Fault(typing.NamedTuple):
    file: str
    name: str
    old: str
    new: str


class Result(typing.NamedTuple):
    file: str
    name: str
    outcome: str  # caught, survived, or: does not compile
    by: str  # the test that failed first
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
        self.tree = folder / "tree"
        self.log = folder / "log"
        self.targets = []
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

    def run(self, *command, timeout=None):
        """Runs it in the tree; whether its status was 0 in time."""
        with open(self.log, "ab") as log:
            try:
                return subprocess.run(
                    command, cwd=self.tree, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    timeout=timeout,
                ).returncode == 0  # fmt: skip
            except subprocess.TimeoutExpired:
                return False

    def introspect(self, what):
        output = subprocess.run(
            ["meson", "introspect", "build", what],
            cwd=self.tree, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        return json.loads(output)

    def setup(self):
        cross = ["--cross-file", "tools/mingw-gcc.ini"] if os.name != "nt" else []
        if not self.run("meson", "setup", "build", *cross):
            return False
        # The tests that are run, and what they need: no more is built.
        wanted = set()
        for test in self.introspect("--tests"):
            if {suite.rpartition(":")[2] for suite in test["suite"]} & set(SUITES):
                wanted.update(test["depends"])
        for target in self.introspect("--targets"):
            if target["id"] in wanted and target["type"] == "executable":
                self.targets += target["filename"]
        return bool(self.targets)

    def build(self):
        build = self.tree / "build"
        return self.run("ninja", "-C", "build", *(os.path.relpath(t, build) for t in self.targets))

    def test(self):
        """None: every test passed. Else the name of one that did not."""
        results = self.tree / "build/meson-logs/testlog.json"
        results.unlink(missing_ok=True)
        suites = [word for suite in SUITES for word in ("--suite", suite)]
        command = ["meson", "test", "-C", "build", "--no-rebuild", "--maxfail", "1", *suites]
        if self.run(*command, timeout=MOST_SECONDS):
            return None
        lines = results.read_text().splitlines() if results.exists() else []
        tests = [json.loads(line) for line in lines]
        failed = [t["name"] for t in tests if t["result"] in ("FAIL", "ERROR", "TIMEOUT")]
        return failed[0].rpartition(" / ")[2] if failed else "time"

    def try_fault(self, fault):
        path = self.tree / fault.file
        text = path.read_text(encoding="utf-8")
        began = time.monotonic()
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        try:
            if not self.build():
                outcome, by = "does not compile", ""
            else:
                by = self.test() or ""
                outcome = "caught" if by else "survived"
        finally:
            path.write_text(text, encoding="utf-8")
        return Result(fault.file, fault.name, outcome, by, round(time.monotonic() - began, 1))


class Run:
    def __init__(self, faults):
        self.left = queue.SimpleQueue()
        for fault in faults:
            self.left.put(fault)
        self.count, self.results, self.broken = len(faults), [], []
        self.lock = threading.Lock()

    def note(self, result):
        with self.lock:
            self.results.append(result)
            by = f" by: {result.by}" if result.by else ""
            print(
                f"{len(self.results)}/{self.count} {result.seconds:.0f} s {result.file}:"
                f" {result.name}: {result.outcome}{by}",
                flush=True,
            )

    def work(self, folder):
        copy = Copy(folder)
        failed = "the build" if not (copy.setup() and copy.build()) else copy.test()
        if failed:
            self.broken.append(failed)
            print(f"without a fault, fails: {failed}\n{copy.log.read_text(errors='replace')[-2000:]}")
            return
        with contextlib.suppress(queue.Empty):
            while not self.broken:
                self.note(copy.try_fault(self.left.get_nowait()))


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


def plant(faults, jobs):
    run = Run(faults)
    with tempfile.TemporaryDirectory(prefix="pipeport-mutate-") as folder, wine_up():
        threads = [
            threading.Thread(target=run.work, args=[pathlib.Path(folder) / str(i)])
            for i in range(min(jobs, len(faults)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return run


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
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("files", nargs="*")
    wanted = parser.parse_args()
    faults = [Fault(*fault) for fault in FAULTS]
    wrong = list(misfits(faults))
    if wrong or wanted.check:
        print("\n".join(wrong) or f"{len(faults)} faults fit")
        return 1 if wrong else 0
    faults = [f for f in faults if f.file.startswith(tuple(wanted.files or [""]))]
    if wanted.list or not faults:
        print("\n".join(f"{f.file}: {f.name}" for f in faults) or "no fault is in these files")
        return 0 if faults else 2
    run = plant(faults, wanted.jobs)
    if wanted.json:
        wanted.json.write_text(json.dumps([r._asdict() for r in run.results], indent=1) + "\n")
    return 0 if print_results(run.results) and not run.broken else 1


sys.exit(main())
