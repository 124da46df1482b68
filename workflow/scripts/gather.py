"""Several tables of one schema, one after the other."""

from job import run

from scalestream import tables


def main(snakemake) -> None:
    schema = getattr(tables, snakemake.params.settings["schema"])
    with tables.writer(snakemake.output[0], schema) as append:
        for path in snakemake.input.tables:
            append(tables.read(path, schema))


run(main, snakemake)
