"""Starting and stopping the server's process. Called only by who holds the start lock."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from holdfast.engine.embedded.binaries import Binaries
from holdfast.engine.embedded.folder import Folder
from holdfast.errors import DiskFull, EmbeddedServerFailed

SUPERUSER = "holdfast"
DATABASE = "holdfast"
PORT = 5432
LONGEST_LOG_BYTES = 1_000_000
POLL_SECONDS = 0.02
# What PostgreSQL answers to a question whether it speaks SSL: a cheap way to see that somebody is there.
_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_SETTINGS = {
    "listen_addresses": "",  # no other machine can reach it
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "log_min_messages": "warning",
}


class Postmaster:
    """The server's process of one folder."""

    def __init__(self, folder: Folder, programs: Binaries) -> None:
        self.folder = folder
        self._programs = programs

    def answers(self) -> bool:
        """Whether a server is there and takes connections."""
        if not self._is_there():
            return False
        told = subprocess.run(
            [
                self._programs.program("pg_isready"),
                "-q",
                "-h",
                str(self.folder.socket_dir),
                "-p",
                str(PORT),
            ],
            check=False,
        )
        return told.returncode == 0

    def start(self, *, fsync: bool, timeout_seconds: float) -> None:
        """Start it, on a cluster that is made first if there is none, and wait until it answers."""
        deadline = time.monotonic() + timeout_seconds
        self.folder.make_socket_dir()
        if not (self.folder.cluster / "PG_VERSION").exists():
            self._make_cluster(fsync=fsync)
        self._refuse_other_version()
        self._truncate_log()
        self._settle_what_was(deadline)
        while not self.answers():
            if self._pid() is None:
                self._launch(fsync=fsync, deadline=deadline)
            if time.monotonic() > deadline:
                raise self._failure(f"It did not answer within {timeout_seconds:g} seconds.")
            time.sleep(POLL_SECONDS)
        self._make_database()

    def stop(self) -> None:
        """Stop it; one that does not run is left alone."""
        if self._pid() is not None:
            self._run("pg_ctl", "stop", "-D", str(self.folder.cluster), "-m", "fast", "-w", "-s")

    def _is_there(self) -> bool:
        path = self.folder.socket_dir / f".s.PGSQL.{PORT}"
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
            knock.settimeout(5)
            knock.connect(str(path))
            knock.sendall(_SSL_REQUEST)
            return knock.recv(1) in (b"N", b"S")
        return False

    def _make_cluster(self, *, fsync: bool) -> None:
        """In a folder beside it first: one that is killed in the middle leaves nothing half made."""
        cluster = self.folder.cluster
        cluster.parent.mkdir(parents=True, exist_ok=True)
        half_made = cluster.with_name(cluster.name + ".new")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        if self.folder.user is not None:
            os.chown(half_made, self.folder.user.uid, self.folder.user.gid)
        options = [] if fsync else ["--no-sync"]
        done = self._run(
            "initdb", "-D", str(half_made), "-U", SUPERUSER, "-A", "trust", "--encoding=UTF8", "--no-locale",
            "--data-checksums", *options,
        )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(half_made, ignore_errors=True)
            raise self._failure("Its data folder could not be made.", done.stderr)
        half_made.rename(cluster)

    def _refuse_other_version(self) -> None:
        made_by = (self.folder.cluster / "PG_VERSION").read_text().strip()
        if made_by != self._programs.major:
            raise EmbeddedServerFailed(
                f"{self.folder.cluster} was made by PostgreSQL {made_by}; the programs here are of"
                f" {self._programs.major}.",
                hint="Dump it with the old version and restore it, or name another folder in HOLDFAST_DATA_DIR.",
            )

    def _settle_what_was(self, deadline: float) -> None:
        """A process that is left from before: wait for ours, which may be recovering; forget one that is not."""
        while (pid := self._pid()) is not None:
            if not _is_postmaster_of(pid, self.folder.cluster):
                (self.folder.cluster / "postmaster.pid").unlink()
                return
            if self.answers():
                return
            if not (self.folder.socket_dir / f".s.PGSQL.{PORT}").exists() and self._is_ready(pid):
                # Somebody has tidied up its socket: nobody can reach it any more.
                os.kill(pid, signal.SIGINT)
            if time.monotonic() > deadline:
                raise self._failure(f"The process {pid} is there and does not answer.")
            time.sleep(POLL_SECONDS)

    def _is_ready(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            lines = (self.folder.cluster / "postmaster.pid").read_text().splitlines()
            return lines[0] == str(pid) and lines[-1].strip() == "ready"
        return False

    def _launch(self, *, fsync: bool, deadline: float) -> None:
        settings = {
            **_SETTINGS,
            "unix_socket_directories": str(self.folder.socket_dir),
            "port": str(PORT),
        }
        if not fsync:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        done = self._run(
            "pg_ctl", "start", "-D", str(self.folder.cluster), "-l", str(self._server_log), "-o", options, "-W", "-s"
        )  # fmt: skip
        if done.returncode != 0:
            raise self._failure("It could not be launched.", done.stderr)
        while self._pid() is None and time.monotonic() < deadline:
            told = self._log_tail()
            if "FATAL" in told or "could not" in told:
                if (
                    "still in use" not in told
                ):  # children of a killed server, which are about to end
                    raise self._failure("It ended at once.")
                self._truncate_log()
                return
            time.sleep(POLL_SECONDS)

    def _make_database(self) -> None:
        """The database, on the first start; `createdb` would need a program that not every installation has."""
        query = [
            "psql",
            "-X",
            "-q",
            "-h",
            str(self.folder.socket_dir),
            "-p",
            str(PORT),
            "-U",
            SUPERUSER,
            "-d",
            "postgres",
        ]
        found = self._run(
            *query, "-At", "-c", f"select 1 from pg_database where datname = '{DATABASE}'"
        )
        if found.stdout.strip() != "1":
            made = self._run(*query, "-c", f"create database {DATABASE}")
            if made.returncode != 0:
                raise self._failure("Its database could not be made.", made.stderr)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the programs as the server's user, cut off from this process's terminal and settings."""
        user = self.folder.user
        return subprocess.run(
            [self._programs.program(program), *arguments],
            capture_output=program != "pg_ctl",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if program == "pg_ctl" else None,
            stderr=subprocess.DEVNULL if program == "pg_ctl" else None,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            start_new_session=True,
        )

    def _pid(self) -> int | None:
        """The process that the cluster's lock file names, if it is alive."""
        try:
            pid = int((self.folder.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except PermissionError:
            return pid
        except (OSError, ValueError):
            return None
        return pid

    @property
    def _server_log(self) -> Path:
        """Inside the cluster: the server's user writes it."""
        return self.folder.cluster / "server.log"

    def _truncate_log(self) -> None:
        with contextlib.suppress(OSError):
            if self._server_log.stat().st_size > LONGEST_LOG_BYTES:
                self._server_log.replace(self._server_log.with_suffix(".old"))
            else:
                # What an earlier start said must not be taken for what this one says.
                self._server_log.replace(self._server_log.with_suffix(".last"))

    def _log_tail(self) -> str:
        with contextlib.suppress(OSError):
            return self._server_log.read_text(errors="replace")[-4000:]
        return ""

    def _failure(self, what: str, told: str | None = None) -> EmbeddedServerFailed | DiskFull:
        said = (told or self._log_tail()).strip()
        if "No space left on device" in said:
            return DiskFull(
                f"The disk of {self.folder.cluster} is full.",
                hint="Free some space; nothing that was acknowledged is lost.",
            )
        last = " / ".join(line.strip() for line in said.splitlines()[-3:]) or "it said nothing"
        return EmbeddedServerFailed(
            f"The embedded server of {self.folder.data_dir} did not start. {what} It said: {last}",
            hint=f"Look into {self._server_log}, or name another server in HOLDFAST_DATABASE_URL.",
        )


def _is_postmaster_of(pid: int, cluster: Path) -> bool:
    """Whether a living process is the server of this cluster: its number may belong to somebody else by now."""
    proc = Path("/proc/self")  # asked of the machine, not of its name
    if proc.exists():
        with contextlib.suppress(OSError):
            return proc.with_name(str(pid)).joinpath("cwd").resolve() == cluster.resolve()
        return False
    told = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return "postgres" in told.stdout
