"""Which selections an event goes to: found by its venture and its stream, not by asking every subscriber."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from uuid import UUID

from holdfast.live.items import Item
from holdfast.live.scope import Scope, may_join
from holdfast.live.selection import Selection


class Switchboard:
    """The selections that somebody needs."""

    def __init__(self) -> None:
        self._selections: dict[Scope, Selection] = {}
        self._whole: defaultdict[UUID, set[Selection]] = defaultdict(set)
        self._growing: defaultdict[UUID, set[Selection]] = defaultdict(set)
        self._by_stream: defaultdict[str, set[Selection]] = defaultdict(set)

    def __iter__(self) -> Iterator[Selection]:
        return iter(tuple(self._selections.values()))

    def need(self, scope: Scope) -> Selection:
        """The selection of a scope, for one more subscription."""
        selection = self._selections.get(scope)
        if selection is None:
            selection = self._selections[scope] = Selection(scope)
            if scope.is_whole:
                self._whole[scope.venture_id].add(selection)
            if scope.noun is not None:
                self._growing[scope.venture_id].add(selection)
            self._connect(selection, selection.members)
        selection.users += 1
        return selection

    def let_go(self, selection: Selection) -> None:
        """One subscription less needs it; the last one takes it away."""
        selection.users -= 1
        if selection.users:
            return
        venture_id = selection.scope.venture_id
        del self._selections[selection.scope]
        for index in (self._whole, self._growing):
            index[venture_id].discard(selection)
            if not index[venture_id]:
                del index[venture_id]
        for stream in selection.members:
            self._by_stream[stream].discard(selection)
            if not self._by_stream[stream]:
                del self._by_stream[stream]

    def load(self, selection: Selection, members: Iterable[str]) -> None:
        """Tell a selection who its members are."""
        self._connect(selection, selection.load(members))

    def deliver(self, items: Iterable[Item]) -> None:
        """Give every item to those who want it, and each of them all of theirs at once."""
        items = tuple(items)
        for item in items:  # first, so that a stream and its events may come in any order
            if may_join(item.event):
                self._hear(item)
        touched: list[Selection] = []
        for item in items:
            venture = self._whole.get(item.event.venture_id, ())
            touched += [selection for selection in venture if selection.offer(item)]
            streams = self._by_stream.get(item.stream, ())
            touched += [selection for selection in streams if selection.offer(item)]
        for selection in touched:
            selection.flush()

    def _hear(self, item: Item) -> None:
        for selection in self._growing.get(item.event.venture_id, ()):
            joined = selection.hear(item.event)
            if joined is not None:
                self._by_stream[joined].add(selection)

    def _connect(self, selection: Selection, members: Iterable[str]) -> None:
        if not selection.scope.is_whole:
            for stream in members:
                self._by_stream[stream].add(selection)
