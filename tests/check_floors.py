"""
Checks the rules of the source tree that no compiler knows: which folder may include which, what may
need what, how long a file and a function may be, how functions are named, and what may not be called.
Prints each breach, and a table of the measures; status 1 if there is a breach.
"""

import pathlib
import re
import statistics
import sys

from c_source import IDENTIFIER, circles_of, code_of, declared_in, functions_of

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
    "src/server/text_file.c": "has no port to count for",
    # The self-test tries the platform, not the library, and has no port to count for.
    "src/server/selftest_trial.c": "tries them",
    "src/server/selftest_port.c": "tries them",
    "src/server/selftest_data.c": "tries them",
    "src/server/selftest_mailslot.c": "tries them",
}
SLEEP = re.compile(r"\bSleep(Ex)?\s*\(")
# What gcc and clang take without a word, and Visual Studio not at all.
GNU = re.compile(r"\b__(attribute|typeof|extension|asm|auto_type|int128|label|builtin_\w+?)(__)?\b")
GNU_ALONE = "coroutines.c"  # Visual Studio never compiles it

# Modules (x.c with x.h) that still need each other, all ways: by what they include, and by what their
# functions call. None may join them, and a circle that is broken leaves this list.
KNOWN_CIRCLES = ()
KNOWN_CALL_CIRCLES = ()

