"""Center activations against plain forward passes, and their summaries against numpy."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from conftest import layers_of
from scalestream.activations.extraction import as_table, extract, require_finite
from scalestream.activations.summary import Summary, summarize
from scalestream.activations.tables import ACTIVATIONS, TOP_IMAGES
from scalestream.errors import InputError
from scalestream.images.loading import ImageFiles, ScaleTransformedImages, batches
from scalestream.images.preprocessing import network_input
from scalestream.run import tables

LAYERS = list(layers_of("small"))


def test_all_layers_in_one_pass_equal_plain_forward_passes(small, real_files):
    views = ScaleTransformedImages(ImageFiles([str(file) for file in real_files], 128), [0] * len(real_files), [0], 112)
    found = list(extract(small, LAYERS, (images[:, 0] for images, _ in batches(views, 5, workers=1))))
    images = torch.cat([images[:, 0] for images, _ in batches(views, 100, workers=1)])
    for layer in LAYERS:
        kept = {}
        handle = small.get_submodule(layer).register_forward_hook(lambda _m, _i, out: kept.update(maps=out.clone()))
        small(network_input(images, torch.device("cpu")))
        handle.remove()
        maps = kept["maps"]
        expected = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]
        torch.testing.assert_close(
            torch.from_numpy(np.concatenate([batch[layer] for batch in found])), expected, rtol=1e-4, atol=1e-5
        )
    assert not any(module._forward_hooks for module in small.modules())


def test_no_hook_is_left_after_a_failure(small):
    def broken():
        yield torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
        raise RuntimeError("no more images")

    with pytest.raises(RuntimeError, match="no more images"):
        list(extract(small, LAYERS[:2], broken()))
    assert not any(module._forward_hooks for module in small.modules())


def test_summary_equals_numpy_and_does_not_depend_on_batches(tmp_path):
    values = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    names = [f"image{k}" for k in range(40)]
    with tables.writer(tmp_path / "a.parquet", ACTIVATIONS) as append:
        for first in (0, 7, 30):
            stop = {0: 7, 7: 30, 30: 40}[first]
            append(as_table(names[first:stop], values[first:stop]))
    with tables.batches(tmp_path / "a.parquet", ACTIVATIONS, 11) as rows:
        summary = summarize(rows, 3)
    for row in summary.mean_rows("layer1.0"):
        assert row["mean"] == pytest.approx(values[:, row["channel"]].astype(np.float64).mean(), rel=1e-12)
        assert row["n_images"] == 40
    top = summary.top_rows("layer1.0")
    assert len(top) == 27
    for row in top:
        order = np.argsort(-values[:, row["channel"]])
        assert row["image"] == names[order[row["rank"] - 1]]
        assert row["activation"] == values[order[row["rank"] - 1], row["channel"]]


def test_of_equal_images_the_earlier_ranks_first():
    summary = Summary(1, top=3)
    summary.add(["a", "b"], np.zeros((2, 1), np.float32))
    summary.add(["c", "d"], np.array([[1], [0]], np.float32))
    assert [row["image"] for row in summary.top_rows("x")] == ["c", "a", "b"]


def test_fewer_images_than_ranks():
    summary = Summary(2)
    summary.add(["a", "b"], np.array([[1, 2], [3, 1]], np.float32))
    rows = summary.top_rows("x")
    assert [(row["channel"], row["rank"], row["image"]) for row in rows] == [(0, 1, "b"), (0, 2, "a"), (1, 1, "a"), (1, 2, "b")]
    assert pa.Table.from_pylist(rows, schema=TOP_IMAGES).num_rows == 4


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_activation_that_is_not_finite_names_channel_and_image(value):
    values = np.zeros((3, 4), np.float32)
    values[1, 2] = value
    with pytest.raises(InputError, match=rf"layer2\.1, channel 2: the activation is {value} for b"):
        require_finite(["a", "b", "c"], values, "layer2.1")
