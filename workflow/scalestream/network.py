"""Networks with weights: building, loading, saving, and cutting them at a layer."""

import hashlib
import json
from copy import deepcopy
from pathlib import Path

import safetensors.torch
import torch
from torch import fx, nn
from torch.fx.experimental.optimization import fuse
from torchvision.models import ResNet, ResNet18_Weights
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.resnet import BasicBlock

from scalestream.architectures import ARCHITECTURES, Architecture
from scalestream.errors import InputError, in_one_line

torch.backends.cudnn.allow_tf32 = False  # a GPU's convolutions would round their inputs to 11 bits

EMBEDDED_WEIGHTS = Path(__file__).parents[2] / "resources" / "small.safetensors"


class BasicResNet(ResNet):
    """torchvision's ResNet of basic blocks with chosen stage widths; the stem has the first stage's width."""

    def __init__(self, architecture: Architecture, num_classes: int):
        super().__init__(BasicBlock, list(architecture.depths), num_classes=num_classes)
        self.inplanes = architecture.widths[0]
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self.inplanes)
        for stage, (depth, width) in enumerate(zip(architecture.depths, architecture.widths), start=1):
            stride = 1 if stage == 1 else 2
            setattr(self, f"layer{stage}", self._make_layer(BasicBlock, width, depth, stride=stride))
        self.fc = nn.Linear(architecture.widths[-1], num_classes)


def build(architecture: str, num_classes: int) -> ResNet:
    """The named network with freshly initialised weights, in eval mode."""
    return BasicResNet(ARCHITECTURES[architecture], num_classes).eval()


def fetch_weights(weights: str) -> dict[str, torch.Tensor]:
    """State dict of "embedded", of a torchvision weights enum, or of a .safetensors or torch file.

    Raises InputError for a file that cannot be read as a state dict.
    """
    if weights == "embedded":
        return safetensors.torch.load_file(EMBEDDED_WEIGHTS)
    if weights in ResNet18_Weights.__members__:
        try:
            return ResNet18_Weights[weights].get_state_dict(progress=False, check_hash=True)
        except OSError as error:
            raise InputError(f"model.weights: {weights} cannot be fetched ({in_one_line(error)}); fetch it elsewhere and "
                             "give the file as model.weights") from error
    try:
        if weights.endswith(".safetensors"):
            return safetensors.torch.load_file(weights)
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"model.weights: {weights} is not a readable state dict ({in_one_line(error)}); "
                         "save one with torch.save(model.state_dict(), ...)") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"model.weights: {weights} holds no plain state dict; "
                         "save one with torch.save(model.state_dict(), ...)")
    return state


def with_weights(architecture: str, state: dict[str, torch.Tensor], source: str) -> ResNet:
    """The network holding `state`, frozen, in eval mode; the number of classes is read from the state.

    Raises InputError naming `source` and the first parameter that does not fit.
    """
    bias = state.get("fc.bias")
    network = build(architecture, len(bias) if bias is not None and bias.ndim == 1 else 1000)
    fault = _misfit(network.state_dict(), state)
    if fault:
        raise InputError(f"model.weights: {source} does not fit {architecture}: {fault}; give weights of {architecture}")
    network.load_state_dict({name: tensor for name, tensor in state.items() if not _is_counter(name)}, strict=False)
    return network.requires_grad_(False)


def _is_counter(name: str) -> bool:
    """Whether the entry only counts the batches that a batch norm was trained on."""
    return name.endswith("num_batches_tracked")


def _misfit(expected: dict[str, torch.Tensor], state: dict[str, torch.Tensor]) -> str | None:
    """What first keeps `state` from being loaded, if anything does."""
    for name, tensor in expected.items():
        if _is_counter(name):
            continue
        if name not in state:
            return f"{name} is missing"
        found = state[name]
        if found.shape != tensor.shape:
            return f"{name} has shape {tuple(found.shape)}, the network needs {tuple(tensor.shape)}"
        if not found.is_floating_point() or found.layout != torch.strided or found.is_meta:
            return f"{name} is not a plain tensor of floating-point numbers"
        if not torch.isfinite(found).all():
            return f"{name} holds NaN or infinite values"
    return next((f"it holds {name}, which the network does not have" for name in state if name not in expected), None)


def resolve(architecture: str, weights: str) -> ResNet:
    """The network that the configuration names, frozen, in eval mode; raises InputError as the steps do."""
    return with_weights(architecture, fetch_weights(weights), weights)


def save(network: ResNet, path: str) -> str:
    """Write the network's state dict as safetensors; returns the file's sha256."""
    data = safetensors.torch.save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    Path(path).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read_manifest(path: str) -> dict:
    """What the model rule wrote about the network: architecture, weights, their sha256, classes, layers with channels."""
    try:
        return json.loads(Path(path).read_text())
    except ValueError as error:
        raise InputError(f"{path} is damaged; delete it and run again") from error


def load(manifest_path: str, weights_path: str) -> ResNet:
    """The network that the model rule resolved, frozen, in eval mode; raises InputError when its weights have changed since."""
    manifest = read_manifest(manifest_path)
    if hashlib.sha256(Path(weights_path).read_bytes()).hexdigest() != manifest["weights_sha256"]:
        raise InputError(f"{weights_path} is not what {manifest_path} describes; delete both and run again")
    return with_weights(manifest["architecture"], safetensors.torch.load_file(weights_path), weights_path)


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
    called = [node.target for node in part.graph.nodes
              if node.op == "call_module" and isinstance(part.get_submodule(node.target), (nn.Conv2d, nn.BatchNorm2d))]
    folded = fuse(part, no_trace=True) if len(called) == len(set(called)) else deepcopy(part)
    return folded.requires_grad_(False)


def split_after(network: ResNet, block: str) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The network as two modules: images to the block's Post map, and that map to logits.

    The two share the network's weights, and applied one after the other equal its forward pass.
    """
    post = f"layer{block}"
    stages = [(f"layer{stage}.{index}", module) for stage in range(1, 5)
              for index, module in enumerate(getattr(network, f"layer{stage}"))]
    end = [name for name, _ in stages].index(post) + 1
    modules = [module for _, module in stages]
    before = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool, *modules[:end])
    after = nn.Sequential(*modules[end:], network.avgpool, nn.Flatten(1), network.fc)
    return fx.symbolic_trace(before), fx.symbolic_trace(after)


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


def center(maps: torch.Tensor) -> torch.Tensor:
    """Center neuron of every channel: (N, C, H, W) -> (N, C), at row H // 2, column W // 2 (Lucent's convention)."""
    return maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]


def device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
