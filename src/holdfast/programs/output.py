"""Reading a program's output: line by line, with a digest of all of it and bounded memory."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
from collections.abc import AsyncIterator, Iterator

CHUNK_BYTES = 65_536
TAIL_CHARACTERS = 8_000
# A program that prints no line end is cut into lines, not kept waiting.
LONGEST_LINE_CHARACTERS = 16_000
# A result is one line, however long; one that the database would refuse anyway is cut too.
RESULT = "::result "
LONGEST_RESULT_CHARACTERS = 1_100_000


class Output:
    """What a program printed."""

    def __init__(self, *, longest_line: int = LONGEST_LINE_CHARACTERS) -> None:
        self._longest_line = longest_line
        self._digest = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pending = ""
        self.tail = ""
        self.last_line = "it printed nothing"

    @property
    def sha256(self) -> str:
        """Of every byte, as it came."""
        return self._digest.hexdigest()

    async def lines(self, stream: asyncio.StreamReader) -> AsyncIterator[str]:
        """Every line, until the program closes its output."""
        while chunk := await stream.read(CHUNK_BYTES):
            self._digest.update(chunk)
            for line in self._take(self._decoder.decode(chunk)):
                yield self._kept(line)
        for line in self._take(self._decoder.decode(b"", final=True)):
            yield self._kept(line)
        if self._pending:
            yield self._kept(self._pending)
            self._pending = ""

    def _take(self, text: str) -> Iterator[str]:
        # PostgreSQL's text has no NUL; what a program prints may.
        self.tail = (self.tail + text.replace("\0", "\N{REPLACEMENT CHARACTER}"))[-TAIL_CHARACTERS:]
        *lines, self._pending = (self._pending + text).split("\n")
        yield from lines
        while len(self._pending) > (longest := self._longest(self._pending)):
            yield self._pending[:longest]
            self._pending = self._pending[longest:]

    def _kept(self, line: str) -> str:
        line = line.rstrip("\r")
        if line.strip() and not line.startswith(RESULT):
            self.last_line = line.strip()[:500]
        return line

    def _longest(self, line: str) -> int:
        return LONGEST_RESULT_CHARACTERS if line.startswith(RESULT) else self._longest_line
