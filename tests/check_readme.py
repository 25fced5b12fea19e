"""Compiles the examples of the README: check_readme.py README.md FOLDER_OF_THE_HEADER COMPILER..."""

import pathlib
import re
import subprocess
import sys
import tempfile

readme, include, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
examples = re.findall(r"```c\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
if pathlib.PurePath(compiler[0]).stem in ("cl", "clang-cl"):
    flags = ["/nologo", "/Zs", "/std:c11", "/W4", "/WX", "/I"]
else:
    flags = ["-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]

statuses = []
with tempfile.TemporaryDirectory() as folder:
    for number, example in enumerate(examples, 1):
        source = pathlib.Path(folder, f"example{number}.c")
        source.write_text(example)
        statuses.append(subprocess.run([*compiler, *flags, include, str(source)]).returncode)
print(f"{len(examples)} examples")
sys.exit(max(statuses, default=1))
