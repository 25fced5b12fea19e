"""docs/performance.md, from the JSON of a comparison."""

import pathlib
import statistics

import cells
import servers
from figures import number, rows, times
from targets import verdicts

WHY = pathlib.Path(__file__).with_name("why.md")
LANE_WHY = pathlib.Path(__file__).with_name("why-lane.md")

# Messages of 64 bytes a second by (clients, depth): what plain programs reached.
ORIENTATION = {
    "Asio": {(1, 1): 4200, (32, 1): 6000, (32, 16): 97_000},
    "libuv": {(1, 1): 4300, (32, 1): 5100, (32, 16): 80_000},
    "events": {(1, 1): 5200, (32, 1): 5800},
    servers.BARE: {(1, 1): 5200, (32, 1): 7400, (32, 16): 120_000},
}

ORIENTATION_TEXT = """
## The rivals against plain programs

Are the rivals as fast as one may expect? Before they were written, plain programs of the same kind were
measured on one processor under Wine 8, with messages of 64 bytes. Machines differ, so compare the
shares of the bare loop's rate.
"""

HEAD = """# Performance

*`bench/compare` measured these figures and wrote this page; do not edit it.*

pipeport beside other pipe servers, under Wine. {ran}
All of them go by pipes; [lanes](performance-lane.md) have a page of their own.

## What the figures mean

- **They are Wine's, not Windows'.** Under Wine each read, write and wait is a request to one server
  process; on Windows it is a system call, which costs far less. The ratios within one table show which
  server needs fewer and cheaper calls and switches. The absolute figures say nothing about Windows,
  and no ratio was measured there.
- **One processor.** The server, the client and Wine's server process are pinned to one processor. So a
  figure is the cost of a message on all sides together, and even a server without any cost would not
  be infinitely faster.
- **Interleaved.** In each cell the servers take turns, round after round, and each run is a fresh
  process. A cell shows the median, the smallest and the largest of the rounds, and pipeport's figure
  as a multiple of each server's.

## What was measured, on what

{machine}

- Same client: `pipe_load --workers 1` against an echo server; at most 64 MiB are in flight, and
  servers that cannot have so many clients are left out ({limits}).
- Natural use: client and server both use the library under test. Each message of 64 bytes has a header
  of 4 bytes with its length, and a send call of its own; each client has 64 messages outstanding.
  pipeport runs in framed mode, in which messages that one turn sends share a write.
- All pipes have quotas of 64 KiB, and reads take up to 64 KiB. pipeport runs as
  `pipeport serve --no-mailslot --workers 1 --mode MODE` in every cell but that of two workers, with
  `--accept-depth 1024` where thousands connect or a burst of a thousand comes.
- Runs with thousands of clients have a longer warm-up and measurement, since one round of all clients
  takes a second or more, and their buffers have to grow first.
- Kernel calls are those that the server counted, without those of a run that only connects the
  clients.
- Memory is the growth of the server's resident size while 10,000 idle clients are connected.
"""


def table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def machine(about):
    lines = [(key.replace("_", " "), str(value)) for key, value in about.items() if key != "ran"]
    return "\n".join(table(("", ""), lines)).strip()


def targets(comparison):
    yield "## Targets"
    yield ""
    yield "The worst cell decides."
    yield ""
    words = {True: "reached", False: "**not reached**", None: "–"}
    lines = [(v.target, v.wanted, v.figure, words[v.reached]) for v in verdicts(comparison)]
    yield from table(("what", "target", "figure", ""), lines)


def why():
    """What was found out about the targets that are out of reach, by hand."""
    yield from WHY.read_text(encoding="utf-8").strip().split("\n")
    yield ""


def charts(drawn):
    for name, shows in drawn.items():
        yield f"![{shows}]({name})"
        yield ""


def summary(comparison):
    """The cells of the same client in short: a row each, a column for each server."""
    measured = comparison.of(cells.SAME)
    if not measured:
        return
    yield "## Same client, other server"
    yield ""
    yield "Messages a second; in brackets pipeport's figure as a multiple of it."
    yield ""
    columns = [s.name for s in servers.STREAM if any(cell.median(s.name) for cell in measured)]
    lines = []
    for cell in measured:
        line = [f"{cell.clients} × {cell.size} × {cell.depth}"]
        for name in columns:
            ratio = "" if name == servers.OURS else f" ({times(cell.ratio(name))})"
            line.append(number(cell.median(name)) + ratio if cell.median(name) else "–")
        lines.append(line)
    yield from table(("clients × bytes × depth", *columns), lines)


def share(cell, name, expected, bare_expected):
    """What part of the bare loop's rate a rival has, expected and measured, and the difference."""
    found, bare = cell.median(name), cell.median(servers.BARE)
    if not found or not bare:
        return "–", "–", "–"
    wanted, got = expected / bare_expected, found / bare
    return f"{wanted:.2f}", f"{got:.2f}", f"{100 * (got / wanted - 1):+.0f}%"


