"""Dose and response."""

from job import run

from scalestream import tables
from scalestream.figures import save, styled
from scalestream.figures.dose import dose_response


def main(snakemake) -> None:
    with styled():
        save(dose_response(tables.read(snakemake.input[0], tables.DOSE_RESPONSE).to_pylist()), *snakemake.output)


run(main, snakemake)
