"""Random draws of a control at no scale, in order, until a range of trials is complete or the candidates are used up."""

import logging
from collections.abc import Iterator

from job import checkpoint, open_evaluation, run
from scalestream.ablation.draws import draw_channels
from scalestream.ablation.evaluation import Evaluation
from scalestream.ablation.screening import most_accepted, screen
from scalestream.ablation.tables import ABLATION, CANDIDATES
from scalestream.errors import InputError
from scalestream.run import tables


def main(snakemake) -> None:
    block, control, first, stop = (snakemake.wildcards[name] for name in ("block", "control", "first", "stop"))
    with checkpoint(snakemake) as kept:
        evaluation = open_evaluation(snakemake, kept)
        rows, waiting = [], list(range(int(first), int(stop)))
        for draw in screened(evaluation, len(waiting), snakemake):
            taken = draw["correct"] is not None
            accuracy = draw["n_correct"] / draw["n_seen"] if taken else None
            trial = waiting.pop(0) if taken else None
            rows.append({"block": block, "control": control, "accuracy": accuracy, "trial": trial, **draw})
            logging.info("draw %(draw)d: %(n_correct)d correct of %(n_seen)d, accepted: %(accepted)s", draw)
        if waiting:
            raise InputError(
                f"block {block}: {waiting[0]} of {stop} {control} trials found among the first "
                f"{snakemake.params.max_candidates} draws; raise ablation.max_candidates or ablation.slack, or "
                f"lower ablation.trials{'' if control == 'random' else ', or take it out of study.controls'}"
            )
        tables.write(snakemake.output[0], CANDIDATES, rows)


def screened(evaluation: Evaluation, wanted: int, snakemake) -> Iterator[dict]:
    """Draws from the first that the trials before these left, until as many are taken as are wanted.

    Of the unscreened, every draw is counted to the end and taken, whether it would be accepted or not.
    """
    settings, block, control = snakemake.params.settings, snakemake.wildcards.block, snakemake.wildcards.control
    (scale,) = (row for row in tables.read(snakemake.input.no_scale, ABLATION).to_pylist() if row["condition"] == "scale")
    most = most_accepted(scale["n_correct"], scale["n_images"], settings["slack"])
    followed = scale["n_images"] if control == "unscreened" else most
    means, seed = evaluation.ablated.means.tolist(), settings["ablation.seed"]
    earlier = [draw for path in snakemake.input.previous for draw in tables.read(path, CANDIDATES)["draw"].to_pylist()]
    for draw in screen(
        draws=lambda number: draw_channels(control, block, number, evaluation.selected, means, seed),
        screening=lambda channel_sets: evaluation.screening(channel_sets, followed),
        first=1 + max(earlier, default=-1),
        wanted=wanted,
        limit=snakemake.params.max_candidates,
    ):
        yield draw | {"accepted": draw["n_correct"] <= most}


if __name__ == "__main__":
    run(main, snakemake)
