"""What a configuration leaves to the network: its preprocessing, its blocks, and jitters by receptive field."""

from collections.abc import Iterator

from scalestream.networks.interface import TRAINED, Description, Layer, Preprocessing

PREPROCESSING = tuple(Preprocessing.__dataclass_fields__)
BY_RECEPTIVE_FIELD = "by_receptive_field"
JITTERS = ((67, 0), (147, 4))  # the largest receptive field with a jitter, in pixels; the author's values for ResNet18
LARGEST_JITTER = 16


def complete(config: dict, network: Description) -> dict:
    """The configuration with values in place of null, `all` and `by_receptive_field`."""
    expected = network.preprocessing(config["model"]["weights"])
    images = {key: list(value) if isinstance(value, tuple) else value for key, value in vars(expected).items()}
    images = {key: images[key] for key in PREPROCESSING if config["images"][key] is None}
    blocks = [block.name for block in network.blocks] or "all" if config["blocks"] == "all" else config["blocks"]
    visualization = config["visualization"]
    if visualization["jitter"] == BY_RECEPTIVE_FIELD:
        jitters = {name: jitter_of(layer) for name, layer in network.layers.items()}
        visualization = visualization | {"jitter": LARGEST_JITTER, "jitter_by_layer": jitters}
    crosscoder = config["crosscoder"]
    if crosscoder["blocks"] == "all":
        crosscoder = crosscoder | {"blocks": [] if blocks == "all" else blocks}
    return config | {
        "images": config["images"] | images,
        "blocks": blocks,
        "visualization": visualization,
        "crosscoder": crosscoder,
    }


def jitter_of(layer: Layer) -> int:
    """The jitter in pixels for a layer: more, the more of the image its neurons see."""
    if layer.receptive_field is None:
        return LARGEST_JITTER
    return next((jitter for largest, jitter in JITTERS if layer.receptive_field <= largest), LARGEST_JITTER)


def differences(config: dict, network: Description) -> Iterator[str]:
    """Where images are prepared otherwise than the weights expect, one line each."""
    weights = config["model"]["weights"]
    if weights == TRAINED:  # which expect what they are trained on
        return
    expected = network.preprocessing(weights)
    for key in PREPROCESSING:
        given, wanted = config["images"][key], getattr(expected, key)
        if given != (list(wanted) if isinstance(wanted, tuple) else wanted):
            yield f"images.{key} is {given}; the weights {weights} of {network.architecture} expect {wanted}"
