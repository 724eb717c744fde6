"""Where this project's server is, for who asks it for something later: `holdfast sign-in`."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from holdfast.engine.embedded import default_data_dir
from holdfast.sync.files import make_folder, write_atomically

FILE_NAME = "server.json"


@contextlib.contextmanager
def known_at(address: str) -> Iterator[None]:
    """Have it known where the server is while the block runs; a folder that cannot be written costs no more than that."""
    file = _file()
    text = json.dumps({"address": address, "pid": os.getpid()}).encode()
    with contextlib.suppress(OSError):
        make_folder(file.parent)
        write_atomically(file, text)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if file.read_bytes() == text:
                file.unlink()


def known_address() -> str | None:
    """Where the server is that was started in this project, if it still runs."""
    try:
        told = json.loads(_file().read_bytes())
        os.kill(told["pid"], 0)
    except PermissionError:  # somebody else's process
        return str(told["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(told["address"])


def _file() -> Path:
    return default_data_dir(Path.cwd()).parent / FILE_NAME
