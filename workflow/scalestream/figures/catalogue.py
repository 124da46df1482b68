"""Every figure: the table that it is drawn from, the function that draws it, and where the report has it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CataloguedFigure:
    """table: its name in results. schema, draw: definitions as `module:name`, as for pkgutil.resolve_name; draw gets the
    table's rows and the options. category, label: of the report. ablated: whether it shows the ablated blocks alone. options:
    names of `draw`'s further arguments, each with the dotted key of the configuration that it comes from. natural_images:
    whether it shows some. stages: of a figure of many pages, the stages whose blocks it shows.
    """

    name: str
    table: str
    schema: str
    draw: str
    category: str
    label: str
    ablated: bool = False
    options: tuple[tuple[str, str], ...] = ()
    natural_images: bool = False
    stages: tuple[str, ...] = ()


def _figure(name: str, table: str, room: str, draw: str, category: str, label: str, **more) -> CataloguedFigure:
    return CataloguedFigure(
        name,
        table,
        f"scalestream.{room}.tables:{more.pop('schema', table).upper()}",
        f"scalestream.figures.{draw}",
        category,
        label,
        **more,
    )


FIGURES = {
    figure.name: figure
    for figure in (
        _figure(
            "figure1", "grids", "report", "grids:figure1", "Visualization", "Figure 1: chosen channels", natural_images=True
        ),
        _figure("figure2", "ratios", "ablation", "ratios:figure2", "Ablation", "Figure 2: accuracy ratios", ablated=True),
        _figure(
            "figure3",
            "grids",
            "report",
            "grids:pages",
            "Visualization",
            "Figure 3: passing channels",
            natural_images=True,
            stages=("1", "2"),
        ),  # shared out as in the paper
        _figure(
            "figure4",
            "grids",
            "report",
            "grids:pages",
            "Visualization",
            "Figure 4: passing channels",
            natural_images=True,
            stages=("3", "4"),
        ),
        _figure("passing", "criteria", "criteria", "criteria:passing", "Criteria", "channels that pass"),
        _figure(
            "criteria",
            "criteria",
            "criteria",
            "criteria:scatter",
            "Criteria",
            "both criteria, channel by channel",
            options=(("tolerance", "criteria.tolerance"),),
        ),
        _figure("accuracy", "ablation", "ablation", "accuracy:accuracy", "Ablation", "accuracy against scale", ablated=True),
        _figure("objective", "objective", "visualization", "objective:objective", "Visualization", "objective by step"),
        _figure("stability", "stability", "study", "stability:stability", "Criteria", "stability over seeds"),
        _figure("sensitivity", "sensitivity", "study", "sensitivity:sensitivity", "Criteria", "sensitivity to thresholds"),
        _figure(
            "natural_images", "agreement", "study", "natural_images:natural_images", "Criteria", "verdicts by natural images"
        ),
        _figure("overlap", "overlap", "study", "natural_images:overlap", "Visualization", "top images in common"),
        _figure("tuning", "preference", "study", "tuning:tuning", "Visualization", "scale tuning"),
        _figure("acceptance", "acceptance", "study", "acceptance:acceptance", "Ablation", "acceptance of draws", ablated=True),
        _figure("effects", "effects", "study", "effects:effects", "Ablation", "paired statistics", ablated=True),
        _figure("dose_response", "dose_response", "study", "dose:dose_response", "Ablation", "dose and response", ablated=True),
        _figure("benchmarks", "benchmarks", "report", "job_times:time_by_rule", "Run", "where the time went"),
    )
}
