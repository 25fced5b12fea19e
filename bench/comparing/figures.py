"""What was measured, as it stands in the JSON, and what follows from it.

{"about": {...}, "cells": [{"name", "kind", "mode", "clients", "size", "depth",
                            "runs": {SERVER: [{"messages_per_s", ...} or {"failed": WHY}, ...]}}]}
"""

import statistics

import cells
import servers

# The figure of a run that a cell is about.
MAIN_FIGURE = {
    cells.CALLS: "per_message",
    cells.CONNECT: "connect_s",
    cells.IDLE: "bytes_per_connection",
    cells.BURST: "busy_part",
}
UNITS = {
    "messages_per_s": "messages/s",
    "per_message": "calls a message",
    "connect_s": "s",
    "bytes_per_connection": "bytes a connection",
    "busy_part": "of the opens",
}


class Measured:
    """One cell of the JSON."""

    def __init__(self, cell):
        self.name, self.kind, self.mode = cell["name"], cell["kind"], cell["mode"]
        self.clients, self.size, self.depth = cell["clients"], cell["size"], cell["depth"]
        self.processors, self.one_way = cell.get("processors", 1), cell.get("one_way", False)
        self.runs = cell["runs"]
        self.figure = MAIN_FIGURE.get(self.kind, "messages_per_s")
        self.unit = UNITS[self.figure]

    def servers(self):
        return list(self.runs)

    def values(self, server, figure=None):
        runs = self.runs.get(server, [])
        return [run[figure or self.figure] for run in runs if "failed" not in run]

    def failures(self, server):
        return [run["failed"] for run in self.runs.get(server, []) if "failed" in run]

    def median(self, server, figure=None):
        """None: there is no value."""
        values = self.values(server, figure)
        return statistics.median(values) if values else None

    def ratio(self, server):
        """How many times the figure of `server` that of pipeport is; None: one is missing."""
        ours, other = self.median(servers.OURS), self.median(server)
        return ours / other if ours is not None and other else None

    def best(self, among):
        """The fastest of these servers; None: none of them was measured."""
        measured = [server for server in among if self.median(server) is not None]
        return max(measured, key=self.median, default=None)


class Comparison:
    def __init__(self, document):
        self.about = document["about"]
        self.cells = [Measured(cell) for cell in document["cells"]]

    def of(self, kind, clients=None, size=None, depth=None, mode=None):
        """The cells that are so; None: any."""

        def fits(value, wanted):
            return wanted is None or value in (wanted if isinstance(wanted, tuple) else (wanted,))

        return [
            cell
            for cell in self.cells
            if cell.kind == kind
            and fits(cell.clients, clients)
            and fits(cell.size, size)
            and fits(cell.depth, depth)
            and fits(cell.mode, mode)
        ]


def number(value):
    """With three significant digits at least, and no more than make sense."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}" if value < 1 else f"{value:.2f}"


def times(ratio):
    return "–" if ratio is None else f"{ratio:.2f}"


def rows(cell):
    """The table of a cell: server, median, spread, and the ratio to pipeport."""
    for server in cell.servers():
        values = cell.values(server)
        spread = f"{number(min(values))} to {number(max(values))}" if values else "failed"
        yield server, number(cell.median(server)), spread, times(cell.ratio(server))
