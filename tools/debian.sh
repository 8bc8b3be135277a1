#!/bin/sh
# Install the Debian packages named, those that are missing only; asks for nothing when all are there.
set -eu
export DEBIAN_FRONTEND=noninteractive
missing=""
for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "This is not Debian: please install the equivalents of$missing, then try again." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing, and only root can install them:$missing" >&2
        exit 1
    fi
    as_root="sudo DEBIAN_FRONTEND=noninteractive"
fi
echo "Installing$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086  # the list is meant to fall into words
$as_root apt-get install -qq -y --no-install-recommends $missing >/dev/null
