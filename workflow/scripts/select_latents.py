"""Which latents of a block are ablated, and the directions of all that are live, by which the ablation numbers them."""

import logging

from job import run
from scalestream.ablation.tables import DIRECTIONS
from scalestream.criteria.tables import SELECTION
from scalestream.crosscoder.shown import live, of_main
from scalestream.crosscoder.tables import LATENTS
from scalestream.run import tables


def main(snakemake) -> None:
    rows = of_main(tables.read(snakemake.input.latents, LATENTS).to_pylist(), snakemake.params.settings["seed"])
    ablatable = [row for row in live(rows) if row["along"] is not None]
    tables.write(snakemake.output.selection, SELECTION, (selected(number, row) for number, row in enumerate(ablatable)))
    directions = ({"block": row["block"], "latent": row["latent"], "direction": row["along"]} for row in ablatable)
    tables.write(snakemake.output.directions, DIRECTIONS, directions)
    logging.info("%d of %d live latents selected", sum(row["found"] for row in ablatable), len(ablatable))


def selected(number: int, row: dict) -> dict:
    """A row of the table of the selection, whose channels are numbers of directions; the gain is the shift in octaves."""
    chosen = {"n_seeds": 1, "n_passing": int(row["found"]), "gain": row["shift"], "selected": row["found"]}
    return {"block": row["block"], "channel": number} | chosen


if __name__ == "__main__":
    run(main, snakemake)
