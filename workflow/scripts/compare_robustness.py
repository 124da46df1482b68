"""Accuracy by magnification of all networks of a family."""

from job import run
from scalestream.comparison.answers import Answers
from scalestream.comparison.members import Member
from scalestream.comparison.robustness import family_robustness
from scalestream.comparison.tables import FAMILY_ROBUSTNESS
from scalestream.run import tables


def main(snakemake) -> None:
    members = [Member.from_settings(member) for member in snakemake.params.settings["members"]]
    with tables.writer(snakemake.output[0], FAMILY_ROBUSTNESS) as append:
        for member, path in zip(members, snakemake.input.tables, strict=True):
            append(family_robustness(Answers.read([member], [path])))  # each of its own images and magnifications


if __name__ == "__main__":
    run(main, snakemake)
