"""The main job, from end to end: a plan whose worker is killed with SIGKILL in the middle, and which ends all the same.

It plays the people: it starts and kills workers, deploys the migration by hand when the gate asks for it, and answers
with the command that a person types. It ends non-zero if anything differs from what must be.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from _demo_checks import differences
from _demo_database import habits_database
from rich.console import Console

import holdfast
from holdfast.live.cursor import Cursor

HERE = Path(__file__).parent
HOME = Path.cwd() / ".holdfast" / "demo"
WORK = HOME / "work"
LEASE_SECONDS = 2.0
SEED = 7
console = Console(highlight=False)


async def main() -> int:
    """Run the demo; gives the exit code."""
    os.environ.setdefault("HOLDFAST_LEASE_SECONDS", str(LEASE_SECONDS))
    if "HOLDFAST_DATABASE_URL" in os.environ:
        await holdfast_command("db", "migrate")
    else:
        os.environ.setdefault("HOLDFAST_DATA_DIR", str(HOME / "postgres"))
    say(
        "PostgreSQL",
        "starting" if "HOLDFAST_DATABASE_URL" not in os.environ else "the given server",
    )
    async with holdfast.connect() as hf:
        os.environ["HABITS_DATABASE_URL"] = await habits_database(hf.engine.url)
        await program("generate.py", "--seed", str(SEED), "--work", str(WORK))
        planted = json.loads((WORK / "planted.json").read_text())
        say(
            "habits",
            f"a database whose rows break {len(planted['constraints'])} constraints to come, seed {SEED}",
        )
        story = await play(hf)
    return tell_end(story, planted)


async def play(hf: holdfast.Holdfast) -> dict[str, Any]:
    """Start the plan, kill its worker in the middle, answer its gate; gives the plan's story."""
    begin = await hf.position()
    started = json.loads(
        await holdfast_command(
            "run", str(HERE / "habits.yaml"), "--detach", "--work-dir", str(WORK), "--json"
        )
    )
    plan_id = started["id"]
    say("plan", f"habits is started as {started['sd_key']}")
    workers = Workers()
    try:
        await workers.start()
        await follow(hf, begin, started, workers)
    finally:
        await workers.stop()
    console.print("\n" + await holdfast_command("plan", plan_id), end="")
    return dict(
        json.loads(await holdfast_command("plan", plan_id, "--json")), killed=workers.killed
    )


async def follow(
    hf: holdfast.Holdfast, begin: Cursor, started: dict[str, str], workers: Workers
) -> None:
    """Tell the events as they happen, and do at each what a person, or misfortune, would."""
    reviews = 0
    async for event, _ in hf.events(since=begin):
        if str(event.stream_id) not in (started["id"], started["supervisor_id"]):
            continue
        if event.stream == "plan":
            tell_plan_event(event)
            if event.type == "plan.step_running" and event.data["step"] == "review":
                reviews += 1
                if reviews == 2 and not workers.killed:  # in the middle: the second review
                    await workers.kill()
                    await workers.start()
        elif event.type in ("supervisor.completed", "supervisor.failed"):
            return
        elif event.type == "supervisor.restored":
            tell_restoration(event)
        elif event.type == "question.asked":
            await deploy_and_answer(event.data["question_id"], event.data["message"])


def tell_plan_event(event: holdfast.Event) -> None:
    """One line for a move of the plan."""
    data = event.data
    if event.type == "plan.sent_back":
        open_ones = [finding for finding in data["findings"] if not finding.get("waived")]
        say(
            "sent back",
            f"{data['from']} → {data['to']}: {open_ones[0]['message'] if open_ones else ''}",
            "yellow",
        )
    elif event.type.startswith("plan.step_"):
        state = event.type.removeprefix("plan.step_")
        more = f": {data['reason']}" if "reason" in data else ""
        more += f": exit code {data['exit_code']}" if state == "verified" else ""
        style = {"failed": "red", "completed": "green", "waiting": "yellow"}.get(state, "")
        say(state, f"{data['title']} (round {data['round']}){more}", style)


def tell_restoration(event: holdfast.Event) -> None:
    """What was found, and what was done about each finding."""
    say(
        "restored",
        f"for the {event.data['number']}. time, because of {event.data['source'].replace('_', ' ')}",
        "yellow",
    )
    for finding in event.data["findings"]:
        found = finding["finding"].replace("_", " ")
        console.print(
            f"{'':12}{found}: {finding['subject']} → {finding['action']} ({finding['reason']})",
            style="dim",
        )


async def deploy_and_answer(question_id: str, message: str) -> None:
    """What a person does at the gate: run the SQL, and say so."""
    say("question", message, "yellow")
    console.print(await holdfast_command("questions"), end="", style="dim")
    await program("deploy.py", "--work", str(WORK))
    say("by hand", "migration.sql is run; holdfast answer … deployed")
    await holdfast_command("answer", question_id, "deployed")


def tell_end(story: dict[str, Any], planted: dict[str, Any]) -> int:
    """The plan with its times, restorations, questions and evidence; then whether all is as it must be."""
    wrong = differences(story, planted, WORK)
    for line in wrong:
        say("DIFFERS", line, "red")
    if not wrong:
        say("as it must be", "the plan ended as it would have without the kill", "green")
    plan_id = story["plan"]["id"]
    console.print(
        f"\nLook further:  export HOLDFAST_DATA_DIR={os.environ.get('HOLDFAST_DATA_DIR', '')}\n"
        f"               .venv/bin/holdfast plan {plan_id[-8:]}\n"
        f"               .venv/bin/holdfast events\n"
        f"               {WORK.relative_to(Path.cwd())}/migration.sql and verified.json"
    )
    return 1 if wrong else 0


class Workers:
    """The worker processes of the demo, one at a time."""

    def __init__(self) -> None:
        self.killed: list[int] = []
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start a worker."""
        self._process = await asyncio.create_subprocess_exec(
            *HOLDFAST,
            "worker",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        say("worker", f"process {self._process.pid} starts")

    async def kill(self) -> None:
        """Kill it as a power cut would: no handler runs, nothing is tidied up."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        self.killed.append(self._process.pid)
        say("SIGKILL", f"process {self._process.pid} is dead in the middle of its work", "bold red")

    async def stop(self) -> None:
        """Ask it to give its work back and end."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


HOLDFAST = (sys.executable, "-m", "holdfast")


async def holdfast_command(*arguments: str) -> str:
    """Run the command line as a person would; gives what it printed."""
    return await run(*HOLDFAST, *arguments)


async def program(name: str, *arguments: str) -> str:
    """Run one of the example's programs by hand."""
    return await run(sys.executable, str(HERE / name), *arguments)


async def run(*command: str) -> str:
    """Run a program to its end; its failure ends the demo."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise SystemExit(
            f"error: {' '.join(command[1:])} ended with exit code {process.returncode}"
        )
    return output.decode()


def say(what: str, text: str, style: str = "") -> None:
    """One line of the story."""
    console.print(f"{what:>11} ", style=style or "bold", end="")
    console.print(text, style=style, soft_wrap=True)


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        sys.exit(asyncio.run(main()))
    except holdfast.HoldfastError as error:
        sys.exit(f"error: {error.message}\nnext:  {error.hint}")
