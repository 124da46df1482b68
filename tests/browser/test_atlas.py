"""The channel atlas: its data and files, and the page in a real browser."""

import io
import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
from chromium import page_of
from PIL import Image

from conftest import REPOSITORY, blocks_of, layers_of
from scalestream.report.atlas import describe, write
from scalestream.report.tables import THUMBNAILS

ASSETS = sorted((REPOSITORY / "workflow/atlas").iterdir())
FACTS = {
    "architecture": "resnet18",
    "weights": "IMAGENET1K_V1",
    "steps": 2560,
    "linear": ["4.1"],
    "streamless": True,
    "padded": {"2.0": 64},
    "tolerance": 1.5,
    "magnification": 2,
    "center": "image",
}
BLOCKS = blocks_of("resnet18")


def number(*place: int) -> float:
    """A number that looks like an activation, other for every place."""
    return (sum(prime * each for prime, each in zip((7919, 104729, 1299709), place)) % 100003) / 5000 - 4


def criteria():
    for place, block in enumerate(BLOCKS.values()):
        for channel in range(block.channels):
            ratio = None if channel % 5 == 4 else abs(number(channel, place)) + 0.01
            gain = number(channel, place, 1)
            yield {
                "block": block.name,
                "channel": channel,
                "pre_in": number(channel, 2),
                "pre_in_scaled": number(channel, 3),
                "gain": gain,
                "post_in": 1.23456789,
                "post_pre": 0.5,
                "ratio": ratio,
                "gain_passes": gain > 0,
                "ratio_passes": ratio is not None and 2 / 3 < ratio < 1.5,
                "seed": 0,
            }


def null():
    """Of two seeds."""
    for seed in (1, 0):
        yield from ({"block": block, "seed": seed, "expected": 9.5 * seed + 0.123456} for block in BLOCKS)


def visualizations():
    for layer, count in layers_of("resnet18").items():
        yield from (
            {
                "layer": layer,
                "channel": channel,
                "activation": number(channel, count),
                "dead_gradient": channel % 50 == 3,
                "started_silent": channel % 25 == 3,
            }
            for channel in range(count)
        )


def top_images():
    yield from (
        {"layer": row["layer"], "channel": row["channel"], "rank": rank, "activation": number(row["channel"], rank)}
        for row in visualizations()
        for rank in range(1, 10)
    )


def thumbnails(made):
    buffer = io.BytesIO()
    Image.effect_noise((32, 32), 60).convert("RGB").save(buffer, format="webp")
    rows = [
        {
            "layer": row["layer"],
            "channel": row["channel"],
            "visualization": buffer.getvalue() if made(row) else None,
            "top_images": buffer.getvalue(),
        }
        for row in visualizations()
    ]
    return pa.Table.from_pylist(rows, schema=THUMBNAILS).to_batches(1000)


MAGNIFICATIONS = [0.5, 0.595, 0.707, 0.841, 1, 1.189, 1.414, 1.682, 2]


def past_the_paper() -> dict[str, list[dict]]:
    """Tables of a study of three seeds; channel 6 of each block has no tuning by its visualization."""
    rows = list(criteria())
    stability = [
        row
        | {
            "n_seeds": 3,
            "n_passing": row["channel"] % 4,
            "share": row["channel"] % 4 / 3,
            "lower": 0.2077 * (row["channel"] % 4),
            "upper": 1 - 0.1 * (3 - row["channel"] % 4),
        }
        for row in rows
    ]
    natural = [row | {"n_images": 9, "in_pre": 0, "in_post": 3, "pre_post": row["channel"] % 10} for row in rows]
    tuning = [
        {
            "block": row["block"],
            "channel": row["channel"],
            "source": source,
            "stimulus": stimulus,
            "magnification": factor,
            "in": 4 - abs(place - 2),
            "pre": 8 - 2 * abs(place - 6),
            "post": number(row["channel"], place),
        }
        for row in rows
        for source in ("In", "Pre")
        for stimulus in ("visualization", "image")
        for place, factor in enumerate(MAGNIFICATIONS)
        if row["channel"] != 6 or stimulus == "image"
    ]
    return {"stability": stability, "natural": natural, "tuning": tuning}


