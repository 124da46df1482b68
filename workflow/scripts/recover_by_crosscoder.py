"""What latents of crosscoders, and channels by the correlogram, find of what is planted."""

import numpy as np

from job import run
from scalestream.crosscoder.latents import RECURS
from scalestream.crosscoder.recovery import recovered, stream_directions
from scalestream.crosscoder.tables import LATENTS, RECOVERY
from scalestream.measures.tables import LAGS
from scalestream.measures.thresholds import largest_rank
from scalestream.measures.verdicts import lagged
from scalestream.networks.interface import planted_seed
from scalestream.networks.manifest import Manifest
from scalestream.networks.tables import PLANTED_CHANNELS
from scalestream.run import tables


def main(snakemake) -> None:
    settings, given = snakemake.params.settings, snakemake.input
    channels = Manifest.read(given.manifest).blocks[snakemake.wildcards.block].channels
    truth = tables.read(given.channels, PLANTED_CHANNELS).to_pylist()
    latents = [row for row in tables.read(given.latents, LATENTS).to_pylist() if is_called(row)]
    called = []
    if given.lags:
        lags = tables.read(given.lags, LAGS).to_pylist()
        of_channels = [row["channel"] for row in lags if lagged(row, largest_rank(lags))]
        called.append(("correlogram", None, np.eye(channels)[of_channels]))
    for seed in settings["crosscoder.seeds"]:
        of_seed = [row for row in latents if row["seed"] == seed]
        recurring = [row for row in of_seed if (row["match"] or 0) > RECURS]
        called += [("latents", seed, along(of_seed)), ("recurring latents", seed, along(recurring))]
    held = stream_directions(channels, planted_seed(settings["model.weights"]), settings["model.planted"]["superposition"])
    rows = []
    for rule, seed, found in called:
        found = np.array(found).reshape(-1, channels)
        rows += [{"rule": rule, "seed": seed} | row for row in recovered(found, truth, held)]
    tables.write(snakemake.output[0], RECOVERY, rows)


def is_called(row: dict) -> bool:
    """Whether a latent says that Pre is its In, only larger."""
    return row["found"] and row["lag"] > 0 and not row["shuffled"]


def along(rows: list[dict]) -> list[list[float]]:
    """The directions of the stream along which latents lie."""
    return [row["along"] for row in rows]


if __name__ == "__main__":
    run(main, snakemake)
