"""Errors that are the user's to mend."""

import re


class InputError(Exception):
    """Something the user gave cannot be used. The message is one line: what is wrong, where, and the mend."""


def in_one_line(error: Exception) -> str:
    """The first line of a library's error, or its kind where it says nothing."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return re.sub(r"\x1b\[[0-9;]*m", "", line)
