"""What waits for one client goes out in order, whoever writes it: the taker, or who puts it in."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from holdfast.live.outbox import Frame, Notice, Outbox


class _Network:
    """A client that has room now and then, and the task that writes to it what waits."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.at_once = 0
        self.room = asyncio.Event()
        self.room.set()
        self.outbox = Outbox(write_at_once=self._write_at_once)

    def _write_at_once(self, frame: Frame) -> bool:
        if not self.room.is_set():
            return False
        self._write(frame)
        self.at_once += 1
        return True

    def _write(self, frame: Frame) -> None:
        assert isinstance(frame, Notice)
        self.written.append(frame.fields["number"])

    async def take(self) -> None:
        while True:
            frames = await self.outbox.take()
            await self.room.wait()
            for frame in frames:
                self._write(frame)


def _frame(number: int) -> Notice:
    return Notice(fields={"number": number})


@given(st.lists(st.sampled_from(["put", "put", "full", "room", "turn"]), min_size=30, max_size=60))
def test_frames_are_written_in_the_order_in_which_they_were_put_in(actions: list[str]) -> None:
    async def act() -> list[int]:
        network = _Network()
        taking = asyncio.create_task(network.take())
        await asyncio.sleep(0)
        put = 0
        for action in actions:
            match action:
                case "put":
                    network.outbox.put(_frame(put))
                    put += 1
                case "full":
                    network.room.clear()
                case "room":
                    network.room.set()
                case "turn":
                    await asyncio.sleep(0)
        network.room.set()
        for _ in range(5):
            await asyncio.sleep(0)
        taking.cancel()
        assert len(network.written) == put
        return network.written

    written = asyncio.run(act())
    assert written == sorted(written)


async def test_a_client_that_has_room_is_written_to_at_once() -> None:
    network = _Network()
    taking = asyncio.create_task(network.take())
    await asyncio.sleep(0)
    network.outbox.put(_frame(0))
    network.outbox.put(_frame(1))
    assert (network.written, network.at_once) == ([0, 1], 2)
    taking.cancel()


async def test_what_cannot_be_written_at_once_is_left_to_the_taker() -> None:
    def fail(_: Frame) -> bool:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "as one client's frame may")

    outbox = Outbox(write_at_once=fail)
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    outbox.put(_frame(0))
    assert await taking == [_frame(0)]
