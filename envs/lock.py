"""Compile envs/requirements.txt from pyproject.toml. `make lock` runs this in the repository's root.

The lock's first line says which dependencies it was compiled from. The conda environment's post-deployment script
holds the lock's checksum, so that Snakemake makes the environment anew when the lock changes.
"""

import hashlib
import json
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

COMPILE = "uv pip compile --quiet --universal --generate-hashes --no-header --all-extras --group dev pyproject.toml -o".split()


def first_line(pyproject: str) -> str:
    """The first line of the lock compiled from this text of pyproject.toml."""
    tables = tomllib.loads(pyproject)
    inputs = {
        "requires-python": tables["project"]["requires-python"],
        "dependencies": tables["project"]["dependencies"],
        "optional-dependencies": tables["project"]["optional-dependencies"],
        "dependency-groups": tables["dependency-groups"],
        "uv": tables["tool"]["uv"],
    }
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    return f"# Compiled by make lock from the dependencies in pyproject.toml, sha256 {digest}\n"


def main() -> None:
    lock = Path("envs/requirements.txt")
    with tempfile.TemporaryDirectory() as directory:
        # uv keeps the versions that its output file pins already.
        output = Path(directory, lock.name)
        output.write_text(lock.read_text())
        subprocess.run([*COMPILE, str(output)], check=True)
        text = first_line(Path("pyproject.toml").read_text()) + output.read_text()
    lock.write_text(text)

    script = Path("envs/scalestream.post-deploy.sh")
    line = f"lock_sha256={hashlib.sha256(text.encode()).hexdigest()}"
    script.write_text(re.sub(r"^lock_sha256=.*$", line, script.read_text(), flags=re.MULTILINE))


if __name__ == "__main__":
    main()
