"""Random draws of a control at no scale, in order, until a range of trials is complete or the candidates are used up; none of a
control that cannot be drawn."""

import logging
from collections.abc import Iterator

from job import checkpoint, open_evaluation, run
from scalestream.ablation.draws import draw_channels, obstacle
from scalestream.ablation.evaluation import Evaluation
from scalestream.ablation.screening import most_accepted, screen
from scalestream.ablation.tables import ABLATION, CANDIDATES
from scalestream.errors import InputError
from scalestream.run import tables


def main(snakemake) -> None:
    block, control = snakemake.wildcards.block, snakemake.wildcards.control
    with checkpoint(snakemake) as kept:
        evaluation = open_evaluation(snakemake, kept)
        reason = obstacle(control, evaluation.selected, len(evaluation.ablated.amounts))
        if reason:
            logging.warning("block %s: %s, so there is no %s trial", block, reason, control)
        tables.write(snakemake.output[0], CANDIDATES, () if reason else draws(evaluation, snakemake))


def draws(evaluation: Evaluation, snakemake) -> Iterator[dict]:
    """Rows of the table of candidates. Where the candidates are used up before the trials are complete, raises InputError for
    the paper's control; that few draws of another harm enough is a result, which depends on how many there are."""
    block, control, first, stop = (snakemake.wildcards[name] for name in ("block", "control", "first", "stop"))
    waiting = list(range(int(first), int(stop)))
    earlier = [row for path in snakemake.input.previous for row in tables.read(path, CANDIDATES, ["draw", "trial"]).to_pylist()]
    if snakemake.input.previous and waiting[0] - 1 not in {row["trial"] for row in earlier}:
        logging.warning("block %s: the candidates were used up before %s trial %d", block, control, waiting[0])
        return
    begin = 1 + max((row["draw"] for row in earlier), default=-1)
    for draw in screened(evaluation, begin, len(waiting), snakemake):
        taken = draw["correct"] is not None
        accuracy = draw["n_correct"] / draw["n_seen"] if taken else None
        trial = waiting.pop(0) if taken else None
        yield {"block": block, "control": control, "accuracy": accuracy, "trial": trial, **draw}
        logging.info("draw %(draw)d: %(n_correct)d correct of %(n_seen)d, accepted: %(accepted)s", draw)
    if waiting:
        limit = snakemake.params.max_candidates
        found = f"block {block}: {waiting[0]} of {stop} {control} trials found among the first {limit} draws"
        if "ablation.max_candidates" not in snakemake.params.settings:
            raise InputError(f"{found}; raise ablation.max_candidates or ablation.slack, or lower ablation.trials")
        logging.warning("%s; the study goes on with these", found)


def screened(evaluation: Evaluation, first: int, wanted: int, snakemake) -> Iterator[dict]:
    """Draws from the first on, until as many are taken as are wanted.

    Of the unscreened, every draw is counted to the end and taken, whether it would be accepted or not.
    """
    settings, block, control = snakemake.params.settings, snakemake.wildcards.block, snakemake.wildcards.control
    (scale,) = (row for row in tables.read(snakemake.input.no_scale, ABLATION).to_pylist() if row["condition"] == "scale")
    most = most_accepted(scale["n_correct"], scale["n_images"], settings["slack"])
    followed = scale["n_images"] if control == "unscreened" else most
    means, seed = evaluation.ablated.amounts, settings["ablation.seed"]
    for draw in screen(
        draws=lambda number: draw_channels(control, block, number, evaluation.selected, means, seed),
        screening=lambda channel_sets: evaluation.screening(channel_sets, followed),
        first=first,
        wanted=wanted,
        limit=snakemake.params.max_candidates,
    ):
        yield draw | {"accepted": draw["n_correct"] <= most}


if __name__ == "__main__":
    run(main, snakemake)
