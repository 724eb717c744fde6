"""Importing what a framework's users have installed, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.errors import LibraryMissing


@contextmanager
def library(name: str, *, extra: str) -> Iterator[None]:
    """Say which extra brings a library whose import fails in the block.

    Raises:
        LibraryMissing: it is not installed.

    >>> with library("nowhere", extra="nothing"):
    ...     import nowhere
    Traceback (most recent call last):
    holdfast.errors.LibraryMissing: The library nowhere is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name.partition(".")[0]:
            raise
        raise LibraryMissing(
            f"The library {name} is not installed.",
            hint=f"Install it with Holdfast: pip install 'holdfast[{extra}]'",
        ) from error
