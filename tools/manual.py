"""
The manual: one page of HTML from the public header and the table of the options.

    manual.py HEADER OPTIONS PAGE    writes the page
    manual.py HEADER OPTIONS         only checks that there is something to say of everything

It is an error when a function has no comment directly before it or before the group of lines that
it stands in, but for `X_init`, which sets the defaults of the structure X. And it is one when a
member of a structure X_options has neither a comment nor a row in the table; one whose type the
header declares, and a `void *`, which is the user's own, need none, and what is said of a member is
said of those in other structures that are declared alike.
"""

import html
import pathlib
import re
import sys

SECTION = re.compile(r"/\* ---- (.+?) -+ \*/")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
NAME_OF_TYPE = re.compile(r"^typedef (?:struct|enum|union) (\w+)|^typedef [^;]*?(\w+)\(", re.M)
NAME_OF_FUNCTION = re.compile(r"^PP_API [^;(]*?(\w+)\(", re.M)
STATUS = re.compile(r'^\s*X\((\w+),\s*"([^"]*)"', re.M)
STRUCTURE = re.compile(r"^typedef struct (\w+) \{\n(.*?)^\} \1;", re.S | re.M)
# Behind the semicolon a comment belongs to the member, if it begins on the same line.
MEMBER = re.compile(
    r"\s*(?P<before>/\*.*?\*/\s*)*(?P<code>[^;/]+;)[ \t]*(?P<behind>/\*.*?\*/)?", re.S
)
CONSTANT = re.compile(r"^#define (\w+) ([\w* ()]+)$", re.M)
ROW = re.compile(
    r"\bROW\((pp_\w+), (\w+), OPTION_(\w+), ([^,]+), ([^,]+), ([^,]+), (true|false),"
    r'\s*((?:"[^"]*"\s*)+)\)'
)
UNITS = {"COUNT": "", "BYTES": "bytes", "MS": "ms"}

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1em; max-width: 52em; }
pre, code { font: 14px/1.45 ui-monospace, Consolas, monospace; }
pre { overflow-x: auto; padding: .6em .8em; border-radius: 4px; background: #8882; }
p > code { background: #8882; padding: 0 .2em; border-radius: 3px; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: .6em 0; }
th, td { text-align: left; vertical-align: top; padding: .2em .8em .2em 0; }
td { border-top: 1px solid #8884; }
a { color: inherit; text-decoration-color: #8888; }
nav { columns: 16em; }
nav ul { margin-top: 0; padding-left: 1.2em; break-inside: avoid-column; }
section { margin-top: 2em; }
"""


# ---- Reading ----------------------------------------------------------------------------------


def blocks_of(text):
    """Splits at empty lines that are neither in a comment nor in braces."""
    block, depth, comment = [], 0, False
    for line in text.split("\n"):
        if not line.strip() and not comment and depth == 0:
            if block:
                yield "\n".join(block)
            block = []
            continue
        block.append(line)
        comment = line.rfind("/*") > line.rfind("*/") or (comment and "*/" not in line)
        code = COMMENT.sub("", line)
        depth += code.count("{") - code.count("}") if not comment else 0
    if block:
        yield "\n".join(block)


def text_of(comment):
    """A comment's text, its lines without what marks them as one."""
    inner = comment.strip()[2:-2].split("\n")
    return "\n".join(re.sub(r"^\s*\* ?", "", line).rstrip() for line in inner).strip("\n").strip()


def value_of(expression, constants):
    """A product of numbers and constants."""
    product = 1
    for factor in re.split(r"[*() ]+", expression.strip("() ")):
        number = re.fullmatch(r"(\d+)u?l*", factor)
        product *= int(number[1]) if number else value_of(constants[factor], constants)
    return product


class Option:
    def __init__(self, row, constants):
        self.structure, self.member, unit, *numbers, zero, text = row
        self.unit = UNITS[unit]
        self.standard, self.least, self.most = (value_of(n, constants) for n in numbers)
        self.zero = zero == "true"
        self.text = "".join(re.findall(r'"([^"]*)"', text))

    def print(self, number):
        for name, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if self.unit == "bytes" and number and number % size == 0:
                return f"{number // size} {name}"
        return f"{number:,}"

    def range(self):
        also = "0, or " if self.zero and self.least > 0 else ""
        return f"{also}{self.print(self.least)} to {self.print(self.most)}"


class Header:
    """The header in the order in which it was written: sections of blocks."""

    def __init__(self, text, table):
        self.statuses = STATUS.findall(text.replace("\\\n", "\n"))
        constants = dict(CONSTANT.findall(table))
        self.options = [Option(row, constants) for row in ROW.findall(table)]
        if table.count("    ROW(") != len(self.options) or not self.statuses:
            raise ValueError("a row of the options or the table of statuses cannot be read")
        self.about = text_of(COMMENT.match(text).group())
        self.sections = []
        parts = SECTION.split(text)[1:]
        for title, body in zip(parts[::2], parts[1::2]):
            self.sections.append((title, [b for b in blocks_of(body) if self.is_shown(b)]))
        self.functions = NAME_OF_FUNCTION.findall(text)
        self.types = [a or b for a, b in NAME_OF_TYPE.findall(text)]
        self.structures = dict(STRUCTURE.findall(text))

    @staticmethod
    def is_shown(block):
        return re.search(r"^(typedef|PP_API)\b", block, re.M)

    def rows_of(self, structure):
        return [option for option in self.options if option.structure == structure]


# ---- Checking ---------------------------------------------------------------------------------


def silent_functions(header):
    for _, blocks in header.sections:
        for block in blocks:
            for name in NAME_OF_FUNCTION.findall(block):
                default = name.endswith("_init") and name[:-5] in header.structures
                if not block.startswith("/*") and not default:
                    yield f"{name} has no comment"


def members_of(body):
    """Each member's declaration, and whether something is said of it."""
    for found in MEMBER.finditer(body):
        yield " ".join(found["code"].split()), bool(found["before"] or found["behind"])


def silent_members(header):
    options = {k: v for k, v in header.structures.items() if k.endswith("_options")}
    said = {code for body in options.values() for code, commented in members_of(body) if commented}
    for structure, body in options.items():
        rows = {option.member for option in header.rows_of(structure)}
        for code, _ in members_of(body):
            name = re.search(r"(\w+)(?:\[\w+\])?\)?(?:\(.*\))?;$", code)[1]
            own = code.startswith("void *") and "(" not in code
            if not (code in said or name in rows or own or code.split()[0] in header.types):
                yield f"{structure}: {name} has neither a comment nor a row"


def faults(header):
    for option in header.options:
        if not re.search(rf"\b{option.member};", header.structures.get(option.structure, "")):
            yield f"{option.structure}.{option.member} is in the table of options only"
    if not header.functions:
        yield "there is no function"
    yield from silent_functions(header)
    yield from silent_members(header)


# ---- Writing ----------------------------------------------------------------------------------


class Page:
    def __init__(self, header):
        self.header = header
        self.anchors = {*header.functions, *header.types, *("PP_" + s for s, _ in header.statuses)}

    def link(self, text):
        """Escapes it; names that the page explains lead there, and `...` is code."""

        def anchor(found):
            name = found.group()
            return f'<a href="#{name}">{name}</a>' if name in self.anchors else name

        text = re.sub(r"\b(?:pp|PP)_\w+", anchor, html.escape(text, quote=False))
        return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)

    def prose(self, text):
        """Paragraphs; lines that are set in stay as they are, and so do lists."""
        out = []
        for paragraph in re.split(r"\n\n", text):
            for kind, lines in self.runs(paragraph.split("\n")):
                tag = "pre" if kind else "p"
                out.append(f"<{tag}>{self.link(chr(10).join(lines))}</{tag}>")
        return "\n".join(out)

    @staticmethod
    def runs(lines):
        """Groups of lines that are set in, or not."""
        groups = []
        for line in lines:
            kind = line.startswith(" ")
            if not groups or groups[-1][0] != kind:
                groups.append((kind, []))
            groups[-1][1].append(line)
        return groups

    def statuses(self):
        yield "<table><tr><th>status<th>meaning"
        for name, text in self.header.statuses:
            yield f'<tr id="PP_{name}"><td><code>PP_{name}</code><td>{html.escape(text)}'
        yield "</table>"

    def options(self, structure):
        rows = self.header.rows_of(structure)
        if not rows:
            return
        yield "<table><tr><th>number<th>default<th>range<th>unit<th>meaning"
        for row in rows:
            yield (
                f"<tr><td><code>{row.member}</code><td>{row.print(row.standard)}<td>{row.range()}"
                f"<td>{row.unit}<td>{html.escape(row.text)}"
            )
        yield "</table>"

    def block(self, block):
        names = [a or b for a, b in NAME_OF_TYPE.findall(block)] + NAME_OF_FUNCTION.findall(block)
        comment = COMMENT.match(block)
        code = block[comment.end() :].strip("\n") if comment else block
        for name in names:
            yield f'<a id="{name}"></a>'
        yield f"<pre>{self.link(code.replace('PP_API ', ''))}</pre>"
        if comment:
            yield self.prose(text_of(comment.group()))
        for name in names:
            if name.endswith("_init"):
                yield f"<p>Sets every default of {self.link(name[:-5])}.</p>"
            yield from self.options(name)

    def contents(self):
        yield "<nav><ul>"
        for number, (title, blocks) in enumerate(self.header.sections):
            yield f'<li><a href="#section-{number}">{html.escape(title)}</a><ul>'
            for name in NAME_OF_FUNCTION.findall("\n".join(blocks)):
                yield f"<li>{self.link(name)}"
            yield "</ul>"
        yield "</ul></nav>"

    def lines(self):
        yield '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        yield '<meta name="viewport" content="width=device-width">'
        yield f"<title>pipeport: manual</title>\n<style>{STYLE}</style>\n<h1>pipeport</h1>"
        yield self.prose(self.header.about)
        yield from self.contents()
        for number, (title, blocks) in enumerate(self.header.sections):
            yield f'<section id="section-{number}"><h2>{html.escape(title)}</h2>'
            if number == 0:
                yield from self.statuses()
            for block in blocks:
                yield from self.block(block)
            yield "</section>"
        yield "</html>"


def main(header, options, page=None):
    read = [pathlib.Path(path).read_text(encoding="utf-8") for path in (header, options)]
    header = Header(*read)
    found = list(faults(header))
    print("\n".join(found) or f"{len(header.functions)} functions and their options are explained")
    if page and not found:
        text = "\n".join(Page(header).lines()) + "\n"
        pathlib.Path(page).write_bytes(text.encode())
    return 1 if found else 0


sys.exit(main(*sys.argv[1:]))
