"""What a terminal is shown that does not speak UTF-8: a plain form of the signs that we write, and of all others the number."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper

_NAME = "holdfast.plain"
_PLAIN = {"→": "->", "…": "...", "·": "-", "–": "-", "—": "-", "─": "-", "×": "x", "⚠": "!", "\ufe0f": ""}  # fmt: skip


def plain(error: UnicodeError) -> tuple[str, int]:
    r"""What stands for signs that an encoding does not have, as an error handler of `codecs` gives it.

    >>> _ = codecs.register_error("holdfast.plain", plain)
    >>> "LEAD → PLAN, by Åsa".encode("ascii", "holdfast.plain")
    b'LEAD -> PLAN, by \\xc5sa'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, _number(sign)) for sign in signs), error.end


def show_all_that_can_be_shown() -> None:
    """Have standard output and standard error never fail for a sign that they do not have."""
    codecs.register_error(_NAME, plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_NAME)


def _number(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode()