def orientation(comparison):
    """Whether the rivals are as fast as they can be expected to be."""
    lines = []
    for name, figures in ORIENTATION.items():
        for (clients, depth), expected in figures.items():
            for cell in comparison.of(cells.SAME, clients, 64, depth):
                shares = share(cell, name, expected, ORIENTATION[servers.BARE][clients, depth])
                rates = number(expected), number(cell.median(name))
                lines.append((name, f"{clients} × {depth}", *rates, *shares))
    if lines:
        yield from ORIENTATION_TEXT.strip().split("\n")
        yield ""
        head = ("server", "clients × depth", "expected/s", "measured/s")
        yield from table((*head, "expected share", "measured share", "difference"), lines)


def details(comparison):
    yield "## Every cell"
    yield ""
    for cell in comparison.cells:
        yield f"**{cell.name}** ({cell.unit})"
        yield ""
        yield from table(("server", "median", "spread", "pipeport is × it"), rows(cell))
        for server in cell.servers():
            for why in cell.failures(server):
                yield f"A run of {server} failed: {why}"
                yield ""


LANE_HEAD = """# Performance of lanes

*`bench/compare --only lane,` measured these figures and wrote this page; do not edit it.*

A framed connection by a [lane](lane.md) and by the pipe: `pipe_load` against `pipeport serve --mode framed`, with
`--lane auto` and `--lane off`, and the same programs otherwise. Beside them, a plain ring in shared memory with
events and a thread for each client (`bench/rivals/shared.c`), and two message queues of Boost.Interprocess and a
thread for each client (`bench/rivals/boost.cpp`), each with a client of its own. {ran}

These are Wine's figures, not Windows'. By the pipe each message costs requests to Wine's server, which are slower
than Windows' system calls; a lane makes none. So on Windows the pipe is faster, and the multiple smaller. The rounds of
both ways take turns, each run in fresh processes, all pinned to so many processors.

{machine}

"""

# What was to be reached, by (processors, clients, bytes, depth), or None for one way; else LEAST.
LANE_TARGETS = {
    (2, 1, 64, 1): 80,
    (2, 32, 64, 1): 350,
    (2, 1, 64, 64): 12,
    (2, 32, 64, 64): 30,
    (2, 1, 64, None): 6,
    (2, 1, 65536, 1): 8,
    (2, 1, 65536, 16): 20,
    (2, 32, 65536, 1): 30,
    (1, 1, 64, 1): 15,
    (1, 32, 64, 1): 15,
}
LEAST = 1.25


def lane_rows(comparison):
    for cell in comparison.of(cells.LANE):
        depth = None if cell.one_way else cell.depth
        target = LANE_TARGETS.get((cell.processors, cell.clients, cell.size, depth), LEAST)
        ratio = cell.ratio(servers.BY_PIPE)
        p50 = [run["latency_us"]["p50"] for run in cell.runs[servers.OURS] if "latency_us" in run]
        yield (
            f"{cell.processors}",
            f"{cell.clients} × {cell.size} × {depth or 'one way'}",
            number(cell.median(servers.BY_PIPE)),
            number(cell.median(servers.OURS)),
            "–" if ratio is None else f"{ratio:.3g}",
            f"{target}" + ("" if ratio is None or ratio >= target else ", **not reached**"),
            "–" if cell.one_way else number(statistics.median(p50)) if p50 else "–",
            number(cell.median(servers.RING)),
            number(cell.median(servers.QUEUES)),
        )


def write_lanes(comparison, path):
    about = comparison.about
    head = ["processors", "clients × bytes × depth", "pipe, messages/s", "lane, messages/s"]
    head += ["multiple", "at least", "p50 by the lane, µs", servers.RING, servers.QUEUES]
    lines = table(head, lane_rows(comparison))
    text = LANE_HEAD.format(ran=about["ran"], machine=machine(about)) + "\n".join(lines)
    path.write_text(text.strip() + "\n\n" + LANE_WHY.read_text(encoding="utf-8"), encoding="utf-8")


def write(comparison, drawn, path):
    able = [f"{s.name}: {s.most_clients:,}, {s.why}" for s in servers.STREAM if s.why]
    head = HEAD.format(
        ran=comparison.about["ran"], machine=machine(comparison.about), limits="; ".join(able)
    )
    parts = [targets(comparison), why(), charts(drawn), summary(comparison), orientation(comparison)]
    parts.append(details(comparison))
    lines = [line for part in parts for line in part]
    path.write_text(head + "\n" + "\n".join(lines).strip() + "\n", encoding="utf-8")
