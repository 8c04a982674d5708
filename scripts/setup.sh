#!/bin/sh
# Sets popcam up in .venv, on Linux and macOS, without root and without make.
#
#   scripts/setup.sh        what is needed to run it
#   scripts/setup.sh dev    and what is needed to change and test it
#
# Everything comes from the package registry that pip and uv are set to, and is held against the hashes in
# requirements/. A second run takes seconds. See scripts/setup.ps1 for Windows.
set -eu

mode=${1:-run}
case $mode in
run | dev) ;;
*)
    echo "usage: scripts/setup.sh [run|dev]" >&2
    exit 2
    ;;
esac
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
tools=.cache/tools

say() { printf '%s\n' "popcam setup: $*"; }

fail() {
    printf '%s\n' "popcam setup: $1" "popcam 安装：$2" >&2
    exit 1
}

# A name on the PATH may be a pyenv shim without a Python behind it: only running it tells.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
        if fits "$name"; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed (Debian: apt install python3 python3-venv; macOS: brew install python@3.12)." \
        "需要 Python 3.11、3.12 或 3.13（Debian：apt install python3 python3-venv；macOS：brew install python@3.12）。"
}

# uv, of the machine or from the registry into .cache/tools, checked against requirements/uv.txt.
find_uv() {
    if [ -x "$tools/bin/uv" ] && "$tools/bin/uv" --version >/dev/null 2>&1; then
        echo "$tools/bin/uv"
    elif command -v uv >/dev/null 2>&1 && uv pip install --help 2>/dev/null | grep -q build-constraint; then
        command -v uv
    else
        get_uv >&2
        echo "$tools/bin/uv"
    fi
}

get_uv() {
    say "getting uv from the package registry"
    mkdir -p .cache
    rm -rf "$tools"
    # Debian's python3 comes without ensurepip, and then without venv; pip alone is enough too.
    if "$python" -c 'import ensurepip' >/dev/null 2>&1 && "$python" -m venv "$tools" >/dev/null 2>&1; then
        "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
    elif "$python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$tools"
        "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --target "$tools" -r requirements/uv.txt
    else
        fail "$python has neither venv nor pip. Install one (Debian: apt install python3-venv), or uv." \
            "$python 缺少 venv 和 pip。请安装其一（Debian：apt install python3-venv），或安装 uv。"
    fi
    [ -x "$tools/bin/uv" ] || fail "uv could not be installed; see the lines above." "无法安装 uv，请查看上面的信息。"
}

python=$(find_python)
uv=$(find_uv)

if ! { [ -x .venv/bin/python ] && fits .venv/bin/python; }; then
    say "making .venv with $("$python" --version)"
    "$uv" venv --quiet --clear --python "$python" .venv
fi

say "installing requirements/$mode.txt"
"$uv" pip install --quiet --python .venv/bin/python --require-hashes -r "requirements/$mode.txt"

# Checks and tests of the console need more than its build, so they are fetched first and the build finds them there.
if [ "$mode" = dev ] && [ -f web/package.json ]; then
    .venv/bin/python scripts/web.py install
fi

say "installing popcam (the first time this builds the web console, about a minute)"
# Editable: what you change runs. What builds it is held against the hashes as well.
"$uv" pip install --quiet --python .venv/bin/python --no-deps --build-constraints requirements/dev.txt -e models -e .

touch .venv/.run-ready
[ "$mode" = run ] || touch .venv/.dev-ready
say "ready: .venv/bin/popcam demo"
