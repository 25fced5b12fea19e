#!/bin/bash
# Builds, runs the tests, and ends with `N passed, N failed, N skipped`.
# Arguments go to `meson test`, for instance `--suite pipe`.
runtimes=wanted
. "$(dirname "$0")/setup.sh"

build build tools/mingw-gcc.ini
run_tests build "$@"
