"""
The program `pipeport selftest`: its table, its JSON, its status, and what must hold under Wine.
"""

import functools
import json
import re
import sys
import time

from harness import WINDOWS, case, check, equal, expect_refusal, main, run

RESULTS = ("PASS", "FAIL", "NOT HERE")
LONGEST = 15  # seconds

# What Wine is known to do in another way, or in one of its versions, and what takes two machines.
# Everything else passes.
DIFFERS = {
    "a message read that is too small brings a packet even where success is skipped",
    "a first instance is refused where there is one",
    "a client with the right to read alone cannot switch",
    "a pipe that only takes lets in who only writes",
    "a pipe that only gives lets in who only reads",
    "the client's process is gone after DisconnectNamedPipe",
    "a client is not impersonated before the first read",
    "a client is identified after the first read, no further",
    "nobody gets in where nobody is allowed",
    "exact rights let a client in and nobody make an instance",
    "clients of other machines are refused",
    "the handle of CreateMailslot can be on a port",
    "the handle of NtCreateMailslotFile can be on a port",
    "a mailslot's cancelled read brings its packet",
    "a datagram too long for a read stays, and its length is told",
    "a datagram of no bytes is delivered",
    "a datagram longer than the slot takes is refused",
    "424 bytes reach a slot of another machine",
}


def selftest(*arguments):
    began = time.monotonic()
    status, output, errors = run("pipeport", "selftest", *arguments)
    output = output.decode().replace("\r\n", "\n")
    equal(errors, "", "standard error")
    equal(status, 0, f"status; {output}")
    check(time.monotonic() - began < LONGEST, f"it took {time.monotonic() - began:.1f} s")
    return output


@functools.cache
def table():
    """Its first line, its rows as (result, sentence, seen), and its last line."""
    first, *rows, last = selftest().splitlines()
    found = [re.fullmatch(r"(PASS|FAIL|NOT HERE) +(.*?): (.+)", row) for row in rows]
    check(all(found), f"a line is no row: {rows}")
    return first, [row.groups() for row in found], last


@case
def every_assumption_holds_or_says_why_not():
    first, rows, last = table()
    version = r"\d+\.\d+\.\d+"
    check(re.fullmatch(rf"pipeport {version} on Windows {version}(, Wine .+)?", first), first)
    check(len(rows) > 50, f"{len(rows)} rows")
    equal(len({name for _, name, _ in rows}), len(rows), "sentences that differ")
    count = {wanted: sum(result == wanted for result, _, _ in rows) for wanted in RESULTS}
    equal(count["FAIL"], 0, "failures")
    equal(last, f"{count['PASS']} PASS, {count['NOT HERE']} NOT HERE, 0 FAIL", "the last line")


@case
def what_works_under_wine_passes():
    _, rows, _ = table()
    names = {name for _, name, _ in rows}
    equal(DIFFERS - names, set(), "sentences of this test that selftest does not have")
    for result, name, seen in rows:
        open_here = "second machine" in seen if WINDOWS else name in DIFFERS
        check(result == "PASS" or open_here, f"{result}: {name}: {seen}")


@case
def the_json_of_selftest_is_its_table():
    _, rows, _ = table()
    told = json.loads(selftest("--json"))
    equal(list(told), ["version", "system", "rows"], "keys")
    for row in told["rows"]:
        equal(list(row), ["name", "result", "seen"], "keys of a row")

    def without_times(text):
        return re.sub(r"\d+ us", "", text)

    equal(
        [(row["result"], row["name"], without_times(row["seen"])) for row in told["rows"]],
        [(result, name, without_times(seen)) for result, name, seen in rows],
        "rows",
    )


@case
def wrong_arguments_of_selftest_are_one_line_and_status_2():
    expect_refusal("pipeport", ["selftest", "--frobnicate"], 2, "--frobnicate", "--json")
    expect_refusal("pipeport", ["selftest", "--json", "more"], 2, "more", "allowed: ")
    status, output, _ = run("pipeport", "--help")
    equal(status, 0, "status of --help")
    check(b"selftest" in output, "no word of it in --help")


sys.exit(main())
