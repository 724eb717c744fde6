"""Importing what a framework's users have installed, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.errors import LibraryMissing


@contextmanager
def library(*names: str, extra: str) -> Iterator[None]:
    """Say which extra brings the libraries whose import fails in the block.

    Raises:
        LibraryMissing: one of them is not installed.

    >>> with library("nowhere", extra="nothing"):
    ...     import nowhere
    Traceback (most recent call last):
    holdfast.errors.LibraryMissing: The library nowhere is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in names:
            raise
        raise LibraryMissing(
            f"The library {missing} is not installed.",
            hint=f"Install it with Holdfast: pip install 'holdfast[{extra}]'",
        ) from error
