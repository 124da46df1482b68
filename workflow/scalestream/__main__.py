"""`python -m scalestream COMMAND`: what made a table or figure, and what a network looks like."""

import argparse
import json
import sys

from scalestream.errors import InputError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scalestream", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("provenance", help="print what made a table (.parquet) or a figure (.png, .pdf)")
    command.add_argument("files", nargs="+", metavar="FILE")
    command.set_defaults(run=show_provenance)
    command = commands.add_parser("describe", help="print what the pipeline knows of a network, as JSON")
    command.add_argument("architecture", help="a name as in model.architecture")
    command.set_defaults(run=describe_network)
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


def describe_network(arguments: argparse.Namespace) -> None:
    """Print a network's description."""
    from scalestream.networks.describing import describe

    print(describe(arguments.architecture).to_json(), end="")


main()
