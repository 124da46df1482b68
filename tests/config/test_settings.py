"""Values of the configuration by dotted key."""

import yaml

from conftest import REPOSITORY
from scalestream.config.settings import settings

DEFAULT = yaml.safe_load((REPOSITORY / "config.yaml").read_text())


def test_settings_tell_swapped_values_apart_and_equal_ones_not():
    def text(**values):
        return repr(settings({"a": values}, "a"))

    assert text(seed=0, trial=1) != text(seed=1, trial=0)
    assert text(x=1.0, y=[2.0]) == text(y=[2], x=1)
    assert settings(DEFAULT, "visualization.steps", "criteria") == {
        "criteria": {"center": "image", "magnification": 2, "pairs": [], "rewirings": 10000, "tolerance": 1.5},
        "visualization.steps": DEFAULT["visualization"]["steps"],
    }
