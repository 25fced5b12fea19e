"""
Reads C as far as its layout tells: clang-format puts a function's braces, and no others, alone at
the start of a line.
"""

import re
import typing

COMMENT_OR_STRING = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
# A declaration at the start of a line, up to its parenthesis; what is left of it says what it is.
DECLARED = re.compile(r"^(?!typedef\b)([A-Za-z_][\w \t\n*]*?)\b(\w+)\([^;{}]*?\);", re.M)


class Function(typing.NamedTuple):
    name: str
    is_static: bool
    line: int  # of the first of its head
    length: int  # with its head
    body: str


def blank(found):
    """So many lines, and nothing in them."""
    return "\n" * found.group().count("\n")


def code_of(text):
    """The text without comments and strings, its lines where they were."""
    return COMMENT_OR_STRING.sub(blank, text)


def head_of(lines, brace):
    """Where the head of a function begins whose body begins at `brace`; None: it is something else."""
    start = brace
    while start > 0 and lines[start - 1].strip() and lines[start - 1] not in ("}", "};"):
        start -= 1
    head = " ".join(lines[start:brace])
    return start if "(" in head and not head.startswith(("typedef", "struct", "enum")) else None


def functions_of(code):
    lines, functions, brace = DIRECTIVE.sub(blank, code).split("\n"), [], None
    for number, line in enumerate(lines):
        if line == "{":
            brace = number
        elif line == "}" and brace is not None:
            start = head_of(lines, brace)
            if start is not None:
                head = " ".join(lines[start:brace])
                # A macro that begins a test has its name as an argument.
                name = re.search(r"TEST_CASE\((\w+)\)|(\w+)\s*\(", head)
                functions.append(
                    Function(
                        name[1] or name[2],
                        "static" in head or bool(name[1]),
                        start + 1,
                        number - start + 1,
                        "\n".join(lines[brace:number]),
                    )
                )
            brace = None
    return functions


def declared_in(code):
    """The functions that a header declares and does not define, with their lines."""
    code = DIRECTIVE.sub(blank, code)
    for found in DECLARED.finditer(code):
        yield found[2], code.count("\n", 0, found.start(2)) + 1


def reached_from(start, graph):
    reached, left = set(), [start]
    while left:
        for target in graph.get(left.pop(), ()):
            if target not in reached:
                reached.add(target)
                left.append(target)
    return reached


def circles_of(graph):
    """The largest sets of which each reaches every other."""
    reached = {node: reached_from(node, graph) for node in graph}
    circles = {
        frozenset(other for other in reached[node] if node in reached.get(other, ()))
        for node in graph
        if node in reached[node]
    }
    return sorted(sorted(circle) for circle in circles)