def build(
    folder: Path, natural_images: bool = True, study: bool = True, made=lambda row: True, circuits=(), kernels=()
) -> Path:
    """An atlas of the full experiment's size, with those visualizations that were made."""
    layers = {name: block.layers for name, block in BLOCKS.items()}
    found = describe(
        layers,
        criteria(),
        null(),
        filter(made, visualizations()),
        top_images() if natural_images else None,
        FACTS,
        **(past_the_paper() if study else {}),
        circuits=circuits,
    )
    write(folder, found, thumbnails(made), ASSETS, kernels)
    return folder


@pytest.fixture(scope="session")
def atlas(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("atlas"))


@pytest.fixture
def page(chromium, atlas):
    with page_of(chromium, atlas, viewport={"width": 1280, "height": 800}) as opened:
        opened.goto((atlas / "index.html").as_uri())
        yield opened


def data(folder: Path) -> dict:
    return json.loads((folder / "data.js").read_text().removeprefix("const ATLAS = ").rstrip(";\n"))


def titles(page) -> list[str]:
    return page.locator(".card b").all_text_contents()


# The files


def test_the_page_without_images_is_below_a_megabyte(atlas):
    assert sum(path.stat().st_size for path in atlas.iterdir() if path.is_file()) < 1_000_000
    assert len(list((atlas / "images").rglob("*.webp"))) == 2 * 4672


def test_numbers_have_four_digits_and_what_is_missing_is_null(atlas):
    block = data(atlas)["blocks"][2]
    assert block["name"] == "2.1" and block["layers"] == {"In": "layer2.0", "Pre": "layer2.1.bn2", "Post": "layer2.1"}
    assert block["post_in"][0] == 1.235 and block["ratio"][4] is None and len(block["gain"]) == 128
    rows = [row for row in criteria() if row["block"] == "2.1"]
    assert block["verdict"] == [row["gain_passes"] + 2 * row["ratio_passes"] for row in rows] and set(block["verdict"]) == {
        0,
        1,
        2,
        3,
    }
    layer = data(atlas)["layers"]["layer2.1"]
    assert layer["started_silent"] == [3, 28, 53, 78, 103]
    assert layer["dead_gradient"] == [3, 53, 103] and layer["top"][5] == [
        float(f"{number(5, rank):.4g}") for rank in range(1, 10)
    ]


def test_curves_are_in_percent_of_the_largest_response(atlas):
    found = data(atlas)
    assert found["facts"]["magnifications"] == MAGNIFICATIONS and found["facts"]["seeds"] == 3
    curves = found["blocks"][2]["tuning"]["15"]["image"]
    post = [number(15, place) for place in range(9)]
    largest = max(8, *map(abs, post))
    assert curves == [
        [round(100 * (4 - abs(place - 2)) / largest) for place in range(9)],
        [round(100 * (8 - 2 * abs(place - 6)) / largest) for place in range(9)],
        [round(100 * value / largest) for value in post],
    ]
    assert set(found["blocks"][2]["tuning"]["6"]) == {"image"}


def test_a_linear_stream_is_said(page):
    assert "Linear stream: the network does not rectify the sum of 4.1; Post is ReLU of it." in page.inner_text("#facts")


def test_a_missing_stream_and_padded_channels_are_said(page):
    said = page.inner_text("#facts")
    assert "No stream: In is not added to Pre, and what passes is what passes by chance." in said
    assert "The last 64 channels of 2.0 have zeros for In; neither equation is asked of them." in said


def test_counts_stand_beside_what_is_expected_of_mismatched_pairs(page, atlas):
    passing = dict.fromkeys(BLOCKS, 0)
    for row in criteria():
        passing[row["block"]] += row["gain_passes"] and row["ratio_passes"]
    assert {block["expected"] for block in data(atlas)["blocks"]} == {0.1235}
    assert f"{sum(passing.values())} of 1856 pass; 0.9 expected of mismatched pairs." in page.inner_text("#facts")
    options = page.locator("#block option").all_text_contents()
    assert options[3] == f"2.1 ({passing['2.1']} of 128 pass; 0.1 expected)" and len(options) == 8


