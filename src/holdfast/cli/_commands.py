"""Which command is where: only the module of the one that is called for is imported, since all take a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# The name, and where its function or its group of commands is, in the order of the help.
PLACES = {
    "db": "db:app",
    "plan": "plans:app",
    "directive": "directives:app",
    "session": "sessions:app",
    "change": "change:app",
    "verify": "verify:app",
    "supervisor": "supervisors:app",
    "hooks": "hooks:app",
    "token": "tokens:app",
    "api": "api:app",
    "question": "questions:app",
    "notifications": "notifications:app",
    "resume": "resume:resume",
    "run": "plans:run",
    "run-agent": "run_agent:run_agent",
    "worker": "workers:worker",
    "status": "inspect:status",
    "statusline": "statusline:statusline",
    "top": "top:top",
    "watch": "watching:watch",
    "questions": "questions:questions",
    "inbox": "questions:questions",
    "answer": "questions:answer",
    "events": "events:events",
    "validate": "validate:validate",
    "mcp": "mcp:mcp",
    "up": "up:up",
    "sign-in": "up:sign_in",
    "down": "server:down",
}


class Commands(Mapping[str, Any]):
    """The commands by name."""

    def __getitem__(self, name: str) -> Any:
        """Import a command."""
        module, _, attribute = PLACES[name].partition(":")
        found = getattr(import_module(f"holdfast.cli.{module}"), attribute)
        holder = typer.Typer()
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=name)
        else:
            holder.command(name)(found)
        return typer.main.get_group(holder).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class AllCommands(TyperGroup):
    """`holdfast` itself."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "commands": Commands()})
