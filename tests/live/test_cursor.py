from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import InvalidValue
from holdfast.live.cursor import Cursor, Part, Place

EPOCH = "0123456789abcdef"


@st.composite
def places(draw: st.DrawFn, at_least: int = 0) -> Place:
    next_ = draw(st.integers(at_least, 2**62))
    xids = st.sets(st.integers(0, next_ - 1), max_size=5) if next_ else st.just(set())
    return Place(next=next_, in_flight=tuple(sorted(draw(xids))))


@st.composite
def cursors(draw: st.DrawFn) -> Cursor:
    seen = draw(places())
    epoch = draw(st.text("0123456789abcdef", min_size=16, max_size=16))
    if draw(st.booleans()):
        return Cursor(epoch=epoch, seen=seen)
    size = draw(st.integers(2, 10**9))
    part = Part(end=draw(places(seen.next)), delivered=draw(st.integers(1, size - 1)), size=size)
    return Cursor(epoch=epoch, seen=seen, part=part)


@given(cursors())
def test_a_cursor_is_the_same_after_it_was_written_and_read(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@given(cursors())
def test_the_text_of_a_cursor_needs_no_quotes_in_a_shell_or_an_address(cursor: Cursor) -> None:
    assert set(str(cursor)) <= set("0123456789abcdef_-")


def test_the_text_of_a_cursor_stays_what_it_is() -> None:
    part = Part(end=Place(next=90, in_flight=(88,)), delivered=3, size=17)
    cursor = Cursor(epoch=EPOCH, seen=Place(next=70, in_flight=(50, 69)), part=part)
    assert str(cursor) == f"{EPOCH}_70-20-1_90-2_3_17"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not of the form"),
        ("yesterday", "not of the form"),
        (f"{EPOCH}_12 ", "not of the form"),
        (f"{EPOCH}_12\n", "not of the form"),
        (f"{EPOCH}_١٢", "not of the form"),
        (f"{EPOCH}_12_13", "not of the form"),
        (f"{EPOCH}_9999999999999999999", "no transaction id"),
        (f"{EPOCH}_12-0", "ascending order"),
        (f"{EPOCH}_12-13", "ascending order"),
        (f"{EPOCH}_12-1-2", "ascending order"),
        (f"{EPOCH}_12-2-2", "ascending order"),
        (f"{EPOCH}_12_11_1_2", "ends before it begins"),
        (f"{EPOCH}_12_13_2_2", "not in the middle"),
        (f"{EPOCH}_12_13_0_2", "not in the middle"),
    ],
)
def test_what_is_no_cursor_is_refused_with_the_reason_and_the_next_step(
    text: str, why: str
) -> None:
    with pytest.raises(InvalidValue, match=why) as refused:
        Cursor.parse(text)
    assert refused.value.hint == "Give the cursor that an event came with, or `start`."


def test_a_long_text_that_is_no_cursor_is_not_repeated_in_full() -> None:
    with pytest.raises(InvalidValue) as refused:
        Cursor.parse("x" * 10_000)
    assert len(refused.value.message) < 200


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidValue):
        assert str(Cursor.parse(text))
