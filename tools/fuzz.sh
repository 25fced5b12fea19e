#!/bin/bash
# Builds the targets of tests/fuzz with libFuzzer and the simulated Windows, into build-fuzz, and runs
# each over its corpus: fuzz.sh [--seconds N] [TARGET]. With --seconds it searches for so long in
# each; without it only replays the corpus. What it finds stands in build-fuzz.
set -eu
cd "$(dirname "$0")/.."
compiler=${CC:-clang}
build=build-fuzz
seconds=
[ "${1-}" != --seconds ] || { seconds=$2 && shift 2; }
targets=(frames names numbers options access session)
[ $# = 0 ] || targets=("$1")
. tools/sim_build.sh
flags=(-O1 "${sim_flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=all)

# As tools/sim.sh; and of the server what reads its command line.
server=(arguments config ini nearest setting word number where endpoint program session service
    service_echo service_sink)
sources=()
objects=()
for source in src/{base,iocp,pipe,mailslot}/*.c "${server[@]/#/src/server/}" tests/sim/*.c; do
    source=${source%.c}.c
    case $source in src/base/mem_guard.c | tests/sim/main.c) continue ;; esac
    sources+=("$source")
    objects+=("$(object_of "$source")")
done
compile "${flags[*]}" -fsanitize=fuzzer-no-link "${sources[@]}" tests/fuzz/*.c
ar rcs $build/library.a "${objects[@]}" # each target takes what it needs
for target in "${targets[@]}"; do
    "$compiler" "${flags[@]}" -fsanitize=fuzzer "${wraps[@]}" -o $build/$target \
        $build/tests_fuzz_$target.o $build/tests_fuzz_fuzz.o $build/library.a
    corpus=tests/fuzz/$target
    if [ -n "$seconds" ]; then
        mkdir -p $build/found-$target
        $build/$target -max_total_time="$seconds" -max_len=4096 -artifact_prefix=$build/ -close_fd_mask=0 \
            -print_final_stats=1 $build/found-$target $corpus
    else
        $build/$target -runs=0 $corpus 2>&1 | tail -2
    fi
done
