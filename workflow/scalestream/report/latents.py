"""The page of a crosscoder's latents, and the pictures that it shows."""

from collections.abc import Iterable
from pathlib import Path

from scalestream.crosscoder.layer_directions import SITES
from scalestream.crosscoder.shown import live
from scalestream.report.pages import latent_page
from scalestream.report.thumbnails import encode, opened


def write(folder: Path, facts: dict, blocks: dict[str, dict]) -> None:
    """Write the page and its pictures into an empty folder.

    facts: what the page says of the run. blocks: by name, `counts`, the rows of the table of latents that are shown (latents),
    in their order, rows of the visualizations by site (visualizations), and rows of the table of examples (examples).
    """
    described = []
    for name, block in blocks.items():
        place = Path("images") / name
        (folder / place).mkdir(parents=True)
        pictures = {row["latent"]: {site: {"examples": []} for site in SITES} for row in block["latents"]}
        for site, rows in block["visualizations"].items():
            for row in rows:
                path = place / f"{row['channel']}-{site}.webp"
                (folder / path).write_bytes(encode(opened(row["png"])))
                pictures[row["channel"]][site] |= {"visualization": str(path), "cosine": row["activation"]}
        for row in sorted(block["examples"], key=lambda row: row["octaves"]):
            path = place / f"{row['latent']}-{row['site']}-{row['octaves']:g}.webp"
            (folder / path).write_bytes(row["picture"])
            magnification = f"{2 ** row['octaves']:.3g}"
            pictures[row["latent"]][row["site"]]["examples"].append({"path": str(path), "magnification": magnification})
        latents = [row | {"pictures": pictures[row["latent"]]} for row in block["latents"]]
        described.append({"name": name, "n_live": block["n_live"], "n_found": block["n_found"], "latents": latents})
    (folder / "index.html").write_text(latent_page(facts, described))


def counts(rows: Iterable[dict]) -> dict[str, int]:
    """How many latents are live, and found, of rows of the table of latents."""
    ever = live(rows)
    return {"n_live": len(ever), "n_found": sum(row["found"] for row in ever)}
