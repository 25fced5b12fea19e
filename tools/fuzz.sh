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
flags=(-O1 -g -fshort-wchar -Wall -Wextra -DPP_MEMORY_GUARD -Isrc -Itests/sim/include
    -fsanitize=address,undefined -fno-sanitize-recover=all)
mkdir -p $build
if [ "$(cat $build/flags 2>/dev/null)" != "$compiler ${flags[*]}" ] ||
    [ -n "$(find src tests/sim tests/fuzz -name '*.h' -newer $build/flags)" ]; then
    rm -f $build/*.o
    echo "$compiler ${flags[*]}" >$build/flags
fi

# As tools/sim.sh; and of the server what reads its command line.
sources=(src/base/*.c src/iocp/*.c src/pipe/*.c src/mailslot/*.c)
for name in arguments setting word number where endpoint program service service_echo service_sink; do
    sources+=("src/server/$name.c")
done
sources+=(tests/sim/*.c)
sources+=(tests/fuzz/*.c)
commands=()
objects=()
for source in "${sources[@]}"; do
    case $source in src/base/mem_guard.c | tests/sim/main.c) continue ;; esac
    object=$build/$(echo "${source%.c}" | tr / _).o
    case $source in src/* | tests/sim/*) objects+=("$object") ;; esac
    [[ ! $object -nt $source ]] || continue
    standard=c11
    traced=-fsanitize=fuzzer-no-link
    [[ $source != tests/* ]] || standard=gnu11 traced=
    commands+=("$compiler -std=$standard ${flags[*]} $traced -c -o $object $source")
done
printf '%s\n' "${commands[@]}" | xargs -r -d '\n' -P "$(nproc)" -I{} sh -c '{}'
mapfile -t wraps < <(sed -n 's/^    X([A-Za-z_]*, \([A-Za-z]*\),.*/-Wl,--wrap=\1/p' tests/sim/calls.h)
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
