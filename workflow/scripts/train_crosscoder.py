"""A crosscoder of a block's In and Pre at several magnifications."""

import numpy as np

from job import checkpoint, run
from scalestream.crosscoder.samples import Samples
from scalestream.crosscoder.tables import TRAINING
from scalestream.crosscoder.training import Plan, train
from scalestream.run import tables
from scalestream.run.files import atomic_write
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched

OF_ALL = ("steps", "batch_size", "learning_rate", "encoder")


def main(snakemake) -> None:
    keep_freed_memory()
    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    asked = {name: int(wildcards[name]) for name in ("width", "k", "seed")}
    plan = Plan(**asked, **{name: settings[f"crosscoder.{name}"] for name in OF_ALL})
    is_shuffled = wildcards.pairing == "shuffled"
    samples = Samples.of(np.load(snakemake.input.activations, mmap_mode="r"), settings["crosscoder.crops"], is_shuffled)
    with checkpoint(snakemake) as kept:
        crosscoder, rows = train(samples, plan, kept, watched("training", plan.steps, "steps"))
        with atomic_write(snakemake.output.crosscoder) as path:
            crosscoder.save(path)
        of_run = {"block": wildcards.block, "shuffled": is_shuffled, **asked}
        tables.write(snakemake.output.training, TRAINING, (of_run | row for row in rows))


if __name__ == "__main__":
    run(main, snakemake)
