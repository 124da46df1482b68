"""Batches when memory runs out, for real and by a failure made on purpose."""

import logging
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
import torch

from conftest import REPOSITORY, randomized
from scalestream.errors import InputError
from scalestream.networks.graph import cut_after
from scalestream.visualization.ascent import CPU_BATCH, Ascent
from scalestream.visualization.batching import in_batches
from scalestream.visualization.transforms import TransformSettings
from scalestream.visualization.visualize import Optimization, visualize

TRANSFORM_SETTINGS = TransformSettings(4, (1, 0.95), (0, 3))


def halving(limit: int, error: Exception):
    """Work that fails with the error on more than `limit` items, and the sizes that it was asked for."""
    asked = []

    def work(batch):
        asked.append(len(batch))
        if len(batch) > limit:
            raise error
        return [item * 10 for item in batch]

    return work, asked


OUT_OF_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB. If reserved memory is large try"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    RuntimeError("could not create a primitive"),
    MemoryError("std::bad_alloc"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
)


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_halves_the_batch_and_keeps_what_is_done(error, caplog):
    work, asked = halving(2, error)
    with mock.patch("torch.cuda.empty_cache") as emptied:
        assert in_batches(work, [3, 1, 4, 1, 5, 9], 5) == [30, 10, 40, 10, 50, 90]
    assert asked == [5, 2, 2, 2]
    assert "out of memory with 5 channels together; going on with 2" in caplog.text
    emptied.assert_called_once_with()


def test_one_item_that_does_not_fit_is_one_line():
    work, _ = halving(0, OUT_OF_MEMORY[0])
    with pytest.raises(
        InputError,
        match=r"not enough memory for one channel \(CUDA out of memory\. Tried to allocate 20 GiB\.\); run fewer",
    ) as error:
        in_batches(work, [1, 2, 3, 4], 4)
    assert "\n" not in str(error.value)


def test_any_other_failure_is_not_hidden():
    work, asked = halving(1, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        in_batches(work, [1, 2], 2)
    assert asked == [2]


def test_images_are_the_same_after_memory_ran_out(double_precision, caplog):
    network, settings = randomized("small", 12), Optimization(64, 6, 0.05, 0.01, 0, TRANSFORM_SETTINGS)
    channels, run = [0, 3, 4, 9, 20], Ascent.run

    def with_little_memory(self, batch, *arguments, **options):
        if len(batch) > 2:
            raise OUT_OF_MEMORY[0]
        return run(self, batch, *arguments, **options)

    expected = visualize(network, "layer2.1.bn2", channels, "neuron", settings)
    with mock.patch.object(Ascent, "run", with_little_memory), caplog.at_level(logging.WARNING):
        found = visualize(network, "layer2.1.bn2", channels, "neuron", settings)
    assert "going on with 2" in caplog.text
    for one, other in zip(found, expected, strict=True):
        assert one.channel == other.channel and np.array_equal(one.image, other.image)


def test_a_cpu_that_runs_out_of_memory_goes_on_with_fewer_channels():
    """For real, in a process whose address space has room for a few channels of ResNet18 only."""
    program = """
import logging, resource, sys
logging.basicConfig(level=logging.WARNING)
import torch
from scalestream.networks.weights import build
from scalestream.visualization.transforms import TransformSettings
from scalestream.visualization.visualize import Optimization, visualize
network = build("resnet18", 10).requires_grad_(False)
settings = Optimization(448, 1, 0.05, 0.01, 0, TransformSettings(16, (1,), (0,)))
torch.set_num_threads(1)
visualize(network, "layer4.1", [0], "neuron", settings)
used = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmSize"))
resource.setrlimit(resource.RLIMIT_AS, (used + 600 * 2**20, resource.RLIM_INFINITY))
found = visualize(network, "layer4.1", list(range(16)), "neuron", settings)
print(len(found), [image.channel for image in found] == list(range(16)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(REPOSITORY / "workflow"), "PATH": "", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.stdout == "16 True\n", done.stderr
    assert "out of memory with 16 channels together; going on with 8" in done.stderr


def ascent_of(network, layer, objective, size, transform_settings=TRANSFORM_SETTINGS) -> Ascent:
    return Ascent(cut_after(network, layer), layer, objective, size, transform_settings, 0.05)


def test_the_bytes_that_an_image_holds_cover_its_maps_and_spectrum(small):
    """A convolution's gradient needs no map here, the ReLUs' and the max pooling's do: at 224 pixels more than at 112."""
    bytes_kept = {size: ascent_of(small, "layer4.1", "neuron", size).bytes_kept() for size in (112, 224)}
    spectrum = 4 * 3 * 224 * 113 * 2 * 4
    stem_and_first_stage = 4 * 16 * (112**2 + 5 * 56**2)
    assert bytes_kept[224] > spectrum + stem_and_first_stage
    assert 2.5 < bytes_kept[224] / bytes_kept[112] < 5
    windowed = ascent_of(small, "layer1.1", "neuron", 224).bytes_kept()
    assert spectrum < windowed < bytes_kept[224] / 2


def test_a_gpus_batch_follows_its_free_memory(small, monkeypatch):
    ascent = ascent_of(small, "layer2.1", "neuron", 64)
    ascent.bytes_kept = lambda: 1000
    assert ascent.batch_size() == CPU_BATCH
    ascent.target = torch.device("cuda")
    sizes = []
    for free in (900, 2_000, 64_000):
        monkeypatch.setattr("torch.cuda.mem_get_info", lambda _: (free, 10**9))
        sizes.append(ascent.batch_size())
    assert sizes == [1, 1, 32]


def test_the_largest_objective_decides(small):
    """Without jitter a window that touches the border, as the whole image does, has an objective for each size."""

    def bytes_kept(scales):
        return ascent_of(small, "layer1.1", "channel", 64, TransformSettings(0, scales, (0,))).bytes_kept()

    assert bytes_kept((1, 2)) == bytes_kept((2, 1)) == bytes_kept((2,)) > 1.5 * bytes_kept((1,))


def test_freed_memory_stays_in_the_process():
    """By the C library's own counts: a freed map of 256 MB was not mapped apart, page by page, and is kept."""
    program = """
import ctypes, sys, torch
from scalestream.run.malloc import keep_freed_memory
class Counts(ctypes.Structure):  # malloc.h
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]
mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Counts
if sys.argv[1] == "kept":
    keep_freed_memory()
features = torch.ones(64, 2**20)
mapped = mallinfo().hblkhd
del features
print(mapped >> 20, mallinfo().arena >> 20)
"""
    environment = {"PYTHONPATH": str(REPOSITORY / "workflow"), "PATH": "", "CUDA_VISIBLE_DEVICES": ""}

    def megabytes(how: str) -> list[int]:
        run = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, check=True, env=environment)
        return [int(number) for number in run.stdout.split()]

    (mapped, kept), (mapped_otherwise, kept_otherwise) = megabytes("kept"), megabytes("returned")
    assert mapped < 64 and kept >= 256
    assert mapped_otherwise >= 256 and kept_otherwise < 128


