"""How far a run is, and the time that it still takes."""

import logging
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from scalestream.report.job_times import in_words
from scalestream.run import run_progress
from scalestream.run.progress import last_meter, watched
from scalestream.run.run_progress import _Run, shortest


def test_a_run_takes_as_long_as_its_work_or_its_longest_chain():
    """Two cores. Six jobs of 10 s one after another in pairs, then one that needs them all; and a chain beside short jobs."""
    seconds = dict.fromkeys("abcdef", 10) | {"last": 4}
    needs = dict.fromkeys("abcdef", set()) | {"last": set("abcdef")}
    assert shortest(seconds, needs, dict.fromkeys(seconds, 0.5)) == 32
    chain = {"a": set(), "b": {"a"}, "c": {"b"}, "short": set()}
    assert shortest({"a": 10, "b": 20, "c": 30, "short": 1}, chain, dict.fromkeys(chain, 0.5)) == 60
    assert shortest({"c": 30, "short": 1}, chain, {"c": 1, "short": 1}) == 31
    assert shortest({}, {}, {}) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7000, "117 minutes"),
        (9000, "2.5 hours"),
        (260000, "3.01 days"),
    ],
)
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words


def test_the_last_line_of_progress_is_read_as_it_is_written(monkeypatch, caplog):
    monkeypatch.setattr("scalestream.run.progress.INTERVAL", 0)
    ticks = iter([0, 3600, 7200])
    monkeypatch.setattr("scalestream.run.progress.time", SimpleNamespace(monotonic=ticks.__next__))
    with caplog.at_level(logging.INFO):
        assert len(list(watched("visualized", 4, "channels")(range(2)))) == 2
    assert last_meter("\n".join(caplog.messages)) == (7200, 7200) and last_meter(caplog.messages[0]) == (3600, 10800)
    assert last_meter("INFO visualize: nothing of the kind [00:15]") is None


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


def job(rule: str, name: str, folder: Path, norun: bool = False) -> SimpleNamespace:
    own = SimpleNamespace(name=rule, norun=norun)
    benchmark = str(folder / "benchmarks" / rule / f"{name}.tsv")
    log = [str(folder / "logs" / rule / f"{name}.log")]
    return HashableJob(rule=own, benchmark=benchmark, log=log, threads=1, is_group=lambda: False)


class HashableJob(SimpleNamespace):
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def took(job, seconds: float) -> None:
    path = Path(job.benchmark)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\tcpu_time\tmax_rss\n{seconds}\t{seconds}\t100\n")


def logged(job, line: str, age: float = 0) -> None:
    path = Path(job.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{'x' * 1000}\n{line}\n")
    os.utime(path, times=(time.time() + 1 - age,) * 2)


def a_run(jobs: list, needs: dict, done: set, running: set, folder: Path, cores: int = 2, submitted: bool = False) -> _Run:
    """With jobs in an order in which they may run."""
    dag = SimpleNamespace(
        needrun_jobs=lambda exclude_finished: iter(jobs),
        toposorted=lambda _: [[job] for job in jobs],
        job_dependencies=lambda job: needs.get(job, []),
        finished=done.__contains__,
    )
    return _Run(
        SimpleNamespace(
            dag=dag,
            scheduler=SimpleNamespace(running=running, failed=set()),
            resource_settings=SimpleNamespace(cores=cores, nodes=100),
            non_local_exec=submitted,
        ),
        folder,
    )


def test_the_time_left_is_of_jobs_of_this_run_before_those_of_earlier_ones(folder):
    visualize = [job("visualize", str(number), folder) for number in range(6)]
    plot, target = job("plot", "0", folder), job("all", "", folder, norun=True)
    took(job("plot", "earlier", folder), 40)
    took(job("visualize", "earlier", folder), 1000)
    done, running = set(), set()
    run = a_run([*visualize, plot, target], {plot: visualize, target: [plot]}, done, running, folder)
    assert run.line() == "0 of 8 jobs done, about 50.3 minutes left"  # (6 x 1000 + 40) / 2
    took(visualize[0], 100)
    done.add(visualize[0])
    running.add(visualize[1])
    assert run.line() == "1 of 8 jobs done, 1 running (visualize), about 4.5 minutes left"  # (5 x 100 + 40) / 2
    run.scheduler.failed.add(visualize[2])
    assert run.last_line().startswith("1 of 8 jobs done, 1 failed, ended after ")


def test_before_any_job_of_a_kind_has_ended_its_own_progress_says(folder):
    visualize = [job("visualize", str(number), folder) for number in range(3)]
    plot = job("plot", "0", folder)
    logged(visualize[0], "visualized:  25%|##   | 8 of 32 [05:00<15:00, 0.03 channels/s]")
    logged(visualize[1], "visualized:  99%|#####| 32 of 32 [00:50<00:10, 0.03 channels/s]", age=1000)  # of an earlier try
    run = a_run([*visualize, plot], {plot: visualize}, set(), set(visualize[:2]), folder)
    line = "0 of 4 jobs done, 2 running (visualize), at least 27.5 minutes left, 1 not timed yet"
    assert run.line() == line  # 15, 20 and 20 minutes on two cores


def test_on_a_cluster_as_many_jobs_at_once_as_it_takes(folder):
    visualize = [job("visualize", str(number), folder) for number in range(300)]
    took(job("visualize", "earlier", folder), 3600)
    run = a_run(visualize, {}, set(), set(visualize[:100]), folder, submitted=True)
    assert run.line() == "0 of 300 jobs done, 100 submitted (visualize), about 3 hours left"


def test_an_end_is_written(folder, monkeypatch):
    """Also of a run that ends at once, and whose results are not below the directory that Snakemake goes back to in the end."""
    at_exit, said = [], []
    monkeypatch.setattr(run_progress.atexit, "register", at_exit.append)
    plot = job("plot", "0", folder)
    took(plot, 3)
    made = a_run([plot], {}, {plot}, set(), folder)
    workflow = SimpleNamespace(
        dag=made.dag, scheduler=made.scheduler, resource_settings=SimpleNamespace(cores=1), non_local_exec=False
    )
    folder.mkdir(exist_ok=True)
    run_progress.follow(workflow, Path("results"), said.append)
    (end,) = at_exit
    started_in = folder.parent / "elsewhere"
    started_in.mkdir()
    monkeypatch.chdir(started_in)
    end()
    assert list(started_in.iterdir()) == []
    assert "  1 of 1 jobs done, ended after " in (folder / "progress.txt").read_text() and said == []