def test_natural_images_can_be_left_out(chromium, tmp_path):
    build(tmp_path, natural_images=False)
    assert len(list((tmp_path / "images").rglob("*.webp"))) == 4672 and not list(tmp_path.rglob("*-top.webp"))
    assert "top" not in data(tmp_path)["layers"]["layer2.1"]
    with page_of(chromium, tmp_path) as page:
        page.goto((tmp_path / "index.html").as_uri() + "#2.1/15")
        assert "Natural images were left out." in page.inner_text("#facts")
        assert page.locator("#columns img").count() == 3


# The page


def test_images_load_when_they_are_seen(page):
    # Firefox and Safari load an image at once when its source comes first (Mozilla bug 1647077).
    orders = page.locator("img").evaluate_all(
        "images => [...new Set(images.map(image => image.getAttributeNames().join(' ')))]"
    )
    assert all(names.split().index("loading") < names.split().index("src") for names in orders)
    page.wait_for_function("[...document.images].filter(image => image.complete && image.naturalWidth).length >= 12")
    first = [url for url in page.requested if url.endswith(".webp")]
    assert 12 <= len(first) < 600 and page.locator(".card").count() == 1856
    page.locator(".card").nth(1800).scroll_into_view_if_needed()
    card = page.locator(".card").nth(1800).locator("img").first
    page.wait_for_function("image => image.complete && image.naturalWidth", arg=card.element_handle())
    assert len({url for url in page.requested if url.endswith(".webp")}) < 1500 < 2 * 4672


def test_pictures_are_square(page, atlas):
    page.goto((atlas / "index.html").as_uri() + "#2.1/15")
    for image in [page.locator(".card img").first, *page.locator("#columns img").all()]:
        box = image.bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1) and box["width"] > 60


def test_channels_are_filtered_by_block_and_verdict(page):
    assert page.inner_text("#count") == "1856 of 1856 channels"
    rows = list(criteria())
    for block in ("2.1", "4.1"):
        page.select_option("#block", block)
        for verdict, meets in {"3": (True, True), "1": (True, False), "2": (False, True), "0": (False, False)}.items():
            page.select_option("#verdict", verdict)
            expected = [
                f"{block} · {row['channel']}"
                for row in rows
                if row["block"] == block and (row["gain_passes"], row["ratio_passes"]) == meets
            ]
            assert titles(page) == expected and expected
            assert page.inner_text("#count") == f"{len(expected)} of 1856 channels"
    page.select_option("#block", "")
    assert len(titles(page)) == sum(not row["gain_passes"] and not row["ratio_passes"] for row in rows)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("term", ["channel", "ratio", "gain"])
def test_channels_are_sorted_with_what_is_missing_last(page, term, order):
    page.select_option("#block", "2.0")
    page.select_option("#sort", term)
    page.select_option("#order", str(order))
    rows = [row for row in criteria() if row["block"] == "2.0"]
    rounded = lambda row: float(f"{row[term]:.4g}")
    have = sorted((row for row in rows if row[term] is not None), key=lambda row: order * rounded(row))
    missing = [row for row in rows if row[term] is None]
    assert titles(page) == [f"2.0 · {row['channel']}" for row in have + missing]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("15", [f"{block} · 15" for block in BLOCKS]),
        ("2.1/15", ["2.1 · 15"]),
        ("2.1 15", ["2.1 · 15"]),
        ("#2.1/15", ["2.1 · 15"]),
        ("1.1", [f"1.1 · {channel}" for channel in range(64)]),
        ("300", ["4.0 · 300", "4.1 · 300"]),
        ("x", []),
    ],
)
def test_a_channel_is_searched_for_by_its_number(page, words, expected):
    page.fill("#search", words)
    assert titles(page) == expected and page.inner_text("#count") == f"{len(expected)} of 1856 channels"


