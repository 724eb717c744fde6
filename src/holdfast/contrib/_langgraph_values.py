"""How the values of LangGraph's channels are kept: of a list that grew, only what was added."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer

# A short list is kept whole: it costs less than the row of a run.
_LEAST_LIST_BYTES = 256
_MOST_KNOWN = 512

Channel: TypeAlias = tuple[str, str, str]
"""Thread, namespace and channel."""


def sealed(serde: SerializerProtocol, value: Any) -> bytes:
    """A value as the serializer writes it, behind the name of the form it has chosen."""
    form, content = serde.dumps_typed(value)
    return form.encode() + b":" + content


def opened(serde: SerializerProtocol, content: bytes) -> Any:
    """The value that was sealed."""
    form, _, rest = content.partition(b":")
    return serde.loads_typed((form.decode(), rest))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """A list that the database has: its version, and what tells its items from others."""

    version: str
    marks: Sequence[bytes]


@dataclasses.dataclass(kw_only=True)
class Packed:
    """Values on their way to `save_conversation_checkpoint`."""

    channels: list[str] = dataclasses.field(default_factory=list)
    is_list: list[bool] = dataclasses.field(default_factory=list)
    bases: list[str | None] = dataclasses.field(default_factory=list)
    keeps: list[int] = dataclasses.field(default_factory=list)
    counts: list[int] = dataclasses.field(default_factory=list)
    contents: list[bytes] = dataclasses.field(default_factory=list)
    known: dict[Channel, Known] = dataclasses.field(default_factory=dict)
    """What will be known when they have arrived."""

    def add(
        self,
        channel: str,
        contents: list[bytes],
        *,
        base: str | None = None,
        keep: int | None = None,
    ) -> None:
        """Put a channel's value in: whole, or what stands behind the first `keep` items of a base."""
        self.channels.append(channel)
        self.is_list.append(keep is not None)
        self.bases.append(base)
        self.keeps.append(keep or 0)
        self.counts.append(len(contents))
        self.contents += contents

    @property
    def arguments(self) -> dict[str, Any]:
        """Them as the function's arguments."""
        return {name: value for name, value in vars(self).items() if name != "known"}


class Lists:
    """What this process knows of the lists that the database has, the newest version of each."""

    def __init__(self) -> None:
        self._known: OrderedDict[Channel, Known] = OrderedDict()

    def pack(
        self,
        place: tuple[str, str],
        values: Mapping[str, Any],
        versions: Mapping[str, Any],
        serde: SerializerProtocol,
    ) -> Packed:
        """The values of the channels that have these new versions."""
        packed = Packed()
        for channel, version in versions.items():
            if channel not in values:
                packed.add(channel, [])
                continue
            value = values[channel]
            items = [sealed(serde, one) for one in value] if type(value) is list else []
            if sum(map(len, items)) < _LEAST_LIST_BYTES:
                packed.add(channel, [sealed(serde, value)])
            else:
                self._add_list(
                    packed, (*place, channel), str(version), items, marks(serde, value, items)
                )
        return packed

    def _add_list(
        self,
        packed: Packed,
        channel: Channel,
        version: str,
        items: list[bytes],
        marked: list[bytes],
    ) -> None:
        base = self._known.get(channel)
        keep = 0 if base is None else _shared(base.marks, marked)
        name = base.version if base is not None and keep else None
        packed.add(channel[2], items[keep:], base=name, keep=keep)
        packed.known[channel] = Known(version=version, marks=marked)

    def learn(self, known: Mapping[Channel, Known]) -> None:
        """Note what the database has now."""
        for channel, one in known.items():
            self._known.pop(channel, None)
            self._known[channel] = one
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def forget(self, place: tuple[str, str]) -> None:
        """Know nothing more of a thread's namespace."""
        for channel in [channel for channel in self._known if channel[:2] == place]:
            del self._known[channel]


def marks(serde: SerializerProtocol, value: list[Any], items: list[bytes]) -> list[bytes]:
    """What tells a list's items from others; of what is encrypted, which never looks the same twice, the plain form does."""
    if isinstance(serde, EncryptedSerializer):
        items = [sealed(serde.serde, one) for one in value]
    return [hashlib.blake2b(item, digest_size=16).digest() for item in items]


def _shared(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    """With how many items both begin.

    >>> _shared([b"a", b"b", b"c"], [b"a", b"b", b"x", b"y"])
    2
    """
    pairs = zip(old, new, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))
