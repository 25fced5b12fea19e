"""One run: a server is started, a load is put on it, and figures come back."""

import time

import cells
import servers
from wine import Failed

LONGER = [(1000, 3), (5000, 10)]  # from so many clients on, so many times the duration
HEAVY = 32 << 20  # bytes in flight of a thousand clients, from which on buffers grow for long ...
GROWING = 10  # ... so that the warm-up takes so many times as long again
PATIENCE = 120  # seconds that a load may take beside what it measures
SHORTLY = 0.1  # seconds that clients stay who only connect
QUIET = 2  # seconds without work, after which connecting is over
WATCHED = 10  # seconds that an idle server is watched
HELD = 25  # seconds that the idle clients stay


class Runner:
    def __init__(self, wine, duration, warmup):
        self.wine, self.duration, self.warmup = wine, duration, warmup

    def run(self, cell, server):
        """The figures of one run, as a dictionary."""
        kinds = {
            cells.NATURAL: self.natural,
            cells.LANE: self.natural,
            cells.CALLS: self.calls,
            cells.IDLE: self.idle,
            cells.CONNECT: self.connect,
            cells.BURST: self.burst,
        }
        return kinds.get(cell.kind, self.rate)(cell, server)

    def times(self, cell):
        """How long a cell is measured and warmed up. Thousands of clients are served one after the
        other, and a turn of all takes a second or more."""
        longer = max([1, *(times for clients, times in LONGER if cell.clients >= clients)])
        growing = longer > 1 and cell.clients * cell.size * cell.depth >= HEAVY
        return self.duration * longer, self.warmup * longer * (GROWING if growing else 1)

    def load_command(self, cell, server, pipe, silent_for=None):
        """`silent_for` that many seconds: clients that connect and do next to nothing."""
        duration, warmup = self.times(cell) if silent_for is None else (silent_for, 0)
        load = f"--mode {cell.mode} --clients {cell.clients} --size {cell.size} {server.load}"
        load += f" --depth {cell.depth} --duration {duration:.3f} --warmup {warmup:.3f}"
        load += " --one-way" * cell.one_way
        if silent_for is not None:
            load += " --rate 0.01"
        return [servers.LOAD, "--pipe", pipe, *load.split()]

    def put(self, cell, server, pipe, silent_for=None):
        timeout = PATIENCE + sum(self.times(cell))
        return self.wine.load(self.load_command(cell, server, pipe, silent_for), timeout)

    def rate(self, cell, server):
        """Messages a second."""
        pipe, stopped = self.wine.pipe(), {}
        with self.wine.server(server.command(pipe), stopped):
            figures = self.put(cell, server, pipe)
        if figures["messages"] == 0:
            raise Failed("no message came back while it was measured: the time is too short")
        return {**figures, "server": stopped}

    def natural(self, cell, server):
        """The same where the client is written with what the server is written with."""
        if server.program == servers.PIPEPORT:
            return self.rate(cell, server)
        pipe = self.wine.pipe()
        duration, warmup = self.times(cell)
        with self.wine.server(server.command(pipe)):
            client = [server.program, pipe, "drive", cell.clients, duration, warmup]
            return self.wine.output(client, PATIENCE + duration)

    def calls(self, cell, server):
        """Kernel calls a message: what connecting costs is measured without messages and taken
        away."""
        totals = []
        for silent_for in (SHORTLY, None):
            pipe, stopped = self.wine.pipe(), {}
            with self.wine.server(server.command(pipe), stopped):
                self.put(cell, server, pipe, silent_for)
            totals.append(stopped)
        base, run = totals
        messages = (run["bytes_in"] - base["bytes_in"]) / cell.size
        kinds = ("reads", "writes", "dequeues", "other")
        each = {k: (run[f"kernel_{k}"] - base[f"kernel_{k}"]) / messages for k in kinds}
        return {**each, "per_message": sum(each.values()), "messages": messages}

    def idle(self, cell, server):
        """Memory for one idle connection, and the work that idle connections make."""
        pipe, stopped = self.wine.pipe(), {}
        with self.wine.server(server.command(pipe), stopped) as process:
            process.wait_until_quiet(QUIET)
            before = process.resident()
            command = self.load_command(cell, server, pipe, HELD)
            with self.wine.loading(command, PATIENCE) as (load, _):
                process.wait_until_quiet(QUIET)
                memory, ticks = process.resident() - before, process.ticks()
                time.sleep(WATCHED)
                ticks = process.ticks() - ticks
                if not load.runs():
                    raise Failed("the clients left too early")
        if stopped["clients"] != cell.clients:
            raise Failed(f"{stopped['clients']} clients came")
        return {"bytes_per_connection": memory / cell.clients, "ticks": ticks}

    def connect(self, cell, server):
        """Seconds until all are connected."""
        pipe = self.wine.pipe()
        if server.name != servers.OURS:
            return self.wine.output(
                [server.program, pipe, cell.clients, *server.arguments], PATIENCE
            )
        with self.wine.server(server.command(pipe)):
            return self.put(cell, server, pipe, SHORTLY)

    def burst(self, cell, server):
        """The part of the opens that found every instance taken, in a second burst."""
        pipe = self.wine.pipe()
        with self.wine.server(server.command(pipe)):
            for _ in range(2):
                figures = self.put(cell, server, pipe, SHORTLY)
        busy = figures["busy_retries"]
        return {**figures, "busy_part": busy / (busy + cell.clients)}
