"""Pages to read in a browser: tables, runs side by side, the latents of crosscoders, and the way to the atlases of a family."""

import pandas as pd
import pyarrow as pa
from jinja2 import Environment, PackageLoader

TEMPLATES = Environment(
    loader=PackageLoader("scalestream.report", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.filters["number"] = lambda value: "–" if value is None else f"{value:.2f}"


def table_page(title: str, rows: pa.Table) -> str:
    """A page of its own with the rows of a table; numbers have four significant digits, what is missing a dash."""
    return TEMPLATES.get_template("table.html").render(
        title=title, columns=rows.column_names, rows=[[_cell(value) for value in row.values()] for row in rows.to_pylist()]
    )


def atlas_index(networks: list[dict]) -> str:
    """A page that leads to the atlases of several networks.

    Each network has its name (network), architecture, weights, rows of its null (blocks), and where its atlas and the picture
    of what passes are, from the page.
    """
    return TEMPLATES.get_template("atlas_index.html").render(networks=networks)


def comparison(title: str, note: str | None, sections: dict[str, pd.DataFrame]) -> str:
    """A page with a table for each section by its title, as text; of an empty one it says so."""
    shown = [{"title": name, "columns": list(table), "rows": table.values.tolist()} for name, table in sections.items()]
    return TEMPLATES.get_template("comparison.html").render(title=title, note=note, sections=shown)


def latent_page(facts: dict, blocks: list[dict]) -> str:
    """A page with the latents of crosscoders, block by block.

    facts: architecture, weights, width, k, and by how many octaves a latent that is found is larger at Pre (shifted). A block
    has its name, how many latents are live (n_live) and found (n_found), and of those that are shown the row of the table of
    latents, with pictures by site: the visualization and its cosine, and examples by magnification.
    """
    return TEMPLATES.get_template("latents.html").render(facts=facts, blocks=blocks)


def _cell(value) -> tuple[str, str]:
    """The text of a cell, and the class by which it is aligned."""
    match value:
        case None:
            return "–", "text"
        case bool():
            return ("yes" if value else "no"), "text"
        case float():
            return f"{value:.4g}", "number"
        case int():
            return str(value), "number"
        case list():
            return " ".join(_cell(item)[0] for item in value), "text"
        case _:
            return str(value), "text"
