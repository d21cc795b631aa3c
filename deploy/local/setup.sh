#!/bin/sh
# Make .venv for this checkout: the locked dependencies with their hashes, and the `nextgen` command.
# Also the files of the design system for the web edge's pages, from npm.
# A second run finds its stamp and does nothing; changed requirements, another folder or a run cut short do it again.
set -eu

checkout=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$checkout"
environment=.venv
stamp=$environment/.set-up

say() { echo "[setup] $*" >&2; }
fail() { say "$*"; exit 1; }

# The first Python, 3.11 or newer, that can make a virtual environment; else one that can't yet.
find_python() {
    without_venv=
    for name in python3.11 python3.12 python3.13 python3.14 python3; do
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$name"
            return
        fi
        without_venv=${without_venv:-$name}
    done
    [ -n "$without_venv" ] || fail "Python 3.11 or newer is needed: apt-get install python3 python3-venv"
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    fail "Python's venv module is missing: apt-get install python$version-venv"
}

# What the environment was made of: if any of it changes, it is made again.
fingerprint() {
    { echo "$checkout"; cat requirements/dev.txt requirements/uv.txt pyproject.toml deploy/local/setup.sh; } | sha256sum
}

# uv doesn't read pip's settings; a mirror or a certificate given to pip is meant for it as well.
adopt_settings_of_pip() {
    [ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
    [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    [ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR="$checkout/.local/cache/uv" PIP_CACHE_DIR="$checkout/.local/cache/pip"
    export PIP_DISABLE_PIP_VERSION_CHECK=1
}

# Files of pages come from npm: its own, or the one that the environment has.
build_assets() {
    PATH="$PATH:$checkout/$environment/bin" deploy/assets/build.sh \
        "$checkout/services/portal/static" "$checkout/.local/assets" "$checkout/.local/axe/axe.min.js"
}

is_set_up() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && "$environment/bin/python" -c ''; }

mkdir -p .local
exec 9>.local/setup.lock
flock -w 900 9 || fail "another set-up has held .local/setup.lock for 15 minutes; wait for it or end it"
if is_set_up 2>/dev/null; then
    build_assets
    exit 0
fi

python=$(find_python)
adopt_settings_of_pip
rm -f "$stamp"
say "making $environment with $("$python" --version) ..."
"$python" -m venv --clear "$environment"
say "installing uv ..."
"$environment/bin/python" -m pip install --quiet --require-hashes -r requirements/uv.txt
say "installing $(grep -c '==' requirements/dev.txt) locked packages ..."
"$environment/bin/uv" pip sync --quiet --python "$environment/bin/python" --require-hashes requirements/dev.txt
"$environment/bin/uv" pip install --quiet --python "$environment/bin/python" --no-deps --no-build-isolation -e .
build_assets
fingerprint > "$stamp"
say "done: $environment/bin/nextgen is ready"
