"""Progress of long work as lines of a log: done, rate and time left."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from tqdm import tqdm

INTERVAL = 15


def watched(what: str, total: int) -> Callable[[Iterable], Iterator]:
    """A wrapper for an iterable of `total` items that logs its progress every INTERVAL seconds and at the end."""
    def watch(items: Iterable) -> Iterator:
        begun = said = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            if now - said > INTERVAL or done == total:
                meter = tqdm.format_meter(done, total, now - begun, ncols=72, ascii=True)
                logging.info("%s: %s", what, meter)
                said = now

    return watch
