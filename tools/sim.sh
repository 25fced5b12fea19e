#!/bin/bash
# Builds the simulated Windows of tests/sim with the library inside, for this machine, and runs random
# worlds in it. Arguments go to the program: --seed N, --worlds N; --judge: the rows of the self-test;
# --rules: its rules.
# CC is the compiler; SANITIZE the sanitizers ("" for none).
set -eu
cd "$(dirname "$0")/.."
compiler=${CC:-$(command -v clang || command -v gcc)}
sanitize=${SANITIZE-undefined}
build=build-sim
flags=(-O1 -g -fshort-wchar -Wall -Wextra -Isrc -Itests/sim/include)
[ -z "$sanitize" ] || flags+=("-fsanitize=$sanitize" -fno-sanitize-recover=all)
mkdir -p $build

# What the simulator does not model yet stays out: adopted handles, child processes.
sources=(src/base/*.c src/iocp/*.c src/pipe/*.c src/mailslot/*.c src/server/selftest_*.c)
for out in src/base/mem_guard.c src/pipe/adopt.c src/pipe/spawn.c; do
    sources=("${sources[@]/#$out/}")
done
sources+=(tests/sim/*.c)
objects=()
commands=()
for source in "${sources[@]}"; do
    [ -n "$source" ] || continue
    object=$build/$(echo "${source%.c}" | tr / _).o
    objects+=("$object")
    standard=c11
    [[ $source != tests/* ]] || standard=gnu11 # for the C library's coroutines
    commands+=("$compiler -std=$standard ${flags[*]} -c -o $object $source")
done
printf '%s\n' "${commands[@]}" | xargs -d '\n' -P "$(nproc)" -I{} sh -c '{}'
"$compiler" "${flags[@]}" -o $build/sim "${objects[@]}"
exec $build/sim "$@"
