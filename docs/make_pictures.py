"""The pictures of README, from finished runs of the embedded default and of config/planted.yaml:
`make pictures RUN=FOLDER PLANTED=FOLDER`.

docs/pictures/block.svg is drawn by hand.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pyarrow.parquet as pq
from PIL import Image

from scalestream.errors import InputError
from scalestream.figures.grids import pages
from scalestream.figures.style import styled
from scalestream.report.tables import GRIDS
from scalestream.run import tables

PICTURES = Path(__file__).with_name("pictures")
WIDTH = 1200  # pixels of a picture, at most
QUALITY = 88  # of WebP
WINDOW = "1200,800"  # of the screenshot, in pixels
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(run: Path, planted: Path) -> None:
    """Write all pictures; raises InputError where a run or a browser is missing."""
    results, with_truth = run / "results", planted / "results"
    needed = [results / name for name in ("criteria.parquet", "grids.parquet", "figures/figure2.png", "figures/passing.png")]
    needed += [with_truth / name for name in ("criteria.parquet", "grids.parquet", "planted_channels.parquet")]
    for path in [*needed, results / "atlas/index.html"]:
        if not path.exists():
            raise InputError(f"{path} is not there; name the folder of a finished run")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(f"there is no {', '.join(BROWSERS)}; install chromium")
    PICTURES.mkdir(exist_ok=True)
    _write("grid", _grid(results, _passing(results)))
    _write("planted", _grid(with_truth, _planted(with_truth)))
    for figure in ("figure2", "passing"):
        _write(figure, Image.open(results / f"figures/{figure}.png"))
    _write("atlas", _screenshot(browser, results / "atlas/index.html"))


def _passing(results: Path) -> pd.DataFrame:
    """The channels that pass, by response gain, the highest first."""
    return pq.read_table(results / "criteria.parquet").to_pandas().query("passes").sort_values("gain", ascending=False)


def _planted(results: Path) -> pd.DataFrame:
    """Those of them that are scale invariant by construction."""
    planted = pq.read_table(results / "planted_channels.parquet").to_pandas().query("scale_invariant")
    return _passing(results).merge(planted[["block", "channel"]])


def _grid(results: Path, channels: pd.DataFrame) -> Image.Image:
    """The grid of the first of the channels, as Figures 3 and 4 have it."""
    if channels.empty:
        raise InputError(f"{results}: no such channel passes; name the folder of a run of a shipped configuration")
    first = channels.iloc[0]
    rows = tables.read(results / "grids.parquet", GRIDS).to_pylist()
    shown = [row for row in rows if (row["block"], row["channel"]) == (first["block"], first["channel"])]
    with styled():
        (page,) = pages(shown, [first["block"]])
        picture = io.BytesIO()
        page.savefig(picture, dpi=200)
        plt.close(page)
    return Image.open(picture)


def _screenshot(browser: str, page: Path) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "page.png")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        shot = [f"--screenshot={picture}", f"--window-size={WINDOW}", "--virtual-time-budget=5000"]
        done = subprocess.run([browser, *options, *shot, page.resolve().as_uri()], capture_output=True, text=True, check=False)
        if not picture.exists():
            raise InputError(f"{browser} took no picture: {done.stderr.strip().splitlines()[-1:]}")
        return Image.open(io.BytesIO(picture.read_bytes()))


def _write(name: str, picture: Image.Image) -> None:
    picture = picture.convert("RGB")
    picture.thumbnail((WIDTH, WIDTH))
    path = PICTURES / f"{name}.webp"
    picture.save(path, quality=QUALITY, method=6)
    print(f"{path}: {picture.width} x {picture.height} pixels, {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:]))
    except (InputError, OSError) as error:
        sys.exit(str(error))
