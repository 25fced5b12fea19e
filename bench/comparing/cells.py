"""What is measured: each cell is one load, put on several servers in turn."""

import dataclasses

import servers

IN_FLIGHT = 64 << 20  # bytes
TOTAL = 10_000  # clients of an idle server, and of connecting

# Kinds of cells. The words are those of the command line and of the page.
SAME = "same client"
NATURAL = "natural use"
MESSAGE = "message mode"
WORKERS = "two workers"
CALLS = "kernel calls"
IDLE = "idle"
CONNECT = "connecting"
BURST = "burst"
LANE = "lane"


@dataclasses.dataclass(frozen=True)
class Cell:
    kind: str
    servers: tuple
    mode: str = "stream"
    clients: int = 1
    size: int = 64
    depth: int = 1
    processors: int = 1
    one_way: bool = False

    @property
    def name(self):
        if self.kind in (IDLE, CONNECT, BURST):
            return f"{self.kind}, {self.clients} clients"
        if self.kind == LANE:
            way = "one way" if self.one_way else f"depth {self.depth}"
            return (
                f"{self.kind}, {self.processors} processor{'s' * (self.processors > 1)},"
                f" {self.clients} clients, {self.size} bytes, {way}"
            )
        return (
            f"{self.kind}, {self.mode}, {self.clients} clients, {self.size} bytes,"
            f" depth {self.depth}"
        )


def same_client():
    loads = [
        (clients, size, depth)
        for clients in (1, 32, 63, 1000, 5000)
        for size in (64, 4096, 65536)
        for depth in (1, 16)
    ]
    loads += [(32, 64, 4), (32, 64, 64)]  # for the cost of a message by depth
    for clients, size, depth in loads:
        if clients * size * depth <= IN_FLIGHT:
            able = tuple(s for s in servers.STREAM if s.most_clients >= clients)
            yield Cell(SAME, able, "stream", clients, size, depth)


def calls():
    loads = [(1, 1), (1, 16), (32, 1), (32, 16), (1000, 1)]
    for mode in ("stream", "message", "framed"):
        for clients, depth in [*loads, *([(1, 64), (32, 64)] if mode == "framed" else [])]:
            yield Cell(CALLS, (servers.pipeport(mode),), mode, clients, 64, depth)


def lanes():
    """The same programs by the pipe and by a lane."""
    loads = [(1, 64, 1), (32, 64, 1), (1, 64, 64), (32, 64, 64)]
    loads += [(1, 65536, 1), (1, 65536, 16), (32, 65536, 1)]
    for processors in (1, 2):
        for clients, size, depth in loads:
            able = servers.DEEP_LANES if depth == 64 else servers.LANES
            yield Cell(LANE, able, "framed", clients, size, depth, processors)
        yield Cell(LANE, servers.SINKS, "framed", 1, 64, 64, processors, one_way=True)


def every_cell():
    yield from same_client()
    for clients in (1, 32):
        yield Cell(NATURAL, servers.NATURAL, "framed", clients, 64, 64)
    loads = [(1, 64, 1), (32, 64, 1), (32, 64, 16), (32, 4096, 1), (1000, 64, 1)]
    for clients, size, depth in loads:
        yield Cell(MESSAGE, servers.MESSAGE, "message", clients, size, depth)
    for clients, depth in [(1, 1), (32, 1), (32, 16), (1000, 1)]:
        yield Cell(WORKERS, servers.WORKERS, "stream", clients, 64, depth)
    yield from calls()
    yield Cell(CONNECT, servers.CONNECTS, clients=TOTAL)
    yield Cell(IDLE, servers.STREAM[:1], clients=TOTAL)
    yield Cell(BURST, (servers.CROWDS,), clients=1000)
    yield from lanes()
