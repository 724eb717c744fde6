"""Settings: one frozen object, read from holdfast.toml, then the environment, then the command line.

A later source wins; what none of them sets is `None` or the default written here.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from holdfast._values import parse_value, told_kind
from holdfast.errors import ConfigError

FILE_NAME = "holdfast.toml"
ENVIRONMENT_PREFIX = "HOLDFAST_"
_ADDRESSES = ("url", "database_url")
DEFAULT_API_PORT = 4747
DEFAULT_VENTURE = "default"
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What Holdfast was told.

    >>> Settings(lease_seconds=5).lease_seconds
    5.0
    """

    database_url: str | None = None
    """A PostgreSQL server to use; unset means the embedded one. The address of a `holdfast up` means the same as `url`."""
    url: str | None = None
    """A server of another machine's to work through instead of a database, such as `https://holdfast.example.com`."""
    token: str | None = None
    """The API token that it wants."""
    data_dir: Path | None = None
    """The embedded server's data folder; unset means the project's `.holdfast/` or the user's data folder."""
    venture: str = DEFAULT_VENTURE
    """The venture that a call means when it names none; unset, and with a token for one venture only, that one."""
    lease_seconds: float = 30.0
    """How long a lease lasts without a heartbeat."""
    max_deaths: int = 5
    """How many deaths in a row without progress stop a supervisor; one after a minute of waiting is not counted."""
    worker_executions: int = 8
    """How many executions one worker runs at once."""
    worker_supervisors: int = 100
    """How many supervisors one worker runs at once."""
    pool_size: int = 8
    """How many database connections one process opens at most."""
    connect_timeout_seconds: float = 10.0
    """How long to wait for the database when connecting."""
    prepared_statements: bool = True
    """Whether to keep prepared statements on a connection; a transaction pooler without them needs `false`."""
    retention_days: int = 90
    """How long events, logs and other history are kept."""
    hooks_lease_seconds: float = 120.0
    """How long the lease of a session lasts that hooks keep alive, without a heartbeat."""
    hooks_when_unsure: Literal["open", "closed"] = "closed"
    """Whether a session works on while nobody can say whether its lease still holds: the database is away for too long."""
    gated_tools: tuple[str, ...] = ()
    """Which tool calls of an agent program wait for a person, such as `Bash(git push*)`."""
    verification_timeout_seconds: float = 600.0
    """How long a directive's verification may run."""
    auto_proceed: bool | None = None
    """Whether sessions go on by themselves; unset leaves it to the session and the venture."""
    chain_orchestrators: bool | None = None
    """Whether they go on with the next orchestrator when theirs is done; unset as above."""
    max_chain_depth: int | None = None
    """How many orchestrators one walk goes on to; unset as above."""
    max_iterations: int | None = None
    """How many directives one walk takes; unset as above."""
    api_host: str = "127.0.0.1"
    """The address at which `holdfast up` serves; one that other machines reach needs `api_jwt_secret`, `api_jwks_url` or API tokens."""
    api_port: int | None = None
    """Its port; unset means 4747, or the next one that is free."""
    api_origins: tuple[str, ...] = ()
    """The origins of other web pages that may call the server, such as `https://app.example.com`."""
    api_hosts: tuple[str, ...] = ()
    """The names by which the server is reached besides its address; others are refused."""
    api_jwt_secret: str | None = None
    """The secret with which accepted JWTs are signed (HS256), such as a Supabase project's."""
    api_jwks_url: str | None = None
    """Where the public keys are with which accepted JWTs are signed."""
    api_jwt_audience: str = "authenticated"
    """The audience that a JWT must name."""
    api_updates_per_minute: int = 1000
    """How many updates a minute each token may make in a venture, at each server."""
    api_max_body_bytes: int = 2_097_152
    """How large the body of a request may be."""
    api_metrics_token: str | None = None
    """The token with which Prometheus reads the metrics of all ventures and of the process; unset: it needs one of another kind."""
    nats_url: str | None = dataclasses.field(default=None, repr=False)
    """A NATS server over which gateways tell each other the feed that one of them reads; it may hold a password and is never shown."""
    telemetry_endpoint: str | None = None
    """The server to which workers have agent programs send their telemetry; `holdfast up` means itself."""
    public_url: str | None = None
    """The address at which people reach the dashboard, for the links in what they are sent; `holdfast up` means itself."""
    notify_urls: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Where people are told of questions, as addresses of Apprise; they hold secrets and are never shown."""
    notify_unanswered_minutes: float | None = None
    """After how long without an answer people are told again; unset: never."""
    notify_unanswered_urls: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Where they are told then; unset: at the same places."""
    notify_quiet_hours: str | None = None
    """When nobody is told, such as `22:00-07:00`."""
    notify_time_zone: str = "UTC"
    """The time zone of the quiet hours, such as `Europe/Berlin`."""
    claude_command: str = "claude"
    """The Claude Code that workers start."""
    claude_flags: tuple[str, ...] = ()
    """What it is told besides, such as `--allowedTools Bash(make *)`; it may do no more than this allows."""
    codex_command: str = "codex"
    """The Codex that workers start."""
    codex_flags: tuple[str, ...] = ()
    """What it is told besides, such as `--sandbox workspace-write`."""
    gemini_command: str = "gemini"
    """The Gemini CLI that workers start."""
    gemini_flags: tuple[str, ...] = ()
    """What it is told besides, such as `--approval-mode auto_edit`."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            object.__setattr__(self, field.name, _parse_field(field, value, "the call"))
        if self.database_url is not None and is_server(self.database_url):
            object.__setattr__(self, "url", self.database_url)
            object.__setattr__(self, "database_url", None)
        _require_quiet_hours(self.notify_quiet_hours, self.notify_time_zone)

    def among(self, ventures: Sequence[str]) -> Settings:
        """With the only venture that a token may see, where none is named.

        >>> Settings().among(["acme"]).venture, Settings(venture="b").among(["acme"]).venture
        ('acme', 'b')
        """
        if self.venture == DEFAULT_VENTURE and len(ventures) == 1:
            return dataclasses.replace(self, venture=ventures[0])
        return self


def load(
    *,
    start: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **given: Any,
) -> Settings:
    """Read the settings that hold for a folder; `None` in `given` counts as not given.

    Args:
        start: the folder from which `holdfast.toml` is looked for, upwards.
        environment: the environment variables; `os.environ` when unset.
        given: what the command line or the call says; it wins.

    Raises:
        ConfigError: a key is unknown or a value cannot be read.

    >>> load(environment={"HOLDFAST_LEASE_SECONDS": "7"}, start=Path("/")).lease_seconds
    7.0
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    file = find_file(start or Path.cwd())
    if file is not None:
        values = _over(values, _read_file(file), str(file))
    values = _over(values, _read_environment(environment), "the environment")
    called = {key: value for key, value in given.items() if value is not None}
    values = _over(values, called, "the call")
    _refuse_unknown(values, "the call")
    return Settings(**values)


