"""Which magnification Post prefers at each time step of a recurrent area, of images that excite Pre of one and the same step.

The paper expects smaller scales to be answered earlier. At its own step a channel is asked of the images of its Pre; at a later
one where both steps are judged as a pair, whose In is Pre of the earlier one. The criteria of the pair say whether the channel
is the same feature at both steps, at two scales.
"""

from collections.abc import Iterable, Iterator

from scalestream.networks.interface import Description


def time_steps(network: Description, peaks: Iterable[dict]) -> Iterator[dict]:
    """Rows of the table of time steps, one a channel, step, step that the images are of, and kind of stimulus.

    peaks: rows of that table. same_feature: whether the channel passes the criteria of the pair of both steps; missing where
    the images are of the step itself.
    """
    steps = [block for block in network.blocks if block.time_step]
    of_pre, of_post = ({getattr(block, layer): _area_and_step(block.name) for block in steps} for layer in ("pre", "post"))
    known = set()
    for row in peaks:
        block = network.by_name[row["block"]]
        excited = {"In": block.input, "Pre": block.pre}[row["source"]]
        if excited not in of_pre:
            continue
        (area, step), (_, image_step) = of_post[block.post], of_pre[excited]
        key = {"area": area, "step": step, "image_step": image_step, "channel": row["channel"], "stimulus": row["stimulus"]}
        if tuple(key.values()) not in known:  # a step by itself and as the later of a pair are asked the same
            known.add(tuple(key.values()))
            same_feature = None if step == image_step else row["passes"]
            yield key | {"preferred_magnification": row["post_peak"], "same_feature": same_feature}


def _area_and_step(name: str) -> tuple[str, int]:
    """V4.t2: V4, 2."""
    area, _, step = name.rpartition(".t")
    return area, int(step)
