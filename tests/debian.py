"""Programs of Debian's packages that tests need."""

import os
import shutil
import subprocess

import pytest


def installed(program: str) -> str:
    """Where a program is; root installs Debian's package of its name, and the test is skipped where it cannot be had."""
    if not shutil.which(program) and not os.geteuid():
        for step in (["update"], ["install", "-y", "--no-install-recommends", program]):
            subprocess.run(
                ["apt-get", "-qq", *step],
                stdout=subprocess.DEVNULL,
                check=False,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )
    return shutil.which(program) or pytest.skip(f"there is no {program}; install Debian's package of that name")
