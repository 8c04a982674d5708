#!/bin/sh
# Makes the hashed locks in requirements/ from pyproject.toml: `make lock`, or scripts/lock.sh [--upgrade].
# They hold versions and hashes for all systems and no address: the registry is the reader's own choice.
set -eu
cd "$(dirname -- "$0")/.."

uv=.cache/tools/bin/uv
[ -x "$uv" ] || uv=uv

compile() {
    output=$1
    shift
    # The file in place is uv's memory of versions: without --upgrade only what must change does.
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-package popcam --no-emit-package popcam-models \
        --custom-compile-command "make lock" --output-file "$output" "$@" >/dev/null
    echo "lock: $output"
}

compile requirements/run.txt --all-extras "$@" pyproject.toml
# The same versions as at run time, and the tools.
compile requirements/dev.txt --all-extras --group dev --constraints requirements/run.txt "$@" pyproject.toml
compile requirements/uv.txt "$@" requirements/uv.in