def is_server(url: str) -> bool:
    """Whether an address is a server's and not a database's.

    >>> is_server("https://holdfast.example.com"), is_server("postgresql:///holdfast")
    (True, False)
    """
    return url.startswith(("http://", "https://"))


def _require_quiet_hours(hours: str | None, time_zone: str) -> None:
    if hours is None:
        return
    import zoneinfo  # noqa: PLC0415 - for few, and hooks start often

    if not _HOURS.fullmatch(hours):
        raise ConfigError(
            f"notify_quiet_hours = {hours!r} is not of the form 22:00-07:00.",
            hint="Give when they begin and end, on the clock of notify_time_zone.",
        )
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f"notify_time_zone = {time_zone!r} is no time zone.",
            hint="Give one such as Europe/Berlin or America/New_York.",
        ) from None


def _over(before: dict[str, Any], values: dict[str, Any], source: str) -> dict[str, Any]:
    """The values of a later source win; where it names a server or a database, that stands for the other."""
    named = [key for key in _ADDRESSES if key in values]
    if len(named) > 1:
        raise ConfigError(
            f"{source} sets both url, a server, and database_url, a database.",
            hint="Set the one that is to be worked with.",
        )
    kept = {key: value for key, value in before.items() if not (named and key in _ADDRESSES)}
    return kept | values


def find_file(start: Path) -> Path | None:
    """The nearest `holdfast.toml` at or above a folder."""
    for folder in (start, *start.parents):
        candidate = folder / FILE_NAME
        if candidate.is_file():
            return candidate
    return None


def _read_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="Correct the file.") from error
    values = _flat(values)
    _refuse_unknown(values, str(file))
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    parsed = {key: _parse_field(fields[key], value, str(file)) for key, value in values.items()}
    data_dir = parsed.get("data_dir")
    if data_dir is not None:
        parsed["data_dir"] = file.parent / data_dir
    return parsed


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """The keys of a table `[notifications]` are settings that begin with `notify_`."""
    table = values.get("notifications")
    if not isinstance(table, dict):
        return values
    rest = {key: value for key, value in values.items() if key != "notifications"}
    return {f"notify_{key}": value for key, value in table.items()} | rest


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        variable = ENVIRONMENT_PREFIX + field.name.upper()
        if environment.get(variable):
            values[field.name] = _parse_field(field, environment[variable], variable)
    return values


def _refuse_unknown(values: Mapping[str, Any], source: str) -> None:
    known = [field.name for field in dataclasses.fields(Settings)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known settings: {', '.join(known)}."
            raise ConfigError(f"{source} sets {key}, which is not a setting.", hint=hint)


def _parse_field(field: dataclasses.Field[Any], value: Any, source: str) -> Any:
    """A value in the field's type, which its annotation names as text."""
    kind = str(field.type).removesuffix(" | None")
    if value is None and str(field.type).endswith("| None"):
        return None
    try:
        parsed = parse_value(kind, value)
    except (KeyError, ValueError):
        shown = repr(value) if field.repr else "…"
        raise ConfigError(
            f"{field.name} = {shown} (from {source}) is not {told_kind(kind)}.",
            hint=f"Give {field.name} {told_kind(kind)}; its default is {field.default!r}.",
        ) from None
    if kind in ("int", "float") and not parsed > 0:
        raise ConfigError(
            f"{field.name} = {value!r} (from {source}) must be greater than 0.",
            hint=f"Its default is {field.default!r}.",
        )
    return parsed
