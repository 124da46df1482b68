"""Checks the configuration before any job, and answers the rules' questions about it."""


def checked(raw):
    """The configuration, complete; raises InputError as the library does."""
    complete = checking.check(raw)
    require_weights(complete["model"])
    return complete


@cache
def has_gpu():
    """Whether this machine has a GPU that jobs may compute on."""
    listed = ["nvidia-smi", "--list-gpus"]
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
    return not hidden and bool(shutil.which(listed[0])) and subprocess.run(listed, capture_output=True).returncode == 0


def gpus(wildcards):
    """How many GPUs a job of this machine computes on; on a cluster, the profile says what to ask for."""
    return int(workflow.is_main_process and workflow.local_exec and has_gpu())


CONFIG = read_or_exit(checked, own_configuration())
config = CONFIG  # which the report's captions read
ARCHITECTURE = CONFIG["model"]["architecture"]
ARCHITECTURES = [ARCHITECTURE]
EXPERIMENTS = {FOLDER: CONFIG}
NETWORK = description(ARCHITECTURE)
BLOCKS = {block.name: block for block in checking.judged(CONFIG, NETWORK)}
LINEAR = [name for name, block in BLOCKS.items() if block.is_linear]
PADDED = {name: block.padded for name, block in BLOCKS.items() if block.padded}
ABLATED = [name for name in BLOCKS if name in CONFIG["ablation"]["blocks"]]
LAYERS = NETWORK.channels(BLOCKS.values())
LAYERS_BY_BLOCK = {name: block.layers for name, block in BLOCKS.items()}
STREAMS = {block.stream: block.channels for block in BLOCKS.values()}  # what ablations overwrite
EXTRACTED = LAYERS | STREAMS
LAYER_PAIRS = sorted(CONFIG["layer_pairs"], key=lambda both: [list(NETWORK.layers).index(layer) for layer in both])
SEEDS = CONFIG["visualization"]["seeds"]
FIRST_SEED = SEEDS[0]
TRIALS = chunks(CONFIG["ablation"]["trials"], CONFIG["ablation"]["trials_per_job"])
WRITE_IMAGES = DRAWN.get(CONFIG["images"]["source"])  # what draws them, if the project does
SHARDS = 4  # of a cache of images
MODEL = {"weights": "results/model/weights.safetensors", "manifest": "results/model/manifest.json"}

if workflow.is_main_process:
    warn = partial(planning.once, logger.warning)
    for difference in completion.differences(CONFIG, NETWORK):
        warn(difference)
    if LINEAR:
        warn(f"linear stream: {', '.join(LINEAR)}: {ARCHITECTURE} does not rectify the sum; Post is ReLU of it")
    if not NETWORK.has_stream:
        warn(f"no stream: {ARCHITECTURE} adds no In to Pre; how many channels pass is what passes by chance")

PLOTTED = FIGURES
settings = partial(configuration.settings, CONFIG)
STUDY = settings("study")["study"]


def one_of(names):
    """The pattern of some names; of none, one that matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def untracked(key):
    """The value of a dotted key that results do not depend on, rounding apart, as a parameter whose change reruns nothing.

    Snakemake leaves parameters out of its comparison when they are functions of more than the wildcards."""
    (value,) = settings(key).values()
    return lambda wildcards, threads: value


def weights_file():
    """The weights as an input file, where they are one; local, as all that no job makes, so that a module's prefix spares it."""
    weights = CONFIG["model"]["weights"]
    if weights == TRAINED:
        return TRAINED_WEIGHTS
    if shipped := SHIPPED.get(ARCHITECTURE, {}).get(weights):
        weights = relpath(shipped)
    return [local(weights)] if Path(weights).is_file() else []


def drawn_folder(place):
    """The folder that images are drawn into, where the project draws them, as whoever reads an image may need it. place: gives
    a file of the run that has the images."""
    return {"folder": place("demo_images")} if WRITE_IMAGES else {}


