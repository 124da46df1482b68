"""Progress of long work as lines of a log: done, rate and time left."""

import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator

from tqdm import tqdm

INTERVAL = 15  # seconds between lines; in long work, a twentieth of the time so far, so that logs stay short
FORMAT = "{l_bar}{bar}| {n:.4g} of {total} [{elapsed}<{remaining}{postfix}]"
TIMES = re.compile(r"\[([\d:]+)<([\d:]+)")  # of such a line


def watched(what: str, total: int, unit: str = "items") -> Callable[..., Iterator]:
    """A wrapper for iterables, of `total` units together, that logs their progress now and then and at the end.

    The wrapper takes an iterable, how many units were done `before` it, what `each` of its items is worth (the last may be
    worth less), where the items are steps of work on several units at once how many `steps` there are and after which one
    they `begin`, how many units `more` than the total have turned up, and a function that gives a `note` on the work so far.
    """
    begun = said = time.monotonic()
    earlier = None

    def watch(
        items: Iterable,
        before: float = 0,
        each: float = 1,
        steps: int | None = None,
        begin: int = 0,
        more: int = 0,
        note: Callable[[], str] | None = None,
    ) -> Iterator:
        nonlocal said, earlier
        goal = total + more
        earlier = before + begin * each if earlier is None else earlier
        for count, item in enumerate(items, start=begin + 1):
            yield item
            now, done = time.monotonic(), min(before + count * each, goal)
            if now - said > max(INTERVAL, (now - begun) / 20) or math.isclose(done, goal):
                rate = f"{(done - earlier) / (now - begun):.3g} {unit}/s" + (f", step {count} of {steps}" if steps else "")
                meter = tqdm.format_meter(
                    done,
                    goal,
                    now - begun,
                    ncols=96,
                    ascii=True,
                    prefix=what,
                    postfix=rate,
                    bar_format=FORMAT,
                    initial=earlier,
                )
                logging.info("%s", f"{meter} {note()}" if note else meter)
                said = now

    return watch


def last_meter(log: str) -> tuple[float, float] | None:
    """Seconds that work has taken and still takes by the last line of progress in a log; None where there is no such line."""
    times = TIMES.findall(log)
    return tuple(map(_seconds, times[-1])) if times else None


def _seconds(clock: str) -> float:
    """Seconds of a time as tqdm writes it, 1:02:03 or 02:03."""
    return sum(int(part) * 60**place for place, part in enumerate(reversed(clock.split(":"))))
