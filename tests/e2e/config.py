#!/usr/bin/env python3
"""Configuration files, as operators use them."""

import json
import pathlib
import re
import sys
import tempfile

from harness import (
    Process,
    case,
    check,
    equal,
    expect_refusal,
    load,
    main,
    run,
    unique,
)

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "pipeport.example.ini"
FOLDER = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def write(text, encoding="utf-8"):
    """A file; its path as the programs understand it."""
    path = pathlib.Path(FOLDER.name) / f"{unique()}.ini"
    path.write_bytes(text.encode(encoding))
    return path


def checked(text, *arguments, encoding="utf-8"):
    """What --check prints."""
    status, output, errors = run("pipeport", "serve", "--config", write(text, encoding), "--check",
                                 *arguments)  # fmt: skip
    equal((status, errors), (0, ""), "status and standard error")
    return output.decode().splitlines()


@case
def a_server_of_a_file_serves_all_that_it_names():
    one, two = unique(), unique()
    path = write(f"[pipe {one}]\nmode = message\n[pipe {two}]\nmode = framed\n"
                 f"[mailslot {one}]\nservice = sink\n", "utf-16")  # fmt: skip
    server = Process("pipeport", "serve", "--config", path)
    server.expect_line(rf"serves pipe=\\.\pipe\{one} mode=message service=echo".encode())
    server.expect_line(rf"serves pipe=\\.\pipe\{two} mode=framed service=echo".encode())
    server.expect_line(rf"serves mailslot=\\.\mailslot\{one} mode=none service=sink".encode())
    ready = server.some_line().decode()
    check(ready.startswith(rf"ready pipe=\\.\pipe\{one} mode=message "), ready)
    check(rf" mailslot=\\.\mailslot\{one} " in ready, ready)
    for name, mode in (one, "message"), (two, "framed"):
        figures = load("--pipe", name, "--mode", mode, "--clients", 3, "--duration", 0.3, "--warmup",
                       0, "--verify")  # fmt: skip
        equal((figures["errors"], figures["verify_failures"]), (0, 0), name)
    sent = load("--mailslot", one, "--size", 50, "--duration", 0.3, "--warmup", 0)
    check(sent["messages"] > 0, "datagrams")
    server.interrupt()
    last = server.lines()
    equal(server.wait(), 0, "status")
    check(b" errors=0 " in last[-1] and b" datagrams=0 " not in last[-1], last[-1])


@case
def mailslots_alone_are_served():
    name = unique()
    server = Process("pipeport", "serve", "--config", write(f"[mailslot {name}]"))
    server.some_line()
    check(server.some_line().startswith(b"ready pipe=none mode=none mailslot="), "the ready line")
    load("--mailslot", name, "--clients", 1, "--duration", 0.2, "--warmup", 0)
    server.interrupt()
    server.lines()
    equal(server.wait(), 0, "status")


@case
def a_check_prints_what_would_be_served():
    text = ("[server]\nworkers = 2\n[pipe a]\nmode = framed\nhigh-mark = 2M\nallow = S-1-1-0\n"
            "allow = S-1-5-18\nstrict = yes\nidle-timeout = off\n[mailslot b]\n")  # fmt: skip
    rows = [line.split() for line in checked(text, "--log-level", "debug")]
    equal(rows[0][0], "server", "the first row")
    equal(sorted(rows[0][1:]), ["log-level=debug", "workers=2"], "the server")
    equal(rows[1][:2], ["pipe", "a"], "the second row")
    wanted = ["allow=S-1-1-0,S-1-5-18", "high-mark=2M", "mode=framed", "strict=yes"]
    equal(sorted(rows[1][2:]), wanted, "the pipe")
    equal(rows[2:], [["mailslot", "b"]], "the mailslot")
    objects = [json.loads(line) for line in checked(text, "--json")]
    equal([o["kind"] for o in objects], ["server", "pipe", "mailslot"], "kinds")
    equal([o.get("name") for o in objects], [None, "a", "b"], "names")
    equal(objects[1]["settings"]["high-mark"], "2M", "a setting")
    users = "".join(f"allow = S-1-5-21-1-2-3-{n}\n" for n in range(1000, 1040))
    long_line = f"[pipe a]\n{users}sddl = D:{'(A;;GA;;;SY)' * 100}\n"
    equal([json.loads(line)["kind"] for line in checked(long_line, "--json")], ["server", "pipe"], "kinds")


@case
def a_check_finds_what_is_wrong_and_serves_nothing():
    for status, text, *said in (
        (1, "[pipe a]\nallow = nobody-such", ":1: [pipe a] ", "nobody-such"),
        (1, "[pipe a]\nsddl = rubbish", ":1: [pipe a] ", "rubbish"),
        (2, "[pipe a]\nmoed = x", ':2: [pipe a] "moed" is no key of this section; the nearest is mode'),
    ):
        for more in ([], ["--check"]):
            arguments = ["serve", *more, "--config", str(write(text))]
            expect_refusal("pipeport", arguments, status, *said)
    expect_refusal("pipeport", ["serve", "--config", "no-such.ini"], 1, "no-such.ini")


@case
def the_example_is_made_of_the_options_and_is_read_back():
    status, output, _ = run("pipeport", "serve", "--example")
    equal(status, 0, "status")
    example = output.decode().replace("\r\n", "\n")
    equal(EXAMPLE.read_text(encoding="utf-8"), example, "docs/pipeport.example.ini")
    equal([line.split() for line in checked(example)],
          [["server"], ["pipe", "pipeport"], ["mailslot", "pipeport"]], "as it is")  # fmt: skip
    bare, keys = re.subn(r"^;([\w-]+ = )", r"\1", example, flags=re.M)
    equal(keys, len(re.findall("^;[^ ]", example, flags=re.M)), "lines with a key")
    rows = [line.split() for line in checked(bare)]
    given = "sddl=D:(A;;GA;;;SY)(A;;GA;;;BA)"
    equal(rows, [["server", "control=pipeport.control"], ["pipe", "pipeport", "allow=S-1-5-11", given],
                 ["mailslot", "pipeport", "allow=S-1-5-11", given]], "with every default given")  # fmt: skip


sys.exit(main())
