"""Compiles the example of the README: check_readme.py README.md FOLDER_OF_THE_HEADER COMPILER..."""

import pathlib
import re
import subprocess
import sys
import tempfile

readme, include, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
example = re.search(r"```c\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL).group(1)
if pathlib.PurePath(compiler[0]).stem in ("cl", "clang-cl"):
    flags = ["/nologo", "/Zs", "/std:c11", "/W4", "/WX", "/I"]
else:
    flags = ["-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]

with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder, "example.c")
    source.write_text(example)
    sys.exit(subprocess.run([*compiler, *flags, include, str(source)]).returncode)
