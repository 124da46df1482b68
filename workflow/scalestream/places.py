"""Where the project's own files lie: above the library in a checkout, inside it where it is installed as a package."""

from pathlib import Path

LIBRARY = Path(__file__).parent
INSTALLED = LIBRARY / "project"  # made by the build (pyproject.toml)
PROJECT = INSTALLED if INSTALLED.is_dir() else LIBRARY.parents[1]
