"""The images alone, those to train with too, as a module for the networks that share them."""


include: "rules/shared.smk"
include: "rules/common.smk"
include: "rules/images.smk"
include: "rules/training_images.smk"
