"""
coverage.py COUNTS BUILD SIM: how much of src/base, src/iocp, src/pipe and src/mailslot runs in the tests
under Wine (BUILD, whose counts are in the folders of COUNTS) and in the simulated Windows (SIM). A line
or branch counts that runs in one of them. Status 1 if less than LINES or BRANCHES percent run, or a line
that tests/uncovered.txt does not list with its reason.
"""

import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("base", "iocp", "pipe", "mailslot")
LISTED = ROOT / "tests" / "uncovered.txt"
LINES, BRANCHES = 97, 90


def merge(counts, build, into):
    """The counts of all programs beside the notes of the compiler."""
    library = build / "src" / "libpipeport.a.p"
    parts = sorted(counts.glob(f"*{library}"))
    if not parts:
        sys.exit(f"coverage: no counts in {counts}")
    whole, new = into / "whole", into / "new"
    shutil.copytree(parts[0], whole)
    for part in parts[1:]:
        # A program that was ended while it wrote its counts leaves none that can be read.
        if subprocess.run(["x86_64-w64-mingw32-gcov-tool", "merge", "-o", new, whole, part],
                          stderr=subprocess.DEVNULL).returncode:  # fmt: skip
            print(f"coverage: left out, cannot be read: {part}")
            shutil.rmtree(new, ignore_errors=True)
        else:
            shutil.rmtree(whole)
            new.rename(whole)
    for note in library.glob("*.gcno"):
        shutil.copy(note, whole)
    return whole


def read(gcov, folder, base):
    """Yields the file, the line, how often it ran, and how often each branch of it."""
    with tempfile.TemporaryDirectory() as scratch:
        notes = sorted(str(note.resolve()) for note in folder.glob("*.gcno"))
        subprocess.run([gcov, "-j", "-b", *notes], cwd=scratch, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        for path in pathlib.Path(scratch).glob("*.gcov.json.gz"):
            for file in json.loads(gzip.open(path).read())["files"]:
                name = (base / file["file"]).resolve()
                if name.suffix == ".c" and name.parent.parent == ROOT / "src":
                    if name.parent.name in FOLDERS:
                        yield from ((name.relative_to(ROOT), line["line_number"], line["count"],
                                     [branch["count"] for branch in line["branches"]])
                                    for line in file["lines"])  # fmt: skip


def gather(sources):
    """{(file, line): [ran, [branch ran]]}; where two compilers see other branches, the better counts."""
    seen = {}
    for source in sources:
        own = {}
        for file, line, count, branches in source:
            ran, old = own.get((file, line), (False, []))
            own[file, line] = (ran or count > 0, old + [taken > 0 for taken in branches])
        for key, (ran, branches) in own.items():
            before, old = seen.get(key, (False, []))
            if len(old) == len(branches):
                branches = [a or b for a, b in zip(old, branches)]
            elif sum(old) * max(len(branches), 1) > sum(branches) * max(len(old), 1):
                branches = old
            seen[key] = (before or ran, branches)
    return seen


def listed():
    """{(file, text of the line)}"""
    rows = [row.split(" | ") for row in LISTED.read_text(encoding="utf-8").splitlines()
            if row and not row.startswith("#")]  # fmt: skip
    return {(file, text) for file, text, reason in rows if reason}


def main(counts, build, sim):
    with tempfile.TemporaryDirectory() as scratch:
        build, sim = pathlib.Path(build).resolve(), pathlib.Path(sim)
        merged = merge(pathlib.Path(counts), build, pathlib.Path(scratch))
        seen = gather([read("x86_64-w64-mingw32-gcov", merged, build), read("gcov", sim, ROOT)])
    files = defaultdict(lambda: [0, 0, 0, 0])
    texts, known, missing = {}, listed(), []
    for (file, line), (ran, branches) in sorted(seen.items()):
        tally = files[file]
        tally[0] += ran
        tally[1] += 1
        tally[2] += sum(branches)
        tally[3] += len(branches)
        text = texts.setdefault(file, (ROOT / file).read_text(encoding="utf-8").splitlines())
        if not ran and (str(file), text[line - 1].strip()) not in known:
            missing.append(f"{file}:{line}: never runs: {text[line - 1].strip()}")
    total = [sum(tally[i] for tally in files.values()) for i in range(4)]
    print(f"{'file':30} {'lines':>13} {'branches':>15}")
    for file, t in [*sorted(files.items()), ("all", total)]:
        print(f"{file!s:30} {t[0]:5} {t[1]:5} {100 * t[0] / max(t[1], 1):3.0f}% "
              f"{t[2]:5} {t[3]:5} {100 * t[2] / max(t[3], 1):3.0f}%")  # fmt: skip
    print("\n".join(missing))
    lines, branches = 100 * total[0] / total[1], 100 * total[2] / total[3]
    print(f"{lines:.1f}% of lines (at least {LINES}), {branches:.1f}% of branches (at least "
          f"{BRANCHES}), {len(missing)} lines that run nowhere and are not listed")  # fmt: skip
    return 1 if lines < LINES or branches < BRANCHES or missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
