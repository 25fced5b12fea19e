"""
Clients in Node and .NET against the server: what docs/clients.md says of them. The clients are
tests/clients/node.js and dotnet.cs, and the examples of the page itself.
"""

import pathlib
import re
import sys
import tempfile

from harness import Process, Server, case, check, equal, main, unique
from runtimes import dotnet, node

TESTS = pathlib.Path(__file__).resolve().parent.parent
PAGE = TESTS.parent / "docs" / "clients.md"
JS, CS = TESTS / "clients" / "node.js", TESTS / "clients" / "dotnet.cs"
MODES = ("stream", "message", "framed")
SIZES = (1, 2, 1023, 1024, 1025, 4096, 65535, 65536, 65537, 1000000, 1 << 20)
MANY = 100


def start(runtime, name, *arguments):
    source = {node: JS, dotnet: CS}[runtime]
    return runtime(source, "\\\\.\\pipe\\" + name, *arguments)


def expect(runtime, name, *arguments):
    """The client finds everything as it should be."""
    client = start(runtime, name, *arguments)
    equal(client.wait(), 0, f"status of {arguments}; {client.stderr()}")


def served(runtime, mode, *arguments, errors=0):
    """The same against an echo server of its own, whose figures it returns."""
    server = Server("--mode", mode)
    expect(runtime, server.name, *arguments)
    figures = server.stop()
    equal(figures["errors"], errors, "errors")
    equal(figures["handles_open"], 0, "handles open")
    return figures


def exchanges(runtime):
    for mode in MODES:
        figures = served(runtime, mode, "exchange", mode, *SIZES)
        equal(figures["bytes_in"], sum(SIZES), f"{mode}: bytes in")
        equal(figures["bytes_out"], sum(SIZES), f"{mode}: bytes out")
        if mode != "stream":
            equal(figures["messages_in"], len(SIZES), f"{mode}: messages in")


def crowds(runtime):
    for mode in MODES:
        equal(served(runtime, mode, "crowd", mode, MANY, 10)["clients"], MANY, f"{mode}: clients")


def late(runtime):
    """It reads when the server's process has ended."""
    size = 60000
    server = Server("--stats-interval", "0.1")
    client = start(runtime, server.name, "late", size)
    client.expect_line(b"waiting")
    server.wait_for(lambda figures: figures["bytes_out"] == size, "answering")
    server.stop()
    client.process.stdin.write(b"read\n")
    client.process.stdin.flush()
    equal(client.wait(), 0, f"the client's status; {client.stderr()}")


def half(runtime, *arguments):
    name = unique()
    server = Process("half_server", name)
    server.expect_line(b"ready")
    expect(runtime, name, "half", *arguments)


@case
def node_is_echoed_in_every_mode_and_size():
    exchanges(node)


@case
def a_hundred_clients_of_node_at_once_are_echoed():
    crowds(node)


@case
def node_reads_what_a_server_that_has_gone_had_sent():
    late(node)


@case
def node_speaks_framed_mode_from_its_description():
    figures = served(node, "framed", "frames", 500)
    equal(figures["messages_in"], 520, "messages in")
    served(node, "framed", "violations", errors=3)


@case
def node_sends_messages_of_no_bytes_and_does_not_see_them():
    figures = served(node, "message", "empty")
    equal(figures["messages_in"], 3, "messages in")
    equal(figures["messages_out"], 3, "messages out")


@case
def node_sends_writes_that_wait_as_one_message():
    figures = served(node, "message", "merges", 20)
    equal(figures["messages_in"], 1 + 2, "messages in: one, the first of 20, and the others")
    equal(figures["bytes_in"], 210, "bytes in")


@case
def node_ends_its_sending_by_a_message_of_no_bytes():
    half(node, 200)


@case
def node_that_ends_leaves_without_an_answer():
    server = Server("--service", "sink")
    expect(node, server.name, "leaves")
    figures = server.stop()
    equal(figures["clients"], 2, "clients")
    equal(figures["bytes_in"], 20, "bytes in")


@case
def dotnet_is_echoed_in_every_mode_and_size():
    exchanges(dotnet)


@case
def a_hundred_clients_of_dotnet_at_once_are_echoed():
    crowds(dotnet)


@case
def dotnet_tells_messages_apart():
    equal(served(dotnet, "message", "boundaries", 50)["messages_in"], 50, "messages in")


@case
def dotnet_reads_what_a_server_that_has_gone_had_sent():
    late(dotnet)


@case
def dotnet_sends_no_message_of_no_bytes():
    equal(served(dotnet, "message", "empty")["messages_in"], 1, "messages in")


@case
def dotnet_sees_the_servers_end_of_sending():
    half(dotnet)


def examples(language):
    """Those of the page: the options of the server that each is for, and its text."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    check(found, f"the page has no example in {language}")
    for text in found:
        options = re.match(r"// pipeport serve --pipe orders (.*)\n", text)
        check(options, f"an example in {language} does not say which server it is for")
        yield options.group(1).split(), text


def run_example(runtime, options, text, folder):
    server = Server(*options)
    source = folder / {node: "example.js", dotnet: "example.cs"}[runtime]
    source.write_text(text.replace("orders", server.name), "utf-8")
    # It prints into a file: what Wine gives for a pipe of the system below it is none to Node.
    printed = folder / "printed"
    with open(printed, "wb") as file:
        client = runtime(source, stdout=file)
        equal(client.wait(), 0, f"the example's status; {client.stderr()}")
    equal(printed.read_text().split("\n"), ["how many?", ""], "what the example prints")
    equal(server.stop()["errors"], 0, "errors")


def run_examples(runtime, language):
    with tempfile.TemporaryDirectory() as folder:
        for options, text in examples(language):
            run_example(runtime, options, text, pathlib.Path(folder))


@case
def the_examples_of_the_page_for_node_are_answered():
    run_examples(node, "js")


@case
def the_examples_of_the_page_for_dotnet_are_answered():
    run_examples(dotnet, "csharp")


if __name__ == "__main__":
    sys.exit(main())
