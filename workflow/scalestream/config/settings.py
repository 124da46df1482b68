"""What stands in the configuration, by dotted keys."""


def settings(config: dict, *keys: str) -> dict:
    """The values of dotted keys, sorted by key, with equal numbers in equal form: what a rule's results depend on."""
    return {key: _normalized(_value(config, key)) for key in sorted(keys)}


def jitter(config: dict, layer: str) -> int:
    """Jitter of a layer in pixels (paper, section 7.1)."""
    visualization = config["visualization"]
    return int(visualization["jitter_by_layer"].get(layer, visualization["jitter"]))


def _value(config: dict, key: str):
    for name in key.split("."):
        config = config[name]
    return config


def _normalized(value):
    if isinstance(value, dict):
        return {name: _normalized(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_normalized(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