# What x.h declares, x.c defines, but for these: where they are defined, and why.
DEFINED_ELSEWHERE = {
    "NtQueryInformationFile": (None, "Windows defines it, and declares it for drivers alone"),
    "impersonate_open_token": ("src/pipe/impersonate", "a test's own takes its place"),
    "instance_create": ("src/pipe/instance_create", "a test's own takes its place"),
    "open_file": ("src/pipe/open_file", "a test's own takes its place"),
    "open_prepare": ("src/pipe/open_request", "open.c is the call that may block"),
    "open_may_succeed_later": ("src/pipe/open_request", "open.c is the call that may block"),
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
breaches = []


def breach(path, line, text):
    breaches.append(f"{path.relative_to(ROOT).as_posix()}:{line}: {text}")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


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
        own, *needed = (p.relative_to(ROOT).with_suffix("").as_posix() for p in (path, *targets))
        modules.setdefault(own, set()).update(module for module in needed if module != own)
    return modules


def path_of(module):
    return ROOT / (module + (".c" if (ROOT / (module + ".c")).exists() else ".h"))


def check_modules(graph, known, what, name_of_list):
    """Returns how many circles there are."""
    found = circles_of(graph)
    for circle in found:
        if " ".join(circle) not in known:
            breach(path_of(circle[0]), 1, f"{what}: {' '.join(circle)}")
    for circle in known:
        if circle.split() not in found:
            breach(path_of(circle.split()[0]), 1, f"is in no such circle any more: {name_of_list}")
    return len(found)


def program_of(module):
    """All of src is one; each folder of bench has functions of the same names."""
    return "src" if module.startswith("src/") else module.rpartition("/")[0]


class Folder:
    """What is measured of one folder."""

    def __init__(self):
        self.files, self.functions, self.asserts = [], [], 0


class Tree:
    """What the files say together: who defines a function, and who mentions which names."""

    def __init__(self):
        self.defined, self.declared, self.mentioned, self.folders = {}, {}, {}, {}

    def add(self, path, text, code):
        functions = functions_of(code)
        module = path.relative_to(ROOT).with_suffix("").as_posix()
        folder = self.folders.setdefault(path.parent.relative_to(ROOT).as_posix(), Folder())
        folder.files.append((text.count("\n"), path.name))
        folder.functions += [(f.length, f.name) for f in functions]
        folder.asserts += len(re.findall(r"\bassert\(", code))
        check_functions(path, functions)
        if path.parts[len(ROOT.parts)] == "tests" or path == SRC / "pipeport.h":
            return
        self.defined.setdefault(program_of(module), {}).update(
            {f.name: module for f in functions if not f.is_static}
        )
        if path.suffix == ".h":
            self.declared.update({name: (path, line) for name, line in declared_in(code)})
        # What a source file mentions it uses, in tables, too; a header also declares.
        used = code if path.suffix == ".c" else " ".join(f.body for f in functions)
        self.mentioned.setdefault(module, set()).update(IDENTIFIER.findall(used))

    def calls(self):
        """Which module calls which."""
        graph = {}
        for module, names in self.mentioned.items():
            defined = self.defined.get(program_of(module), {})
            graph[module] = {defined[name] for name in names & defined.keys()} - {module}
        return graph

    def check_declared(self):
        """What x.h declares, x.c defines."""
        for name, (path, line) in self.declared.items():
            if SRC not in path.parents:
                continue
            own = path.relative_to(ROOT).with_suffix("").as_posix()
            where = self.defined["src"].get(name)
            if where != DEFINED_ELSEWHERE.get(name, (own,))[0]:
                breach(path, line, f"{name} is defined in {where}")
        for name in DEFINED_ELSEWHERE.keys() - self.declared.keys():
            breach(pathlib.Path(__file__), 1, f"{name}, which stands in DEFINED_ELSEWHERE, is gone")


def check_functions(path, functions):
    for f in functions:
        if f.length > MAX_FUNCTION:
            breach(path, f.line, f"{f.name} has {f.length} lines")
        if path.is_relative_to(SRC) and f.name not in ("main", "wmain"):
            if "__" in f.name and not f.is_static:
                breach(path, f.line, f"{f.name} is another file's to call: no __ in its name")
            elif "__" not in f.name and f.is_static and path.suffix == ".c":
                breach(path, f.line, f"{f.name} is this file's alone: module__verb")


def print_measures(folders, circles, call_circles):
    def row(name, functions, files, asserts):
        lengths = sorted(length for length, _ in functions) or [0]
        p90 = lengths[min(len(lengths) - 1, len(lengths) * 9 // 10)]
        (longest, function), (file_length, file) = max(functions or [(0, "")]), max(files)
        print(
            f"{name:<16} {len(functions):5} {statistics.median(lengths):7.0f} {p90:5}"
            f" {longest:4} {function:<40.40} {len(files):4}"
            f" {statistics.median(n for n, _ in files):7.0f} {file_length:5} {file:<20} {asserts:4}"
        )

    print(
        "\n                 functions                                                           files"
        "\nfolder           count  median   p90 longest                                     count"
        "  median longest                 asserts"
    )
    for name, folder in sorted(folders.items()):
        row(name, folder.functions, folder.files, folder.asserts)
    src = [folder for name, folder in folders.items() if name.startswith("src/")]
    row(
        "all of src",
        [f for folder in src for f in folder.functions],
        [f for folder in src for f in folder.files],
        sum(folder.asserts for folder in src),
    )
    print(f"circles of modules: {circles} by what they include, {call_circles} by what they call")


def check_calls(path, code):
    for found in SLEEP.finditer(code):
        breach(path, line_of(code, found.start()), "sleeps: wait for the event instead")
    for found in GNU.finditer(code) if path.name != GNU_ALONE else ():
        breach(path, line_of(code, found.start()), f"{found.group()}: Visual Studio does not know it")
    if SRC in path.parents and path.relative_to(ROOT).as_posix() not in KERNEL_CALLERS:
        for found in KERNEL_CALL.finditer(code):
            line = line_of(code, found.start())
            breach(path, line, f"calls {found.group(1)}: only src/iocp/kernel.c may")


def main():
    includes, tree = {}, Tree()
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
        tree.add(path, text, code)
        check_calls(path, code)
    includes = {p: [t for t in ts if t] for p, ts in includes.items()}
    check_circles(includes)
    tree.check_declared()
    circles = check_modules(
        modules_of(includes), KNOWN_CIRCLES, "modules need each other", "KNOWN_CIRCLES"
    )
    call_circles = check_modules(
        tree.calls(), KNOWN_CALL_CIRCLES, "functions call each other", "KNOWN_CALL_CIRCLES"
    )
    print("\n".join(breaches) or f"{len(files)} files keep the rules")
    print_measures(tree.folders, circles, call_circles)
    return 1 if breaches or not files else 0


sys.exit(main())
