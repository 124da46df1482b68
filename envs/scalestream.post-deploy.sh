#!/usr/bin/env bash
# Install the lock into the conda environment that Snakemake has just made and activated.
# Snakemake runs a copy of this script that lies beside that environment, in the working directory.
set -euo pipefail

lock_sha256=99bd06d85513eb08614a47e9b901f84d6e861604cf3cd6cada912ec90adfa525

for lock in "${SCALESTREAM_LOCK:-}" envs/requirements.txt "$(dirname "$0")/requirements.txt"; do
    if [ -f "$lock" ] && [ "$(sha256sum < "$lock")" = "$lock_sha256  -" ]; then
        # Not `uv pip sync`, which would also remove Python packages that conda put there.
        exec uv pip install --python "$CONDA_PREFIX/bin/python" --no-deps --require-hashes --requirement "$lock"
    fi
done

echo "no envs/requirements.txt that fits this script in $PWD; name it in SCALESTREAM_LOCK" >&2
exit 1