def image_files(place):
    """All that a job reads of images: their list, their cache, and the folder. place: as for `drawn_folder`."""
    shards = [place(f"image_cache/{shard}-of-{SHARDS}.arrow") for shard in range(SHARDS)]
    return drawn_folder(place) | {"images": place("images.parquet"), "cache": shards}


def in_results(path):
    """A file of this run's results."""
    return f"results/{path}"


def taken(path):
    """A file of the run that has this one's images (images.made_in)."""
    return local(f"{CONFIG['images']['made_in']}/results/{path}")


def of_training(path):
    """A file of the training images, of this run or of another."""
    made_in = CONFIG["training"]["images"]["made_in"]
    return local(f"{made_in}/results/training/{path}") if made_in else f"results/training/{path}"


def training_source():
    """Settings of the list of training images: of drawn ones and of other data the class folders, of ImageNet's the wnids'."""
    source, root = CONFIG["images"]["source"], TRAINING["root"]
    known = {"images.source": "wnid_folders" if source == "ilsvrc" else source, "digest": "training_images_sha256"}
    return known if WRITE_IMAGES else known | {"images.root": root, "folder": folder_state(root)}


def network_file():
    """The file that a user's network comes from."""
    file = source_file(ARCHITECTURE)
    return [local(str(file))] if file else []


@cache
def folder_state(folder):
    """A digest of the names, sizes and times of a folder's files: a file replaced, removed or added changes it, behind links too."""
    states = ((path.relative_to(folder), path.stat()) for path in sorted(files_below(folder)))
    lines = (f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in states)
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def visualization_chunks(layer, seed):
    """The files with a layer's channels of one seed, in order."""
    return expand(
        "results/visualizations/chunks/{seed}/{layer}/{range}.parquet",
        seed=seed,
        layer=layer,
        range=chunks(NETWORK.layers[layer].channels, CONFIG["visualization"]["channels_per_job"]),
    )


def match_visualizations(wildcards):
    """The files with the visualizations of the channels that match an earlier layer's: those of the whole layer, if they are
    made anyway."""
    whole = {earlier for earlier, _ in LAYER_PAIRS} | LAYERS.keys() - POSTS.keys()
    own = f"results/channel_pairs/{wildcards.earlier}/{wildcards.layer}/visualizations.parquet"
    return visualization_chunks(wildcards.layer, FIRST_SEED) if wildcards.layer in whole else [own]


def first_look_files(wildcards):
    """The files with the channels of a first look, one each, so that another channel leaves them as they are."""
    shown = dependencies.first_look(CONFIG, BLOCKS.values())
    if not shown:
        sys.exit("config: visualization.channels names no channel; name some to look at, as {'2.1': [15]}")
    named = {(layer, channel): None for each in shown for layer in each["layers"].values() for channel in each["channels"]}
    return [f"results/first_look/{FIRST_SEED}/{layer}/{channel}-{channel + 1}.parquet" for layer, channel in named]


def weights_settings(weights):
    """What the network with such weights depends on."""
    own = settings("model.architecture") | {"model.weights": weights, "description": NETWORK.digest}
    on_images = settings(*dependencies.TRANSFORMED_IMAGES) if random_seed(weights) is not None else {}
    own |= settings("model.stream") if NETWORK.is_graded else {}
    return own | on_images | (settings("model.planted") if planted_seed(weights) is not None else {})


def other_weights(wildcards):
    """Settings of another network: weights of a name of their own, or those of the run in random order."""
    kind, _, seed = wildcards.network.partition("-")
    if kind != "permuted":
        return weights_settings(f"{kind}:{seed}")
    own = weights_settings(CONFIG["model"]["weights"])
    return own | settings(*dependencies.TRANSFORMED_IMAGES) | {"permutation": int(seed)}


def images_of_statistics(wildcards):
    """The images that another network's batch norms take their statistics from; a planted one needs none."""
    return {} if wildcards.network.startswith("planted-") else IMAGES


