"""What the main crosscoders of a block show."""

import numpy as np

from job import run
from scalestream.crosscoder.analysis import channel_rows, judge, summary, with_means
from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.samples import Samples
from scalestream.crosscoder.tables import LATENTS, PROFILES, SUMMARY
from scalestream.run import tables
from scalestream.run.progress import watched


def main(snakemake) -> None:
    settings, files, block = snakemake.params.settings, snakemake.output, snakemake.wildcards.block
    values, octaves = np.load(snakemake.input.activations, mmap_mode="r"), settings["octaves"]
    trained = zip(settings["runs"], snakemake.input.crosscoders, strict=True)
    loaded = [(of_run["pairing"], of_run["seed"], Crosscoder.load(path)) for of_run, path in trained]
    latents, profiles, summaries = [], [], []
    for pairing, seed, crosscoder in watched("crosscoders", len(loaded), "crosscoders")(loaded):
        is_shuffled = pairing == "shuffled"
        samples = Samples.of(values, settings["crosscoder.crops"], is_shuffled)
        others = [other for their_pairing, _, other in loaded if their_pairing == pairing and other is not crosscoder]
        of_run = {"block": block, "shuffled": is_shuffled, "seed": seed}
        judged = judge(crosscoder, samples, octaves, others)
        latents += [of_run | row for row in judged.rows()]
        profiles += [of_run | row for row in channel_rows(judged, crosscoder, octaves)]
        summaries.append(of_run | summary(judged, crosscoder, samples, others))
    tables.write(files.latents, LATENTS, latents)
    tables.write(files.profiles, PROFILES, profiles)
    tables.write(files.summary, SUMMARY, with_means(summaries))


if __name__ == "__main__":
    run(main, snakemake)
