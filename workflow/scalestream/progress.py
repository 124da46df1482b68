"""Progress of long work as lines of a log: done, rate and time left."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator

from tqdm import tqdm

INTERVAL = 15


def watched(what: str, total: int, unit: str = "it") -> Callable[..., Iterator]:
    """A wrapper for iterables, of `total` units together, that logs their progress every INTERVAL seconds and at the end.

    The wrapper takes an iterable, how many units were done `before` it, and what `each` of its items is worth.
    """
    begun = said = time.monotonic()

    def watch(items: Iterable, before: float = 0, each: float = 1) -> Iterator:
        nonlocal said
        for count, item in enumerate(items, start=1):
            yield item
            now, done = time.monotonic(), before + count * each
            if now - said > INTERVAL or math.isclose(done, total):
                step = f"step {count}" if each != 1 else None
                meter = tqdm.format_meter(round(done, 1), total, now - begun, ncols=88, ascii=True, unit=unit, postfix=step)
                logging.info("%s: %s", what, meter)
                said = now

    return watch
