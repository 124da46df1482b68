"""Every figure: the table that it is drawn from, the function that draws it, and where the report has it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CataloguedFigure:
    """table: its name in results. schema, draw: definitions as `module:name`, as for pkgutil.resolve_name; draw gets the
    table's rows and the options. category, label: of the report. ablated, chosen, stages: whether it shows the ablated blocks
    alone; these and those that figures.figure1 names, or all if there are none; or those of some stages, which are blocks
    whose maps have one side, page by page. compared: whether it has nothing of an ablated block that has no random draws, and
    is told why (`ablation.draws.obstacle`). options: names of `draw`'s further arguments, each with the dotted key of the
    configuration that it comes from. natural_images: whether it shows some.
    """

    name: str
    table: str
    schema: str
    draw: str
    category: str
    label: str
    ablated: bool = False
    chosen: bool = False
    stages: range = range(0)
    compared: bool = False
    options: tuple[tuple[str, str], ...] = ()
    natural_images: bool = False

    def blocks(self, analysed: dict[str, int], ablated: list[str], named: list[str]) -> list[str]:
        """The blocks that it shows, of those that are analysed, which stand with their stages; named: by figures.figure1."""
        if self.stages:
            return [block for block, stage in analysed.items() if stage in self.stages]
        if self.chosen:
            return [block for block in analysed if block in ablated or block in named] or list(analysed)
        return ablated if self.ablated else list(analysed)

    @property
    def shows_all(self) -> bool:
        """Whether it shows all blocks that are analysed."""
        return not (self.ablated or self.chosen or self.stages)


def _figure(name: str, table: str, room: str, draw: str, category: str, label: str, **more) -> CataloguedFigure:
    return CataloguedFigure(
        name,
        table,
        f"scalestream.{room}.tables:{table.upper()}",
        f"scalestream.figures.{draw}",
        category,
        label,
        **more,
    )


def _crosscoder_figure(name: str, table: str, draw: str, label: str) -> CataloguedFigure:
    schema, draw = f"scalestream.crosscoder.tables:{table.upper()}", f"scalestream.figures.crosscoder:{draw}"
    return CataloguedFigure(name, f"crosscoder/{table}", schema, draw, "Crosscoder", label)


def _family_figure(name: str, table: str, schema: str, module: str, label: str) -> CataloguedFigure:
    draw = f"scalestream.figures.{module}:{name}"
    return CataloguedFigure(name, table, f"scalestream.comparison.tables:{schema}", draw, "Family", label)


FIGURES = {  # of a run
    figure.name: figure
    for figure in (
        _figure(
            "figure1",
            "grids",
            "report",
            "grids:figure1",
            "Visualization",
            "Figure 1: chosen channels",
            natural_images=True,
            chosen=True,
        ),
        _figure(
            "figure2",
            "ratios",
            "ablation",
            "ratios:figure2",
            "Ablation",
            "Figure 2: accuracy ratios",
            ablated=True,
            compared=True,
        ),
        _figure(
            "figure3",
            "grids",
            "report",
            "grids:pages",
            "Visualization",
            "Figure 3: passing channels",
            natural_images=True,
            stages=range(1, 3),
        ),  # shared out as in the paper
        _figure(
            "figure4",
            "grids",
            "report",
            "grids:pages",
            "Visualization",
            "Figure 4: passing channels",
            natural_images=True,
            stages=range(3, 100),
        ),
        _figure(
            "passing",
            "null",
            "criteria",
            "criteria:passing",
            "Criteria",
            "channels that pass",
            options=(("seeds", "visualization.seeds"),),
        ),
        _figure(
            "criteria",
            "criteria",
            "criteria",
            "criteria:scatter",
            "Criteria",
            "both criteria, channel by channel",
            options=(("tolerance", "criteria.tolerance"),),
        ),
        _figure("lags", "lags", "measures", "lags:lags", "Measures", "lags of Pre behind In"),
        CataloguedFigure(
            "lag_profiles",
            "lag_profiles",
            "scalestream.measures.tables:PROFILES",
            "scalestream.figures.lags:profiles",
            "Measures",
            "correlation of In and Pre by lag",
        ),
        CataloguedFigure(
            "circuits",
            "circuit_profiles",
            "scalestream.measures.tables:CIRCUIT_PROFILES",
            "scalestream.figures.circuits:profiles",
            "Measures",
            "likeness of In and Pre by magnification",
        ),
        _crosscoder_figure("crosscoder_latents", "latents", "latents", "latents by shift and direction"),
        _crosscoder_figure("crosscoder_explained", "training", "explained", "explained variance over k and latents"),
        _crosscoder_figure("crosscoder_stability", "latents", "stability", "stability of latents between seeds"),
        _figure(
            "accuracy",
            "ablation",
            "ablation",
            "accuracy:accuracy",
            "Ablation",
            "accuracy against scale",
            ablated=True,
            compared=True,
        ),
        _figure(
            "robustness", "robustness", "robustness", "robustness:robustness", "Robustness", "accuracy against magnification"
        ),
        _figure("objective", "objective", "visualization", "objective:objective", "Visualization", "objective by step"),
        _figure("stability", "stability", "study", "stability:stability", "Criteria", "stability over seeds"),
        _figure("nulls", "nulls", "study", "nulls:nulls", "Criteria", "observed against nulls"),
        _figure("recovery", "recovery", "measures", "recovery:recovery", "Criteria", "what rules find of what is planted"),
        _figure("sensitivity", "sensitivity", "study", "sensitivity:sensitivity", "Criteria", "sensitivity to thresholds"),
        _figure(
            "natural_images", "agreement", "study", "natural_images:natural_images", "Criteria", "verdicts by natural images"
        ),
        _figure("overlap", "overlap", "study", "natural_images:overlap", "Visualization", "top images in common"),
        _figure("tuning", "preference", "study", "tuning:tuning", "Visualization", "scale tuning"),
        _figure("time_steps", "time_steps", "study", "time_steps:time_steps", "Visualization", "scale by time step"),
        _figure(
            "acceptance",
            "acceptance",
            "study",
            "acceptance:acceptance",
            "Ablation",
            "acceptance of draws",
            ablated=True,
            compared=True,
        ),
        _figure("effects", "effects", "study", "effects:effects", "Ablation", "paired statistics", ablated=True, compared=True),
        _figure("dose_response", "dose_response", "study", "dose:dose_response", "Ablation", "dose and response", ablated=True),
        CataloguedFigure(
            "training",
            "training/epochs",
            "scalestream.training.tables:EPOCHS",
            "scalestream.figures.training:training",
            "Training",
            "loss and accuracy by epoch",
        ),
        CataloguedFigure(
            "latent_ratios",
            "crosscoder/ratios",
            "scalestream.ablation.tables:RATIOS",
            "scalestream.figures.latents:latent_ratios",
            "Crosscoder",
            "accuracy ratios of latents",
            options=(("judged", "crosscoder.blocks"), ("ablated", "ablation.blocks")),
        ),
        _figure("lesions", "lesions", "study", "lesions:lesions", "Ablation", "lesions of the stream", ablated=True),
        CataloguedFigure(
            "channel_pairs",
            "channel_pair_pictures",
            "scalestream.channel_pairs.tables:CHANNEL_PAIR_PICTURES",
            "scalestream.figures.channel_pairs:channel_pairs",
            "Channel pairs",
            "pairs of channels of two layers",
        ),
        _figure(
            "channel_pair_counts",
            "channel_pair_counts",
            "channel_pairs",
            "channel_pairs:channel_pair_counts",
            "Channel pairs",
            "channels with a match in a later layer",
        ),
        _figure("benchmarks", "benchmarks", "report", "job_times:time_by_rule", "Run", "where the time went"),
    )
}

FAMILY_FIGURES = {  # of a family of networks
    figure.name: figure
    for figure in (
        _family_figure(
            "family_robustness",
            "robustness",
            "FAMILY_ROBUSTNESS",
            "family_robustness",
            "accuracy against magnification, by network",
        ),
        _family_figure("contrasts", "contrasts", "CONTRASTS", "family_robustness", "arms against the reference"),
        _family_figure("passing_by_depth", "passing", "PASSING_SHARES", "depth", "channels that pass, by depth"),
        _family_figure("passing_by_growth", "passing", "PASSING_SHARES", "depth", "channels that pass, by field growth"),
        _family_figure("lags_by_depth", "peak_lags", "PEAK_LAGS", "depth", "lags of Pre behind In, by depth"),
        _family_figure("family_ratios", "family_ratios", "FAMILY_RATIOS", "family_ratios", "accuracy ratios by magnification"),
    )
}
