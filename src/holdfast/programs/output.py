"""Reading a program's output: line by line, with a digest of all of it and bounded memory."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
from collections.abc import Callable

CHUNK_BYTES = 65_536
TAIL_CHARACTERS = 8_000
# A program that prints no line end is cut into lines, not kept waiting.
LONGEST_LINE_CHARACTERS = 16_000
# A result is one line, however long; one that the database would refuse anyway is cut too.
RESULT = "::result "
LONGEST_RESULT_CHARACTERS = 1_100_000


class Output:
    """What a program printed."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._digest = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pending = ""
        self.tail = ""
        self.last_line = "it printed nothing"

    @property
    def sha256(self) -> str:
        """Of every byte, as it came."""
        return self._digest.hexdigest()

    async def read(self, process: asyncio.subprocess.Process) -> None:
        """Read until the program closes its output."""
        assert process.stdout is not None
        while chunk := await process.stdout.read(CHUNK_BYTES):
            self._digest.update(chunk)
            self._take(self._decoder.decode(chunk))
        self._take(self._decoder.decode(b"", final=True))
        if self._pending:
            self._line(self._pending)
            self._pending = ""

    def _take(self, text: str) -> None:
        # PostgreSQL's text has no NUL; what a program prints may.
        self.tail = (self.tail + text.replace("\0", "\N{REPLACEMENT CHARACTER}"))[-TAIL_CHARACTERS:]
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            self._line(line)
        while len(self._pending) > (longest := _longest(self._pending)):
            self._line(self._pending[:longest])
            self._pending = self._pending[longest:]

    def _line(self, line: str) -> None:
        line = line.rstrip("\r")
        if line.strip() and not line.startswith(RESULT):
            self.last_line = line.strip()[:500]
        self._on_line(line)


def _longest(line: str) -> int:
    return LONGEST_RESULT_CHARACTERS if line.startswith(RESULT) else LONGEST_LINE_CHARACTERS
