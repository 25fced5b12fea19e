"""
worlds.py SIM [--seed N] [--worlds N | --seconds N] [--jobs N]: runs random worlds of tests/sim in
several processes, by default one for each processor, from one seed on. Shows its progress on a
terminal. Status 1 at the first world in which something does not hold: the seed comes last.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import threading
import time

CHUNK = 1000  # worlds of one process; then it reports, and may be given others
HOLD = re.compile(rb"(\d+) worlds hold, \d+ a second, (\d+) points each")


def run(command, seconds=None):
    """Its status, and what it printed; a status of its own if it takes too long."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as late:
        return -1, (late.stdout or b"") + b"\nit does not end\n"
    return done.returncode, done.stdout


def said(output):
    """The seed that the program names, and what it says; none: it names none."""
    found = re.search(rb"^seed (\d+): (.*)$", output, re.M)
    return (int(found[1]), found[2].decode(errors="replace")) if found else None


def first_failed(sim, seed, count):
    """The seed of the first of so many worlds that fails, and what it says; none: none does. A
    world in which the program ends without a word is found by halves."""
    status, output = run([sim, "--seed", str(seed), "--worlds", str(count)], 60 + count // 4)
    if status == 0:
        return None
    if said(output):
        return said(output)
    if count > 1:
        half = count // 2
        return first_failed(sim, seed, half) or first_failed(sim, seed + half, count - half)
    lines = output.decode(errors="replace").strip().splitlines()
    return seed, lines[0] if lines else f"the program ends with status {status}"


class Worlds:
    def __init__(self, options):
        self.options = options
        self.next = options.seed
        self.end = options.seed + options.worlds if options.worlds else None
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.held = self.points = 0
        self.broken = []  # the seeds, the status and what was printed, of each program

    def chunk(self):
        """The next seed and how many; none: no more."""
        with self.lock:
            late = self.options.seconds and time.monotonic() - self.began >= self.options.seconds
            count = CHUNK if self.end is None else min(CHUNK, self.end - self.next)
            if self.broken or late or count <= 0:
                return None
            self.next += count
            return self.next - count, count

    def run(self):
        while chunk := self.chunk():
            seed, count = chunk
            command = [self.options.sim, "--seed", str(seed), "--worlds", str(count)]
            self.note(chunk, *run(command))

    def note(self, chunk, status, output):
        held = HOLD.search(output)
        with self.lock:
            if status != 0 or not held:
                self.broken.append((chunk, status, output))
                return
            self.held += int(held[1])
            self.points += int(held[1]) * int(held[2])
            if sys.stderr.isatty():
                print(f"\r{self.summary()}", end="", file=sys.stderr, flush=True)

    def summary(self):
        seconds = time.monotonic() - self.began
        most = f" of {self.options.worlds}" if self.options.worlds else ""
        return (f"{self.held}{most} worlds hold, seeds {self.options.seed} to {self.next - 1}, "
                f"{self.held / seconds:.0f} a second, {seconds:.0f} s")  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sim")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    worlds = Worlds(parser.parse_args())
    with concurrent.futures.ThreadPoolExecutor(worlds.options.jobs) as pool:
        for job in [pool.submit(worlds.run) for _ in range(worlds.options.jobs)]:
            job.result()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{worlds.summary()}, {worlds.points // max(worlds.held, 1)} points each", flush=True)
    for _, status, output in worlds.broken:
        sys.stdout.buffer.write(output)
        print(f"the program ended with status {status}", flush=True)
    for chunk, _, output in worlds.broken:
        failed = said(output) or first_failed(worlds.options.sim, *chunk)
        print("seed %d: %s" % failed if failed else f"seeds from {chunk[0]} on hold now")
    return 1 if worlds.broken else 0


if __name__ == "__main__":
    sys.exit(main())
