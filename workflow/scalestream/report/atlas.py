"""The channel atlas: a static page with every analysed channel, and the data and pictures that it shows."""

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

TERMS = ("pre_in", "pre_in_scaled", "gain", "post_in", "post_pre", "ratio")
NOTED = ("dead_gradient", "started_silent")  # of a visualization
KERNELS = ("input", "pre", "pulled_back")  # of a channel's circuit
DIGITS = 4  # significant ones of every number on the page


def describe(
    blocks: dict[str, dict[str, str]],
    criteria: Iterable[dict],
    null: Iterable[dict],
    visualizations: Iterable[dict],
    top_images: Iterable[dict] | None,
    facts: dict,
    stability: Iterable[dict] = (),
    natural: Iterable[dict] = (),
    tuning: Iterable[dict] = (),
    circuits: Iterable[dict] = (),
) -> dict:
    """What the page shows, apart from pictures: columns by channel, for every block and every layer.

    blocks: layers by the paper's names (In, Pre, Post), by block. criteria, null, visualizations, top_images: rows of those
    tables; of the null those are shown that are of the seed of the criteria; a channel may have no visualization; top_images is
    None where natural images are left out. facts: what the page says of the run. stability, natural, tuning, circuits: rows of
    the tables of stability, natural criteria, tuning and circuits, empty where there are none.
    """
    criteria = _by_channel(criteria)
    counts = Counter(row["block"] for row in criteria)
    layers: dict[str, dict[str, list]] = {
        layer: {"activation": [None] * counts[name], **{fact: [] for fact in NOTED}}
        for name, columns in blocks.items()
        for layer in columns.values()
    }
    for row in _by_channel(visualizations):
        layer = layers[row["layer"]]
        layer["activation"][row["channel"]] = _number(row["activation"])
        for fact in NOTED:
            layer[fact] += [row["channel"]] if row[fact] else []
    if top_images is not None:
        for row in sorted(top_images, key=lambda row: (row["channel"], row["rank"])):
            if row["layer"] in layers:
                top = layers[row["layer"]].setdefault("top", [[] for _ in layers[row["layer"]]["activation"]])
                top[row["channel"]].append(_number(row["activation"]))
    judged: dict[str, dict[str, list]] = {name: {term: [] for term in (*TERMS, "verdict")} for name in blocks}
    for row in criteria:
        for term in TERMS:
            judged[row["block"]][term].append(_number(row[term]))
        judged[row["block"]]["verdict"].append(row["gain_passes"] + 2 * row["ratio_passes"])
    facts = facts | {"naturalImages": top_images is not None}
    for row in _by_channel(stability):
        judged[row["block"]].setdefault("seeds", []).append(row["n_passing"])
        facts["seeds"] = row["n_seeds"]
        facts.setdefault("intervals", {})[row["n_passing"]] = [_number(row["lower"]), _number(row["upper"])]
    for row in _by_channel(natural):
        judged[row["block"]].setdefault("natural", []).append(
            [
                row["gain_passes"] + 2 * row["ratio_passes"],
                _number(row["gain"]),
                _number(row["ratio"]),
                row["n_images"],
                row["in_pre"],
                row["in_post"],
                row["pre_post"],
            ]
        )
    for (block, channel), curves in _curves(tuning, facts).items():
        judged[block].setdefault("tuning", {})[channel] = curves
    for row in _by_channel(circuits):
        judged[row["block"]].setdefault("circuits", []).append(_circuit(row))
    (seed,) = {row["seed"] for row in criteria}
    expected = {row["block"]: _number(row["expected"]) for row in null if row["seed"] == seed}
    return {
        "facts": facts,
        "blocks": [
            {"name": name, "layers": columns, "expected": expected[name], **judged[name]} for name, columns in blocks.items()
        ],
        "layers": layers,
    }


def write(
    folder: Path,
    data: dict,
    thumbnails: Iterable[pa.RecordBatch],
    assets: Iterable[str | Path],
    kernels: Iterable[dict] = (),
) -> None:
    """Write the page, its data and its pictures into an empty folder.

    data: from `describe`. thumbnails: pieces of that table, of which only pictures that the page shows are written. assets:
    the files of the page. kernels: rows of the tables of kernels.
    """
    for asset in assets:
        shutil.copyfile(asset, folder / Path(asset).name)
    # A script, as a page that is opened as a file may not read other files.
    (folder / "data.js").write_text(f"const ATLAS = {json.dumps(data, separators=(',', ':'), allow_nan=False)};\n")
    for batch in thumbnails:
        for row in batch.to_pylist():
            layer = folder / "images" / row["layer"]
            layer.mkdir(parents=True, exist_ok=True)
            if row["visualization"] is not None:
                (layer / f"{row['channel']}.webp").write_bytes(row["visualization"])
            if data["facts"]["naturalImages"]:
                (layer / f"{row['channel']}-top.webp").write_bytes(row["top_images"])
    for row in kernels:
        block = folder / "kernels" / row["block"]
        block.mkdir(parents=True, exist_ok=True)
        for kernel in KERNELS:
            if row[kernel] is not None:
                (block / f"{row['channel']}-{kernel}.webp").write_bytes(row[kernel])


def _circuit(row: dict) -> list[float] | None:
    """Numbers of a channel's circuit, with the preferred magnification as a factor; None where it has none."""
    if row["kappa"] is None:
        return None
    return [_number(value) for value in (row["kappa"], 2 ** row["preferred"], row["evidence"], row["p_row"], row["p_column"])]


def _curves(tuning: Iterable[dict], facts: dict) -> dict[tuple[str, int], dict[str, list[list[int]]]]:
    """By block and channel: responses of In, Pre and Post to what excites In, by kind of stimulus and magnification, in percent
    of the largest of them. The magnifications go to the facts."""
    curves: dict[tuple[str, int], dict[str, list[list[float]]]] = {}
    for row in sorted((row for row in tuning if row["source"] == "In"), key=lambda row: row["magnification"]):
        kinds = curves.setdefault((row["block"], row["channel"]), {})
        for curve, column in zip(kinds.setdefault(row["stimulus"], [[], [], []]), ("in", "pre", "post")):
            curve.append(row[column])
        if row["magnification"] not in facts.setdefault("magnifications", []):
            facts["magnifications"].append(row["magnification"])
    return {key: {kind: _in_percent(of_stimulus) for kind, of_stimulus in kinds.items()} for key, kinds in curves.items()}


def _in_percent(curves: list[list[float]]) -> list[list[int]]:
    largest = max(abs(value) for curve in curves for value in curve) or 1
    return [[round(100 * value / largest) for value in curve] for curve in curves]


def _by_channel(rows: Iterable[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: row["channel"])


def _number(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
