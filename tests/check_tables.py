"""
Compares Meson's list of tests with each program's own, so that none is written and never run.
check_tables.py [-- PROGRAM NAME...]...
"""

import os
import shlex
import subprocess
import sys

WRAPPER = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
# In Meson's installer for Windows the interpreter is inside meson.exe.
PYTHON = [sys.executable, "runpython"] if getattr(sys, "frozen", False) else [sys.executable]


def listed_by(program):
    run = PYTHON if program.endswith(".py") else WRAPPER
    output = subprocess.run(
        [*run, program, "--list"], stdout=subprocess.PIPE, check=True, text=True
    ).stdout
    return output.split()


def main(arguments):
    wrong = 0
    while arguments:
        end = arguments.index("--", 1) if "--" in arguments[1:] else len(arguments)
        program, meson = arguments[1], arguments[2:end]
        arguments = arguments[end:]
        own = listed_by(program)
        if len(set(own)) != len(own):
            print(f"{program}: a test is in its table twice")
            wrong += 1
        for name in sorted(set(meson) ^ set(own)):
            where = "tests/meson.build" if name in meson else "the program"
            print(f"{program}: {name} is in {where} only")
            wrong += 1
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