def other_chunks(network, layer, seed):
    """The files with a layer's channels of one seed, in order, in another network."""
    own = visualization_chunks(layer, seed)
    return [file.replace("results/visualizations/chunks", f"results/networks/{network}/visualizations") for file in own]


def selecting_rule(wildcards):
    """The rule by which a block's channels are ablated; None where they are listed."""
    return dependencies.selection(CONFIG, wildcards.block).get("ablation.selection")


def selecting_criteria(wildcards):
    """The criteria that a block's channels are selected by."""
    seeds = seeds_to_ask(selecting_rule(wildcards), SEEDS)
    return expand("results/criteria/{seed}/{block}.parquet", seed=seeds, block=wildcards.block)


def selecting_verdicts(wildcards):
    """The verdicts that a block's channels are selected by, where a measure does."""
    return f"results/verdicts/{wildcards.block}.parquet" if selecting_rule(wildcards) in MEASURES else []


def padding(block):
    """How many channels of a block have nothing but zeros at In, where there are any."""
    return {"padded": PADDED[block]} if block in PADDED else {}


def previous_screening(wildcards, place="results/ablation/{block}"):
    """The screening of the trials just before these, if there are any. place: of the ablation."""
    before = [trials for trials in TRIALS if trials.endswith(f"-{wildcards.first}")]
    return expand(f"{place}/{{control}}/screening/{{trials}}.parquet", trials=before, **wildcards)


def schema_of_crosscoders(table):
    """The schema of a table of crosscoders."""
    return f"scalestream.crosscoder.tables:{table.upper()}"


def figure_blocks(figure):
    """The blocks that a figure shows."""
    stages = {name: block.stage for name, block in BLOCKS.items()}
    return figure.blocks(stages, ABLATED, list(CONFIG["figures"]["figure1"]))


def figure_options(figure):
    """The further arguments of the function that draws a figure."""
    options = {name: value for name, key in figure.options for value in settings(key).values()}
    return options | ({"blocks": figure_blocks(figure)} if figure.stages or figure.chosen else {})


def selections_of(figure):
    """The selections that say why an ablated block has no random draws, for a figure that shows this."""
    return expand("results/selection/{block}.parquet", block=ABLATED) if figure.compared else []


def figure_files(figure):
    """A figure's files; the report has it in a category, with its caption and labels."""
    path, label = f"results/figures/{figure.name}", figure.label
    blocks = "all" if figure.shows_all else ", ".join(figure_blocks(figure)) or "none"
    in_report = partial(report, category=figure.category, subcategory=SUBCATEGORY)
    if figure.natural_images and not CONFIG["atlas"]["natural_images"]:
        in_report = lambda path, **shown: path
    if figure.stages:
        labels = lambda wildcards: {"result": f"{label}, page {wildcards.page}", "blocks": blocks}
        folder = in_report(directory(path), patterns=["{page}.png"], caption="../report/grids.rst", labels=labels)
        return {"pdf": f"{path}.pdf", "pages": folder}
    png = in_report(f"{path}.png", caption=f"../report/{figure.name}.rst", labels={"result": label, "blocks": blocks})
    return {"png": png, "pdf": f"{path}.pdf"}


wildcard_constraints:
    layer=one_of([*EXTRACTED, *(layer for both in LAYER_PAIRS for layer in both)]),
    earlier=one_of([earlier for earlier, _ in LAYER_PAIRS]),
    block=one_of(BLOCKS),
    control="random|unscreened|matched|all",
    replacement="mean|zero|resample",
    network=r"(random|permuted|planted)-\d+",
    seed=r"\d+",
    first=r"\d+",
    stop=r"\d+",
    shard=r"\d+",
    shards=r"\d+",
    site="In|Pre",
    pairing=one_of(dependencies.PAIRINGS),
    width=r"\d+",
    k=r"\d+",
