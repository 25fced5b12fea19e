#!/bin/bash
# Builds, runs the tests, and ends with `N passed, N failed, N skipped`.
# Arguments go to `meson test`, for instance `--suite pipe`.
runtimes=wanted
. "$(dirname "$0")/setup.sh"

build build tools/mingw-gcc.ini
wine_up
log=build/meson-logs/testlog.json
rm -f $log
status=0
meson test -C build --no-rebuild --print-errorlogs "$@" </dev/null || status=$?
python3 tools/summary.py $log tests/skips.txt $status
