"""The experiment itself, to the tables, of one network: what a family compares of each, as a module. Figures, atlas and study come
on top of it (Snakefile)."""


include: "rules/shared.smk"
include: "rules/common.smk"
include: "rules/taken_images.smk" if CONFIG["images"]["made_in"] else "rules/images.smk"
include: "rules/training_images.smk"
include: "rules/training.smk"
include: "rules/model.smk"
include: "rules/robustness.smk"
include: "rules/visualization.smk"


if BLOCKS:  # what is asked of a block's In, Pre and Post

    include: "rules/criteria.smk"
    include: "rules/activations.smk"
    include: "rules/measures.smk"
    include: "rules/circuits.smk"
    include: "rules/verdicts.smk"
    include: "rules/crosscoder.smk"
    include: "rules/ablation.smk"
