"""The configuration: what may stand in it, checked against the schema, the network's blocks and the files it names."""

import difflib
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from scalestream.config import files
from scalestream.config.completion import complete
from scalestream.config.settings import jitter
from scalestream.errors import InputError
from scalestream.images.geometry import magnification_crop, most_crops, scale_crop
from scalestream.images.sources import DRAWN, SUFFIXES, files_below
from scalestream.networks import planting
from scalestream.networks.architectures import description, published
from scalestream.networks.interface import (
    PLANTED,
    RANDOM,
    TRAINED,
    Block,
    Description,
    can_pair,
    pair,
    planted_seed,
    random_seed,
)
from scalestream.places import PROJECT

# Of the small network, which other configurations are laid over.
UNDERNEATH = files.read([])["visualization"]["jitter_by_layer"]
UNEVEN = 0.02  # by which steps of octaves may differ, as 0.333 and 0.334 do
SCHEMA = yaml.safe_load((PROJECT / "workflow" / "schemas" / "config.schema.yaml").read_text())


def check(config: dict) -> dict:
    """The configuration with keys and values in their own types, complete and consistent.

    Raises InputError with one line for every fault: the key, what is wrong and the mend. Reads no image and no weights.
    """
    config, network = completed(config)
    _raise(list(_inconsistencies(config, network)))
    return config


def completed(config: dict) -> tuple[dict, Description]:
    """The configuration with keys and values in their own types, and complete; and the network that it names.

    Raises InputError as `check`, but neither for what does not fit together nor for files that are not there.
    """
    config = _typed(config, SCHEMA)
    faults = [f"config: {key}: {value} is not a finite number; give one" for key, value in _infinite(config)]
    _raise(faults + [_describe(error) for error in Draft202012Validator(SCHEMA).iter_errors(config)])
    try:
        network = description(config["model"]["architecture"])
    except InputError as error:
        raise InputError(f"config: {error}") from error
    return complete(config, network), network


def section(config: dict, name: str) -> dict:
    """A section of the configuration alone, with keys and values in their own types; raises InputError as `check`."""
    schema = SCHEMA | {"properties": {name: SCHEMA["properties"][name]}, "required": [name]}
    found = _typed({name: config[name]} if name in config else {}, schema)
    _raise([_describe(error) for error in Draft202012Validator(schema).iter_errors(found)])
    return found[name]


def judged(config: dict, network: Description) -> list[Block]:
    """The blocks and pairs of blocks whose channels are judged; raises InputError for those that there are not."""
    pairs = [_pair(both, network) for both in config["criteria"]["pairs"]]
    return network.select([*config["blocks"], *pairs], "blocks")


def _raise(faults: list[str]) -> None:
    if faults:
        raise InputError("\n".join(faults))


