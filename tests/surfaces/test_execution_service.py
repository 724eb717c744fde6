"""`AgentExecutionService`: executions under the older system's names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

import holdfast
from holdfast import AgentExecutionService, Holdfast
from holdfast.errors import IllegalMove, InvalidValue, NotFound
from holdfast.model.states import ExecutionStatus


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    async with holdfast.connect(holdfast_url) as connected:
        yield connected


@pytest.fixture
async def service(hf: Holdfast) -> AgentExecutionService:
    return await hf.execution_service()


async def test_the_service_creates_runs_logs_and_completes(service: AgentExecutionService) -> None:
    created = await service.create("research", agent="scout", total_steps=2)
    assert (await service.get(created)).status is ExecutionStatus.PENDING

    await service.update_status(created, "running")
    await service.add_log(created, "reading", level="warning", data={"page": 3})
    await service.complete(created, {"rows": 12})

    done = await service.get(created)
    assert (done.status, done.result) == ("completed", {"rows": 12})
    [line] = done.logs
    assert (line.line, line.level, line.message, line.data) == (
        1,
        "warning",
        "reading",
        {"page": 3},
    )


async def test_the_service_fails_and_cancels_with_the_reason(
    service: AgentExecutionService,
) -> None:
    failing, cancelled = await service.create("a"), await service.create("b")
    await service.update_status(failing, "running")
    await service.fail(failing, "no quota")
    await service.update_status(cancelled, "cancelled", error="not needed")

    assert (await service.get(failing)).error_message == "no quota"
    assert (await service.get(cancelled)).error_message == "not needed"


async def test_the_service_refuses_moves_that_are_not_drawn(
    service: AgentExecutionService,
) -> None:
    created = await service.create("research")
    with pytest.raises(IllegalMove):
        await service.complete(created)
    with pytest.raises(IllegalMove):
        await service.add_log(created, "not running yet")
    with pytest.raises(InvalidValue, match="pending only when it is created"):
        await service.update_status(created, "pending")
    with pytest.raises(InvalidValue, match="status = 'done' is not one of pending"):
        await service.update_status(created, "done")
    await service.update_status(created, "running")
    with pytest.raises(InvalidValue, match="level = 'loud' is not one of debug"):
        await service.add_log(created, "hello", level="loud")
    await service.complete(created)
    with pytest.raises(IllegalMove):
        await service.update_status(created, "running")


async def test_the_service_does_not_know_what_is_not_there(service: AgentExecutionService) -> None:
    for call in (
        service.get(uuid4()),
        service.complete(uuid4()),
        service.fail(uuid4(), "x"),
        service.add_log(uuid4(), "x"),
        service.update_status(uuid4(), "running"),
    ):
        with pytest.raises(NotFound, match="There is no execution"):
            await call


async def test_the_history_is_paged_newest_first_without_a_gap(
    service: AgentExecutionService,
) -> None:
    created = [await service.create(f"run {number}") for number in range(7)]

    paged: list[UUID] = []
    while page := await service.history(limit=3, before=paged[-1] if paged else None):
        assert len(page) <= 3
        paged += [execution.id for execution in page]

    assert len(paged) == len(created)
    assert set(paged) == set(created)
    # Ids of one millisecond have no order of age.
    assert [found.int >> 80 for found in paged] == [made.int >> 80 for made in created[::-1]]


async def test_a_page_of_no_length_is_refused(service: AgentExecutionService) -> None:
    for limit in (0, -1, 100_000):
        with pytest.raises(InvalidValue, match="limit ="):
            await service.history(limit=limit)


async def test_one_venture_does_not_see_the_executions_of_another(hf: Holdfast) -> None:
    ours, theirs = await hf.execution_service("acme"), await hf.execution_service("umbrella")
    created = await ours.create("research")

    assert await theirs.history() == []
    with pytest.raises(NotFound):
        await theirs.get(created)
