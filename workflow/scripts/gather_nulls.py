"""How many channels pass, beside how many pass by every null."""

from job import run
from scalestream.criteria.tables import CRITERIA, NULL
from scalestream.run import tables
from scalestream.study.nulls import of_rewiring, of_verdicts
from scalestream.study.tables import NULLS


def main(snakemake) -> None:
    paths, settings = snakemake.input, snakemake.params.settings
    rows = list(of_verdicts("observed", tables.read(paths.criteria, CRITERIA).to_pylist()))
    rows += of_rewiring(row for row in tables.read(paths.null, NULL).to_pylist() if row["seed"] == settings["seed"])
    for path in paths.changed:
        rows += tables.read(path, NULLS).to_pylist()
    for null, path in zip(settings["networks"], paths.networks, strict=True):
        rows += of_verdicts(null, tables.read(path, CRITERIA).to_pylist())
    tables.write(snakemake.output[0], NULLS, rows)


if __name__ == "__main__":
    run(main, snakemake)
