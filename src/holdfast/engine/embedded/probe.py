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
    """It starts, recovers from a crash, stops or hangs."""
    BROKEN = "broken"
    """It runs, but cannot read its own data."""
    NONE = "none"
    """Nobody listens there."""


def socket_in(socket_dir: Path) -> Path:
    """The socket's file."""
    return socket_dir / f".s.PGSQL.{PORT}"


def ask(
    socket_dir: Path, *, user: str, database: str, timeout_seconds: float = _ANSWER_SECONDS
) -> Answer:
    """Open one connection and look at the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(min(timeout_seconds, _ANSWER_SECONDS))
        try:
            connection.connect(str(socket_in(socket_dir)))
            connection.sendall(_startup(user, database))
            return _read_answer(connection)
        except TimeoutError:
            return Answer.NOT_YET
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
            return _refusal(body)


def _refusal(body: bytes) -> Answer:
    """What an error means: its fields are a letter and a text each, and `C` is the SQLSTATE."""
    state = next((each[1:] for each in body.split(b"\0") if each.startswith(b"C")), b"")
    if state == b"57P03":  # It cannot connect now.
        return Answer.NOT_YET
    if state[:2] in (b"58", b"XX"):  # The system's or its own files fail it.
        return Answer.BROKEN
    return Answer.READY  # A server that works refuses: it has too many connections, say.


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionResetError
        received += part
    return received
