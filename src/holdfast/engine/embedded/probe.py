"""Asking the server whether it takes connections, with the first messages of its protocol."""

from __future__ import annotations

import socket
import struct
from enum import StrEnum
from pathlib import Path

PORT = 5432
_PROTOCOL_3 = 196608
_ANSWER_SECONDS = 5.0


class Answer(StrEnum):
    """What a server says to a new connection."""

    READY = "ready"
    NOT_YET = "not yet"
    """It starts, recovers from a crash or stops."""
    NONE = "none"
    """Nobody listens there."""


def ask(socket_dir: Path, *, user: str, database: str) -> Answer:
    """Open one connection and look at the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        try:
            connection.connect(str(socket_dir / f".s.PGSQL.{PORT}"))
            connection.sendall(_startup(user, database))
            return _read_answer(connection)
        except OSError:
            return Answer.NONE


def _startup(user: str, database: str) -> bytes:
    pairs = ("user", user, "database", database)
    body = struct.pack("!i", _PROTOCOL_3) + b"".join(f"{each}\0".encode() for each in pairs) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def _read_answer(connection: socket.socket) -> Answer:
    while True:
        kind, size = struct.unpack("!ci", _read(connection, 5))
        body = _read(connection, size - 4)
        if kind == b"Z":
            connection.sendall(b"X\0\0\0\4")
            return Answer.READY
        if kind == b"E":
            # 57P03: it cannot connect now. Any other refusal (too many connections) comes from a server that works.
            return Answer.NOT_YET if b"C57P03\0" in body else Answer.READY


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionResetError
        received += part
    return received
