#!/usr/bin/env bash
# Install the lock into the conda environment that Snakemake has just made and activated.
# Snakemake runs a copy of this script that lies beside that environment, in the working directory.
set -euo pipefail

lock_sha256=d6f253701f16b0886d10494ae441529fb32e6ef0f997b47a9ec4983705af7b2f

for lock in "${SCALESTREAM_LOCK:-}" envs/requirements.txt "$(dirname "$0")/requirements.txt"; do
    if [ -f "$lock" ] && [ "$(sha256sum < "$lock")" = "$lock_sha256  -" ]; then
        # Not `uv pip sync`, which would also remove Python packages that conda put there.
        exec uv pip install --python "$CONDA_PREFIX/bin/python" --no-deps --require-hashes --requirement "$lock"
    fi
done

echo "no envs/requirements.txt that fits this script in $PWD; name it in SCALESTREAM_LOCK" >&2
exit 1
