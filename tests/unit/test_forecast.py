from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.progress import Pace, Remaining, describe
from holdfast.progress.forecast import Forecast, forecast
from holdfast.progress.pieces import PastRun, Piece, PieceState, Work

SECONDS = st.floats(0.01, 100_000)
# Beyond that a longer middle may come with a shorter end of the range.
ALIKE_SECONDS = st.floats(1, 10)


@st.composite
def works(draw: st.DrawFn, lengths: st.SearchStrategy[float] = SECONDS) -> Work:
    """Runs of some pieces, of which the first ones are done and one may be running."""
    count = draw(st.integers(1, 12))
    done = draw(st.integers(0, count))
    pieces = []
    for place in range(count):
        state = PieceState.DONE if place < done else PieceState.LEFT
        if place == done and draw(st.booleans()):
            state = PieceState.RUNNING
        pieces.append(
            Piece(
                name=f"piece {place}",
                state=state,
                seconds=0.0 if state is PieceState.LEFT else draw(lengths),
                history=tuple(draw(st.lists(lengths, max_size=8))),
            )
        )
    past = draw(
        st.lists(st.builds(PastRun, seconds=SECONDS, pieces=st.integers(1, 20)), max_size=5)
    )
    return Work(
        pieces=tuple(pieces), seconds=sum(piece.seconds for piece in pieces), past=tuple(past)
    )


def with_one_more(work: Work) -> Work:
    last = work.pieces[-1]
    more = Piece(name="more", state=PieceState.LEFT, history=last.history)
    return Work(pieces=(*work.pieces, more), seconds=work.seconds)


def told(work: Work) -> Forecast:
    found = forecast(work)
    assert found is not None
    return found


@given(works())
def test_the_range_holds_its_middle_and_nothing_is_negative(work: Work) -> None:
    found = forecast(work)
    if found is not None:
        left = found.remaining
        assert 0 <= left.low_seconds <= left.median_seconds <= left.high_seconds < float("inf")


@given(works(ALIKE_SECONDS))
def test_one_more_piece_like_the_others_never_takes_less_time(work: Work) -> None:
    work = Work(pieces=work.pieces, seconds=work.seconds)
    before, after = forecast(work), forecast(with_one_more(work))
    if before is not None and after is not None:
        assert after.remaining.high_seconds >= before.remaining.high_seconds * 0.999


@given(st.lists(SECONDS, min_size=1, max_size=8), st.floats(2.0, 10.0))
def test_a_slower_history_never_makes_it_faster(seconds: list[float], times: float) -> None:
    def left(history: list[float]) -> float:
        piece = Piece(name="a", state=PieceState.LEFT, history=tuple(history))
        return told(Work(pieces=(piece,), seconds=0.0)).remaining.median_seconds

    assert left([times * one for one in seconds]) >= left(seconds)


def test_nothing_known_is_unknown() -> None:
    begun = Work(pieces=(Piece(name="a", state=PieceState.LEFT),), seconds=5.0)
    endless = Work(
        pieces=(Piece(name="a", state=PieceState.DONE, seconds=5.0),),
        seconds=5.0,
        is_counted=False,
    )
    assert forecast(begun) is None
    assert forecast(endless) is None


def test_it_goes_from_the_history_to_its_own_pace() -> None:
    def after(done: int) -> Forecast:
        """A run that is three times slower than ever before."""
        pieces = [
            Piece(
                name=f"{place}",
                state=PieceState.DONE if place < done else PieceState.LEFT,
                seconds=30.0 if place < done else 0.0,
                history=(10.0,) * 5,
            )
            for place in range(20)
        ]
        return told(Work(pieces=tuple(pieces), seconds=30.0 * done))

    each = [after(done).remaining.median_seconds / (20 - done) for done in (0, 2, 10)]
    assert 8 < each[0] < 14 < each[1] < each[2]
    assert each[2] > 16  # nearer to its own 30 than to the 10 of before
    assert (after(0).pace, after(2).pace) == (Pace.HISTORY, Pace.BOTH)


def test_steps_side_by_side_take_as_long_as_the_longer_way() -> None:
    def piece(name: str, seconds: float, *needs: str) -> Piece:
        return Piece(name=name, state=PieceState.LEFT, history=(seconds,) * 30, needs=needs)

    pieces = (piece("a", 10), piece("b", 100, "a"), piece("c", 10, "a"), piece("d", 10, "b", "c"))
    assert 100 < told(Work(pieces=pieces, seconds=0.0)).remaining.median_seconds < 145


def test_a_list_that_always_grew_is_expected_to_grow() -> None:
    pieces = tuple(Piece(name=f"{n}", state=PieceState.DONE, seconds=10.0) for n in range(4))
    past = tuple(PastRun(seconds=100.0, pieces=10) for _ in range(5))
    left = told(Work(pieces=pieces, seconds=40.0, past=past)).remaining
    assert left.low_seconds > 20
    assert left.high_seconds < 120


def test_a_range_is_told_in_one_unit() -> None:
    def text(low: float, high: float) -> str:
        return describe(
            Remaining(low_seconds=low, median_seconds=(low + high) / 2, high_seconds=high)
        )

    assert text(20, 40) == "about 20–40 s"
    assert text(3600, 10800) == "about 1–3 h"
    assert text(0.2, 0.2) == "about 1 s"
    assert text(20, 600) == "up to 10 min"
    assert describe(None) == "unknown"
