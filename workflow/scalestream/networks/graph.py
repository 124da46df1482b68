"""Graph surgery: networks cut after a layer, split at a block, and with batch norm folded."""

from copy import deepcopy

from torch import fx, nn
from torch.fx.experimental.optimization import fuse
from torchvision.models.feature_extraction import create_feature_extractor


def cut_after(network: nn.Module, layer: str) -> fx.GraphModule:
    """The part of the network that computes `layer`'s output, as a module from images to that output.

    What torchvision's block does to the output afterwards (adding In, in place) is not part of it, whereas a forward
    hook on `layerX.Y.bn2` of the whole network would read Post in Pre's place.
    """
    extractor = create_feature_extractor(network, {layer: layer})
    part = fx.GraphModule(extractor, extractor.graph)
    *_, output = part.graph.nodes
    output.args = (output.args[0][layer],)
    part.recompile()
    return part


def with_batch_norm_folded(part: fx.GraphModule) -> fx.GraphModule:
    """A frozen copy of `part`, with every batch norm's weights made part of the convolution before it.

    A network that calls a convolution or a batch norm twice is left unfolded.
    """
    called = [
        node.target
        for node in part.graph.nodes
        if node.op == "call_module" and isinstance(part.get_submodule(node.target), (nn.Conv2d, nn.BatchNorm2d))
    ]
    folded = fuse(part, no_trace=True) if len(called) == len(set(called)) else deepcopy(part)
    return folded.requires_grad_(False)


def split_after(sequence: list[tuple[str, nn.Module]], post: str) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The network as two modules: images to a block's Post map, and that map to logits.

    sequence: the network's modules by name, from `Architecture.sequence`; post: the one that makes the Post map. The two parts
    share the network's weights, and applied one after the other equal its forward pass.
    """
    end = [name for name, _ in sequence].index(post) + 1
    modules = [module for _, module in sequence]
    return fx.symbolic_trace(nn.Sequential(*modules[:end])), fx.symbolic_trace(nn.Sequential(*modules[end:]))


def without_first_convolutions(part: fx.GraphModule) -> tuple[list[nn.Conv2d], fx.GraphModule]:
    """The convolutions that read the input of `part`, and the rest of it: a module that takes the input (for what else reads
    it) and then the output of each of these convolutions."""
    rest = deepcopy(part)
    last, *_ = rest.graph.nodes
    convolutions = []
    for node in list(last.users):
        module = rest.get_submodule(node.target) if node.op == "call_module" else None
        if isinstance(module, nn.Conv2d) and module.groups == 1 and module.padding_mode == "zeros":
            convolutions.append(module)
            with rest.graph.inserting_after(last):
                last = rest.graph.placeholder(f"output_of_{node.name}")
            node.replace_all_uses_with(last)
            rest.graph.erase_node(node)
    rest.recompile()
    return convolutions, rest
