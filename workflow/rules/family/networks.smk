"""The networks, each a module with everything that a run of it alone has, in networks/NAME; and the images that they share, in
images/NAME."""

for image_set, member in IMAGE_SETS.items():
    if not wanted_here(image_set):
        continue
    prefix = f"{image_set}_"

    module:
        name: image_set
        snakefile:
            str(WORKFLOW / "images.smk")
        config:
            member.config
        prefix:
            f"{FOLDER_OF_IMAGES}/{image_set}"

    use rule * from image_set as prefix*

    take_resources(prefix)


for member in MEMBERS:
    if not wanted_here(member.name):
        continue
    network, prefix = member.name, f"{member.name}_"

    module:
        name: network
        snakefile:
            str(WORKFLOW.parent / "Snakefile" if MAKES_EVERYTHING else WORKFLOW / "numbers.smk")
        config:
            with_shared_images(member)
        prefix:
            f"{FOLDER_OF_NETWORKS}/{member.name}"

    use rule * from network as prefix*

    take_resources(prefix)
