#!/bin/bash
# Run a command with DATABASE_URL naming a PostgreSQL of its own, which is gone again afterwards.
set -euo pipefail

bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ]; then
    initdb=$(command -v initdb) || { echo "PostgreSQL is not here: tools/debian.sh postgresql" >&2; exit 1; }
    bin=$(dirname "$initdb")
fi

home=$(mktemp -d)
# initdb refuses to run as root; the Debian package brings the user it wants instead.
as_owner=()
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$home/password"
if [ "$(id -u)" -eq 0 ]; then
    as_owner=(runuser -u postgres --)
    chown -R postgres "$home"
fi

sweep() {
    cd /
    "${as_owner[@]}" "$bin/pg_ctl" -D "$home/data" -m immediate -s stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap sweep EXIT
trap 'exit 130' INT TERM

port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
here=$PWD
cd "$home"
"${as_owner[@]}" "$bin/initdb" -D data -U fireside -A scram-sha-256 --pwfile=password \
    -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
# The data lives for one command, so nothing needs to survive a power cut.
"${as_owner[@]}" "$bin/pg_ctl" -D data -l "$home/log" -w -s start -o \
    "-p $port -k $home -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off" \
    || { cat "$home/log" >&2; exit 1; }
PGPASSWORD=$password "$bin/createdb" -h 127.0.0.1 -p "$port" -U fireside fireside
cd "$here"

DATABASE_URL="postgresql://fireside:$password@127.0.0.1:$port/fireside" "$@"
