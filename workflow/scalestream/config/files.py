"""Configuration files, laid one over the other."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from scalestream.errors import InputError, in_one_line
from scalestream.places import PROJECT

DEFAULT = PROJECT / "config.yaml"


def read(paths: Iterable[str | Path]) -> dict:
    """The files, each laid over those before it, the first over config.yaml, as Snakemake does it.

    Raises InputError for a file that is no YAML of keys and values.
    """
    config: dict = {}
    for path in (DEFAULT, *paths):
        try:
            content = yaml.safe_load(Path(path).read_text())
        except (OSError, yaml.YAMLError) as error:
            raise InputError(f"{path} cannot be read as YAML ({in_one_line(error)})") from error
        if not isinstance(content, dict):
            raise InputError(f"{path} holds no configuration; write keys and values, as in config.yaml")
        config = overlaid(config, content)
    return config


def overlaid(below: dict, above: dict) -> dict:
    """One configuration over the other, key by key; a list replaces the one below."""
    return below | {
        key: overlaid(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
