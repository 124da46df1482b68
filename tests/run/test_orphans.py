"""What a run has started ends with it, whatever it is doing; and nothing else does."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import REPOSITORY
from runs import awaited, kill
from scalestream.run.orphans import MARK, marked

RUN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which tests that were started with nohup ignore
from scalestream.run import orphans
orphans.end_with_this_process()
orphans.end_with_this_process()  # as two modules of one workflow do
stubborn = "import signal, time; [signal.signal(each, signal.SIG_IGN) for each in (1, 2, 15)]; time.sleep(600)"
subprocess.Popen([sys.executable, "-c", stubborn], start_new_session=True)
subprocess.Popen(["bash", "-c", "sleep 600; true"])  # whose child outlives it when it is killed alone
print(os.environ[orphans.MARK], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run():
    """A process that has started others, and the mark by which they are known."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "workflow")},
    ) as process:
        mark = process.stdout.readline().strip()
        yield process, mark
        process.kill()
        kill(marked(mark))


def watchers(mark: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            found.append(file.read_bytes().decode(errors="replace"))
    return [command for command in found if "orphans.py" in command and mark in command]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_what_a_killed_run_has_started_ends_within_two_seconds(run, how):
    process, mark = run
    other = subprocess.Popen(["sleep", "600"], env=os.environ | {MARK: "another run's"})
    awaited(lambda: len(marked(mark)) == 3, seconds=10)
    process.send_signal(how)
    process.wait(timeout=10)
    began = time.monotonic()
    awaited(lambda: not marked(mark) and not watchers(mark), seconds=10)
    assert time.monotonic() - began < 2
    assert other.poll() is None
    kill([other.pid])
    other.wait()


def test_one_process_watches_and_ends_with_a_run_that_ends_by_itself(run):
    process, mark = run
    awaited(lambda: len(watchers(mark)) == 1, seconds=10)
    process.stdin.close()
    assert process.wait() == 0
    assert watchers(mark) == []
