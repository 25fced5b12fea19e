"""
Runs clang-tidy over src and bench as Windows compiles them, with the checks of .clang-tidy. Prints
each finding; status 1 if any. Files of a folder are read as one text: the system's headers, which
take most of the time, come once for each folder, and the analysis follows calls from file to file.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CJSON = next(ROOT.glob("subprojects/cJSON-*"), None)
OPTIONS = [
    "--target=x86_64-w64-windows-gnu", "-std=c11", "-Isrc", f"-I{CJSON}",
    "-D_WIN32_WINNT=0x0A00", "-DUNICODE", "-D_UNICODE", "-DWIN32_LEAN_AND_MEAN", "-DNOMINMAX",
    "-D__USE_MINGW_ANSI_STDIO=1",
]  # fmt: skip
PROGRAMS = ROOT / "bench" / "rivals"  # each file one of its own
NEEDS_LIBUV = PROGRAMS / "libuv.c"  # which is not always there
FINDING = re.compile(r"^\S+?:(\d+):(\d+): (?:error|warning): (.*)$", re.M)


def texts():
    """Yields each folder with the files of one text."""
    for folder in sorted({path.parent for part in ("src", "bench") for path in (ROOT / part).rglob("*.c")}):
        files = sorted(set(folder.glob("*.c")) - {NEEDS_LIBUV})
        yield from [(folder, [file]) for file in files] if folder == PROGRAMS else [(folder, files)]


def findings(folder, files):
    origin, lines = [], []
    for file in files:
        text = file.read_text(encoding="utf-8").splitlines()
        origin += [(file.relative_to(ROOT), number) for number in range(1, len(text) + 1)]
        lines += text
    with tempfile.TemporaryDirectory() as scratch:
        whole = pathlib.Path(scratch) / "whole.c"
        whole.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(
            ["clang-tidy", "--quiet", f"--config-file={ROOT}/.clang-tidy", whole, "--", *OPTIONS,
             f"-I{folder}"],
            cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    found = [f"{'%s:%d' % origin[int(line) - 1]}:{column}: {what}"
             for line, column, what in FINDING.findall(done.stdout)]  # fmt: skip
    if done.returncode != 0 and not found:
        found = [f"{folder}: clang-tidy ended with {done.returncode}: {done.stdout}{done.stderr}"]
    return found


def main():
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = sum(pool.map(lambda text: findings(*text), texts()), [])
    print("\n".join(found + [f"{len(found)} findings of clang-tidy"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
