"""Errors, and what they say. An edit of it reruns nothing, not even the list of skipped images, which has their texts."""

import os
import re


class InputError(Exception):
    """Something the user gave cannot be used. The message is one line: what is wrong, where, and the mend."""


class NotLocalError(Exception):
    """An operation whose output cannot be traced back to a window of its input."""


class NotLinearError(Exception):
    """An operation that is not linear in its input, and has no linear one that stands for it."""


class DiskError(OSError):
    """What was written is not what is read back."""


def not_finite(layer: str, channel: int, activation: float, where: str) -> InputError:
    """The error of a visualization whose activation is not finite."""
    return InputError(
        f"{layer}, channel {channel}: the activation is {activation} at {where}; "
        "check the weights (model.weights) and visualization.learning_rate"
    )


def misfit(architecture: str, source: str, fault: str) -> InputError:
    """The error of weights that are another network's."""
    return InputError(f"model.weights: {source} does not fit {architecture}: {fault}; give weights of {architecture}")


def too_deep(mode: str) -> str:
    """What is wrong with an image whose pixels are not of 8 bits."""
    return f"{mode} has more than 8 bits a pixel; convert it to 8-bit RGB"


NOT_UTF8 = "its name is not UTF-8; rename it"


def shown(path: str | os.PathLike) -> str:
    """A file's name as a message has it: one line, with escapes where it is not UTF-8 or not to be printed."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def in_one_line(error: Exception) -> str:
    """The first line of a library's error, or its kind where it says nothing."""
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def not_weights(error: Exception) -> str:
    """Why a file of weights cannot be loaded, in place of torch's words, which advise to run the code that it brings."""
    if code := re.search(r"GLOBAL (\S+)", str(error)):
        return f"it holds {code[1]}, which is code and no weights"
    if isinstance(error, OSError) and error.filename:
        return in_one_line(error)
    return "it is empty, cut off or of another format"


def out_of_memory(error: Exception) -> str:
    """What there was no memory for, without torch's advice, which does not help where one channel is too much."""
    return in_one_line(error).partition(" If reserved")[0]