def test_a_link_opens_exactly_its_channel(page, atlas):
    page.goto((atlas / "index.html").as_uri() + "#2.1/15")
    row = next(row for row in criteria() if (row["block"], row["channel"]) == ("2.1", 15))
    assert page.locator("dialog[open]").is_visible()
    assert page.inner_text("#name").startswith("Block 2.1, channel 15:")
    terms = dict(zip(page.locator("#terms th").all_inner_texts(), page.locator("#terms td").all_inner_texts()))
    assert float(terms["Pre(X_In)"]) == pytest.approx(row["pre_in"], rel=1e-3)
    assert float(terms["response gain, Pre(S(X_In)) − ReLU(Pre(X_In))"]) == pytest.approx(row["gain"], rel=1e-3)
    assert terms["Eq. 1: gain above 0"] == ("holds" if row["gain_passes"] else "does not hold")
    assert terms["Eq. 2: ratio between 1/1.5 and 1.5"] == ("holds" if row["ratio_passes"] else "does not hold")
    sources = [image.get_attribute("src") for image in page.locator("#columns img").all()]
    assert sources == [
        f"images/{layer}/15{kind}.webp" for layer in ("layer2.0", "layer2.1.bn2", "layer2.1") for kind in ("", "-top")
    ]
    page.wait_for_function("[...document.querySelectorAll('#columns img')].every(image => image.naturalWidth)")
    assert page.get_attribute("#link", "href") == "#2.1/15"


def shown(page, atlas, channel: str) -> dict[str, str]:
    """What the page says of a channel past the paper's criteria."""
    page.goto((atlas / "index.html").as_uri() + f"#{channel}")
    return dict(zip(page.locator("#study th").all_inner_texts(), page.locator("#study td").all_inner_texts()))


def test_a_channel_says_what_is_known_past_the_paper(page, atlas):
    said = shown(page, atlas, "2.1/15")
    row = next(row for row in criteria() if (row["block"], row["channel"]) == ("2.1", 15))
    assert said["seeds that it passes with"] == "3 of 3 (share 1.00, 95 % interval 0.62 to 1.00)"
    assert said["top images in common, of 9"] == "In and Pre 0, In and Post 3, Pre and Post 5"
    verdict = ["neither", "Eq. 1 only", "Eq. 2 only", "passes both"][row["gain_passes"] + 2 * row["ratio_passes"]]
    assert said["by its top images"].startswith(f"{verdict}, gain ") and "ratio" in said["by its top images"]
    assert shown(page, atlas, "2.1/16")["seeds that it passes with"].startswith("0 of 3 (share 0.00")


def test_responses_to_magnified_images_are_drawn(page, atlas):
    page.goto((atlas / "index.html").as_uri() + "#2.1/15")
    plots = page.locator("#tuning svg")
    assert [caption.split(" at In")[0].split(" of In")[0] for caption in page.locator("figcaption").all_inner_texts()] == [
        "Responses to the visualization",
        "Responses to the top images",
    ]
    labels = [plot.get_attribute("aria-label") for plot in plots.all()]
    assert all("channel 15" in label and "In 0.707x, of Pre 1.414x, of Post " in label for label in labels) and len(labels) == 2
    assert plots.first.locator("polyline").count() == 3 and plots.first.locator("circle").count() == 3
    # The peak of Pre lies at three quarters of the axis, and is the largest response.
    x, y = (float(plots.first.locator("circle.pre").get_attribute(name)) for name in ("cx", "cy"))
    assert x == pytest.approx(44 + 0.75 * 232, abs=0.5) and y == pytest.approx(10, abs=1)
    page.goto((atlas / "index.html").as_uri() + "#2.1/6")
    assert plots.count() == 1


