"""The servers that are compared, and what each can."""

import dataclasses
import pathlib

import managed

OURS = "pipeport"
BY_PIPE = "by the pipe"
RING = "a ring with events"
QUEUES = "Boost.Interprocess"
BARE = "bare loop"
BARE_CONNECTS = "bare connects"
KNOWING_CONNECTS = "bare connects that know the peer"
TWO_WORKERS = "pipeport, 2 workers"
TEXTBOOK = "events"
WITH_PORT = ("libuv", "Asio")  # rivals that use a completion port
RIVALS = (TEXTBOOK, "threads", *WITH_PORT, "Node", ".NET")

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build-compare"
PIPEPORT = "src/pipeport.exe"
LOAD = "bench/pipe_load.exe"


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    program: str
    arguments: tuple = ()  # {pipe} is the name of the pipe
    most_clients: int = 10_000
    why: str = ""  # it can have no more
    load: str = "--lane off --workers 1"  # options of pipe_load with it

    def prepare(self):
        """What has to be done once before it runs. managed.Missing: it cannot run here."""

    def run(self):
        """The words that run the program."""
        return [self.program]

    def command(self, pipe):
        return [*self.run(), *(word.format(pipe=pipe) for word in self.arguments)]


class Node(Server):
    """The program is a source in JavaScript."""

    def prepare(self):
        self.run()

    def run(self):
        return managed.node(ROOT / self.program)


class Dotnet(Server):
    """The program is a source in C#."""

    def prepare(self):
        managed.Dotnet().compile(ROOT / self.program, BUILD / "bench" / "rivals")

    def run(self):
        return managed.Dotnet().command((BUILD / self.program).with_suffix(".dll"))


def pipeport(mode, workers=1, name=OURS, more=""):
    options = f"serve --pipe {{pipe}} --no-mailslot --mode {mode} --workers {workers} {more}"
    return Server(name, PIPEPORT, tuple(options.split()))


def rival(name, program, *role, **limits):
    return Server(name, f"bench/rivals/{program}.exe", ("{pipe}", *role), **limits)


def rivals(*role):
    return (
        rival("events", "events", *role, most_clients=64, why="handles of one wait"),
        rival("threads", "threads", *role, most_clients=1000, why="file descriptors of Wine"),
        rival("libuv", "libuv", *role),
        rival("Asio", "asio", *role),
    )


def dotnet(mode):
    return Dotnet(".NET", "bench/rivals/dotnet.cs", ("{pipe}", mode))


STREAM = (
    pipeport("stream"),
    rival(BARE, "bare", "byte"),
    *rivals(),
    Node("Node", "bench/rivals/node.js", ("{pipe}",)),
    dotnet("byte"),
)
NATURAL = (pipeport("framed"), *rivals("framed"))
MESSAGE = (pipeport("message"), rival(BARE, "bare", "message"), dotnet("message"))
CROWDS = pipeport("stream", more="--accept-depth 1024")  # for those who come a thousand at once
WORKERS = (pipeport("stream"), pipeport("stream", 2, TWO_WORKERS))
CONNECTS = (
    CROWDS,
    Server(BARE_CONNECTS, "bench/rivals/bare_connect.exe"),
    Server(KNOWING_CONNECTS, "bench/rivals/bare_connect.exe", ("knows",)),
)


def by_both_ways(service):
    """As they are by default: a server and a client of two workers at most."""
    words = f"serve --pipe {{pipe}} --no-mailslot --mode framed --service {service}".split()
    return (
        Server(OURS, PIPEPORT, tuple(words), load="--lane auto"),
        Server(BY_PIPE, PIPEPORT, tuple(words), load="--lane off"),
    )


LANES = by_both_ways("echo")
DEEP_LANES = (  # they measure that load alone
    *LANES,
    rival(RING, "shared", "framed"),
    rival(QUEUES, "boost", "framed"),
)
SINKS = by_both_ways("sink")
