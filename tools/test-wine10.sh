#!/bin/bash
# Like tools/test.sh, under Wine 10: the one of Debian 13, which is bootstrapped into the user's cache
# folder. There a mailslot's handle can be on the port, as on Windows; under Wine 8 it cannot.
# Meson and the compilers stay outside; a `wine` that changes its root stands first in the path.
[ "$(id -u)" = 0 ] || {
    echo "${0##*/}: as root, please: it installs a Debian into a folder and changes its root" >&2
    exit 1
}
# In a mount namespace of our own, which goes with its last process: whatever ends us, nothing stays
# mounted, so that nobody deletes the tree through the cache folder.
[ "${PIPEPORT_MOUNTS:-}" = own ] || PIPEPORT_MOUNTS=own exec unshare --mount "$0" "$@"
also=(debootstrap:debootstrap) runtimes=wanted
. "$(dirname "$0")/setup.sh"

root=$cache/trixie/root
bin=$cache/trixie/bin

bootstrap() {
    local mirror
    mirror=$(source_lines 'Origin: Debian' | awk '$3 !~ /-/ { print $2; exit }')
    [ -n "$mirror" ] || die "apt knows no mirror of Debian: apt-get update, please"
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    [ -z "${http_proxy:-}" ] || export http_proxy
    echo "bootstrapping Debian 13 with Wine from $mirror"
    rm -rf --one-file-system "$root.new"
    debootstrap --variant=minbase --include=wine trixie "$root.new" "$mirror" >"$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        die "Debian 13 could not be installed"
    }
    rm -rf "$root.new/var/cache/apt/archives" "$root.new/var/lib/apt/lists"
    mv "$root.new" "$root"
}

# What a program needs of the outside, at the same paths.
mount_outside() {
    local folder
    for folder in /proc /sys /dev /tmp "${TMPDIR:-/tmp}" "$PWD" "$WINEPREFIX" "$cache/npm"; do
        mkdir -p "$root$folder"
        mount --rbind "$folder" "$root$folder"
    done
}

write_wrappers() {
    local name
    mkdir -p "$bin"
    for name in wine wineserver; do
        printf '%s\n' '#!/bin/sh' \
            "exec chroot '$root' /usr/bin/env --chdir=\"\$PWD\" PATH=/usr/bin:/bin $name \"\$@\"" \
            >"$bin/$name"
        chmod 755 "$bin/$name"
    done
}

export WINEPREFIX=$cache/trixie/prefix
mkdir -p "$WINEPREFIX"
exec 9>"$cache/trixie/lock"
flock 9
[ -d "$root" ] || bootstrap 9>&-
write_wrappers
exec 9>&-
mount_outside
PATH=$bin:$PATH

build build-wine10 tools/mingw-gcc.ini
wine_up
wine --version
run_tests build-wine10 "$@"
