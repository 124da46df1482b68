"""Tables as pages to read."""

from job import run

from scalestream import tables
from scalestream.pages import table_page


def main(snakemake) -> None:
    for name, source, page in zip(snakemake.params.settings["tables"], snakemake.input.tables, snakemake.output, strict=True):
        rows = tables.read(source, getattr(tables, name.upper()))
        with tables.in_place(page) as path:
            path.write_text(table_page(name, rows))


run(main, snakemake)
