"""
Each row of the first table of docs/security.md names, in italics, the tests and rules that show it, or says that
none does; and each name in italics on the page is that of a test or rule.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ITALICS = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")


def names():
    yield from re.findall(r"'([^'\n]+)'", (ROOT / "tests/meson.build").read_text("utf-8"))
    for file in (ROOT / "tests/sim").glob("rules_*.c"):
        yield from re.findall(r'\{"([^"\n]+)",', file.read_text("utf-8"))


def main():
    page = (ROOT / "docs/security.md").read_text("utf-8")
    known = set(names())
    wrong = [f'no test or rule "{name}"' for name in ITALICS.findall(page) if name not in known]
    rows = re.search(r"\|---\|---\|---\|\n((?:\|.*\n)+)", page)[1].splitlines()
    rows = [row for row in rows if not row.endswith("| | |")]  # those are headings
    wrong += [f"shown by nothing: {row}" for row in rows
              if not ITALICS.search(row) and not row.endswith("| no test |")]  # fmt: skip
    print("\n".join(wrong) or f"{len(ITALICS.findall(page))} names, {len(rows)} rows of threats")
    return 1 if wrong else 0


sys.exit(main())
