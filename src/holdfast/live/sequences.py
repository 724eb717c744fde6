"""Whether each stream's events come one after the other: the proof's own check, in depth."""

from __future__ import annotations

from collections import OrderedDict

MOST_STREAMS = 50_000


class Sequences:
    """The newest seq of each stream that was heard of lately."""

    def __init__(self, *, most_streams: int = MOST_STREAMS) -> None:
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._most_streams = most_streams

    def newest(self, stream: str) -> int | None:
        """The newest seq of a stream; unset if nothing is known of it."""
        return self._newest.get(stream)

    def note(self, stream: str, seq: int) -> int:
        """Note an event; gives by how many it is too late (below 0: it came already), 0 if it is the next.

        >>> sequences = Sequences()
        >>> [sequences.note("a", 7), sequences.note("a", 8), sequences.note("a", 11)]
        [0, 0, 2]
        """
        newest = self._newest.get(stream)
        if newest is not None and seq <= newest:
            return seq - newest - 1
        self._newest[stream] = seq
        self._newest.move_to_end(stream)
        if len(self._newest) > self._most_streams:
            self._newest.popitem(last=False)
        return 0 if newest is None else seq - newest - 1

    def clear(self) -> None:
        """Know nothing, as when the feed was begun anew."""
        self._newest.clear()
