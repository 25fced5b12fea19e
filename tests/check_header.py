"""Compiles a header alone: check_header.py HEADER c|c++ COMPILER..."""

import pathlib
import subprocess
import sys
import tempfile

header, language, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
if pathlib.PurePath(compiler[0]).stem in ("cl", "clang-cl"):
    flags = ["/nologo", "/Zs", "/W4", "/WX", "/I"]
else:
    standard = "c11" if language == "c" else "c++11"
    flags = ["-std=" + standard, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]

with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder, "alone.c" if language == "c" else "alone.cpp")
    # Twice: the guard is part of the promise. The declaration: an empty unit is not standard C.
    source.write_text(f'#include "{header.name}"\n#include "{header.name}"\nint alone;\n')
    sys.exit(subprocess.run([*compiler, *flags, str(header.parent), str(source)]).returncode)
