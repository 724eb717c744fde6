from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.progress import Basis, Progress, Standing
from holdfast.progress.measuring import measure, percent_of
from holdfast.progress.pieces import Piece, PieceState, Work

SECONDS = st.floats(0.01, 10_000)


def piece(name: str, state: str, seconds: float = 0.0, *history: float) -> Piece:
    return Piece(name=name, state=PieceState(state), seconds=seconds, history=history)


def measured(*pieces: Piece, standing: Standing = Standing.WORKING) -> Progress:
    seconds = sum(one.seconds for one in pieces)
    return measure(Work(pieces=pieces, seconds=seconds), basis=Basis.STEPS, standing=standing)


@given(st.lists(st.tuples(SECONDS, st.lists(SECONDS, max_size=3)), min_size=1, max_size=12))
def test_percent_only_grows_with_what_is_done_and_is_not_100_before_the_end(
    durations: list[tuple[float, list[float]]],
) -> None:
    shares = []
    for done in range(len(durations) + 1):
        pieces = tuple(
            piece(f"{place}", "done" if place < done else "left", seconds, *history)
            for place, (seconds, history) in enumerate(durations)
        )
        shares.append(percent_of(Work(pieces=pieces, seconds=0.0)))
    told = [one for one in shares if one is not None]
    assert len(told) == len(shares)
    assert told == sorted(told)
    assert 0 == told[0] <= told[-1] < 100


def test_100_percent_is_said_of_what_is_completed_only() -> None:
    work = Work(pieces=(piece("a", "done", 5.0),), seconds=5.0)
    done = measure(work, basis=Basis.STEPS, standing=Standing.OVER, is_completed=True)
    failed = measure(work, basis=Basis.STEPS, standing=Standing.OVER)
    assert done.percent == 100
    assert failed.percent is not None
    assert failed.percent < 100


def test_a_step_weighs_as_much_as_it_usually_takes() -> None:
    found = measured(
        piece("read", "done", 9.0, 10, 10, 10), piece("build", "left", 0.0, 90, 90, 90)
    )
    assert found.percent is not None
    assert round(found.percent) == 10


def test_numbered_steps_are_one_stage() -> None:
    found = measured(
        piece("read", "done", 1.0),
        piece("page 1", "done", 1.0),
        piece("page 2", "running", 1.0),
        piece("page 3", "left"),
        piece("write", "left"),
    )
    stages = {stage.name: (stage.completed, stage.total) for stage in found.stages}
    assert stages == {"read": (1, 1), "page": (1, 3), "write": (0, 1)}
    assert [stage.is_running for stage in found.stages] == [False, True, False]


def test_what_takes_much_longer_than_ever_is_stalled() -> None:
    usual = (60.0, 70.0, 65.0, 62.0)
    assert not measured(piece("build", "running", 150.0, *usual)).is_stalled
    found = measured(piece("build", "running", 2000.0, *usual))
    assert found.is_stalled
    assert found.as_json()["stalled"] is True


def test_what_nobody_holds_or_what_waits_is_not_stalled() -> None:
    running = piece("build", "running", 2000.0, 60, 70, 65, 62)
    for standing in (Standing.DEAD, Standing.WAITING):
        assert measured(running, standing=standing).standing is standing


def test_without_a_history_nothing_is_missed() -> None:
    assert not measured(piece("build", "running", 1e6)).is_stalled
