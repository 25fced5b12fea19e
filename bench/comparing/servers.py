"""The servers that are compared, and what each can."""

import dataclasses

OURS = "pipeport"
BARE = "bare loop"
BARE_CONNECTS = "bare connects"
KNOWING_CONNECTS = "bare connects that know the peer"
TWO_WORKERS = "pipeport, 2 workers"
TEXTBOOK = "events"
WITH_PORT = ("libuv", "Asio")  # rivals that use a completion port
RIVALS = (TEXTBOOK, "threads", *WITH_PORT)

PIPEPORT = "src/pipeport.exe"
LOAD = "bench/pipe_load.exe"


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    program: str
    arguments: tuple = ()  # {pipe} is the name of the pipe
    most_clients: int = 10_000
    why: str = ""  # it can have no more

    def command(self, pipe):
        return [self.program, *(word.format(pipe=pipe) for word in self.arguments)]


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


STREAM = (pipeport("stream"), rival(BARE, "bare", "byte"), *rivals())
NATURAL = (pipeport("framed"), *rivals("framed"))
MESSAGE = (pipeport("message"), rival(BARE, "bare", "message"))
CROWDS = pipeport("stream", more="--accept-depth 1024")  # for those who come a thousand at once
WORKERS = (pipeport("stream"), pipeport("stream", 2, TWO_WORKERS))
CONNECTS = (
    CROWDS,
    Server(BARE_CONNECTS, "bench/rivals/bare_connect.exe"),
    Server(KNOWING_CONNECTS, "bench/rivals/bare_connect.exe", ("knows",)),
)
