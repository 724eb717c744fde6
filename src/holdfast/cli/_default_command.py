"""A command group that takes what is none of its commands for the argument of one of them."""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperGroup

_HELP = frozenset({"-h", "--help"})


class ShowsByDefault(TyperGroup):
    """`holdfast plan 4f2a` means `holdfast plan show 4f2a`."""

    default: ClassVar[str] = "show"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command in front where none is named."""
        if args and args[0] not in self.commands and args[0] not in _HELP:
            args = [self.default, *args]
        return super().parse_args(ctx, args)
