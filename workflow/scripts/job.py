"""What every script shares as a Snakemake job: the library's path, the log, the threads and the way to fail."""

import errno
import logging
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scalestream.errors import InputError


def run(main: Callable, snakemake) -> None:
    """Run a script's `main(snakemake)` with everything that it prints in the job's log.

    Log messages go to the log and to the terminal. An InputError or a full disk ends the job with one line, any other
    error with a line that points to its traceback in the log.
    """
    _log_to(snakemake.log[0], snakemake.rule, snakemake.wildcards)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(snakemake.threads)
    try:
        main(snakemake)
    except InputError as error:
        # A loader's worker process hands the line on inside its traceback.
        logging.error("%s", str(error).splitlines()[-1].removeprefix("scalestream.errors.InputError: "))
        sys.exit(1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            logging.error("no space left on the disk of results or of temporary files; make room and run again: what is "
                          "finished is kept")
        else:
            traceback.print_exc()
            logging.error("unexpected error; its traceback is in %s", snakemake.log[0])
        sys.exit(1)


def _log_to(path: str, rule: str, wildcards) -> None:
    """Send standard output and error to the log file, and log messages there and to the terminal."""
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    log = open(path, "w", buffering=1)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log.fileno(), stream.fileno())
    place = " ".join([rule, *map(str, wildcards)])
    on_terminal = logging.StreamHandler(terminal)
    on_terminal.setFormatter(logging.Formatter(f"[{place}] %(message)s"))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s",
                        handlers=[logging.StreamHandler(sys.stderr), on_terminal])
