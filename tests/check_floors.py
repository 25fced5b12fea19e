"""
Checks the rules of the source tree that no compiler knows: which folder may include which, how long
a file and a function may be, and what may not be called. Prints each breach; status 1 if any.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# A folder may include what lies lower, its own files, and pipeport.h. Neighbours on one floor do
# not know each other.
FLOORS = {"base": 0, "iocp": 1, "pipe": 2, "mailslot": 2, "server": 3}
MAX_FILE, MAX_FUNCTION = 450, 80

# Headers of C11 that MSVC has. <stdatomic.h> and <threads.h> are not among them.
STANDARD = set(
    "assert ctype errno float inttypes limits locale math setjmp signal stdarg stdbool stddef"
    " stdint stdio stdlib string time wchar wctype".split()
)
# Other <headers> in src: where, and which. Windows is included in one place alone.
ANYTHING = {"src/base/win.h"}
LIBRARIES = {"mimalloc.h": "src/base/mem.c", "cJSON.h": "src/server/"}
FORBIDDEN = re.compile(r"^(stdatomic|threads|pthread)\.h$")

# The kernel calls that the port counts are made in one file, or they would not be counted.
KERNEL_CALL = re.compile(
    r"\b(ReadFile|WriteFile|ReadFileEx|WriteFileEx|NtReadFile|NtWriteFile|TransactNamedPipe"
    r"|GetQueuedCompletionStatus|GetQueuedCompletionStatusEx)\s*\("
)
KERNEL_CALLERS = {
    "src/iocp/kernel.c": "counts them",
    "src/server/output.c": "has no port to count for",
    # The self-test tries the platform, not the library, and has no port to count for.
    "src/server/selftest_trial.c": "tries them",
    "src/server/selftest_port.c": "tries them",
    "src/server/selftest_data.c": "tries them",
    "src/server/selftest_mailslot.c": "tries them",
}
SLEEP = re.compile(r"\bSleep(Ex)?\s*\(")
# What gcc and clang take without a word, and Visual Studio not at all.
GNU = re.compile(r"\b__(attribute|typeof|extension|asm|auto_type|int128|label|builtin_\w+?)(__)?\b")

# Modules (x.c with x.h) that still need each other, all ways. None may join them, and a circle that
# is broken leaves this list.
KNOWN_CIRCLES = ()

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT_OR_STRING = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)

breaches = []


def breach(path, line, text):
    breaches.append(f"{path.relative_to(ROOT).as_posix()}:{line}: {text}")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def code_of(text):
    """The text without comments and strings, its lines where they were."""
    return COMMENT_OR_STRING.sub(lambda found: "\n" * found.group().count("\n"), text)


def check_project_include(path, line, target):
    """Returns the included file, or None."""
    file = SRC / target
    own = path.parent / target
    if SRC not in path.parents:
        if own.is_file():
            return own
        if target == "pipeport.h":
            return None
        if "tests" in path.parts and file.is_file():
            return file  # tests look inside
        breach(path, line, f'"{target}": only pipeport.h and own headers')
        return None
    if not file.is_file():
        breach(path, line, f'"{target}" is not a path below src')
        return None
    here, there = path.parent.name, file.parent.name
    if path.parent == SRC:
        breach(path, line, f'"{target}": the public header stands alone')
    elif file.parent != SRC and here != there and FLOORS[there] >= FLOORS[here]:
        breach(path, line, f'"{target}": {here} may not include {there}')
    return file


def check_system_include(path, line, target):
    name = path.relative_to(ROOT).as_posix()
    if FORBIDDEN.match(target):
        breach(path, line, f"<{target}>: Windows has its own")
    elif SRC in path.parents and name not in ANYTHING and target[:-2] not in STANDARD:
        if not name.startswith(LIBRARIES.get(target, "-")):
            breach(path, line, f"<{target}>: Windows headers come through base/win.h")


def check_circles(includes):
    done, trail = set(), []

    def visit(path):
        if path in trail:
            breach(path, 1, "is included in a circle")
        elif path not in done:
            trail.append(path)
            for target in includes.get(path, []):
                visit(target)
            trail.pop()
            done.add(path)

    for path in list(includes):
        visit(path)


def modules_of(includes):
    """x.c and x.h are one module: what either includes, the module includes."""
    modules = {}
    for path, targets in includes.items():
        own = path.with_suffix("")
        modules.setdefault(own, set()).update(target.with_suffix("") for target in targets)
        modules[own].discard(own)
    return modules


def reached_from(start, modules):
    reached, left = set(), [start]
    while left:
        for target in modules.get(left.pop(), ()):
            if target not in reached:
                reached.add(target)
                left.append(target)
    return reached


def circles_of(modules):
    """The largest sets of modules of which each reaches every other."""
    reached = {module: reached_from(module, modules) for module in modules}
    circles = {
        frozenset(other for other in reached[module] if module in reached.get(other, ()))
        for module in modules
        if module in reached[module]
    }
    return [sorted(m.relative_to(ROOT).as_posix() for m in circle) for circle in circles]


def check_modules(includes):
    found = sorted(circles_of(modules_of(includes)))
    for circle in found:
        if " ".join(circle) not in KNOWN_CIRCLES:
            breach(ROOT / circle[0], 1, f"modules need each other: {' '.join(circle)}")
    for known in KNOWN_CIRCLES:
        if known.split() not in found:
            breach(ROOT / known.split()[0], 1, "is in no such circle any more: KNOWN_CIRCLES")


def check_functions(path, code):
    """clang-format puts a function's braces, and no others, alone at the start of a line."""
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start + 1 > MAX_FUNCTION:
                breach(path, start, f"a function of {number - start + 1} lines")
            start = None


def check_calls(path, code):
    for found in SLEEP.finditer(code):
        breach(path, line_of(code, found.start()), "sleeps: wait for the event instead")
    for found in GNU.finditer(code):
        breach(path, line_of(code, found.start()), f"{found.group()}: Visual Studio does not know it")
    if SRC in path.parents and path.relative_to(ROOT).as_posix() not in KERNEL_CALLERS:
        for found in KERNEL_CALL.finditer(code):
            line = line_of(code, found.start())
            breach(path, line, f"calls {found.group(1)}: only src/iocp/kernel.c may")


def main():
    includes = {}
    files = [p for d in ("src", "bench", "tests") for p in sorted((ROOT / d).rglob("*.[ch]"))]
    for path in files:
        text = path.read_text(encoding="utf-8")
        code = code_of(text)
        # The one public header is the manual, and mostly text.
        if text.count("\n") > MAX_FILE and path != SRC / "pipeport.h":
            breach(path, 1, f"{text.count(chr(10))} lines")
        for found in INCLUDE.finditer(text):
            line, (kind, target) = line_of(text, found.start(2)), found.groups()
            if kind == "<":
                check_system_include(path, line, target)
            else:
                includes.setdefault(path, []).append(check_project_include(path, line, target))
        check_functions(path, code)
        check_calls(path, code)
    includes = {p: [t for t in ts if t] for p, ts in includes.items()}
    check_circles(includes)
    check_modules(includes)
    print("\n".join(breaches) or f"{len(files)} files keep the rules")
    return 1 if breaches or not files else 0


sys.exit(main())
