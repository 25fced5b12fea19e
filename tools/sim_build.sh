# What tools/sim.sh and tools/fuzz.sh share: the library, compiled for this machine against the simulated
# Windows of tests/sim. They set `compiler`, and `build`, a folder for these flags.
sim_flags=(-g -fshort-wchar -Wall -Wextra -Werror -DPP_MEMORY_GUARD -Isrc -Itests/sim/include)

# The calls into the system go through tests/sim/calls.c.
mapfile -t wraps < <(sed -n 's/^    X([A-Za-z_]*, \([A-Za-z]*\),.*/-Wl,--wrap=\1/p' tests/sim/calls.h)

object_of() {
    echo "$build/$(tr / _ <<<"${1%.c}").o"
}

# compile FLAGS LIBRARY_FLAGS SOURCE...: compiles what has changed. Other flags, or another header:
# everything. One script at a time, until `linked` or its end.
compile() {
    local flags=$1 library_flags=$2 source own commands=()
    mkdir -p "$build"
    exec 8>"$build/lock"
    flock 8
    if [ "$(cat "$build/flags" 2>/dev/null)" != "$compiler $flags" ] ||
        [ -n "$(find src tests/sim tests/fuzz -name '*.h' -newer "$build/flags")" ]; then
        rm -f "$build"/*.o
        echo "$compiler $flags" >"$build/flags"
    fi
    for source in "${@:3}"; do
        [[ ! $(object_of "$source") -nt $source ]] || continue
        own="-std=c11 $library_flags"
        [[ $source != tests/* ]] || own=-std=gnu11 # for the C library's coroutines
        commands+=("$compiler $flags $own -c -o $(object_of "$source") $source")
    done
    printf '%s\n' "${commands[@]}" | xargs -r -d '\n' -P "$(nproc)" -I{} sh -c '{}'
}

linked() {
    exec 8>&-
}
