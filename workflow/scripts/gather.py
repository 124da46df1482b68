"""Several tables of one schema, one after the other."""

from pkgutil import resolve_name

from job import run
from scalestream.run import tables


def main(snakemake) -> None:
    schema = resolve_name(snakemake.params.settings["schema"])
    with tables.writer(snakemake.output[0], schema) as append:
        for path in snakemake.input.tables:
            append(tables.read(path, schema))


if __name__ == "__main__":
    run(main, snakemake)
