"""Starting and stopping the server; the caller holds `start.lock`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

from holdfast.engine.embedded import binaries, cluster, probe, processes
from holdfast.engine.embedded.folder import Home
from holdfast.engine.embedded.identity import Identity
from holdfast.engine.embedded.locks import FileLock
from holdfast.engine.embedded.probe import Answer
from holdfast.errors import DiskFull, EmbeddedServerFailed

# Not TMPDIR and not XDG_RUNTIME_DIR: they differ between processes of one user and can end before the server does.
_SOCKETS = Path("/tmp")  # noqa: S108 -- the folder in it is checked to be ours and closed
_POLL_SECONDS = 0.01
_STOP_SECONDS = 60.0
_MOMENT_SECONDS = 1.0
_PATIENCE_SECONDS = 5.0
_MAX_LOG_BYTES = 1_000_000
_LOG_TAIL_BYTES = 10_000


def ensure(home: Home, *, bin_dir: Path | None, fsync: bool, deadline: float) -> Path:
    """Have a server that answers, and say in which folder its socket is.

    Raises:
        EmbeddedServerFailed: it did not start, or did not answer before the deadline.
        DiskFull: the disk is full.
    """
    log_start: int | None = None  # Unset while nothing was started here.
    waiting_since = time.monotonic()
    while True:
        lock = FileLock(home.server_lock)
        try:
            if lock.try_exclusive():
                # No process of the server is left.
                if log_start is not None:
                    raise _failed(home, "PostgreSQL ended as soon as it was started.", log_start)
                log_start = _start(home, lock, bin_dir=bin_dir, fsync=fsync)
        finally:
            # Not unlocked, also when interrupted: a server that runs by now would lose it.
            lock.hand_over()
        socket_dir, answer = _ask(home, deadline)
        if answer is Answer.READY:
            return socket_dir
        if answer is Answer.BROKEN:
            raise _failed(home, "PostgreSQL runs, but cannot read its own data.", log_start)
        waited = time.monotonic() - waiting_since
        if log_start is None and _has_lost_its_postmaster(home):
            _end_orphans(home, waited)
        elif answer is Answer.NONE and waited > _PATIENCE_SECONDS:
            _refuse_if_socket_is_gone(home)
        if time.monotonic() > deadline:
            raise _failed(
                home,
                f"PostgreSQL runs in {home.cluster} but did not answer in time: it recovers from a crash, or "
                "runs where this process cannot reach it (in another container).",
                log_start,
            )
        time.sleep(_POLL_SECONDS)


def stop(home: Home) -> None:
    """Stop the server and wait until all its processes are gone, so that a next start finds the way free."""
    began = time.monotonic()
    signalled: int | None = None
    socket_dir: Path | None = None
    while not _is_gone(home):
        waited = time.monotonic() - began
        found = processes.read_pid_file(home.cluster)
        if found is not None and found.pid != signalled:
            socket_dir = found.socket_dir
            processes.signal_server(found.pid, home.cluster, signal.SIGINT)
            signalled = found.pid
        # At its end a server that was told to stop has no pid file for a moment.
        if waited > _MOMENT_SECONDS and _has_lost_its_postmaster(home):
            _end_orphans(home, waited)
        if waited > _STOP_SECONDS:
            return  # It was told to and will; a next start waits for it.
        time.sleep(_POLL_SECONDS)
    if socket_dir is not None:
        with contextlib.suppress(OSError):  # A server that was killed has left its socket there.
            socket_dir.rmdir()


def _end_orphans(home: Home, waited: float) -> None:
    number = signal.SIGQUIT if waited < _PATIENCE_SECONDS else signal.SIGKILL
    processes.end_orphans(home.cluster, number)


def _is_gone(home: Home) -> bool:
    lock = FileLock(home.server_lock)
    try:
        return lock.try_exclusive()
    finally:
        lock.hand_over()


def _ask(home: Home, deadline: float) -> tuple[Path, Answer]:
    found = processes.read_pid_file(home.cluster)
    if found is None or found.socket_dir is None:
        return home.path, Answer.NONE
    answer = probe.ask(
        found.socket_dir,
        user=cluster.SUPERUSER,
        database=cluster.DATABASE,
        timeout_seconds=max(deadline - time.monotonic(), _POLL_SECONDS),
    )
    return found.socket_dir, answer


def _refuse_if_socket_is_gone(home: Home) -> None:
    """A server makes its socket once: when a cleaner of `/tmp` has taken it, no one will ever get in."""
    found = processes.read_pid_file(home.cluster)
    if found is None or found.socket_dir is None or probe.socket_in(found.socket_dir).exists():
        return
    if processes.is_server(found.pid, home.cluster):
        raise EmbeddedServerFailed(
            f"PostgreSQL runs as process {found.pid}, but somebody has removed its socket from {found.socket_dir}.",
            hint=f"End it, then try again: kill -INT {found.pid}",
        )


def _failed(home: Home, message: str, log_start: int | None) -> EmbeddedServerFailed | DiskFull:
    return cluster.failed(
        message,
        _said(home, log_start),
        home=home,
        hint=f"The whole log is {home.log}. If the data is damaged, bring {home.path} back from a backup, or move it "
        "away to begin with an empty database.",
    )


def is_up(home: Home) -> bool:
    """Whether its processes are there, and one of them still takes connections."""
    return not _is_gone(home) and not _has_lost_its_postmaster(home)


def _has_lost_its_postmaster(home: Home) -> bool:
    found = processes.read_pid_file(home.cluster)
    return found is None or not processes.is_server(found.pid, home.cluster)


def _start(home: Home, lock: FileLock, *, bin_dir: Path | None, fsync: bool) -> int:
    """Start the server and hand it the lock; returns where in the log it begins."""
    identity = home.identity
    cluster.clear_leftovers(home)
    chosen = binaries.choose(bin_dir, major=cluster.made_by(home), identity=identity)
    if not home.cluster.exists():
        cluster.make(home, chosen, identity, fsync=fsync)
    # Its server is gone for certain, and a stranger may have its process id by now.
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)
    socket_dir = _socket_dir(home, identity)
    # The same for the socket's own lock file: a killed server that nobody has reaped still counts as alive there.
    socket = probe.socket_in(socket_dir)
    for path in (socket, socket.with_name(f"{socket.name}.lock")):
        path.unlink(missing_ok=True)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "port": str(probe.PORT),
        "fsync": "on" if fsync else "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    # The shell ends at once: the server is nobody's child, so no starter has to wait for it. A session of its
    # own keeps Ctrl-C and a closing terminal away from it.
    command = ["/bin/sh", "-c", '"$@" &', "sh", chosen.postgres, "-D", str(home.cluster), *options]
    log = _open_log(home)
    try:
        log_start = os.lseek(log, 0, os.SEEK_END)
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fd,),
            start_new_session=True,
            check=True,
            **identity.popen_options(),
        )
    finally:
        os.close(log)
    return log_start


def _socket_dir(home: Home, identity: Identity) -> Path:
    """A short path, as the kernel wants it, in a folder that only the server's user can enter.

    It follows from the data directory, so that a server that is started again is found at the same address.
    """
    key = f"{home.path}:{home.cluster.stat().st_ino}".encode(errors="surrogateescape")
    own = _SOCKETS / f"holdfast-{identity.uid}"
    for path in (own, own / hashlib.sha256(key).hexdigest()[:16]):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if path.lstat().st_uid == os.geteuid():
            # Also one that another start of ours has made and not yet given away.
            identity.own(path)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != identity.uid or found.st_mode & 0o077:
            raise EmbeddedServerFailed(
                f"{path} is not a folder that only user {identity.uid} can enter; somebody else may have made it.",
                hint=f"Look at it, then remove it: rm -r {path}",
            )
    return path


def _open_log(home: Home) -> int:
    if home.log.exists() and home.log.stat().st_size > _MAX_LOG_BYTES:
        home.log.rename(home.log.with_suffix(".log.old"))
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW
    try:
        log = os.open(home.log, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(home.log, flags)
    if os.geteuid() == 0:
        # Whose folder it is starts the server without root the next time. Only a file that was made here is given
        # away: the owner of the folder could have put a link to another's there.
        owner = home.path.stat()
        os.fchown(log, owner.st_uid, owner.st_gid)
    return log


def _said(home: Home, start: int | None) -> str:
    """What the server has said since it was started; only the last of it when that is not known."""
    try:
        with home.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LOG_TAIL_BYTES) if start is None else start)
            return file.read(_MAX_LOG_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""
