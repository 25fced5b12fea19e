#!/bin/bash
# Builds, starts the server, drives it with 32 clients that check every byte, sends it datagrams,
# and stops it by Ctrl-C. Any error on the way gives a status other than 0.
. "$(dirname "$0")/setup.sh"

build build tools/mingw-gcc.ini
name=pipeport-demo-$$

echo "== server"
exec 3< <(exec wine build/src/pipeport.exe serve --pipe "$name" --mailslot "$name")
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
read -r -t 30 -u 3 line && [[ $line == "ready "* ]] || die "the server did not become ready"
echo "$line"

echo "== 32 clients, each byte checked"
wine build/bench/pipe_load.exe --pipe "$name" --verify --clients 32 --duration 5 </dev/null
echo "== datagrams"
wine build/bench/pipe_load.exe --mailslot "$name" --duration 2 --warmup 0 </dev/null

echo "== Ctrl-C"
kill -INT $server
read -r -t 30 -u 3 line && [[ $line == "stopped "* ]] || die "the server did not stop"
echo "$line"
wait $server || die "the server ended with status $?"
[[ $line =~ " errors=0 " ]] || die "the server counted errors"
[[ ! $line =~ " datagrams=0 " ]] || die "no datagram arrived"
