"""A migration's statements: where each begins, and which PostgreSQL takes only outside of a transaction."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from holdfast.errors import InvalidValue

# What semicolons may stand in without ending a statement; nested comments are found by hand.
_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<nested>/\*)
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | (?<![\w$])\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$)
  | (?P<name>"(?:[^"]|"")*")
  | (?P<word>[A-Za-z_][\w$]*)
  | (?P<sign>[;()])
  | (?P<meta>^\\\w*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_ALONE = re.compile(
    r"\s*(?:create\s+(?:unique\s+)?index\s+concurrently|drop\s+index\s+concurrently|reindex\b.*\bconcurrently"
    r"|alter\s+table\b.*\bdetach\s+partition\b.*\bconcurrently|vacuum\b|(?:create|drop)\s+database\b|alter\s+system\b)",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(
    r"\s*(begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b", re.I
)
_ROUTINE = ("function", "procedure")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement, without its semicolon."""

    text: str
    code: str
    """The same with comments, texts and quoted names blanked, so that what is found in it is SQL; as long as the text."""
    line: int
    """Where its first word stands."""

    @property
    def stands_alone(self) -> bool:
        """Whether PostgreSQL refuses it inside of a transaction."""
        return _ALONE.match(self.code) is not None

    @property
    def control(self) -> str | None:
        """The word with which it begins or ends a transaction."""
        found = _CONTROL.match(self.code)
        return found[1].lower() if found else None


def split(text: str) -> list[Statement]:
    """The statements of a migration.

    Raises:
        InvalidValue: it has psql's commands in it, or something is never closed.

    >>> [one.text for one in split("select ';' as a; select (1; 2) /* ; */")]
    ["select ';' as a", 'select (1; 2) /* ; */']
    """
    pieces, start = [], 0
    for end in _ends(text):
        pieces.append((start, end))
        start = end + 1
    pieces.append((start, len(text)))
    code = "".join(_blanked(text))
    return [
        Statement(
            text=text[a:b].strip(),
            code=code[a + _space(text[a:b]) : b].rstrip().ljust(len(text[a:b].strip())),
            line=text.count("\n", 0, a + _space(code[a:b])) + 1,
        )
        for a, b in pieces
        if code[a:b].strip()
    ]


def _space(text: str) -> int:
    return len(text) - len(text.lstrip())


def _ends(text: str) -> Iterator[int]:
    """Where the semicolons stand that end statements: in no bracket, and in no body of a routine written in SQL."""
    brackets, bodies, words = 0, 0, list[str]()
    for kind, start, piece in _tokens(text):
        if kind == "word":
            words.append(piece.lower())
            bodies = _bodies(bodies, words)
        elif piece == "(" and kind == "sign":
            brackets += 1
        elif piece == ")" and kind == "sign":
            brackets = max(brackets - 1, 0)
        elif piece == ";" and kind == "sign" and not brackets and not bodies:
            words.clear()
            yield start


def _bodies(depth: int, words: list[str]) -> int:
    """How many bodies are open after the newest word: `begin atomic … end`, with `case … end` in them."""
    is_routine = any(word in _ROUTINE for word in words[:4]) and words[0] == "create"
    match words[-1]:
        case "atomic" if is_routine and words[-2:] == ["begin", "atomic"]:
            return depth + 1
        case "case" if depth:
            return depth + 1
        case "end" if depth:
            return depth - 1
    return depth


def _blanked(text: str) -> Iterator[str]:
    for kind, _, piece in _tokens(text):
        hides = kind in ("comment", "nested", "text")
        yield (
            re.sub(r"[^\n]", " ", piece) if hides else "x" * len(piece) if kind == "name" else piece
        )


def _tokens(text: str) -> Iterator[tuple[str, int, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found is not None
        kind, end = found.lastgroup or "other", found.end()
        if found["text"] is not None:
            kind = "text"
        if kind == "nested":
            end = _end_of_comment(text, place)
        _refuse(text, kind, place, found[0])
        yield kind, place, text[place:end]
        place = end


def _refuse(text: str, kind: str, place: int, piece: str) -> None:
    line = text.count("\n", 0, place) + 1
    if kind == "meta":
        raise InvalidValue(
            f"Line {line}: {piece} is a command of psql, not SQL.", hint="Write it as SQL."
        )
    if kind == "other" and piece in ("'", '"'):
        raise InvalidValue(f"Line {line}: {piece} is never closed.", hint="Close it.")


def _end_of_comment(text: str, start: int) -> int:
    """Comments nest in SQL."""
    depth, place = 0, start
    for found in re.finditer(r"/\*|\*/", text[start:]):
        depth += 1 if found[0] == "/*" else -1
        place = start + found.end()
        if depth == 0:
            return place
    line = text.count("\n", 0, start) + 1
    raise InvalidValue(f"Line {line}: the comment is never closed.", hint="Close it with */")
