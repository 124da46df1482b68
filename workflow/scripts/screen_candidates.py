"""Random draws of a control at no scale, in order, until a range of trials is found or the candidates are used up."""

import logging
from collections.abc import Iterator

from job import checkpoint, run

from scalestream import tables
from scalestream.errors import InputError
from scalestream.evaluation import Evaluation
from scalestream.memory import keep_freed_memory
from scalestream.screening import draw_channels, most_accepted, screen


def main(snakemake) -> None:
    keep_freed_memory()
    block, control, first, stop = (snakemake.wildcards[name] for name in ("block", "control", "first", "stop"))
    with checkpoint(snakemake) as kept:
        evaluation = Evaluation.open(snakemake.input, block, snakemake.params.settings, snakemake.params.batch_size,
                                     snakemake.threads, kept)
        rows, trials = [], range(int(first), int(stop))
        for draw in screened(evaluation, len(trials), snakemake):
            taken = draw["correct"] is not None
            rows.append({"block": block, "control": control, "accuracy": draw["n_correct"] / draw["n_seen"] if taken else None,
                         "trial": trials[sum(row["trial"] is not None for row in rows)] if taken else None, **draw})
            logging.info("draw %(draw)d: %(n_correct)d correct of %(n_seen)d, accepted: %(accepted)s", draw)
        found = sum(row["trial"] is not None for row in rows)
        if found < len(trials):
            raise InputError(f"block {block}: {trials.start + found} of {stop} {control} trials found among the first "
                             f"{snakemake.params.max_candidates} draws; raise ablation.max_candidates or ablation.slack, or "
                             f"lower ablation.trials{'' if control == 'random' else ', or take it out of study.controls'}")
        tables.write(snakemake.output[0], tables.CANDIDATES, rows)


def screened(evaluation: Evaluation, wanted: int, snakemake) -> Iterator[dict]:
    """Draws from the first that the trials before these left, until as many are taken as are wanted.

    Of the unscreened, every draw is counted to the end and taken, whether it would be accepted or not.
    """
    settings, block, control = snakemake.params.settings, snakemake.wildcards.block, snakemake.wildcards.control
    (scale,) = (row for row in tables.read(snakemake.input.no_scale, tables.ABLATION).to_pylist() if row["condition"] == "scale")
    most = most_accepted(scale["n_correct"], scale["n_images"], settings["slack"])
    followed = scale["n_images"] if control == "unscreened" else most
    means, seed = evaluation.ablated.means.tolist(), settings["ablation.seed"]
    for draw in screen(
        draws=lambda number: draw_channels(control, block, number, evaluation.selected, means, seed),
        tally=lambda numbers, sets: evaluation.tally(sets, followed, f"draws-{numbers.start}-{numbers.stop}"),
        first=1 + max((draw for path in snakemake.input.previous
                       for draw in tables.read(path, tables.CANDIDATES)["draw"].to_pylist()), default=-1),
        wanted=wanted,
        limit=snakemake.params.max_candidates,
    ):
        yield draw | {"accepted": draw["n_correct"] <= most}


run(main, snakemake)
