"""How many channels of a block would pass if In were added to another channel's Pre."""

import logging

from job import run
from scalestream.criteria.responses import Responses
from scalestream.criteria.rewiring import null, passes
from scalestream.criteria.tables import NULL, RESPONSES_TO_VISUALIZATIONS
from scalestream.run import tables


def main(snakemake) -> None:
    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    responses = Responses.from_table(tables.read(snakemake.input.responses, RESPONSES_TO_VISUALIZATIONS))
    with_in = responses.of_first(len(responses.x_in.pre) - settings.get("padded", 0))
    of_pairs = passes(with_in, settings["criteria.tolerance"])
    row = null(wildcards.block, int(wildcards.seed), of_pairs, settings["criteria.rewirings"])
    tables.write(snakemake.output[0], NULL, [row])
    logging.info(
        "%(passing)d of %(n_channels)d channels pass, %(expected).3g are expected of mismatched pairs "
        "(95 %%: %(lower).3g to %(upper).3g), p = %(p).2g",
        row,
    )


if __name__ == "__main__":
    run(main, snakemake)
