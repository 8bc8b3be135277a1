#!/bin/sh
# Build dist/: the source package from this tree, and the wheel from nothing but that, so that one proves the other.
set -eu
cd "$(dirname "$0")/.."
python="$PWD/${VENV:-.venv}/bin/python"
out="${1:-$PWD/dist}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)  # the same tree makes the same files
export SOURCE_DATE_EPOCH

mkdir -p "$out" "$work/source"
tar --create --exclude=__pycache__ fireside pyproject.toml README.md LICENSE MANIFEST.in | tar --extract --directory "$work"
cd "$work"
"$python" -c "from setuptools import build_meta; build_meta.build_sdist('made')" >log 2>&1 || { cat log >&2; exit 1; }
tar --extract --gzip --file made/*.tar.gz --directory source --strip-components 1
"$python" -m pip --quiet wheel --no-deps --no-build-isolation --no-index --wheel-dir made ./source
mv made/* "$out"
cd "$OLDPWD"
"$python" tools/sbom.py "$out/fireside.cdx.json" >/dev/null
ls "$out"