def _infinite(value, key: str = "") -> Iterator[tuple[str, float]]:
    """Keys and values of the numbers that are NaN or infinite."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _infinite(item, _join(key, str(name)))
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, value


def _typed(value, schema: dict):
    """Keys as text, and numbers where the schema has them: YAML reads the block 2.1 as a number, and Snakemake reads what
    is nested in --config as text."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        return {
            str(key): _typed(item, known.get(str(key), other if isinstance(other, dict) else {})) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_typed(item, schema.get("items", {})) for item in value]
    kinds = schema.get("type", "null" if None in schema.get("enum", ()) else ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if isinstance(value, float) and kinds == {"string"}:
        return str(value)
    if isinstance(value, float) and "integer" in kinds and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return _parsed(value, kinds)
    return value


def _parsed(text: str, kinds: set[str]) -> object:
    """Text as the kind of value that the schema asks for, or as it is where it is not of that kind."""
    words = ({"true": True, "false": False} if "boolean" in kinds else {}) | ({"null": None} if "null" in kinds else {})
    if text in words:
        return words[text]
    for read in [int] if "integer" in kinds else [int, float] if "number" in kinds else []:
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _describe(error) -> str:
    """One line for a violation of the schema."""
    key = ".".join(str(part) for part in error.absolute_path)
    known = list(error.schema.get("properties", {}))
    if error.validator == "additionalProperties":
        unknown = [name for name in error.instance if name not in known]
        close = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        section, _, nested = unknown[0].partition(".")
        if section in known and nested:
            hint = f"write it as a key of {section}, {section}: {{{nested}: ...}}"
        return f"config: {_join(key, unknown[0])} is not a known key; {hint}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"config: {_join(key, missing[0])} is missing; config.yaml shows every key"
    if error.validator == "anyOf":
        return f"config: {key}: {error.instance!r} is not allowed; use 0, or 4 or more"
    if error.validator == "pattern":
        return f"config: {key}: {error.instance!r} is not allowed; {error.schema['description']}"
    return f"config: {key}: {error.message}; {error.schema.get('description', 'see config.yaml')}"


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _inconsistencies(config: dict, network: Description) -> Iterator[str]:
    """What the schema cannot say, one line each."""
    if not network.blocks and (config["blocks"] or config["ablation"]["blocks"]):
        reasons = "; ".join(sorted(set(network.left_out.values()))) or "it has no sum of two maps"
        yield (
            f"config: model.architecture: {network.architecture} has no residual block that can be analysed: {reasons}; "
            "give blocks: [] and ablation: {blocks: []}, and layer_pairs to compare channels of its layers"
        )
        return
    try:
        yield from _block_faults(config, network)
    except InputError as error:
        yield f"config: {error}"
    images = config["images"]
    if images["crop"] > images["resize"]:
        yield f"config: images.crop: {images['crop']} is larger than images.resize, {images['resize']}; make it smaller"
    if not all(value > 0 for value in images["std"]):
        yield f"config: images.std: {images['std']} has a value that is not above 0; give standard deviations in 0 to 1"
    yield from _crop_faults(config)
    yield from _circuit_faults(sorted(config["measures"]["circuits"]), images["crop"])
    yield from _lag_faults("measures.lags", sorted(config["measures"]["lags"]), images["crop"])
    yield from _lag_faults("crosscoder.octaves", sorted(config["crosscoder"]["octaves"]), images["crop"])
    yield from _crosscoder_faults(config["crosscoder"], images)
    ablation = config["ablation"]
    if ablation["max_candidates"] < ablation["trials"]:
        yield (
            f"config: ablation.max_candidates: {ablation['max_candidates']} draws cannot give {ablation['trials']} trials; "
            "make it larger"
        )
    yield from _selection_faults(ablation["selection"], config["measures"])
    yield from _root_faults("images", images["source"], images["root"])
    yield from _weights_faults(config["model"]["weights"], network)
    if config["model"]["weights"] == TRAINED:
        if bool(images["made_in"]) != bool(config["training"]["images"]["made_in"]):
            yield "config: training.images.made_in: of images.made_in and this one is given alone; give both, or none"
        yield from _training_faults(config["training"], images)
    yield from _stream_faults(config["model"], network)
    if planted_seed(config["model"]["weights"]) is not None:
        planted = config["model"]["planted"]
        yield from (f"config: model.planted.kinds: {fault}" for fault in planting.faults(planted["kinds"]))
        if planted["superposition"]:
            faults = planting.superposition_faults(planted["kinds"], planted["noise"])
            yield from (f"config: model.planted.superposition: {fault}" for fault in faults)
    elif config["study"]["recovery"]:
        yield "config: study.recovery: nothing is planted in this network; give [], or architecture planted with planted:SEED"
    if images["source"] in DRAWN and config["model"]["weights"] in published(network):
        yield "config: images.source: the drawn images are none of ImageNet's classes; give the source of ImageNet's images"


def _block_faults(config: dict, network: Description) -> Iterator[str]:
    name = network.architecture
    analysed = judged(config, network)
    names = [block.name for block in analysed]
    network.select(config["ablation"]["blocks"], "ablation.blocks")
    network.select(list(config["ablation"]["slack"]), "ablation.slack")
    for block in network.select(list(config["figures"]["figure1"]), "figures.figure1"):
        if block not in analysed:
            yield f"config: figures.figure1: block {block.name} is not analysed; add it to blocks"
        channels = config["figures"]["figure1"][block.name]
        yield from _channel_faults("figures.figure1", channels, f"block {block.name} of {name}", block.channels)
    for block in network.select(list(config["ablation"]["channels"]), "ablation.channels"):
        if block.name not in config["ablation"]["blocks"]:
            yield f"config: ablation.channels: block {block.name} is not ablated; add it to ablation.blocks"
        channels = config["ablation"]["channels"][block.name]
        yield from _channel_faults("ablation.channels", channels, f"block {block.name} of {name}", block.channels)
    yield from _layer_pair_faults(config["layer_pairs"], network)
    paired = {layer for both in config["layer_pairs"] for layer in both} & network.layers.keys()
    counts = network.channels(analysed) | {layer: network.layers[layer].channels for layer in paired}
    yield from _first_look_faults(config["visualization"]["channels"], analysed, counts, name)
    if config["ablation"]["blocks"] and not names:
        yield "config: ablation.blocks: without analysed blocks there is none to ablate; give ablation: {blocks: []}"
    network.select(config["crosscoder"]["blocks"], "crosscoder.blocks")
    for block in config["crosscoder"]["blocks"]:
        if block not in names:
            yield f"config: crosscoder.blocks: block {block} is not analysed; add it to blocks"
    for ablated in config["ablation"]["blocks"] if names else ():
        if ablated not in names:
            yield f"config: ablation.blocks: block {ablated} is not analysed; add it to blocks"
    for layer in config["visualization"]["jitter_by_layer"]:
        if layer not in network.layers and layer not in UNDERNEATH:
            known = ", ".join(network.layers)
            yield f"config: visualization.jitter_by_layer: {name} has no analysed layer {layer!r}; it has {known}"
    largest = max((jitter(config, layer) for layer in counts), default=0)
    if largest >= config["images"]["crop"]:
        yield f"config: visualization.jitter: {largest} is not below images.crop; make it smaller"


def _layer_pair_faults(pairs: list[list[str]], network: Description) -> Iterator[str]:
    order = {layer: number for number, layer in enumerate(network.layers)}
    for earlier, later in pairs:
        unknown = [layer for layer in (earlier, later) if layer not in order]
        for layer in unknown:
            close = difflib.get_close_matches(layer, order, n=3)
            hint = f"did you mean {', '.join(close)}?" if close else "python -m scalestream blocks lists its layers"
            yield f"config: layer_pairs: {network.architecture} has no layer {layer!r} with channels to compare; {hint}"
        if not unknown and order[earlier] > order[later]:
            yield f"config: layer_pairs: {later} comes before {earlier}; turn them round"


def _first_look_faults(
    named: dict[str, list[int]], analysed: list[Block], layers: dict[str, int], architecture: str
) -> Iterator[str]:
    """layers: those that may be named, with their channels."""
    key, counts = "visualization.channels", layers | {block.name: block.channels for block in analysed}
    for name, channels in named.items():
        if name in counts:
            yield from _channel_faults(key, channels, f"{name} of {architecture}", counts[name])
        else:
            close = difflib.get_close_matches(name, counts, n=1)
            known = f"did you mean {close[0]!r}?" if close else f"those are {', '.join(counts) or 'none'}"
            yield f"config: {key}: {name!r} is neither an analysed block nor a layer of one; {known}"


def _channel_faults(key: str, channels: list[int], where: str, count: int) -> Iterator[str]:
    for channel in channels:
        if channel >= count:
            yield f"config: {key}: {where} has no channel {channel}; its channels are 0 to {count - 1}"


def _pair(names: list[str], network: Description) -> str:
    """The name of a pair of blocks; raises InputError where they are none."""
    first, second = names
    selected = network.select(names, "criteria.pairs")
    if [block.name for block in selected] != names:
        raise InputError(f"criteria.pairs: {second} comes before {first}; turn them round")
    if not can_pair(*selected):
        raise InputError(f"criteria.pairs: {first} and {second} do not share their channels; pair blocks of one stage or area")
    return pair(*selected).name


def _crop_faults(config: dict) -> Iterator[str]:
    resize, crop = config["images"]["resize"], config["images"]["crop"]
    for percent in config["ablation"]["scale_percents"]:
        if scale_crop(percent, resize, crop, config["ablation"]["crop_convention"]) < 1:
            yield f"config: ablation.scale_percents: {percent} % leaves nothing of the image; make it smaller"
    for magnification in config["robustness"]["magnifications"]:
        side = magnification_crop(crop, magnification)
        if side < 1:
            yield f"config: robustness.magnifications: {magnification} leaves nothing of the image; make it smaller"
        elif side > resize:
            yield (
                f"config: robustness.magnifications: {magnification} needs {side} pixels of images that are resized to "
                f"{resize}; make it {math.ceil(1000 * crop / resize) / 1000:g} or larger"
            )
    study = config["study"]
    magnifications = {
        "criteria.magnification": [config["criteria"]["magnification"]],
        "study.sensitivity.magnifications": study["sensitivity"]["magnifications"],
        "study.tuning": study["tuning"],
    }
    for key, factors in magnifications.items():
        for factor in factors:
            if magnification_crop(crop, factor) < 1:
                yield f"config: {key}: {factor} leaves nothing of the image; make it smaller"
            elif magnification_crop(crop, 1 / factor) < 1:
                yield f"config: {key}: {factor} shrinks the image to nothing; make it larger"


def _selection_faults(rule: str, measures: dict) -> Iterator[str]:
    needed = {"lagged": ["lags"], "circuit": ["circuits"], "both": ["lags", "circuits"]}
    for measure in needed.get(rule, []):
        if not measures[measure]:
            yield f"config: ablation.selection: {rule} needs the measure measures.{measure}, which is empty; give its octaves"


def _circuit_faults(octaves: list[float], crop: int) -> Iterator[str]:
    key = "config: measures.circuits"
    steps = [after - before for before, after in pairwise(octaves)]
    if not octaves:
        return
    if not octaves[0] < 0 < octaves[-1] or 0 not in octaves:
        yield f"{key}: {octaves} lack 0, or octaves below or above it; give all three"
    elif max(steps) > (1 + UNEVEN) * min(steps):
        yield f"{key}: {octaves} are not evenly spaced; make them so"
    if octaves[-1] >= math.log2(2 * crop):
        yield f"{key}: {octaves[-1]} octaves leave nothing of the image; make them fewer"
    if -octaves[0] >= math.log2(2 * crop):
        yield f"{key}: {octaves[0]} octaves shrink the image to nothing; make them fewer"


def _lag_faults(key: str, octaves: list[float], crop: int) -> Iterator[str]:
    if not octaves:
        return
    steps = [after - before for before, after in pairwise(octaves)]
    if len(octaves) < 3:
        yield f"config: {key}: {octaves} are too few to compare lags; give at least three, or none"
    elif octaves[0] != 0 or not all(math.isclose(step, steps[0], rel_tol=UNEVEN) for step in steps):
        yield f"config: {key}: {octaves} are not evenly spaced from 0; give octaves such as 0, 0.5, 1, 1.5"
    if octaves[-1] >= math.log2(2 * crop):  # of which less than half a pixel is left
        yield f"config: {key}: {octaves[-1]} octaves leave nothing of the image; make it smaller"


def _crosscoder_faults(crosscoder: dict, images: dict) -> Iterator[str]:
    if not crosscoder["blocks"]:
        return
    key, narrowest, largest = "config: crosscoder", min(crosscoder["widths"]), max(crosscoder["k"])
    if largest >= narrowest:
        yield f"{key}.k: {largest} is not below a width of {narrowest} latents; make it smaller, or crosscoder.widths larger"
    most = most_crops(images["resize"], images["crop"])
    if crosscoder["crops"] > most:
        yield (
            f"{key}.crops: images of {images['resize']} pixels have {most} crops of {images['crop']}; "
            f"give {most} at most, or a larger images.resize"
        )


def _root_faults(section: str, source: str, root: str | None) -> Iterator[str]:
    key = f"{section}.root"
    if source in DRAWN:
        if root is not None:
            yield (
                f"config: {key}: {root} is not read, as images.source {source} draws its images; set images.source too "
                f"(wnid_folders, ilsvrc or class_folders), or {key} to null"
            )
        return
    if root is None:
        yield f"config: {key} is missing; images.source {source} needs the folder of the images"
    elif not Path(root).is_dir():
        yield f"config: {key}: there is no folder {root}; give the folder of the images"
    elif not any(path.suffix.lower() in SUFFIXES for path in files_below(root)):
        yield f"config: {key}: the folder {root} holds no image ({', '.join(SUFFIXES)}); give the folder of the images"


def _training_faults(training: dict, images: dict) -> Iterator[str]:
    root, area = training["images"]["root"], training["augmentation"]["area"]
    if images["source"] == "gratings":
        yield "config: model.weights: trained needs images to train with, and no gratings are drawn for that; give planted:SEED"
        return
    yield from _root_faults("training.images", images["source"], root)
    if root is not None and images["root"] is not None and Path(root).resolve() == Path(images["root"]).resolve():
        yield f"config: training.images.root: {root} is images.root too; give images that the run does not validate with"
    if area and area[0] > area[1]:
        yield f"config: training.augmentation.area: {area} goes from the larger to the smaller; turn them round"


def _weights_faults(weights: str, network: Description) -> Iterator[str]:
    can_be_planted = any(name.startswith(PLANTED) for name in network.weights)
    if random_seed(weights) is not None or can_be_planted and planted_seed(weights) is not None:
        return
    for kind in [RANDOM, *([PLANTED] if can_be_planted else [])]:
        if weights.startswith(kind):
            yield f"config: model.weights: {weights!r} has no seed; give {kind} and a whole number, as {kind}0"
            return
    if weights in (*network.weights, TRAINED) or Path(weights).is_file():
        return
    named = " or ".join(dict.fromkeys([*network.weights, "random:SEED", TRAINED]))
    yield f"config: model.weights: there is no file {weights}; give a file, or for {network.architecture} {named}"


def _stream_faults(model: dict, network: Description) -> Iterator[str]:
    key, stream = "config: model.stream", model["stream"]
    if stream == 1:
        return
    if not network.is_graded:
        what = "adds In as it is" if network.has_stream else "has no stream"
        yield f"{key}: {stream} is not to be had, as {network.architecture} {what}; give 1, or an architecture *_zero_padded"
    elif Path(model["weights"]).is_file():
        yield f"{key}: {stream} is of weights that a run makes, and {model['weights']} holds its own; give 1"
