"""Weights of the network under study, trained on images of its own."""

from job import checkpoint, run
from scalestream.errors import InputError
from scalestream.images.cache import ImageCache
from scalestream.images.listing import trained_classes
from scalestream.images.loading import ScaleTransformedImages, batches
from scalestream.images.preprocessing import Normalization
from scalestream.images.tables import IMAGES
from scalestream.networks.architectures import description
from scalestream.networks.weights import classes, save
from scalestream.run import tables
from scalestream.run.files import atomic_write
from scalestream.run.malloc import keep_freed_memory
from scalestream.run.progress import watched
from scalestream.training.augmentation import Augmentation
from scalestream.training.batches import Epoch, loaded
from scalestream.training.loop import train
from scalestream.training.recipe import Recipe, initial_network
from scalestream.training.tables import EPOCHS


def main(snakemake) -> None:
    keep_freed_memory()
    settings, given, threads = snakemake.params.settings, snakemake.input, snakemake.threads
    recipe, augmentation = Recipe.from_settings(settings), Augmentation.from_settings(settings)
    images, labels = opened(given.training_images, given.training_cache, settings)
    judged, judged_labels = opened(given.images, given.cache, settings)
    count = trained_classes(labels, judged_labels)
    network = initial_network(settings["model.architecture"], recipe.seed, count, settings["model.stream"])
    steps = len(images) // recipe.batch_size
    require_fit(network, settings["model.architecture"], labels, steps)
    at_no_scale = ScaleTransformedImages(judged, indices(judged_labels), [0], settings["images.crop"])
    watch = watched("training", recipe.epochs * steps, "steps")

    def from_step(number: int, first: int):
        epoch = Epoch(images, indices(labels), augmentation, recipe.batch_size, recipe.seed, number)
        return watch(loaded(epoch, first, threads), before=number * steps + first)

    def validation():
        loader = batches(at_no_scale, snakemake.params.batch_size, threads)
        return ((views[:, 0], truth) for views, truth in loader)

    with checkpoint(snakemake) as kept:
        rows = train(network, steps, from_step, validation, recipe, Normalization.from_settings(settings), kept)
        with atomic_write(snakemake.output.weights) as path:
            save(network, path)
        tables.write(snakemake.output.epochs, EPOCHS, rows)


def opened(listed: str, cache: list[str], settings: dict) -> tuple[ImageCache, list[tuple[int, str]]]:
    """Images, and the class of each by index and name."""
    images = tables.read(listed, IMAGES, ["path", "class_index", "wnid"])
    labels = zip(images["class_index"].to_pylist(), images["wnid"].to_pylist())
    return ImageCache.of_list(images, cache, settings), list(labels)


def indices(labels: list[tuple[int, str]]) -> list[int]:
    return [index for index, _ in labels]


def require_fit(network, name: str, labels: list[tuple[int, str]], steps: int) -> None:
    """Raises InputError where a network has fewer classes than the images, or where these fill no batch."""
    count, needed = classes(description(name), network.state_dict()), 1 + max(indices(labels))
    if count is not None and count < needed:
        raise InputError(f"model.architecture: {name} has {count} classes, and training.images {needed}; give it as many")
    if steps == 0:
        raise InputError(f"training.batch_size: the {len(labels)} training images do not fill a batch; make it smaller")


if __name__ == "__main__":
    run(main, snakemake)
