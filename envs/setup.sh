#!/usr/bin/env bash
# Make .venv hold what envs/requirements.txt pins. `make setup` runs this in the repository's root.
set -euo pipefail

lock=envs/requirements.txt
stamp=.venv/.scalestream # written last: without it, an interrupted set-up starts over
suitable='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))'

state() {
    .venv/bin/python -V && echo "uv $UV_VERSION" && sha256sum "$lock"
}

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(state 2>/dev/null)" ]; then
    exit 0
fi

if [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" = "$(.venv/bin/python -V 2>/dev/null)" ]; then
    rm "$stamp"
else
    python=
    for candidate in python3 python3.11 python3.12; do
        if "$candidate" -c "$suitable" 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "scalestream needs Python 3.11 or 3.12 with venv: on Debian 12 install python3-venv, on Ubuntu 24.04 python3.12-venv" >&2
        exit 1
    fi
    "$python" -m venv --clear .venv
fi

.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
.venv/bin/uv pip sync --python .venv/bin/python --require-hashes --compile-bytecode "$lock"

state > "$stamp.part"
mv "$stamp.part" "$stamp"
