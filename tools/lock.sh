#!/bin/sh
# Write the lock files anew from pyproject.toml. They name no registry: pip's own configuration says where from.
set -eu
cd "$(dirname "$0")/.."
venv="${VENV:-.venv}"
upgrade="${1:-}"
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet uv

lock() {
    out="$1"
    shift
    "$venv/bin/uv" pip compile pyproject.toml --quiet $upgrade --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --output-file "$out" "$@" >/dev/null
}

lock requirements/run.lock --group build
lock requirements/dev.lock --group build --group dev --constraint requirements/run.lock
