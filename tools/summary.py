"""
Counts Meson's test logs: summary.py SKIPS STATUS LOG [SECOND], where STATUS is that of `meson test`, and
SECOND the log of a second try of what failed in LOG. A skip that SKIPS does not list is a failure, and
so is a run of no test.

summary.py --failed LOG: the names of the tests that failed, as `meson test` takes them.
"""

import json
import pathlib
import re
import sys

PASSED = ("OK", "EXPECTEDFAIL")


def read(log):
    """Meson puts `project:suite / ` in front of a name where there is more than one suite."""
    lines = pathlib.Path(log).read_text().splitlines() if pathlib.Path(log).exists() else []
    tests = map(json.loads, lines)
    return {re.sub(r"^\S+ / ", "", test["name"]): test for test in tests}


def allowed_skips(path):
    lines = (line.strip() for line in path.read_text().splitlines())
    return {line.split("|")[0].strip() for line in lines if line and not line.startswith("#")}


def reason(test):
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    found = [line[6:].strip() for line in output.splitlines() if line.startswith("SKIP: ")]
    return found[0] if found else None


def has_failed(test):
    return test["result"] not in (*PASSED, "SKIP")


def main(skips, status, log, second=None):
    tests, allowed = read(log), allowed_skips(pathlib.Path(skips))
    for name, test in read(second).items() if second else ():
        if has_failed(tests[name]) and not has_failed(test):
            print(f"passed at its second try, alone: {name}")
        tests[name] = test
    passed = failed = skipped = 0
    for name, test in tests.items():
        why = reason(test)
        if test["result"] in PASSED:
            passed += 1
        elif test["result"] == "SKIP" and name in allowed and why:
            print(f"skipped: {name}: {why}")
            skipped += 1
        elif test["result"] == "SKIP":
            print(f"failed: {name}: skipped " + ("but not in " + skips if why else "without reason"))
            failed += 1
        else:
            print(f"failed: {name}: {test['result']}")
            failed += 1
    if not tests:
        print("failed: no test was run")
    elif status != "0" and not failed:
        print(f"failed: meson test ended with status {status}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not tests or status != "0" else 0


if sys.argv[1] == "--failed":
    print("".join(f"{name}\n" for name, test in read(sys.argv[2]).items() if has_failed(test)), end="")
else:
    sys.exit(main(*sys.argv[1:]))
