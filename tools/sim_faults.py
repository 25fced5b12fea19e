#!/usr/bin/env python3
"""
Shows that the simulated Windows of tests/sim sees faults: plants those of tools/faults/sim.py one
at a time in a copy of the sources, and runs random worlds from seed 1 until one fails; then the
other modes of tools/sim.sh. Prints which seed of which mode saw each.

    tools/sim_faults.py [OPTION]... [FILE]...   FILE: only faults of files that begin so (src/pipe)
        --worlds N   so many worlds of each fault (100000)
        --jobs N     so many faults at once (as many as there are processors)
        --all        the faults of iocp.py, pipe.py and mailslot.py instead

Status 1: a fault is not seen, does not fit, or does not compile. CC and SANITIZE are those of
tools/sim.sh.
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import typing

import mutate
import worlds
from faults import FAULTS, SIM_FAULTS

MODES = ("--all", "--walk", "--rules", "--judge")
MOST_SECONDS = 600  # of a mode
FAILS = re.compile(r"seed |FAILS|DIFFERS|BROKEN|.*schedule \d+ (fails|is more)")


class Seen(typing.NamedTuple):
    fault: mutate.Fault
    mode: str  # "": none saw it
    seed: str  # or what the mode printed last
    sees: str  # what did not hold


class Copy:
    """The sources, and a build of their own."""

    def __init__(self, folder):
        self.tree = folder
        for name in ("src", "tests/sim", "tools", "build-sim"):
            if (mutate.ROOT / name).exists():
                shutil.copytree(mutate.ROOT / name, folder / name)
        self.sim = None

    def build(self):
        """Whether the program is there; what it does with one world comes later."""
        for old in self.tree.glob("build-sim/*/sim"):  # of this compiler, and of others
            old.unlink()
        subprocess.run(
            ["tools/sim.sh", "--worlds", "1"], cwd=self.tree, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.sim = next(self.tree.glob("build-sim/*/sim"), None)
        return self.sim is not None

    def worlds(self, most):
        """The seed of the first world that fails, and what it says."""
        for seed in range(1, most, worlds.CHUNK):
            failed = worlds.first_failed(self.sim, seed, min(worlds.CHUNK, most - seed + 1))
            if failed:
                return failed
        return None

    def mode(self, mode):
        """The first line that says what fails, if something does."""
        status, output = worlds.run([self.sim, mode], MOST_SECONDS)
        lines = output.decode(errors="replace").splitlines() or ["it ends without a word"]
        said = [line for line in lines if FAILS.match(line)]
        return None if status == 0 else (said or lines)[0]


def try_fault(copy, fault, most):
    if not copy.build():
        return Seen(fault, "", "", "it does not compile")
    failed = copy.worlds(most)
    if failed:
        return Seen(fault, "--worlds", str(failed[0]), failed[1])
    for mode in MODES:
        line = copy.mode(mode)
        if line:
            return Seen(fault, mode, "", line)
    return Seen(fault, "", "", "")


def plant(copies, fault, most):
    copy = copies.get()
    path = copy.tree / fault.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        seen = try_fault(copy, fault, most)
    finally:
        path.write_text(text, encoding="utf-8")
        copies.put(copy)
    mode = seen.mode or "not seen"
    print(f"{fault.file}: {fault.name}: {mode} {seen.seed} {seen.sees}", flush=True)
    return seen


def print_table(rows):
    print("\n| where | defect | mode | seed | what it sees |\n|---|---|---|---|---|")
    for seen in rows:
        print(f"| `{seen.fault.file.removeprefix('src/')}` | {seen.fault.name} | "
              f"{seen.mode or 'not seen'} | {seen.seed} | {seen.sees} |")  # fmt: skip
    count = sum(bool(seen.mode) for seen in rows)
    by_worlds = sum(seen.mode == "--worlds" for seen in rows)
    print(f"{count} of {len(rows)} are seen, {by_worlds} of them by random worlds")
    return count == len(rows)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--worlds", type=int, default=100000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--all", action="store_true")
    parser.add_argument("files", nargs="*")
    wanted = parser.parse_args()
    faults = [mutate.Fault(*f) for f in (FAULTS if wanted.all else SIM_FAULTS)]
    faults = [f for f in faults if f.file.startswith(tuple(wanted.files or [""]))]
    if wanted.all:
        faults = [f for f in faults if not f.file.startswith("src/base/")]
    wrong = list(mutate.misfits(faults))
    if wrong:
        print("\n".join(wrong))
        return 1
    copies = queue.SimpleQueue()
    with (
        tempfile.TemporaryDirectory(prefix="pipeport-sim-") as folder,
        concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool,
    ):
        for number in range(wanted.jobs):
            copies.put(Copy(pathlib.Path(folder) / str(number)))
        rows = list(pool.map(lambda fault: plant(copies, fault, wanted.worlds), faults))
    return 0 if print_table(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
