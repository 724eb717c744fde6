"""Checks of the walls between tenants, looked at as the roles of requests see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.engine import texts
from holdfast.engine.verification.scene import Action, Scene, as_role, require, require_refusal

if TYPE_CHECKING:
    from uuid import UUID

_MISSING_RIGHT = ("42501",)
_NOT_ALLOWED = ("HF007",)
_CALLS = {
    name: f"select * from holdfast.{name}({arguments}, p_venture_id => $1)"
    for name, arguments in (
        ("get_active_auto_proceed_session", "'verify-world'"),
        ("upsert_auto_proceed_session", "'verify-world'"),
        ("add_directive", "'SD-WALL', 'over the wall'"),
        ("create_execution", "'over the wall'"),
    )
}


async def _make_worlds(scene: Scene) -> None:
    """One of everything on each side of the wall, so that something is there to be seen."""
    for slug in scene.slugs:
        await scene.connection.execute("select set_config('holdfast.venture', $1, true)", slug)
        await scene.connection.execute(texts.query("verify_world"))
    await scene.connection.execute("select set_config('holdfast.venture', '', true)")


async def _sees_own_only(scene: Scene) -> None:
    look = await scene.connection.fetchval(texts.query("verify_walls"))
    there = {row["name"]: row for row in await scene.connection.fetch(look, scene.venture)}
    for name, row in there.items():
        if row["is_table"]:
            require(row["own"] and row["foreign"], f"cannot look: nothing stands in {name}")
    async with as_role(scene.connection, "authenticated", _claims(scene.venture)):
        for row in await scene.connection.fetch(look, scene.venture):
            name = row["name"]
            require(not row["foreign"], f"a user of one venture sees rows of another in {name}")
            require(
                row["own"] == there[name]["own"],
                f"a user does not see the own venture's rows in {name}",
            )
    async with as_role(scene.connection, "authenticated", {"sub": "verify-nobody"}):
        for row in await scene.connection.fetch(look, scene.venture):
            require(
                not (row["own"] or row["foreign"]),
                f"a user of no venture sees rows in {row['name']}",
            )


async def _foreign_calls(scene: Scene) -> None:
    async with as_role(scene.connection, "authenticated", _claims(scene.venture)):
        for function, statement in _CALLS.items():
            await scene.connection.fetch(statement, scene.venture)
            await require_refusal(
                scene.connection,
                f"{function} for another venture",
                _NOT_ALLOWED,
                statement,
                scene.neighbour,
            )
        await require_refusal(
            scene.connection,
            "an update of a table past the functions",
            _MISSING_RIGHT,
            "update holdfast.auto_proceed_sessions set total_children = 9 where venture_id = $1",
            scene.venture,
        )
    async with as_role(scene.connection, "authenticated", _claims(scene.venture, role="viewer")):
        await require_refusal(
            scene.connection,
            "a write by a viewer",
            _NOT_ALLOWED,
            _CALLS["upsert_auto_proceed_session"],
            scene.venture,
        )


async def _anon(scene: Scene) -> None:
    tables = await scene.connection.fetch(texts.query("verify_walls_of_anon"))
    require(bool(tables), "cannot look: the schema has no tables")
    async with as_role(scene.connection, "anon", _claims(scene.venture)):
        for row in tables:
            await require_refusal(
                scene.connection,
                f"anon's reading of {row['name']}",
                _MISSING_RIGHT,
                row["statement"],
            )
        for function, statement in _CALLS.items():
            await require_refusal(
                scene.connection,
                f"anon's call of {function}",
                _MISSING_RIGHT,
                statement,
                scene.venture,
            )


def _claims(venture: UUID, *, role: str = "agent") -> dict[str, Any]:
    return {"sub": "verify", "venture_id": str(venture), "venture_role": role}


CHECKS: tuple[tuple[str, Action], ...] = (
    ("one of everything can be made", _make_worlds),
    ("a user sees the own venture only", _sees_own_only),
    ("a user cannot call for another venture", _foreign_calls),
    ("anon sees and calls nothing", _anon),
)
