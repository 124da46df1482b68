"""Eq. 3 by magnification, of all networks of a family."""

from job import run
from scalestream.ablation.tables import RATIOS
from scalestream.comparison.members import Member
from scalestream.comparison.ratios import family_ratios
from scalestream.comparison.tables import FAMILY_RATIOS
from scalestream.run import tables


def main(snakemake) -> None:
    settings = snakemake.params.settings
    with tables.writer(snakemake.output[0], FAMILY_RATIOS) as append:
        for member, views, path in zip(settings["members"], settings["views"], snakemake.input.ratios, strict=True):
            append(family_ratios(Member.from_settings(member), views, tables.read(path, RATIOS).to_pylist()))


if __name__ == "__main__":
    run(main, snakemake)
