"""Corrects Snakemake's plan by what results say of themselves.

Snakemake judges an output by its name, its time, and by records of its own. It takes a file that was cut off or copied from
elsewhere for what a job made, and after `--touch` all that there is for what is asked for now."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterator
from functools import cache, partial
from pathlib import Path

from scalestream.errors import InputError
from scalestream.report import job_times
from scalestream.run import provenance, receipts, tables

SHOWN = 6  # rules that a line names


@cache
def once(say: Callable[[str], None], line: str) -> None:
    """Say a line that several networks of one process would say."""
    say(line)


def correct(workflow, rules: Container, say: Callable[[str], None], require: Callable[[], None]) -> None:
    """Have Snakemake's plans corrected as soon as they are made.

    rules: whose outputs are looked at. say: takes lines. require: is called first, and may end the process.
    """
    prepare, plan = workflow._prepare_dag, workflow._build_dag

    def prepare_or_refuse(*arguments, **options) -> None:
        _require_folder(workflow)
        prepare(*arguments, **options)

    def plan_and_correct() -> None:
        require()
        if is_read_only := not os.access(workflow.persistence.iocache_path, os.W_OK):
            workflow.persistence.save_iocache = workflow.persistence.drop_iocache = lambda: None  # notes for later runs
        plan()
        _correct(workflow, [job for job in workflow.dag.jobs if job.rule in rules], say)
        if is_read_only:
            workflow.dag._checked_needrun_jobs.update(workflow.dag.needrun_jobs())  # whose outputs all seem to be protected

    workflow._prepare_dag, workflow._build_dag = prepare_or_refuse, plan_and_correct


def is_run(workflow) -> bool:
    """Whether jobs are to be run, and not only planned, touched, or looked at."""
    return workflow.executor_plugin is not None and not workflow.dryrun and not workflow.touch


def let_rest(workflow) -> None:
    """Have Snakemake choose jobs when one has ended, and not besides.

    While jobs wait, its limit of jobs a second has it choose anew every second, once for each time that it has chosen: late in
    a run of hundreds of jobs that takes a core. A cluster is spared by the limit, one's own machine needs none.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


def _require_folder(workflow) -> None:
    """Ends with one line where the working directory would have to be written to and cannot be."""
    notes = Path(".snakemake")
    is_writable = os.access(notes if notes.is_dir() else ".", os.W_OK)
    if not is_writable and (workflow.executor_plugin and not workflow.dryrun or not notes.is_dir()):
        sys.exit(f"{Path.cwd()} cannot be written to; make it writable, or name another folder with --directory")


def _correct(workflow, jobs: list, say: Callable[[str], None]) -> None:
    dag, running = workflow.dag, is_run(workflow)
    if running and workflow.execution_settings.lock and workflow.persistence.locked:
        return  # by another run that writes here; Snakemake refuses this one next
    outputs = Outputs(dag)
    absent = {output: reason for job in jobs for output, reason in outputs.faults(job)}
    for output, reason in absent.items():
        aside = f"{output}.damaged"
        if running:
            _set_aside(output, aside)
            say(f"{reason}; it is now {aside}, and is made anew if it is needed")
        else:
            say(f"{reason}; a run sets it aside as {aside}, and makes it anew if it is needed")
        workflow.iocache.exists_local[output] = False
        workflow.iocache.mtime.pop(output, None)
    if absent:
        _plan_again(workflow)
    if running:
        outputs.renew_receipts()
        _seal_what_is_made(dag)
    if stale := [job for job in jobs if not dag.needrun(job) and outputs.is_stale(job)]:
        say(f"made with other settings or inputs than are asked for, though touched: {_counted(stale)}; to be made anew")
        dag.forcefiles.update(output for job in stale for output in job.output)
        _plan_again(workflow)
    if workflow.executor_plugin is not None and not workflow.touch:
        replaced = [job for job in jobs if dag.needrun(job) and any(map(_is_there, set(job.output) - absent.keys()))]
        if replaced:
            taken = job_times.in_words(sum(job_times.seconds(job.benchmark) for job in replaced))
            say(f"finished jobs that run again: {_counted(replaced)}; they had taken {taken}")