def test_the_kernels_of_a_channel_are_shown_where_it_has_a_circuit(chromium, tmp_path):
    found = {"kappa": 0.31234567, "preferred": 0.5, "evidence": -0.25, "p_row": 0.05, "p_column": 0.0234375}
    kinds, picture = ("input", "pre", "pulled_back"), thumbnails(lambda row: True)[0].to_pylist()[0]["top_images"]
    circuits, kernels = [], []
    for channel in range(128):
        circuits.append({"block": "2.1", "channel": channel} | (found if channel == 15 else dict.fromkeys(found)))
        kernels.append({"block": "2.1", "channel": channel} | dict.fromkeys(kinds, picture if channel == 15 else None))
    build(tmp_path, study=False, circuits=circuits, kernels=kernels)
    assert sorted(path.name for path in (tmp_path / "kernels/2.1").iterdir()) == [f"15-{kind}.webp" for kind in kinds]
    with page_of(chromium, tmp_path) as page:
        page.goto((tmp_path / "index.html").as_uri() + "#2.1/15")
        images = page.locator("#kernels img")
        assert [image.get_attribute("src") for image in images.all()] == [f"kernels/2.1/15-{kind}.webp" for kind in kinds]
        assert page.locator("#kernels figcaption").all_inner_texts() == ["In", "Pre", "Pre at 1.41x"]
        page.locator("#circuit").scroll_into_view_if_needed()
        page.wait_for_function("[...document.querySelectorAll('#kernels img')].every(image => image.naturalWidth)")
        said = page.inner_text("#circuit p")
        assert "magnified 1.41x first" in said and "above 1x: 0.3123, which is 0.25 less than at 1x and below" in said
        assert said.endswith("As like this In are 5 % of all Pre; as like this Pre are 2 % of all In.")
        for channel in ("2.1/16", "2.0/15"):
            page.goto((tmp_path / "index.html").as_uri() + f"#{channel}")
            assert page.locator("#circuit").is_hidden() and images.count() == 0


def test_channels_are_sorted_by_the_seeds_that_they_pass_with(page):
    page.select_option("#block", "1.1")
    page.select_option("#sort", "seeds")
    page.select_option("#order", "-1")
    assert titles(page) == [f"1.1 · {channel}" for seeds in (3, 2, 1, 0) for channel in range(seeds, 64, 4)]


def test_without_a_study_the_page_says_nothing_of_one(chromium, tmp_path):
    build(tmp_path, study=False)
    with page_of(chromium, tmp_path) as page:
        page.goto((tmp_path / "index.html").as_uri() + "#2.1/15")
        assert page.locator("#study").is_hidden() and page.locator("svg").count() == 0
        assert page.locator("#sort option").count() == 3


@pytest.mark.parametrize("natural_images", [True, False])
def test_a_visualization_that_was_not_made_is_told_in_words(chromium, tmp_path, natural_images):
    build(tmp_path, natural_images, made=lambda row: row["layer"] != "layer2.1" or row["channel"] in (15, 28))
    assert sorted(path.name for path in (tmp_path / "images/layer2.1").glob("*[0-9].webp")) == ["15.webp", "28.webp"]
    with page_of(chromium, tmp_path) as page:
        page.goto((tmp_path / "index.html").as_uri() + "#2.1/16")
        assert page.inner_text("#columns .missing") == "only for channels that pass"
        assert page.locator("#columns p").all_inner_texts().count("no visualization") == 1
        assert page.locator("#columns img").count() == (5 if natural_images else 2)
        box = page.locator("#columns .missing").bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1) and box["width"] > 60
        page.goto((tmp_path / "index.html").as_uri() + "#2.1/28")
        assert page.locator("#columns .missing").count() == 0
        assert page.locator("#columns section").nth(2).inner_text().count(", started silent") == 1
        assert page.locator(".card:has-text('2.1 · 16') .missing").count() == 1
        assert page.locator(".card:has-text('2.1 · 28') .missing").count() == 0


def test_a_channel_without_a_ratio_and_one_that_was_silent_say_so(page, atlas):
    page.goto((atlas / "index.html").as_uri() + "#2.1/4")
    assert "none (a term is not above zero)" in page.inner_text("#terms")
    page.goto((atlas / "index.html").as_uri() + "#2.1/53")
    assert page.inner_text("#columns").count(", never active\n") == 3
    page.goto((atlas / "index.html").as_uri() + "#2.1/78")
    assert page.inner_text("#columns").count(", started silent\n") == 3
    assert page.locator("#columns img[alt$=', started silent']").count() == 3
    page.goto((atlas / "index.html").as_uri() + "#2.1/15")
    assert ", " not in page.locator("#columns section p:nth-of-type(2)").first.inner_text().removeprefix("visualization, ")


