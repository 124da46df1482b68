"""Tables as pages to read."""

import pyarrow as pa
from job import run

from scalestream import tables
from scalestream.pages import table_page

SCHEMAS = {"variants": tables.ABLATION}


def main(snakemake) -> None:
    for name, source, page in zip(snakemake.params.settings["tables"], snakemake.input.tables, snakemake.output, strict=True):
        schema = SCHEMAS.get(name) or getattr(tables, name.upper())
        rows = tables.read(source, schema, [field.name for field in schema if field.type != pa.binary()])
        with tables.in_place(page) as path:
            path.write_text(table_page(name, rows))


run(main, snakemake)
