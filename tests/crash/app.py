"""The program whose supervisors and functions the workers of these tests run."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

from holdfast import Run, Supervisor, connect

hf = connect()


@hf.supervisor("wait")
async def wait(sup: Supervisor) -> str:
    """Wait until the file is there that its input names."""
    await sup.step("begin", lambda: "begun")
    await _until_there(Path(sup.input["file"]))
    return "done"


@hf.supervisor("die")
async def die(sup: Supervisor) -> None:
    """Take the worker along."""
    await sup.save(activity="dying")
    os.kill(os.getpid(), signal.SIGKILL)


@hf.supervisor("get on and die")
async def get_on_and_die(sup: Supervisor) -> str:
    """Die six times, a step further each time."""
    deaths = 6
    for number in range(deaths):
        first_time = await sup.step(f"step {number}", lambda attempt: attempt == 1)
        if first_time and sup.restoration_count == number:
            os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


@hf.supervisor("block")
async def block(sup: Supervisor) -> int:
    """Block the event loop for several leases."""
    time.sleep(sup.input["seconds"])  # noqa: ASYNC251 - what this is about
    await sup.save(activity="after")
    return sup.restoration_count


@hf.supervisor("steps")
async def steps(sup: Supervisor) -> None:
    """Note every step in a file before it is kept."""
    for number in range(sup.input["steps"]):
        await sup.step(f"step {number}", lambda n=number: n)
        await sup.save(activity=f"after step {number}", progress=number)
        _add_line(Path(sup.input["file"]), str(number))


@hf.supervisor("converse")
async def converse(sup: Supervisor) -> dict[str, Any]:
    """Come by every save point once."""
    talk = sup.conversation
    await sup.phase("sound")
    if not await talk.messages():
        await talk.append({"role": "user", "content": "How deep is it?"})
    [depth] = await sup.gather([await sup.spawn("sound the depth")])
    answer = await sup.ask("Deep enough?", options=["deployed"])
    if len(await talk.messages()) == 1:
        await talk.append({"role": "assistant", "content": [depth, answer]})
    if not await sup.recall():
        await sup.checkpoint({"depth": depth})
    return {"messages": await talk.messages(), "kept": await sup.recall()}


@hf.callable("sound the depth")
async def sound_the_depth(run: Run) -> int:
    """Take long enough for a heartbeat."""
    await asyncio.sleep(0.8)
    return 12


@hf.supervisor("bad result")
async def bad_result(sup: Supervisor) -> Any:
    """Give, as a step's or its own result, what the database does not keep."""
    value = _BAD[sup.input["what"]]
    return await sup.step("make", lambda: value) if sup.input["in_step"] else value


@hf.callable("bad result")
async def bad_execution_result(run: Run, what: str) -> Any:
    """The same for an execution."""
    return _BAD[what]


@hf.callable("raise")
def raises(run: Run) -> None:
    """Fail, in a thread."""
    run.log("about to fail")
    raise LookupError("no such source")


@hf.callable("wait")
async def wait_in_execution(run: Run, file: str) -> int:
    """Wait until a file is there."""
    run.log("waiting")
    await run.flush()
    await _until_there(Path(file))
    return run.attempt


@hf.callable("note")
async def note(run: Run, file: str) -> None:
    """Add a line to a file, in one write."""
    _add_line(Path(file), str(run.id))


def _add_line(file: Path, line: str) -> None:
    with file.open("a") as noted:
        noted.write(f"{line}\n")


async def _until_there(file: Path) -> None:
    while not file.exists():
        await asyncio.sleep(0.05)


_BAD = {
    "not JSON": {"when": object()},
    "too large": "x" * 2_000_000,
    "nul": "a\0b",
    "nan": float("nan"),
}
