"""What a walk should do, worked out by recursion over plain objects: it shares nothing with the engine's queries."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

MAX_RETRIES = 2
OVER = ("completed", "cancelled")


@dataclasses.dataclass
class Node:
    """One directive."""

    key: str
    parent: Node | None
    priority: int
    age: int
    status: str
    needs: list[Node]
    flag: str | None = None
    failures: int = 0
    holder: Walk | None = None
    children: list[Node] = dataclasses.field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def open_children(self) -> list[Node]:
        left = [child for child in self.children if not child.is_over]
        return sorted(left, key=lambda child: (child.priority, child.age))

    def above(self) -> Iterator[Node]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def is_free_for(self, walk: Walk) -> bool:
        ready = self.status == "active" and all(need.status == "completed" for need in self.needs)
        return ready and self.holder in (None, walk)

    def first_for(self, walk: Walk) -> Node | None:
        """What comes next at or below this directive."""
        if not self.is_free_for(walk):
            return None
        left = self.open_children()
        if not left:
            return self
        return next((found for child in left if (found := child.first_for(walk))), None)

    def stuck_for(self, walk: Walk) -> list[Node]:
        """What stands in the way, at or below this directive."""
        if not self.is_free_for(walk):
            return [self]
        return [node for child in self.open_children() for node in child.stuck_for(walk)]


@dataclasses.dataclass
class Walk:
    """One session's walk."""

    name: str
    max_iterations: int
    max_unfinished: int
    max_chain_depth: int
    chains: bool
    root: Node | None = None
    held: Node | None = None
    at: Node | None = None
    iterations: int = 0
    unfinished: int = 0
    chain_depth: int = 0
    paused: bool = False

    def start(self, root: Node) -> None:
        if self.root is not root:
            self.at = None
        self.root = root
        self.iterations = self.unfinished = self.chain_depth = 0
        self.paused = False

    def advance(self, outcome: str | None, nodes: list[Node]) -> tuple[str, str | None]:
        """What it is told: the decision, and the directive or the reason of the pause."""
        self._finish(outcome)
        stays = self.held is not None and not self.held.open_children()
        target, root = (self.held, self.root) if stays else self._next(nodes)
        reason = self._why_pause(outcome, target, root, stays=stays)
        if reason is not None:
            self.at, self.paused = self.held, True
            if reason == "orchestrator_done":
                self.root = None
            return "pause", reason
        assert target is not None
        return self._hand_out(outcome, target, root, stays=stays), target.key

    def _finish(self, outcome: str | None) -> None:
        node = self.held
        if outcome is None or node is None:
            return
        self.unfinished = self.unfinished + 1 if outcome == "unfinished" else 0
        if outcome == "failed":
            node.failures += 1
            outcome = "blocked" if node.failures > MAX_RETRIES else None
        if outcome in ("completed", "blocked"):
            node.status, node.holder, self.held = outcome, None, None

    def _next(self, nodes: list[Node]) -> tuple[Node | None, Node | None]:
        assert self.root is not None
        found = self.root.first_for(self)
        if found is None and self.root.is_over and self.chains:
            for other in sorted(nodes, key=lambda node: (node.priority, node.age)):
                if other is self.root or not other.children or other.is_over:
                    continue
                if all(node.is_free_for(self) for node in other.above()):
                    found = other.first_for(self)
                    if found is not None:
                        return found, other
        return found, self.root

    def _why_pause(
        self, outcome: str | None, target: Node | None, root: Node | None, *, stays: bool
    ) -> str | None:
        assert self.root is not None
        if target is None:
            if self.root.is_over:
                return "orchestrator_done"
            blocked = [node for node in self.root.stuck_for(self) if node.status == "blocked"]
            failed = any(node.failures > MAX_RETRIES for node in blocked)
            return "failed" if failed else "all_blocked"
        if target.flag is not None:
            return {"human_decision": "human_decision"}.get(target.flag, "security")
        over = (
            stays and outcome == "unfinished" and self.unfinished > self.max_unfinished,
            not (stays and outcome is None) and self.iterations >= self.max_iterations,
            root is not self.root and self.chain_depth >= self.max_chain_depth,
        )
        return "limits_reached" if any(over) else None

    def _hand_out(
        self, outcome: str | None, target: Node, root: Node | None, *, stays: bool
    ) -> str:
        if self.held is not None:
            self.held.holder = None
        told_again = stays and outcome is None and self.at is target
        if not told_again:
            self.iterations += 1
        if not ((stays and outcome == "unfinished") or (told_again and not self.paused)):
            self.unfinished = 0
        self.paused = False
        chained = root is not self.root
        self.chain_depth += chained
        self.root, self.held, self.at = root, target, target
        target.holder = self
        return "chain" if chained else "continue"
