"""Accuracies of the intact network, and with something else in the place of a block's In, at every scale."""

import torch

from job import checkpoint, run
from scalestream.ablation.evaluation import Evaluation
from scalestream.ablation.lesioned_network import LesionedNetwork
from scalestream.activations.summary import summarize
from scalestream.activations.tables import ACTIVATIONS
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.run.malloc import keep_freed_memory
from scalestream.study import lesions
from scalestream.study.tables import LESIONS


def main(snakemake) -> None:
    files, params, settings = snakemake.input, snakemake.params, snakemake.params.settings
    keep_freed_memory()
    manifest = Manifest.read(files.manifest)
    block, asked = manifest.blocks[snakemake.wildcards.block], settings["lesions"]
    with tables.batches(files.activations, ACTIVATIONS, 1024) as rows:
        means = torch.from_numpy(summarize(rows, block.channels).means)
    network = LesionedNetwork(manifest.load(files.weights), block, lesions.values(asked, means))
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.over(files.images, files.cache, network, settings, params.batch_size, snakemake.threads, kept)
        rows = evaluation.rows(lesions.conditions(asked), [0, *settings["percents"]])
        tables.write(snakemake.output[0], LESIONS, lesions.rows(rows))


if __name__ == "__main__":
    run(main, snakemake)
