"""The jobs of a run that is killed end with it, whatever they are doing.

A process of its own waits for the run's end: it needs neither a job's turn to speak nor that its imports are done. It knows the
jobs, and what they start in turn, by a mark in their environment. In a session of its own it outlives what a terminal ends.
"""

import atexit
import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

MARK = "SCALESTREAM_MARK"
INTERVAL = 0.5  # seconds


@cache
def end_with_this_process() -> None:
    """Have all that this process starts from now on end with it when it is killed; on Linux."""
    mark = uuid.uuid4().hex
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid()), mark],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    os.environ[MARK] = mark
    atexit.register(watcher.wait)
    atexit.register(watcher.kill)


def marked(mark: str) -> list[int]:
    """The processes that have a mark in their environment."""
    sought, found = f"{MARK}={mark}".encode(), []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # another user's, or just gone
            if sought in file.read_bytes().split(b"\0"):
                found.append(int(file.parent.name))
    return found


def watch(parent: int, mark: str) -> None:
    """Wait for the end of the process that started this one, and kill what bears its mark."""
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    while orphans := marked(mark):
        for orphan in orphans:
            with suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        time.sleep(INTERVAL / 10)


if __name__ == "__main__":
    watch(int(sys.argv[1]), sys.argv[2])
