#!/bin/bash
# Builds the simulated Windows of tests/sim with the library inside, for this machine, and runs it:
# --worlds N or --seconds N, --seed N, --jobs N: random worlds, by tools/worlds.py.
# --replay [N]: whether the trace of a seed is the same to the letter each time, alone and after other
# worlds, for N seeds (10).
# Anything else goes to the program: --seed N --trace, --walk, --judge, --rules, --all [NAME] [--long]: see
# tests/sim/main.c.
# COVERAGE=1: has the compiler, which must be gcc, count what runs, for tools/coverage.py.
# CC is the compiler; SANITIZE the sanitizers ("" for none).
set -eu
cd "$(dirname "$0")/.."
compiler=${CC:-$(command -v clang || command -v gcc)}
sanitize=${SANITIZE-undefined}
. tools/sim_build.sh
flags=(-O1 "${sim_flags[@]}")
[ -z "${COVERAGE-}" ] || flags=(-O0 --coverage "${sim_flags[@]}")
[ -z "$sanitize" ] || flags+=("-fsanitize=$sanitize" -fno-sanitize-recover=all)
build=build-sim/$(basename "$compiler")${sanitize:+-${sanitize//,/-}}${COVERAGE:+-coverage}

sources=()
for source in src/{base,iocp,pipe,mailslot}/*.c src/server/selftest_*.c tests/sim/*.c; do
    # tests/sim/calls.c has its functions
    [ $source = src/base/mem_guard.c ] || sources+=("$source")
done
compile "${flags[*]}" "" "${sources[@]}"
objects=()
for source in "${sources[@]}"; do
    objects+=("$(object_of "$source")")
done
sim=$build/sim
[ -z "$(find "$build" -name '*.o' -newer "$sim" 2>&1)" ] || # or there is none yet
    "$compiler" "${flags[@]}" "${wraps[@]}" -o "$sim" "${objects[@]}"
linked
# The library's calls that the simulator models: calls.h names each of them.
library=()
model=()
for object in "${objects[@]}"; do
    [[ $object != */src_* || $object == */src_server_* ]] || library+=("$object")
    [[ $object != */tests_* ]] || model+=("$object")
done
comm -12 <(nm -u "${library[@]}" | sed -n 's/^ *U //p' | sort -u) \
    <(nm --defined-only "${model[@]}" | sed -n 's/^[0-9a-f]* T //p' | sort -u) |
    grep -Ev '^(sim_|mem_guard_|_)' | while read -r call; do
    grep -qw "$call" tests/sim/calls.h || { echo "calls.h does not name $call" && exit 1; }
done

case " $* " in
*" --trace "*) ;;
" --replay "*)
    for ((seed = 10; seed < 10 + ${2-10}; seed++)); do
        "$sim" --seed $seed --trace | cmp - <("$sim" --seed $seed --trace)
        "$sim" --seed $seed --trace | cmp - <("$sim" --seed $((seed - 9)) --worlds 10 --trace)
    done
    echo "${2-10} seeds replay"
    exit
    ;;
*" --worlds "* | *" --seconds "*)
    exec python3 tools/worlds.py "$sim" "$@"
    ;;
esac
exec "$sim" "$@"
