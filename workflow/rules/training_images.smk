"""Inputs: the folder of the training images, or none where they are drawn. Outputs: results/training/, with their list and their
cache, as of the run's own images; none where they are those of another run (training.images.made_in)."""

TRAINING = CONFIG["training"]["images"]
TRAINING_IMAGES = image_files(of_training)

if CONFIG["model"]["weights"] == TRAINED and not TRAINING["made_in"]:

    use rule draw_demo_images as draw_training_images with:
        output:
            directory("results/training/demo_images"),
        params:
            code=code("draw_demo_images", DRAWN_FOR_TRAINING[TRAINING["scales"]]),
            settings=settings("images.resize")
            | {
                "write_images": DRAWN_FOR_TRAINING[TRAINING["scales"]],
                "images.demo": {"per_class": TRAINING["per_class"], "seed": CONFIG["images"]["demo"]["seed"]},
            },
        log:
            "logs/draw_training_images.log",
        benchmark:
            "results/benchmarks/draw_training_images.tsv"

    use rule list_images as list_training_images with:
        input:
            **drawn_folder(of_training),
        output:
            images="results/training/images.parquet",
            skipped="results/training/skipped_images.txt",
        params:
            code=code("list_images"),
            settings=lambda wildcards: settings("images.skip_unreadable") | training_source(),
        log:
            "logs/list_training_images.log",
        benchmark:
            "results/benchmarks/list_training_images.tsv"

    use rule cache_images as cache_training_images with:
        input:
            **drawn_folder(of_training),
            images="results/training/images.parquet",
        output:
            "results/training/image_cache/{shard}-of-{shards}.arrow",
        log:
            "logs/cache_training_images/{shard}-of-{shards}.log",
        benchmark:
            "results/benchmarks/cache_training_images/{shard}-of-{shards}.tsv"
