"""What each step of the experiment depends on, out of the whole configuration: what a change of a key reruns."""

from collections.abc import Iterable

from scalestream.config.settings import jitter, settings
from scalestream.networks.interface import Block
from scalestream.study.sensitivity import with_papers

RESIZED_IMAGES = ("images.resize", "images.interpolation")
NORMALIZATION = ("images.mean", "images.std")
VIEWED_IMAGES = (*RESIZED_IMAGES, "images.crop")
TRANSFORMED_IMAGES = (*VIEWED_IMAGES, *NORMALIZATION)
OPTIMIZATION = (
    "images.crop",
    *NORMALIZATION,
    "visualization.steps",
    "visualization.learning_rate",
    "visualization.sd",
    "visualization.scales",
    "visualization.angles",
    "visualization.silent",
)
COMPARED = (
    "model.architecture",
    "model.weights",
    "images.source",
    *RESIZED_IMAGES,
    *OPTIMIZATION,
    "criteria.tolerance",
    "criteria.magnification",
    "criteria.center",
    "ablation.selection",
    "ablation.crop_convention",
    "ablation.trials",
    "ablation.slack",
)
TRAINING = (
    "training.seed",
    "training.epochs",
    "training.batch_size",
    "training.learning_rate",
    "training.momentum",
    "training.weight_decay",
    "training.schedule",
    "training.augmentation.area",
    "training.augmentation.mirror",
    "training.precision",
)
STEPS = ("training.step_epochs", "training.step_factor")  # of a learning rate that goes down in steps
PAIRINGS = ("paired", "shuffled")  # of In and Pre that crosscoders are trained on
DRAWN_REPLACEMENTS = ("resample",)  # replacements that are random themselves


def optimization(config: dict, layers: list[str], seed: int) -> dict:
    """Settings of a feature visualization, with its seed and the jitter of just these layers."""
    jitters = {layer: jitter(config, layer) for layer in layers}
    return settings(config, *OPTIMIZATION) | {"jitter": jitters, "visualization.seed": int(seed)}


def first_look(config: dict, blocks: Iterable[Block]) -> list[dict]:
    """What a first look shows, in network order, blocks before layers: the channels named of a block, with its layers by what
    to call them, and those of a layer of one, or of a pair of layers."""
    named = config["visualization"]["channels"]
    layers = {block.name: {f"{block.name} {column}": layer for column, layer in block.layers.items()} for block in blocks}
    single = [*(of_block.values() for of_block in layers.values()), *config["layer_pairs"]]
    layers |= {layer: {layer: layer} for together in single for layer in together if layer not in layers}
    return [{"layers": layers[name], "channels": sorted(named[name])} for name in layers if name in named]


def pictured_posts(blocks: Iterable[Block]) -> dict[str, list[Block]]:
    """The blocks (and pairs) by Post, of the layers that no criterion reads, as they are no block's In or Pre: their images are
    only looked at."""
    blocks = list(blocks)
    read = {layer for block in blocks for layer in (block.input, block.pre)}
    posts: dict[str, list[Block]] = {}
    for block in blocks:
        if block.post not in read:
            posts.setdefault(block.post, []).append(block)
    return posts


def posts(config: dict, layer: str, blocks: list[Block]) -> dict:
    """Settings of the images of a Post that are only looked at, with the channels that Figure 1 names of its blocks."""
    named = {channel for block in blocks for channel in config["figures"]["figure1"].get(block.name, [])}
    return optimization(config, [layer], config["visualization"]["seeds"][0]) | {"figure1": sorted(named)}


def selection(config: dict, block: str) -> dict:
    """Settings of the choice of a block's channels to ablate: those that are listed, in ascending order, or the rule."""
    listed = settings(config, "ablation.channels")["ablation.channels"].get(block)
    return {"ablation.channels": sorted(listed)} if listed else settings(config, "ablation.selection")


def screening(config: dict, block: str, control: str) -> dict:
    """Settings of a block's screening; its slack says how much higher its draws may score at no scale. Where the candidates
    are used up, the paper's control fails, and others have as many trials as were found."""
    slack, used_up = config["ablation"]["slack"].get(block, 0), ["ablation.max_candidates"] if control != "random" else []
    return settings(config, *TRANSFORMED_IMAGES, "ablation.seed", *used_up) | {"slack": slack}


