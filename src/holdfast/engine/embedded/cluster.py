"""Making PostgreSQL's data directory: complete or not there at all."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from holdfast.engine.embedded.binaries import Binaries
from holdfast.engine.embedded.folder import ELSEWHERE, Home
from holdfast.engine.embedded.identity import Identity
from holdfast.errors import DiskFull, EmbeddedServerFailed

SUPERUSER = "holdfast"
DATABASE = "holdfast"
_LEFTOVER = "cluster.new-"
_TAIL_LINES = 12

# Only what PostgreSQL's defaults do not fit; the file is the user's to tune.
_SETTINGS = """
# Holdfast's settings; yours may follow.
max_connections = 200
jit = off
log_min_messages = warning
"""
_HBA = "# Only the Unix socket, which lies in a folder that is closed to other users.\nlocal all all trust\n"


def made_by(home: Home) -> int | None:
    """The major version that made the data directory; None when there is none yet.

    Raises:
        EmbeddedServerFailed: there is something, but it is not a data directory.
    """
    if not home.cluster.exists():
        return None
    try:
        return int((home.cluster / "PG_VERSION").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise EmbeddedServerFailed(
            f"{home.cluster} is damaged: its PG_VERSION cannot be read ({error}).",
            hint=f"Bring the folder back from a backup, or move {home.path} away to begin with an empty database.",
        ) from error


def clear_leftovers(home: Home) -> None:
    """Remove what starts that were killed half way have left."""
    for leftover in home.path.glob(f"{_LEFTOVER}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def make(home: Home, binaries: Binaries, identity: Identity, *, fsync: bool) -> None:
    """Make the data directory aside and rename it: a start killed half way leaves nothing half made.

    Raises:
        EmbeddedServerFailed: PostgreSQL refused.
        DiskFull: there is no room for it.
    """
    aside = home.path / f"{_LEFTOVER}{secrets.token_hex(4)}"
    aside.mkdir(mode=0o700)
    try:
        identity.own(aside)
        options = ["--encoding=UTF8", *binaries.locale_options, "--data-checksums", "--auth=trust"]
        options += ["--no-instructions", f"--username={SUPERUSER}"]
        _run(home, [binaries.initdb, "-D", str(aside), *options, *_unsynced(fsync)], identity)
        with (aside / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_SETTINGS)
        (aside / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
        single = [binaries.postgres, "--single", "-D", str(aside), *_quick(fsync), "postgres"]
        _run(home, single, identity, statement=f"create database {DATABASE}\n")
        aside.rename(home.cluster)
        if fsync:
            _sync(home.path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unsynced(fsync: bool) -> list[str]:
    return [] if fsync else ["--no-sync"]


def _quick(fsync: bool) -> list[str]:
    return [] if fsync else ["-c", "fsync=off"]


def _run(home: Home, command: list[str], identity: Identity, *, statement: str = "") -> None:
    done = subprocess.run(
        command,
        input=statement,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **identity.popen_options(),
    )
    # In single-user mode PostgreSQL ends well after a statement that failed.
    if done.returncode == 0 and "ERROR:" not in done.stdout:
        return
    raise failed(
        f"PostgreSQL's data directory could not be made: {command[0]} failed.",
        done.stdout,
        home=home,
        hint=ELSEWHERE,
    )


def failed(message: str, said: str, *, home: Home, hint: str) -> EmbeddedServerFailed | DiskFull:
    """The error for a program that failed, with the last lines of what it said."""
    tail = "\n".join(said.strip().splitlines()[-_TAIL_LINES:])
    # On a full disk there may have been no room for the server to say so.
    has_room = shutil.disk_usage(home.path).free > 0
    if not has_room or _speaks_of_a_full_disk(tail):
        text = f"The disk is full. {message}\n{tail}".strip()
        return DiskFull(text, hint="Free some space, then try again.")
    return EmbeddedServerFailed(f"{message}\n{tail}".strip(), hint=hint)


def _speaks_of_a_full_disk(tail: str) -> bool:
    if "does *not* mean that you have run out of disk space" in tail:  # but of semaphores
        return False
    return "No space left on device" in tail or "Disk quota exceeded" in tail


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
