"""Tables as pages to read."""

from pkgutil import resolve_name

import pyarrow as pa

from job import run
from scalestream.report.pages import table_page
from scalestream.run import tables
from scalestream.run.files import atomic_write


def main(snakemake) -> None:
    shown = snakemake.params.settings["schemas"]
    for (name, schema), source, page in zip(shown.items(), snakemake.input.tables, snakemake.output, strict=True):
        schema = resolve_name(schema)
        rows = tables.read(source, schema, [field.name for field in schema if field.type != pa.binary()])
        with atomic_write(page) as path:
            path.write_text(table_page(name, rows))


if __name__ == "__main__":
    run(main, snakemake)
