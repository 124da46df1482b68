"""`python -m scalestream COMMAND`: what made a table or figure, what a network looks like, and going on with a run."""

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


main()