def ablation(config: dict, replacement: str) -> dict:
    """Settings of the trials with a replacement, with the scale transformations in ascending order."""
    seed = ["ablation.seed"] if replacement in DRAWN_REPLACEMENTS else []
    scales = {"percents": sorted(config["ablation"]["scale_percents"])}
    return settings(config, *TRANSFORMED_IMAGES, "ablation.crop_convention", *seed) | scales


def doses(config: dict) -> dict:
    """Settings of the ablation of more and more channels."""
    scales = {"percents": sorted(config["ablation"]["scale_percents"])}
    return settings(config, *TRANSFORMED_IMAGES, "ablation.crop_convention", "ablation.seed", "study.dose") | scales


def lesions(config: dict) -> dict:
    """Settings of the lesions of a block's stream."""
    scales = {"percents": sorted(config["ablation"]["scale_percents"]), "lesions": sorted(config["study"]["lesions"])}
    return settings(config, *TRANSFORMED_IMAGES, "ablation.crop_convention") | scales


def thresholds(config: dict) -> dict[str, list[float]]:
    """The values of each threshold that the sensitivity of the verdicts is computed for, in ascending order."""
    values = settings(config, "study.sensitivity")["study.sensitivity"]
    return {name: sorted(values[f"{name}s"]) for name in ("tolerance", "gain_margin", "magnification")}


def magnifications(config: dict) -> list[float]:
    """The factors that responses are measured at, in ascending order: no magnification, S's, and those of the study."""
    study = settings(config, "study.tuning", "criteria.magnification")
    factors = [*with_papers("magnification", thresholds(config)["magnification"]), *study["study.tuning"]]
    return sorted({1, study["criteria.magnification"], *factors})


def training(config: dict) -> dict:
    """Settings of a training, but for those of its images."""
    steps = STEPS if config["training"]["schedule"] == "step" else ()
    return settings(config, *TRANSFORMED_IMAGES, *TRAINING, *steps)


def robustness(config: dict) -> dict:
    """Settings of the intact network's accuracies, with the magnifications in ascending order, no scale among them."""
    magnifications = settings(config, "robustness.magnifications")["robustness.magnifications"]
    return settings(config, *TRANSFORMED_IMAGES) | {"magnifications": sorted({1, *magnifications})}


def crosscoder_activations(config: dict) -> dict:
    """Settings of the activations that crosscoders are trained on, with the octaves in ascending order."""
    octaves = settings(config, "crosscoder.octaves")["crosscoder.octaves"]
    return settings(config, *TRANSFORMED_IMAGES, "crosscoder.crops", "crosscoder.equal_blur") | {"octaves": sorted(octaves)}


def crosscoder_runs(config: dict) -> list[dict]:
    """The crosscoders of a block: of every seed the main one, of the first width and k, on samples as they are and on shuffled
    ones; and of the first seed those of the other k and of the other widths."""
    asked = config["crosscoder"]
    (width, *widths), (k, *ks), seeds = asked["widths"], asked["k"], asked["seeds"]
    main = [{"width": width, "k": k, "pairing": pairing, "seed": seed} for pairing in PAIRINGS for seed in seeds]
    return main + [main[0] | {"k": other} for other in ks] + [main[0] | {"width": other} for other in widths]


def circuits(config: dict) -> dict:
    """Settings of the linear circuits, with the octaves in ascending order."""
    octaves = settings(config, "measures.circuits")["measures.circuits"]
    return settings(config, "images.crop", "images.std") | {"octaves": sorted(octaves)}


def channel_pairs(config: dict) -> dict:
    """Settings of what channels answer to magnified and shrunk visualizations."""
    return settings(config, "criteria.magnification", "criteria.center", "images.crop", *NORMALIZATION)


def comparison(config: dict, blocks: Iterable[Block]) -> dict:
    """What decides whether numbers of two configurations may be compared; blocks: of the network.

    Of the channels to ablate, of which blocks they are listed.
    """
    jitters = {block.name: {name: jitter(config, layer) for name, layer in block.layers.items()} for block in blocks}
    listed = sorted(config["ablation"]["channels"])
    return settings(config, *COMPARED) | {"visualization.jitter": jitters, "ablation.channels": listed}


def chunks(count: int, size: int) -> list[str]:
    """Half-open ranges of at most `size` that cover 0..count, as they stand in file names: "0-10"."""
    return [f"{first}-{min(first + size, count)}" for first in range(0, count, size)]
