"""What every script shares as a Snakemake job: the library's path, the log, the threads, the record of what made its
outputs, its checkpoint, and the ways to end."""

import errno
import hashlib
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scalestream.errors import InputError
from scalestream.run import provenance, receipts


def run(main: Callable, snakemake) -> None:
    """Run a script's `main(snakemake)` with everything that it prints in the job's log.

    Log messages go to the log and to the terminal. An InputError or a full disk ends the job with one line, any other
    error with a line that points to its traceback in the log.
    """
    _log_to(snakemake.log[0], snakemake.rule, snakemake.wildcards)
    threading.Thread(target=_end_with, args=[int(os.environ["SCALESTREAM_RUN"])], daemon=True).start()
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(snakemake.threads)
    try:
        with provenance.recorded(_record(snakemake)):
            receipts.forget(snakemake.output)
            main(snakemake)
            receipts.write(snakemake.output, provenance.current(), snakemake.input)
    except InputError as error:
        # A loader's worker process hands the line on inside its traceback.
        logging.error("%s", str(error).splitlines()[-1].removeprefix("scalestream.errors.InputError: "))
        sys.exit(1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            logging.error(
                "no space left on the disk of results or of temporary files; make room and run again: what is finished is kept"
            )
        else:
            traceback.print_exc()
            logging.error("unexpected error; its traceback is in %s", snakemake.log[0])
        sys.exit(1)


@contextmanager
def checkpoint(snakemake) -> Iterator:
    """What earlier tries of this very job kept; deleted when the job has written its output."""
    from scalestream.run.checkpoint import Checkpoint  # imports torch, which takes seconds

    kept = Checkpoint(snakemake.output[0], _identity(snakemake))
    yield kept
    kept.clear()


def open_images(snakemake, manifest) -> tuple:
    """The run's images as the network sees them at no scale: their names, and a function from the number of the first to
    batches, 8-bit (N, 3, S, S), whose progress it shows. manifest: of the network, which must have the images' classes."""
    from scalestream.images.loading import ScaleTransformedImages, batches
    from scalestream.run.progress import watched

    batch_size = snakemake.params.batch_size
    cache, labels = open_cache(snakemake, manifest)
    paths = cache.paths
    images_at_no_scale = ScaleTransformedImages(cache, labels, [0], snakemake.params.settings["images.crop"])
    watch = watched("images", len(paths), "images")

    def from_image(first: int) -> Iterator:
        loader = batches(images_at_no_scale, batch_size, snakemake.threads, first)
        return (batch[:, 0] for batch, _ in watch(loader, before=first, each=batch_size))

    return paths, from_image


def open_cache(snakemake, manifest) -> tuple:
    """The run's resized images, and their class indices, which must be classes of the network."""
    from scalestream.images.cache import ImageCache
    from scalestream.images.listing import require_classes
    from scalestream.images.tables import IMAGES
    from scalestream.run import tables

    images = tables.read(snakemake.input.images, IMAGES, ["path", "class_index"])
    labels = images["class_index"].to_pylist()
    require_classes(labels, manifest.classes)
    return ImageCache.of_list(images, snakemake.input.cache, snakemake.params.settings), labels


def open_evaluation(snakemake, checkpoint, replacement: str = "mean"):
    """The evaluation of the block that the job ablates, as the scripts of the ablation share it."""
    from scalestream.ablation.evaluation import Evaluation, EvaluationFiles
    from scalestream.run.malloc import keep_freed_memory

    keep_freed_memory()
    names = {field.name for field in fields(EvaluationFiles)} & set(snakemake.input.keys())
    files = EvaluationFiles(**{name: snakemake.input[name] for name in names})
    settings, batch_size = snakemake.params.settings, snakemake.params.batch_size
    return Evaluation.open(files, snakemake.wildcards.block, settings, batch_size, snakemake.threads, checkpoint, replacement)


def _identity(snakemake) -> list:
    """Everything that what a job kept depends on; neither the commit nor the version, which an edit of a comment changes."""
    made_by = [snakemake.rule, dict(snakemake.wildcards), snakemake.params.settings, snakemake.params.code]
    made_on = [provenance.packages(), provenance.device(), snakemake.threads]
    return [*made_by, *made_on, [_content(Path(path)) for path in snakemake.input]]


def _content(path: Path) -> list:
    """What tells one version of an input file from another: of a large one, its size and time. What is in a folder is for the
    table to tell that lists it."""
    if path.is_dir():
        return [str(path)]
    status = path.stat()
    large = status.st_size > 2**20
    return [str(path), status.st_size, status.st_mtime_ns if large else hashlib.sha256(path.read_bytes()).hexdigest()]


def _record(snakemake) -> dict:
    return provenance.record(
        snakemake.rule,
        dict(snakemake.wildcards),
        snakemake.params.get("settings", {}),
        map(str, snakemake.input),
        snakemake.threads,
    )


def _end_with(run: int) -> None:
    """End this process when Snakemake's is gone, so that a run started anew has the machine and the outputs to itself; where
    there is no /proc by which the run itself sees to that, and sooner (`run/orphans`)."""
    while True:
        time.sleep(1)
        try:
            os.kill(run, 0)
        except OSError:  # no such process, or one of somebody else's by now
            logging.error("the run that started this job is gone")
            os._exit(1)


def _log_to(path: str, rule: str, wildcards) -> None:
    """Send standard output and error to the log file, and log messages there and to the terminal."""
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    log = open(path, "w", buffering=1)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log.fileno(), stream.fileno())
    job = " ".join([rule, *map(str, wildcards)])
    on_terminal = logging.StreamHandler(terminal)
    on_terminal.setFormatter(logging.Formatter(f"[{job}] %(message)s"))
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", handlers=[logging.StreamHandler(sys.stderr), on_terminal]
    )
