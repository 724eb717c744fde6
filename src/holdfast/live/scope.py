"""What a subscription is about: a venture, or one thing in it with all that works on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any, Literal, TypeAlias
from uuid import UUID

from holdfast.model.events import Event

Noun: TypeAlias = Literal["directive", "session", "supervisor", "execution", "plan"]
NOUNS: tuple[Noun, ...] = ("directive", "session", "supervisor", "execution", "plan")
KINDS = ("venture", *NOUNS)

# What is created belongs to a scope when one of these fields of its first event names a member.
_BELONGS_BY: dict[Noun, frozenset[str]] = {
    "directive": frozenset({"parent_id", "directive_id", "supervisor_id"}),
    "session": frozenset({"session_id", "supervisor_id"}),
    "supervisor": frozenset({"supervisor_id"}),
    "plan": frozenset({"supervisor_id"}),
}
# A member's own event may bring something in.
_BRINGS_IN = frozenset({"supervisor.spawned", "directive.claimed"})
_BEGINNINGS = (".created", ".attached")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope:
    """Which events are wanted: equal scopes share their work."""

    venture_id: UUID
    noun: Noun | None = None
    id: UUID | None = None
    streams: frozenset[UUID] = frozenset()
    kinds: frozenset[str] = frozenset()
    """Only these kinds of streams; empty means all."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole venture, where nobody needs to ask who is a member."""
        return self.noun is None and not self.streams

    def as_json(self) -> dict[str, Any]:
        """The scope as people read it."""
        named = {} if self.noun is None else {self.noun: str(self.id)}
        streams = {"streams": sorted(map(str, self.streams))} if self.streams else {}
        return named | streams | ({"kinds": sorted(self.kinds)} if self.kinds else {})

    def wants(self, event: Event) -> bool:
        """Whether an event is of this venture and its stream of a wanted kind."""
        return event.venture_id == self.venture_id and (
            not self.kinds or event.stream in self.kinds
        )

    def joining(self, event: Event, members: Collection[str]) -> str | None:
        """The stream that an event makes a member, if it does."""
        if self.noun is None:
            return None
        own = str(event.stream_id)
        match event.type:
            case "supervisor.spawned" if own in members:
                return event.data.get("execution_id")
            case "directive.claimed" if self.noun == "directive" and own in members:
                return event.data.get("holder_id")
            case type_ if type_.endswith(_BEGINNINGS):
                named = (event.data.get(field) for field in _BELONGS_BY.get(self.noun, ()))
                return own if any(id_ in members for id_ in named if id_) else None
        return None


def may_join(event: Event) -> bool:
    """Whether an event can make anything a member of anything."""
    return event.type in _BRINGS_IN or event.type.endswith(_BEGINNINGS)
