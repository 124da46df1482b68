"""The page of latents: which are shown, and that every picture is there."""

import re

import numpy as np

from scalestream.crosscoder.shown import of_main, shown
from scalestream.images.encoding import encode_png
from scalestream.report.latents import counts, write
from scalestream.report.thumbnails import column, encode, opened


def latent(number: int, found: bool, power: float, firing: float = 0.1, **more) -> dict:
    row = {"seed": 0, "shuffled": False, "latent": number, "found": found, "power": power, "firing": firing}
    return row | {"shift": 0.5, "lag": 1.0, "direction": 0.7, "null": 0.3, "match": None} | more


ROWS = [latent(0, False, 9), latent(1, True, 1), latent(2, False, 5, firing=0), latent(3, True, 2), latent(4, False, 3)]


def test_found_latents_are_shown_first_and_dead_ones_never():
    assert shown(ROWS, 10) == [3, 1, 0, 4] and shown(ROWS, 3) == [3, 1, 0]
    assert counts(ROWS) == {"n_live": 4, "n_found": 2}
    others = [latent(7, True, 100, seed=1), latent(8, True, 100, shuffled=True)]
    assert of_main([*others, *ROWS], 0) == ROWS


def test_the_page_shows_every_latent_with_its_pictures(tmp_path):
    image = np.full((8, 8, 3), 77, np.uint8)
    visualized = [{"channel": number, "png": encode_png(image), "activation": 0.5} for number in (3, 0)]
    examples = [
        {"latent": number, "site": site, "octaves": octaves, "picture": column([image, image])}
        for number in (3, 0)
        for site in ("In", "Pre")
        for octaves in (1.0, 0.0)
    ]
    chosen = [ROWS[3], ROWS[0] | {"shift": None, "lag": None, "direction": None, "null": None}]
    block = counts(ROWS) | {"latents": chosen, "visualizations": {"In": visualized, "Pre": visualized}, "examples": examples}
    empty = {"n_live": 0, "n_found": 0, "latents": [], "visualizations": {"In": [], "Pre": []}, "examples": []}
    facts = {"architecture": "small", "weights": "embedded", "width": 5, "k": 2, "shifted": 0.25}
    write(tmp_path, facts, {"3.1": block, "4.1": empty})
    page = (tmp_path / "index.html").read_text()
    pictures = re.findall(r'src="([^"]+)"', page)
    assert len(pictures) == len(set(pictures)) == 2 * 2 * 3 and all((tmp_path / path).stat().st_size for path in pictures)
    assert "Block 3.1: 2 of 4 live latents found, 2 shown" in page and "Block 4.1: 0 of 0 live latents found<" in page
    assert page.index('id="3.1-3"') < page.index('id="3.1-0"') and page.count('class="found"') == 1
    assert "larger at Pre by 0.50 octaves; lag 1.00" in page and "larger at Pre by – octaves" in page
    assert re.findall(r"<figcaption>([\d.]+)x", page)[:2] == ["1", "2"] and "No latent is live." in page


def test_a_column_has_its_images_one_below_the_other_at_half_their_side():
    found = np.array(opened(column([np.full((8, 8, 3), value, np.uint8) for value in (0, 255)])))
    assert found.shape == (8, 4, 3) and found[:3].max() < 60 and found[5:].min() > 200
    assert encode(opened(encode_png(np.zeros((2, 2, 3), np.uint8))))