def test_an_ablation_takes_no_more_memory_for_more_images_or_conditions(tmp_path):
    """Peak of the memory that is the process's own, in megabytes; pages of the mapped cache are the system's to take back."""
    program = """
import sys, threading, time, torch
from pathlib import Path
from PIL import Image
from scalestream.ablation.ablated_network import AblatedNetwork
from scalestream.ablation.evaluation import Condition, Evaluation
from scalestream.images.cache import ImageCache, write
from scalestream.images.loading import ImageFiles
from scalestream.networks.architectures import description
from scalestream.networks.weights import build
from scalestream.run.malloc import keep_freed_memory
images, conditions = int(sys.argv[1]), int(sys.argv[2])
keep_freed_memory()
torch.set_num_threads(1)
Image.new("RGB", (300, 256)).save("image.png")
write("shard.arrow", ImageFiles(["image.png"] * images, 256))
def own():
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1e3
peak = 0
def watch():
    global peak
    while True:
        peak = max(peak, own())
        time.sleep(0.002)
ablated = AblatedNetwork(build("small", 10).requires_grad_(False), description("small").by_name["2.1"], torch.zeros(24))
cache = ImageCache(["shard.arrow"], ["image.png"] * images, 256)
evaluation = Evaluation(ablated, [0], cache, [0] * images, 224, "paper", batch_size=16, workers=1)
before = own()
threading.Thread(target=watch, daemon=True).start()
evaluation.rows([Condition("random", trial, [trial % 24]) for trial in range(conditions)], [10])
print(peak - before)
"""
    environment = {"PYTHONPATH": str(REPOSITORY / "workflow"), "PATH": "", "CUDA_VISIBLE_DEVICES": ""}

    def peak(images: int, conditions: int) -> float:
        return float(
            subprocess.run(
                [sys.executable, "-c", program, str(images), str(conditions)],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
                cwd=tmp_path,
            ).stdout
        )

    one, images, conditions = peak(64, 20), peak(640, 20), peak(64, 200)  # 40 to 60 MB each, as threads fall together or not
    assert one > 20 and max(images, conditions) < one + 80, (one, images, conditions)  # all together take 200 MB more
