"""Checks a family's configuration, network by network, before any job, and answers its rules' questions."""


def checked_members(raw):
    """The family's networks; raises InputError as the library does."""
    found = members.members(raw)
    for member in found:
        try:
            require_weights(member.config["model"])
        except InputError as error:
            raise InputError(f"network {member.name}: {error}") from error
    return found


def wanted_here(name):
    """Whether rules that begin with this name are needed: all are for a plan, and for a job on its own those that its command
    names, as reading the rules of many networks takes seconds."""
    return workflow.is_main_process or any(argument.startswith(f"{name}_") for argument in sys.argv)


def take_resources(prefix):
    """Gives the rules of a module what profile and command line say of them by the names that they have on their own."""
    PREFIXES.insert(0, prefix)
    given = workflow.resource_settings
    for each in workflow.rules:
        if each.name.startswith(prefix):
            own_name = each.name.removeprefix(prefix)
            each.resources.update(given._parsed_overwrite_resources.get(own_name, {}))
            if own_name in given._parsed_overwrite_threads:
                each.resources["_cores"] = given._parsed_overwrite_threads[own_name]


def with_shared_images(member):
    """The configuration of a network that reads the images of the family."""
    found = {"images": {"made_in": f"{FOLDER_OF_IMAGES}/{member.image_set}"}}
    if member.training_set:
        found["training"] = {"images": {"made_in": f"{FOLDER_OF_IMAGES}/{member.training_set}"}}
    return config_files.overlaid(member.config, found)


def made_by(members_, path):
    """A file that each of some networks makes, of a run of its own."""
    return [f"{FOLDER_OF_NETWORKS}/{member.name}/{path}" for member in members_]


def factors(members_):
    """What tells networks from each other, in the order of their files."""
    return {"members": [member.factors for member in members_]}


def everything_of(members_):
    """All that runs of the networks make, for a plan: a job on its own knows its network alone."""
    planned = members_ if workflow.is_main_process else []
    return [file for member in planned for file in getattr(rules, f"{member.name}_all").input]


def views(member):
    """What tells how much of an image a network sees at a scale."""
    return configuration.settings(member.config, "images.resize", "images.crop", "ablation.crop_convention")


def selections_of(figure):
    """None: no figure shows that a block has no random draws."""
    return []


def figure_files(figure):
    """A figure's files; the report has it in a category, with its caption and labels."""
    path, shown = f"results/figures/{figure.name}", {"result": figure.label, "blocks": "all"}
    png = report(f"{path}.png", category=figure.category, caption=f"../report/{figure.name}.rst", labels=shown)
    return {"png": png, "pdf": f"{path}.pdf"}


def figure_options(figure):
    """The further arguments of the function that draws a figure: none."""
    return {}


RAW = own_configuration()
MEMBERS = read_or_exit(checked_members, RAW)
FAMILY = read_or_exit(checking.section, RAW, "family")
CONFIG = {"family": FAMILY, "replace": read_or_exit(checking.section, RAW, "replace")}
FOLDER_OF_NETWORKS, FOLDER_OF_IMAGES = "networks", "images"
ARCHITECTURES = sorted({member.config["model"]["architecture"] for member in MEMBERS})
EXPERIMENTS = {FOLDER: CONFIG} | {Path(FOLDER_OF_NETWORKS, member.name, "results"): member.config for member in MEMBERS}
IMAGE_SETS = {name: member for member in MEMBERS for name in (member.image_set, member.training_set) if name}

MAKES_EVERYTHING = FAMILY["makes"] == "everything"
PLOTTED = FAMILY_FIGURES

JUDGED = [member for member in MEMBERS if member.config["blocks"]]
LAGGED = [member for member in JUDGED if member.config["measures"]["lags"]]
ABLATED = [member for member in JUDGED if member.config["ablation"]["blocks"]]
MEASURED = [member for member in MEMBERS if member.config["robustness"]["magnifications"]]
OF_REFERENCE = {member.image_set for member in MEASURED if member.network == FAMILY["reference"]}
CONTRASTED = [member for member in MEASURED if member.image_set in OF_REFERENCE]
