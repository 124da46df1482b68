"""How far a whole run is: one line, in the terminal and in a file that `watch` can show."""

import atexit
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from pathlib import Path
from statistics import fmean

from scalestream.report import job_times
from scalestream.run.files import atomic_write
from scalestream.run.progress import last_meter

FILE = "progress.txt"
INTERVAL = 5  # seconds between looks
SILENCE = 60  # seconds after which the terminal has a line though no job has ended
TAIL = 500  # bytes of a log with the last line of progress in them
SHOWN = 3  # rules that a line names


def follow(workflow, folder: Path, say: Callable[[str], None]) -> None:
    """Write to folder/progress.txt how far Snakemake's run is, until this process ends, and say it when jobs have ended.

    folder: the results. say: takes lines for the terminal.
    """
    run, file, ended = _Run(workflow, folder), (folder / FILE).resolve(), threading.Event()  # Snakemake leaves the directory

    def write(line: str) -> None:
        with suppress(OSError), atomic_write(file) as partial:  # a full disk ends jobs, with a line that says so
            partial.write_text(f"{time.strftime('%F %T')}  {line}\n")

    def look() -> None:
        said, at = 0, time.monotonic()
        while not ended.wait(INTERVAL):
            done, line = run.done(), run.line()  # a job that ends in between is said next time
            write(line)
            if done != said or time.monotonic() > at + SILENCE:
                say(line)
                said, at = done, time.monotonic()

    def end() -> None:
        ended.set()
        follower.join()
        write(run.last_line())  # the terminal has Snakemake's own

    follower = threading.Thread(target=look, daemon=True)
    follower.start()
    atexit.register(end)


def shortest(seconds: dict[Hashable, float], needs: dict[Hashable, Iterable], share: dict[Hashable, float]) -> float:
    """Seconds below which a run cannot end: those of all work shared out, or of its longest chain.

    seconds: what each job still takes, no job before those that it needs. needs: the jobs that a job waits for. share: of
    the machine that it takes, 1 for all of it.
    """
    chains = {}
    for job, own in seconds.items():
        chains[job] = own + max((chains[needed] for needed in needs[job] if needed in chains), default=0)
    return max(sum(own * share[job] for job, own in seconds.items()), *chains.values(), 0)


class _Run:
    """What Snakemake knows of a run, and what its jobs' benchmarks and logs say of time."""

    def __init__(self, workflow, folder: Path):
        dag, resources = workflow.dag, workflow.resource_settings
        self.dag, self.scheduler, self.begun = dag, workflow.scheduler, time.time()
        needed = set(dag.needrun_jobs(exclude_finished=False))
        self.jobs = [job for level in dag.toposorted(needed) for job in level]
        self.needs = {job: dag.job_dependencies(job) for job in self.jobs}
        self.is_submitted = workflow.non_local_exec
        if self.is_submitted:
            self.share = dict.fromkeys(self.jobs, 1 / (resources.nodes or 1))
        else:
            self.share = {job: min(job.threads / (resources.cores or 1), 1) for job in self.jobs}
        self.earlier = job_times.seconds_by_rule(folder / "benchmarks")
        self.seen, self.costs = {}, {}

    def done(self) -> int:
        """How many jobs have ended well."""
        return sum(map(self.dag.finished, self.jobs))

    def line(self) -> str:
        """Jobs done and running, and the time left as far as it is known."""
        running = self._running()
        seconds = self._seconds(running)
        unknown = [job for job, left in seconds.items() if left is None]
        known = {job: left for job, left in seconds.items() if left is not None}
        parts = [self._counted()]
        if running:
            parts.append(f"{len(running)} {'submitted' if self.is_submitted else 'running'} ({_named(running)})")
        if any(known.values()):
            left = shortest(known, self.needs, self.share)
            parts.append(f"{'at least' if unknown else 'about'} {job_times.in_words(left)} left")
        if unknown:
            parts.append(f"{len(unknown)} not timed yet")
        return ", ".join(parts)

    def last_line(self) -> str:
        """What there is at the end, and what the run has taken."""
        return f"{self._counted()}, ended after {job_times.in_words(time.time() - self.begun)}"

    def _counted(self) -> str:
        failed = len(self.scheduler.failed)
        return f"{self.done()} of {len(self.jobs)} jobs done" + (f", {failed} failed" if failed else "")

    def _running(self) -> set:
        alone = [job.jobs if job.is_group() else [job] for job in list(self.scheduler.running)]
        running = {job for jobs in alone for job in jobs if not self.dag.finished(job)}
        self.seen = {job: self.seen.get(job, time.time()) for job in running}
        return running

    def _seconds(self, running: set) -> dict:
        """What each job that is not done still takes: by its own progress, by jobs of its rule in this run, and by those of
        earlier runs; None where there is none of these."""
        meters = {job: meter for job in running if (meter := self._meter(job))}
        now, under_way = defaultdict(list), defaultdict(list)
        self.costs |= {
            job: job_times.seconds(job.benchmark) for job in self.jobs if job not in self.costs and self.dag.finished(job)
        }
        for job, cost in self.costs.items():
            now[job.rule.name].append(cost)
        for job, (elapsed, left) in meters.items():
            under_way[job.rule.name].append(elapsed + left)

        def left(job) -> float | None:
            if job.rule.norun:
                return 0
            if job in meters:
                return meters[job][1]
            rule = job.rule.name
            if times := now.get(rule) or under_way.get(rule) or self.earlier.get(rule):
                return max(fmean(times) - (time.time() - self.seen[job] if job in running else 0), 0)
            return None

        return {job: left(job) for job in self.jobs if job not in self.costs}

    def _meter(self, job) -> tuple[float, float] | None:
        """Seconds that a running job has taken and still takes, by the last line of progress in its log."""
        for log in job.log:
            with suppress(OSError), open(log, "rb") as file:
                if os.fstat(file.fileno()).st_mtime < self.begun:  # of an earlier try
                    continue
                file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
                if (meter := last_meter(file.read().decode(errors="replace"))) and meter[1]:
                    return meter
        return None


def _named(jobs: Iterable) -> str:
    """The rules that most of the jobs are of."""
    rules = Counter(job.rule.name for job in jobs)
    named = ", ".join(name for name, _ in sorted(rules.items(), key=lambda item: (-item[1], item[0]))[:SHOWN])
    return named + (f" and {len(rules) - SHOWN} more" if len(rules) > SHOWN else "")