class Outputs:
    """What the outputs of a plan's jobs are, each receipt and record read once."""

    def __init__(self, dag):
        self.dag, self.faulty, self.renewed = dag, set(), {}
        self.receipt, self.hashes = cache(receipts.read), cache(partial(_known, provenance.hashes))

    def faults(self, job) -> Iterator[tuple[str, str]]:
        """Those outputs of a job that are there and are not what it made, each with the reason."""
        for output in filter(_is_there, job.output):
            try:
                self._look(job, output)
            except InputError as error:
                self.faulty.add(output)
                yield output, str(error)
            except OSError:  # of a disk or a network that fails now says nothing of the file
                continue

    def is_stale(self, job) -> bool:
        """Whether what is there was made with other settings, or of other inputs, than the job has now."""
        if self.faulty.intersection(job.output) or not all(map(_is_there, job.output)):
            return False
        settings, read = _plain(job.params.get("settings", {})), set(job.input)
        made = {file for other in self.dag.job_dependencies(job) for file in other.output if file in read}
        return any(self._differs(output, settings, made) for output in job.output)

    def renew_receipts(self) -> None:
        """Keep the times of files that were touched or copied and are what they were, so that they need not be read again."""
        for output, receipt in self.renewed.items():
            receipts.renew(output, receipt)

    def _look(self, job, output: str) -> None:
        if receipt := self.receipt(output):
            now = receipts.look(output, receipt)
            if now != receipt:
                self.renewed[output] = now
        elif Path(output).suffix == ".parquet":  # of a version that kept no receipts, or its own is lost
            if reason := tables.fault(output):
                raise InputError(reason)
            of_inputs = [self.hashes(file) for file in job.input]
            for key, value in self.hashes(output).items():
                others = {hashes[key] for hashes in of_inputs if key in hashes}
                if others and value not in others:
                    raise InputError(f"{output} was made of other {provenance.INHERITED[key]} than its inputs")
        elif receipts.is_lost(output) and not self._is_vouched_for(output):
            raise InputError(f"{output} is without its receipt, and nothing else tells whether it is what its job made")

    def _is_vouched_for(self, output: str) -> bool:
        """Whether a receipt of what was made of an output says that it held what it holds now."""
        now = receipts.content(output)
        made_of_it = (file for job in self.dag.jobs if output in job.input for file in job.output)
        return any(receipt.inputs.get(output) == now for file in made_of_it if (receipt := self.receipt(file)))

    def _differs(self, output: str, settings: object, made: set[str]) -> bool:
        receipt = self.receipt(output)
        if receipt is None:
            return _known(provenance.read, output).get("settings", settings) != settings
        known = {file: content for file, content in receipt.inputs.items() if content}
        now = {file: other.content for file in made if (other := self.receipt(file))}
        return (
            _plain(receipt.record["settings"]) != settings
            or not made <= receipt.inputs.keys()
            or not known.keys() <= made
            or any(known.get(file, content) != content for file, content in now.items())
        )


def _known(read: Callable[[str], dict], path: str) -> dict:
    """What is read of a file, as far as it can be."""
    try:
        return read(path)
    except (InputError, OSError):
        return {}


def _plain(settings) -> object:
    """Settings as a record has them."""
    return json.loads(json.dumps(settings))


def _is_there(output: str) -> bool:
    return os.path.lexists(output)


def _set_aside(output: str, aside: str) -> None:
    if Path(aside).is_dir():
        shutil.rmtree(aside)
    os.replace(output, aside)


def _plan_again(workflow) -> None:
    workflow.dag._reason.clear()
    workflow.async_run(workflow.dag.update_needrun())


def _seal_what_is_made(dag) -> None:
    """Snakemake touches what a job has made, just before it takes the job to be finished."""
    finish = dag.finish

    async def seal_and_finish(job, **options) -> None:
        for output in job.output:
            receipts.seal(output)
        await finish(job, **options)

    dag.finish = seal_and_finish


def _counted(jobs: list) -> str:
    """The rules of jobs, the costliest first, with how many there are of each."""
    costs = Counter()
    for job in jobs:
        costs[job.rule.name] += job_times.seconds(job.benchmark)
    counts = Counter(job.rule.name for job in jobs)
    shown = [f"{name} ({counts[name]})" for name, _ in costs.most_common(SHOWN)]
    return ", ".join(shown) + (f" and {len(counts) - SHOWN} more rules" if len(counts) > SHOWN else "")
