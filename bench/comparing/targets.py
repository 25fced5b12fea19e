"""What is to be reached, and whether it was: each target looks at the cells that it is about."""

import dataclasses

import cells
import servers
from figures import number

SMALL = (64, 4096)
LARGE = 65536
EXACT = 0.005  # no run is more exact than that


@dataclasses.dataclass(frozen=True)
class Verdict:
    target: str
    wanted: str
    figure: str
    reached: bool  # None: it was not measured


def verdict(target, wanted, found, limit, at_most=False, show=None):
    """`found`: pairs of a figure and where it was measured. The worst of them decides."""
    show = show or (lambda value: f"{value:.2f} ×")
    found = [pair for pair in found if pair[0] is not None]
    if not found:
        return Verdict(target, wanted, "not measured", None)
    worst, where = (max if at_most else min)(found, key=lambda pair: pair[0])
    reached = worst <= limit * (1 + EXACT) if at_most else worst >= limit * (1 - EXACT)
    return Verdict(target, wanted, f"{show(worst)} ({where})", reached)


def against(measured, among):
    """Ratios of pipeport to the best of these servers; 0 where only pipeport has no figure."""
    for cell in measured:
        best = cell.best(among)
        if best:
            where = f"{cell.clients} clients, {cell.size} bytes, depth {cell.depth}: {best}"
            yield cell.ratio(best) or 0, where


def each(measured, server=servers.OURS, figure=None):
    for cell in measured:
        where = f"{cell.mode}, {cell.clients} clients, depth {cell.depth}"
        yield cell.median(server, figure), where


def throughput(c):
    same = c.of(cells.SAME, (32, 1000), SMALL, (1, 16))
    yield verdict(
        "same client, 32 and 1,000 clients, 64 and 4,096 bytes, depth 1 and 16",
        "at least 1.2 × the best rival",
        against(same, servers.RIVALS),
        1.2,
    )
    one = c.of(cells.SAME, 1, SMALL)
    yield verdict(
        "same client, 1 client, up to 4,096 bytes",
        "at least 1.15 × the best rival with a completion port",
        against(one, servers.WITH_PORT),
        1.15,
    )
    yield verdict(
        "the same against the event server",
        "at least 0.97 ×",
        against(one, (servers.TEXTBOOK,)),
        0.97,
    )
    large = c.of(cells.SAME, size=LARGE)
    yield verdict(
        "65,536 bytes, any number of clients",
        "at least 0.95 × the best rival",
        against(large, servers.RIVALS),
        0.95,
    )
    yield verdict(
        "the same against those with a completion port",
        "faster than every one",
        against(large, servers.WITH_PORT),
        1.0,
    )


def modes(c):
    yield verdict(
        "natural use, 64 bytes, depth 64",
        "at least 8 × the best rival",
        against(c.of(cells.NATURAL), servers.RIVALS),
        8,
    )
    yield verdict(
        "message mode against a plain server of message pipes with a completion port",
        "at least 1.0 ×",
        against(c.of(cells.MESSAGE), (servers.BARE,)),
        1,
    )


def kernel_calls(c):
    for clients, depth, mode, limit in [
        (1, 1, "stream", 3.0),
        (32, 1, "stream", 2.1),
        ((1, 32), 64, "framed", 0.1),
    ]:
        measured = c.of(cells.CALLS, clients, 64, depth, mode)
        name = f"{clients} client{'s' * (clients != 1)}" if isinstance(clients, int) else "any"
        yield verdict(
            f"kernel calls a message, one worker: {mode}, {name}, depth {depth}, 64 bytes",
            f"at most {limit}",
            each(measured),
            limit,
            at_most=True,
            show=lambda value: f"{value:.3f}",
        )


def machine(c):
    two = []
    for cell in c.of(cells.WORKERS):
        ratio = cell.ratio(servers.TWO_WORKERS)
        two.append((ratio and 1 / ratio, f"{cell.clients} clients, depth {cell.depth}"))
    yield verdict(
        "two workers against one, on one CPU", "at least 0.95 × its rate", two, 0.95
    )
    for name, clients in [("each cell", None), ("5,000 clients", 5000)]:
        yield verdict(
            f"the whole server against the bare loop, {name}",
            "at least 0.95 ×",
            against(c.of(cells.SAME, clients), (servers.BARE,)),
            0.95,
        )


def many(c):
    yield verdict(
        "memory of the server for one idle connection, at 10,000",
        "at most 3 KiB",
        each(c.of(cells.IDLE)),
        3072,
        at_most=True,
        show=lambda value: f"{number(value)} bytes",
    )
    yield verdict(
        "connecting 10,000 clients against a bare loop",
        "at most 2 × its time",
        [
            (cell.ratio(servers.BARE_CONNECTS), f"{number(cell.median(servers.OURS))} s")
            for cell in c.of(cells.CONNECT)
        ],
        2,
        at_most=True,
    )
    yield verdict(
        "a second burst of 1,000 clients: busy answers",
        "at most 5% of the opens",
        each(c.of(cells.BURST)),
        0.05,
        at_most=True,
        show=lambda value: f"{100 * value:.1f}%",
    )
    yield verdict(
        "an idle server with 10,000 clients, in 10 s",
        "0 ticks of processor time",
        each(c.of(cells.IDLE), figure="ticks"),
        0,
        at_most=True,
        show=lambda value: f"{value:.0f} ticks",
    )


def verdicts(comparison):
    parts = (throughput, modes, kernel_calls, machine, many)
    return [found for part in parts for found in part(comparison)]
