"""Lags between magnifications that are evenly spaced, counted in these."""


def lags(factors: int) -> range:
    """Those with at least two pairs of magnifications. factors: how many magnifications there are."""
    return range(2 - factors, factors - 1)


def apart(lag: int, factors: int) -> tuple[slice, slice]:
    """The magnifications that have one a lag further on, and these."""
    return slice(max(0, -lag), factors - max(0, lag)), slice(max(0, lag), factors + min(0, lag))
