"""
Checks the map of the sources in docs/architecture.md: it names every module (x.c with x.h) of src
once, and within a folder a module includes only modules of lower levels. Prints each breach;
status 1 if any.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
MAP = ROOT / "docs" / "architecture.md"

FOLDER = re.compile(r"^\*\*`src/(\w+)`\*\*", re.M)
ROW = re.compile(r"^\| (\d+) \| ([\w ]+) \|", re.M)
INCLUDE = re.compile(r'^#include "(\w+)/(\w+)\.h"', re.M)


def levels_of(text):
    """{(folder, module): level}"""
    text = text[: text.index("\n## Words")]
    starts = list(FOLDER.finditer(text))
    levels = {}
    for start, end in zip(starts, [*starts[1:], None]):
        part = text[start.end() : end.start() if end else len(text)]
        for level, names in ROW.findall(part):
            for name in names.split():
                levels[start[1], name] = int(level)
    return levels


def main():
    levels = levels_of(MAP.read_text(encoding="utf-8"))
    found = {(p.parent.name, p.stem): [] for p in SRC.glob("*/*.[ch]")}
    for path in SRC.glob("*/*.[ch]"):
        found[path.parent.name, path.stem] += INCLUDE.findall(path.read_text(encoding="utf-8"))
    breaches = [f"src/{f}/{m} is not in the map" for f, m in sorted(found.keys() - levels.keys())]
    breaches += [f"src/{f}/{m} is in the map only" for f, m in sorted(levels.keys() - found.keys())]
    for module, includes in sorted(found.items()):
        for target in includes:
            here, there = levels.get(module), levels.get(target)
            if target[0] == module[0] and target != module and there >= here:
                breaches.append(f"src/{'/'.join(module)} ({here}) includes {target[1]} ({there})")
    print("\n".join(breaches) or f"{len(found)} modules are in the map and on their levels")
    return 1 if breaches or not found else 0


sys.exit(main())
