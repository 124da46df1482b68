"""`python -m scalestream COMMAND`: what made a file, what a network looks like, going on with a run, and runs compared."""

import argparse
import json
import sys
from pathlib import Path

from scalestream.errors import InputError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scalestream", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("provenance", help="print what made a table (.parquet) or a figure (.png, .pdf)")
    command.add_argument("files", nargs="+", metavar="FILE")
    command.set_defaults(run=show_provenance)
    command = commands.add_parser("blocks", help="print the blocks of a configuration's network, and the time to expect")
    command.add_argument("--configfile", nargs="+", default=[], metavar="FILE", help="laid over config.yaml, in order")
    command.set_defaults(run=show_blocks)
    command = commands.add_parser("describe", help="print what the pipeline knows of a network, as JSON")
    command.add_argument("architecture", help="a name as in model.architecture")
    command.set_defaults(run=describe_network)
    command = commands.add_parser("fit", help="say whether weights are those of a network")
    command.add_argument("architecture", help="a name as in model.architecture")
    command.add_argument("weights", help="as model.weights")
    command.set_defaults(run=fit_weights)
    command = commands.add_parser("resume", help="go on with a run that was killed, by its own command line")
    command.add_argument("--directory", type=Path, default=Path(), help="the folder of the run, with results/ in it")
    command.set_defaults(run=resume_run)
    command = commands.add_parser("compare", help="say what differs between finished runs, and write a table and a page of it")
    command.add_argument("runs", nargs="+", metavar="RUN", help="the folder of a run, with results/ in it")
    command.add_argument(
        "--output", type=Path, default=Path("comparison"), metavar="FOLDER", help="for both; comparison/ if not given"
    )
    command.set_defaults(run=compare_runs)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except (InputError, OSError) as error:
        sys.exit(str(error))


def show_provenance(arguments: argparse.Namespace) -> None:
    """Print the record of what made each file."""
    from scalestream.run import provenance

    for file in arguments.files:
        print(json.dumps(provenance.read(file), indent=2))


def show_blocks(arguments: argparse.Namespace) -> None:
    """Print every block, the visualizations there are to make, and how long they take on this machine."""
    from scalestream.config.checking import completed, judged
    from scalestream.config.files import read

    config, network = completed(read(arguments.configfile))
    analysed = judged(config, network) if network.blocks else []
    from scalestream.report.overview import overview  # torch takes seconds to import

    for line in overview(config, network, analysed):
        print(line, flush=True)


def describe_network(arguments: argparse.Namespace) -> None:
    """Print a network's description."""
    from scalestream.networks.describing import describe

    print(describe(arguments.architecture).to_json(), end="")


def fit_weights(arguments: argparse.Namespace) -> None:
    """Load weights into the network that they are to be of."""
    from scalestream.networks.weights import resolve

    resolve(arguments.architecture, arguments.weights)


def resume_run(arguments: argparse.Namespace) -> None:
    """Unlock the folder, and start the command that its results record."""
    from scalestream.run.experiment import resume

    resume(arguments.directory)


def compare_runs(arguments: argparse.Namespace) -> None:
    """Print what differs, and write it."""
    from scalestream.comparison.runs import SECTIONS, caution, compare, wide
    from scalestream.comparison.tables import RUNS
    from scalestream.report import pages
    from scalestream.run import tables

    rows = compare(arguments.runs)
    sections = {title: wide(rows, section) for section, title in SECTIONS.items()}
    for title, table in sections.items():
        print(f"{title}\n{table.to_string(index=False, max_colwidth=60) if len(table) else 'nothing'}\n")
    if note := caution(rows):
        print(note)
    arguments.output.mkdir(parents=True, exist_ok=True)
    tables.write(str(arguments.output / "comparison.parquet"), RUNS, rows)
    page = arguments.output / "comparison.html"
    page.write_text(pages.comparison(f"{len(arguments.runs)} runs compared", note, sections))
    print(f"written: {page}")


main()
