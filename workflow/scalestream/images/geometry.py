"""Sides of the crops that scale an image."""


def scale_crop(percent: int, resize: int, crop: int, convention: str = "paper") -> int:
    """Side of the center crop of the resized image at scale `percent`, in pixels; 0 is the no-scale condition.

    "paper": resize - floor(resize * p / 100), 231 px at 10 % of 256 (paper, section 4). "author_code": the author's
    program crops int(crop * (1 - p / 100)) instead, 201 px at 10 % of 224.
    """
    if percent == 0:
        return crop
    if convention == "paper":
        return resize - resize * percent // 100
    return crop * (100 - percent) // 100


def magnification_crop(side: int, factor: float) -> int:
    """Side of the center crop that is enlarged back to `side`, in pixels (S of the paper, section 3); below 1, shrunk."""
    return round(side / factor)


def most_crops(resize: int, crop: int) -> int:
    """How many crops a resized image can have: the one in its center, and one at every place, if there are several."""
    return 1 + (resize - crop + 1) ** 2 if resize > crop else 1
