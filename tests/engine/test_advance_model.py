"""Two sessions walk random trees that people change meanwhile; a model says what each must be told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import Blocked
from tests.support.sql import call, connected, set_clock
from tests.support.walk_model import Node, Walk
from tests.support.walking import Walker, walker

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

STEPS = 45
OUTCOMES = ("completed", "completed", "completed", "failed", "blocked", "unfinished", None)


class World:
    """The engine's trees and the model's, changed side by side."""

    def __init__(self, connection: Connection, chance: random.Random) -> None:
        self.connection = connection
        self.chance = chance
        self.nodes: list[Node] = []
        self.time = 0
        self.pairs: list[tuple[Walk, Walker]] = []

    async def grow(self) -> None:
        """Some trees, and two sessions that walk in them."""
        for _ in range(self.chance.randint(1, 3)):
            await self.add(None)
        for _ in range(self.chance.randint(4, 12)):
            await self.add(self.chance.choice(self.nodes))
        for name in ("s", "t"):
            limits: dict[str, Any] = {
                "max_iterations": self.chance.choice([4, 100]),
                "max_unfinished": self.chance.choice([0, 2]),
                "max_chain_depth": self.chance.choice([0, 2]),
            }
            chains = self.chance.random() < 0.6
            walk = Walk(name=name, chains=chains, **limits)
            mine = await walker(self.connection, name)
            mine.settings = {**limits, "chain_orchestrators": chains}
            self.pairs.append((walk, mine))

    async def add(self, parent: Node | None) -> None:
        self.time += 1
        await set_clock(self.connection, self.time)
        needs = [n for n in self.nodes if n.parent is parent and self.chance.random() < 0.15]
        flag = self.chance.choice([None] * 14 + ["human_decision", "security", "data_loss"])
        node = Node(
            key=f"SD-{len(self.nodes)}",
            parent=parent,
            priority=self.chance.choice([1, 2, 2, 10]),
            age=self.time,
            status="draft" if self.chance.random() < 0.1 else "active",
            needs=needs,
            flag=flag,
        )
        await call(
            self.connection, "add_directive", sd_key=node.key, title=node.key, status=node.status,
            parent_key=parent.key if parent else None, priority=node.priority,
            needs=[need.key for need in needs], metadata={flag: True} if flag else {},
        )  # fmt: skip
        self.nodes.append(node)
        if parent is not None:
            parent.children.append(node)

    async def meddle(self) -> None:
        """A person changes something that nobody holds."""
        if self.chance.random() < 0.3:
            await self.add(self.chance.choice(self.nodes))
            return
        node = self.chance.choice(self.nodes)
        ways = {"draft": ["active"], "blocked": ["active"], "active": ["blocked", "cancelled"]}
        if node.holder is not None or node.status not in ways:
            return
        to = self.chance.choice(ways[node.status])
        await call(self.connection, "move_directive", sd_key=node.key, status=to, reason="a person")
        node.status = to
        if to == "active":
            node.failures = 0

    async def step(self) -> None:
        """One of the two says how it went; it is told what the model tells."""
        walk, mine = self.chance.choice(self.pairs)
        if walk.root is None:
            root = self.chance.choice(self.nodes)
            walk.start(root)
            await mine.start(root.key, **mine.settings)
        outcome = self.chance.choice(OUTCOMES) if walk.held else None
        if walk.held is not None and outcome == "completed" and walk.held.open_children():
            with pytest.raises(Blocked):
                await self.say(walk, mine, outcome)
            return
        before = mine.last
        told = await self.say(walk, mine, outcome)
        assert told == walk.advance(outcome, self.nodes)
        if outcome is not None and told[0] != "pause" and self.chance.random() < 0.3:
            mine.last = before  # the answer was lost: the same call tells the same and counts once
            assert await self.say(walk, mine, outcome) == told

    async def say(self, walk: Walk, mine: Walker, outcome: str | None) -> tuple[str, str | None]:
        about: dict[str, Any] = {}
        if outcome is not None and mine.told["epoch"] is None:  # after a pause it still holds it
            assert walk.held is not None
            about = {"sd_key": walk.held.key}
        return await mine.walked(outcome, reason="because", **about)

    async def compare(self) -> None:
        rows = await self.connection.fetch(
            "select d.sd_key, d.status::text, d.failures, s.session_id from holdfast.directives d"
            " left join holdfast.directive_claims c on c.directive_id = d.id"
            " left join holdfast.claude_sessions s on s.id = c.session_id"
        )
        found = {row[0]: tuple(row)[1:] for row in rows}
        expected = {
            n.key: (n.status, n.failures, n.holder.name if n.holder else None) for n in self.nodes
        }
        assert found == expected
        for walk, _ in self.pairs:
            if walk.root is not None:
                row = await self.connection.fetchrow(
                    "select w.* from holdfast.auto_proceed_walks w join holdfast.auto_proceed_sessions a"
                    " using (venture_id, id) where a.session_id = $1 and a.is_active",
                    walk.name,
                )
                assert row is not None
                counted = (row["iterations"], row["unfinished"], row["chain_depth"])
                assert counted == (walk.iterations, walk.unfinished, walk.chain_depth)


@pytest.mark.parametrize("seed", range(24))
async def test_a_walk_does_what_the_model_does(holdfast_url: str, seed: int) -> None:
    async with connected(holdfast_url) as connection:
        world = World(connection, random.Random(seed))
        await world.grow()
        for _ in range(STEPS):
            if world.chance.random() < 0.2:
                await world.meddle()
            await world.step()
            await world.compare()
