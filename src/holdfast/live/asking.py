"""What a client asks for, in the words it uses: checked here, looked up in the database once it is connected."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from holdfast.errors import InvalidValue, NotFound
from holdfast.live.cursor import Cursor
from holdfast.live.reads import Reads
from holdfast.live.scope import KINDS, NOUNS, Noun, Scope
from holdfast.live.subscription import Wish

MOST_STREAMS = 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asking:
    """A subscription that is asked for, before it is known which rows it is about."""

    noun: Noun | None = None
    name: str | None = None
    kinds: frozenset[str] = frozenset()
    streams: frozenset[UUID] = frozenset()
    since: Cursor | None = None
    from_start: bool = False
    positions: Mapping[UUID, int] = dataclasses.field(default_factory=dict)
    epoch: str | None = None

    async def wish(self, id_: str, venture_id: UUID, reads: Reads) -> Wish:
        """The same about rows of a venture.

        Raises:
            NotFound: there is none of that name.
        """
        thing = None if self.noun is None else await self._id(venture_id, reads)
        scope = Scope(
            venture_id=venture_id,
            noun=self.noun,
            id=thing,
            streams=self.streams.union(self.positions),
            kinds=self.kinds,
        )
        return Wish(
            id=id_,
            scope=scope,
            since=self.since,
            from_start=self.from_start,
            positions=self.positions,
            epoch=self.epoch,
        )

    async def _id(self, venture_id: UUID, reads: Reads) -> UUID:
        rows = await reads.read(
            "live_id", venture_id, self.noun, self.name, _uuid_or_none(str(self.name))
        )
        if not rows:
            raise NotFound(
                f"There is no {self.noun} {self.name}.", hint="Check its name and the venture."
            )
        found: UUID = rows[0]["id"]
        return found


def asking(
    named: Mapping[str, str],
    *,
    kinds: Iterable[str] = (),
    streams: Iterable[str] = (),
    since: Cursor | str | None = None,
    positions: Mapping[str, Any] | None = None,
    epoch: str | None = None,
) -> Asking:
    """Check what a client asks for.

    Args:
        named: at most one of directive, session, supervisor, execution and plan, with its name or id.
        kinds: the kinds of streams to give; none means all.
        streams: the ids of single streams to give instead.
        since: a cursor, its text, or "start".
        positions: of single streams, the seq of the last event that the client has.
        epoch: the history that the positions are of.

    Raises:
        InvalidValue: something is not of its form.
    """
    if len(named) > 1:
        raise InvalidValue(
            f"{' and '.join(named)} cannot be followed in one subscription.",
            hint="Subscribe to each of them.",
        )
    noun, name = next(iter(named.items()), (None, None))
    if noun is not None and (streams or positions):
        raise InvalidValue(
            f"streams and positions cannot be given with {noun}.", hint="Give one of them."
        )
    if noun is not None and noun not in NOUNS:
        raise InvalidValue(f"{noun} is not a noun.", hint=f"There are: {', '.join(NOUNS)}.")
    return Asking(
        noun=noun,
        name=name,
        kinds=_kinds(kinds),
        streams=_streams(streams),
        since=_cursor(since),
        from_start=since == "start",
        positions=_positions(positions or {}, epoch),
        epoch=epoch,
    )


def _cursor(since: Cursor | str | None) -> Cursor | None:
    if isinstance(since, str):
        return None if since == "start" else Cursor.parse(since)
    return since


def _kinds(kinds: Iterable[str]) -> frozenset[str]:
    chosen = frozenset(kinds)
    for kind in chosen:
        if kind not in KINDS:
            raise InvalidValue(
                f"kinds has {kind!r:.40}, which is no kind of stream.",
                hint=f"There are: {', '.join(KINDS)}.",
            )
    return chosen


def _streams(streams: Iterable[str]) -> frozenset[UUID]:
    chosen = frozenset(_uuid("streams", stream) for stream in streams)
    if len(chosen) > MOST_STREAMS:
        raise InvalidValue(
            f"streams has {len(chosen)} ids; the limit is {MOST_STREAMS}.",
            hint="Follow the venture, or what the streams belong to.",
        )
    return chosen


def _positions(positions: Mapping[str, Any], epoch: str | None) -> Mapping[UUID, int]:
    if positions and epoch is None:
        raise InvalidValue(
            "positions came without the epoch that they are of.", hint="Give the epoch of hello."
        )
    chosen = {_uuid("positions", stream): _seq(seq) for stream, seq in positions.items()}
    _streams(map(str, chosen))
    return chosen


def _seq(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise InvalidValue(
            f"positions has {value!r:.40}, which is no seq.",
            hint="Give the sequence of the last event that you have, 0 for none.",
        )
    return value


def _uuid(field: str, text: str) -> UUID:
    found = _uuid_or_none(text)
    if found is None:
        raise InvalidValue(f"{field} has {text!r:.40}, which is not an id.", hint="Give UUIDs.")
    return found


def _uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
