"""A figure, from the rows of one table."""

from pkgutil import resolve_name

from job import run
from scalestream.figures.style import save, save_pages, styled
from scalestream.run import tables


def main(snakemake) -> None:
    settings = snakemake.params.settings
    rows = tables.read(snakemake.input.table, resolve_name(settings["schema"])).to_pylist()
    with styled():
        figure = resolve_name(settings["draw"])(rows, **settings["options"])
        if "pages" in snakemake.output.keys():
            save_pages(figure, snakemake.output.pdf, snakemake.output.pages)
        else:
            save(figure, *snakemake.output)


if __name__ == "__main__":
    run(main, snakemake)