@pytest.mark.parametrize("link", ["9.9/1", "2.1/999", "nonsense", "%F0%9F"])
def test_an_unknown_link_says_so(page, atlas, link):
    page.goto((atlas / "index.html").as_uri() + f"#{link}")
    assert re.fullmatch(r"There is no channel .+ in this atlas\.", page.inner_text("#message"))
    assert page.locator("dialog[open]").count() == 0 and page.locator(".card").count() == 1856


def test_links_go_into_the_history(page, atlas):
    page.locator(".card").nth(70).click()
    assert page.url.endswith("#2.0/6") and page.locator("dialog[open]").is_visible()
    page.go_back()
    page.wait_for_selector("dialog", state="hidden")
    assert "#" not in page.url
    page.go_forward()
    page.wait_for_selector("dialog[open]")
    assert page.inner_text("#name").startswith("Block 2.0, channel 6:")
    page.click("#close")
    assert "#" not in page.url and page.locator("dialog[open]").count() == 0
    page.go_back()
    assert "#" not in page.url and page.locator("dialog[open]").count() == 0


def test_the_keyboard_is_enough(page):
    page.select_option("#verdict", "3")
    page.select_option("#sort", "gain")
    order = titles(page)
    name = lambda: page.inner_text("#name").split(":")[0].removeprefix("Block ").replace(", channel ", " · ")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "theme"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "card"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert name() == order[1]
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.title.startsWith({order[2].replace(' · ', '/')!r})")
    assert name() == order[2]
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"document.title.startsWith({order[0].replace(' · ', '/')!r})")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="hidden")
    page.wait_for_function("name => document.activeElement.querySelector('b')?.textContent === name", arg=order[0])


def test_a_screen_reader_has_a_name_for_everything(page, atlas):
    page.goto((atlas / "index.html").as_uri() + "#2.1/15")
    alts = page.locator("img").evaluate_all("images => images.map(image => image.alt)")
    assert len(alts) == 3 * 1856 + 6 and all(re.search(r"Block \S+, channel \d+, .*activations? -?[\d.]+", alt) for alt in alts)
    assert page.locator("h1").count() == 1 and page.get_attribute("html", "lang") == "en"
    assert [page.locator(place).count() for place in ("header", "main[aria-label]", "footer")] == [1, 1, 1]
    names = page.evaluate("[...document.querySelectorAll('select, input')].map(each => each.labels[0]?.textContent.trim())")
    assert len(names) == 5 and all(names)
    assert all(button.inner_text() for button in page.locator("dialog button").all())
    assert page.get_attribute("#count", "aria-live") == "polite" and page.get_attribute("dialog", "aria-labelledby") == "name"


CONTRASTS = """() => {
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const ground = element => {
    const color = getComputedStyle(element).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : color;
  };
  return ["#facts", "#count", "h1", "label", "button", ".card b", ".card .terms", ".verdict", ".verdict.both",
    ".verdict.partly", "#search::placeholder"].map(place => {
    const [selector, pseudo] = place.split(/(?=::)/);
    const element = document.querySelector(selector);
    const [one, other] = [getComputedStyle(element, pseudo).color, ground(element)].map(luminance);
    return [place, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(page, scheme):
    background = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme=scheme)
    before = background()
    assert [place for place, contrast in page.evaluate(CONTRASTS) if contrast < 4.5] == []
    page.click("#theme")
    assert background() != before
    assert [place for place, contrast in page.evaluate(CONTRASTS) if contrast < 4.5] == []
    page.click("#theme")
    assert background() == before


def test_a_phone_shows_everything_without_scrolling_sideways(chromium, atlas):
    with page_of(chromium, atlas, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as page:
        page.goto((atlas / "index.html").as_uri())
        wide = "[document.documentElement, document.querySelector('dialog')].some(each => each.scrollWidth > 391)"
        assert not page.evaluate(wide)
        page.locator(".card").first.tap()
        page.wait_for_selector("dialog[open]")
        assert not page.evaluate(wide)
