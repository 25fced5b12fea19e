"""
Counts Meson's test log: summary.py LOG SKIPS STATUS, where STATUS is that of `meson test`. A skip
that SKIPS does not list is a failure, and so is a run of no test.
"""

import json
import pathlib
import re
import sys

PASSED = ("OK", "EXPECTEDFAIL")


def allowed_skips(path):
    lines = (line.strip() for line in path.read_text().splitlines())
    return {line.split("|")[0].strip() for line in lines if line and not line.startswith("#")}


def reason(test):
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    found = [line[6:].strip() for line in output.splitlines() if line.startswith("SKIP: ")]
    return found[0] if found else None


def main(log, skips, status):
    log, allowed = pathlib.Path(log), allowed_skips(pathlib.Path(skips))
    tests = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    passed = failed = skipped = 0
    for test in tests:
        # Meson puts `project:suite / ` in front where there is more than one suite.
        name, why = re.sub(r"^\S+ / ", "", test["name"]), reason(test)
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


sys.exit(main(*sys.argv[1:]))
