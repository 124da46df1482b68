"""`python -m scalestream provenance FILE...`: what made each table or figure."""

import argparse
import json
import sys

from scalestream.errors import InputError
from scalestream.run import provenance


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scalestream", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("provenance", help="print what made a table (.parquet) or a figure (.png, .pdf)")
    command.add_argument("files", nargs="+", metavar="FILE")
    for file in parser.parse_args().files:
        try:
            print(json.dumps(provenance.read(file), indent=2))
        except (InputError, OSError) as error:
            sys.exit(str(error))


main()
