"""Work in batches that fit in memory."""

import logging
from collections.abc import Callable

import torch

from scalestream.errors import InputError, out_of_memory


def in_batches(work: Callable[[list], list], items: list, size: int) -> list:
    """`work` on batches of at most `size` items, one result an item.

    When memory runs out, the batch is halved and tried again; raises InputError when it does for a single item.
    """
    results = []
    while len(results) < len(items):
        batch = items[len(results) : len(results) + size]
        try:
            results += work(batch)
            continue
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise InputError(
                    f"there is not enough memory for one channel ({out_of_memory(error)}); "
                    "run fewer jobs at once, or on a larger device"
                ) from error
        size = len(batch) // 2
        logging.warning("out of memory with %d channels together; going on with %d", len(batch), size)
        torch.cuda.empty_cache()
    return results


def _is_out_of_memory(error: Exception) -> bool:
    """Whether torch, the CPU's allocator, oneDNN, CUDA or one of its libraries had no memory left."""
    signs = ("can't allocate memory", "could not create a primitive", "bad_alloc", "out of memory", "ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in str(error) for sign in signs)
