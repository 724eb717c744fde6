"""A command group in which what is no command of its is what its chief command is given."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

CHIEF = "show"


class WithChief(TyperGroup):
    """`holdfast plan 1234` is `holdfast plan show 1234`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the chief command before what names none."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [CHIEF, *args]
        return super().parse_args(ctx, args)
