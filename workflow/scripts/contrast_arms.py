"""Whether arms of a family keep more of their accuracy on magnified images than the reference arm."""

import logging

from job import run
from scalestream.comparison.answers import Answers
from scalestream.comparison.contrasts import LEAST_SEEDS, contrasts
from scalestream.comparison.members import Member
from scalestream.comparison.tables import CONTRASTS
from scalestream.run import tables


def main(snakemake) -> None:
    settings = snakemake.params.settings
    members = [Member.from_settings(member) for member in settings["members"]]
    answers = Answers.read(members, snakemake.input.tables)
    rows = list(contrasts(answers, settings["reference"], settings["resamples"]))
    if not rows:
        logging.warning("no arm shares %d seeds with %s: there is nothing to contrast", LEAST_SEEDS, settings["reference"])
    tables.write(snakemake.output[0], CONTRASTS, rows)


if __name__ == "__main__":
    run(main, snakemake)
