"""Migrating and verifying with no more rights than an ordinary owner of a database has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from holdfast.config import Settings
from holdfast.engine import texts, verify
from holdfast.errors import MissingRights
from tests.support import migration as support

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PASSWORD = "of a test"  # for servers that ask for one


@pytest.fixture
async def plain_role(database_url: str, holdfast_url: str) -> AsyncIterator[str]:
    """A role that may log in and nothing else; the three request roles are there, made by another database."""
    name = re.sub(
        r"\W", "_", f"plain_{await support.fetchval(database_url, 'select current_database()')}"
    )
    await support.execute(database_url, f"create role {name} login password '{PASSWORD}'")
    yield name
    for url in (database_url, holdfast_url):
        await support.execute(
            url, f"reassign owned by {name} to current_user", f"drop owned by {name}"
        )
    await support.execute(database_url, f"drop role {name}")


def as_user(url: str, role: str) -> str:
    """The same address for another role."""
    without = re.sub(r"([?&])user=[^&]*&?", r"\1", url).rstrip("?&")
    return f"{without}{'&' if '?' in without else '?'}user={role}&password={PASSWORD.replace(' ', '%20')}"


async def give_database(url: str, role: str) -> None:
    name = await support.fetchval(url, "select current_database()")
    await support.execute(url, f'alter database "{name}" owner to {role}')


async def test_the_owner_of_a_database_may_migrate_it_and_use_it(
    database_url: str, plain_role: str
) -> None:
    await give_database(database_url, plain_role)
    url = as_user(database_url, plain_role)

    await support.migrated(url)

    assert (await support.status_of(url)).is_current
    await support.execute(url, "select holdfast.add_directive('SD-1', 'the first')")
    assert len(await support.fetchval(url, "select holdfast.feed_epoch()")) == 16
    owner = await support.fetchval(
        url, "select nspowner::regrole::text from pg_namespace where nspname = 'holdfast'"
    )
    assert owner == plain_role


async def test_verify_by_an_owner_who_may_become_the_request_roles_passes(
    database_url: str, plain_role: str
) -> None:
    await give_database(database_url, plain_role)
    await support.execute(database_url, f"grant anon, authenticated to {plain_role}")
    url = as_user(database_url, plain_role)
    await support.migrated(url)
    assert await support.failures(url) == {}


async def test_verify_fails_where_it_may_not_look(database_url: str, plain_role: str) -> None:
    await give_database(database_url, plain_role)
    url = as_user(database_url, plain_role)
    await support.migrated(url)

    failed = await support.failures(url)

    assert set(failed) == {
        "a user sees the own venture only",
        "a user cannot call for another venture",
        "anon sees and calls nothing",
    }
    for detail in failed.values():
        assert detail.startswith("cannot look: ")
        assert "grant " in detail


async def test_verify_by_a_stranger_is_one_clear_refusal(
    holdfast_url: str, plain_role: str
) -> None:
    with pytest.raises(MissingRights, match="permission denied") as refusal:
        async for _ in verify.verify(as_user(holdfast_url, plain_role), Settings()):
            pass
    assert "\n" not in refusal.value.message
    assert refusal.value.hint


async def test_migrating_without_the_right_to_create_is_one_clear_refusal(
    database_url: str, plain_role: str
) -> None:
    with pytest.raises(MissingRights, match="permission denied for database") as refusal:
        await support.migrated(as_user(database_url, plain_role))
    assert "\n" not in refusal.value.message
    assert refusal.value.hint
    assert await support.fetchval(database_url, "select to_regnamespace('holdfast') is null")


async def test_migrating_what_belongs_to_another_is_one_clear_refusal(
    holdfast_url: str, plain_role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await give_database(holdfast_url, plain_role)
    support.use_definitions(monkeypatch, "select 1;")
    before = support.dump(holdfast_url)
    with pytest.raises(MissingRights):
        await support.migrated(as_user(holdfast_url, plain_role))
    assert support.dump(holdfast_url) == before


async def test_migrating_without_the_right_to_make_missing_roles_is_one_clear_refusal(
    database_url: str, plain_role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = texts.migrations()
    wanting = first.text.replace("array['anon',", f"array['{plain_role}_missing', 'anon',")
    assert wanting != first.text
    changed = texts.Migration(number=first.number, name=first.name, text=wanting)
    support.use_migrations(monkeypatch, changed, *others)
    await give_database(database_url, plain_role)
    with pytest.raises(MissingRights, match="create role") as refusal:
        await support.migrated(as_user(database_url, plain_role))
    assert "\n" not in refusal.value.message
    assert await support.fetchval(database_url, "select to_regnamespace('holdfast') is null")
