"""Eq. 3 of every network of a family, by magnification: where images are resized otherwise, percents are others."""

from collections.abc import Iterable, Iterator

from scalestream.comparison.members import Member
from scalestream.images.geometry import scale_crop


def magnification(percent: int, resize: int, crop: int, convention: str = "paper") -> float:
    """By how much a scale transformation magnifies the image relative to no scale."""
    return crop / scale_crop(percent, resize, crop, convention)


def family_ratios(member: Member, views: dict, ratios: Iterable[dict]) -> Iterator[dict]:
    """Rows of the family's table of ratios, one a block and scale, of one network.

    views: its images.resize, images.crop and ablation.crop_convention. ratios: rows of the table of ratios of a single run.
    """
    sides = views["images.resize"], views["images.crop"], views["ablation.crop_convention"]
    for row in ratios:
        kept = {name: row[name] for name in ("block", "mean_ratio", "sem", "n_trials")}
        yield member.columns | kept | {"magnification": magnification(row["scale_percent"], *sides)}
