"""`make chaos`: made-up plans by the hundred, and all that can be killed is killed; says what it found."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from tests.chaos.arena import arena
from tests.chaos.bout import Verdict, fight
from tests.chaos.schedule import Harm, make_bout
from tests.chaos.telling import coverage_of, kills_table, make_progress, taken_up_table

PLANS_A_BOUT = 6
WORKERS = 3
KILLS_A_BOUT = 6
FAULTS_FOLDER = Path("chaos-faults")

console = Console()


class Campaign:
    """All bouts of a run."""

    def __init__(self, seed: int, numbers: list[int], progress: Progress, task: TaskID) -> None:
        self._seed = seed
        self._numbers = iter(numbers)
        self._progress = progress
        self._task = task
        self._began = time.monotonic()
        self.verdicts: dict[int, Verdict] = {}
        self.kills: Counter[Harm] = Counter()

    async def lane(self) -> None:
        """Fight bouts, one after the other, on a server of this lane's own."""
        async with arena() as place:
            for number in self._numbers:
                async with place.database() as database:
                    bout = make_bout(
                        self._seed, number, plans=PLANS_A_BOUT, workers=WORKERS, kills=KILLS_A_BOUT
                    )
                    self._note(number, await fight(bout, place.server, database))

    @property
    def faulty(self) -> dict[int, Verdict]:
        """The bouts that did not come out as they must."""
        return {number: verdict for number, verdict in self.verdicts.items() if verdict.faults}

    def _note(self, number: int, verdict: Verdict) -> None:
        self.verdicts[number] = verdict
        self.kills += verdict.kills
        if verdict.faults:
            self._tell_faults(number, verdict)
        done = sum(one.plans for one in self.verdicts.values())
        self._progress.update(
            self._task,
            completed=done,
            rate=f"{60 * done / (time.monotonic() - self._began):.0f} plans/min",
            kills=self.kills.total(),
            faults=sum(len(one.faults) for one in self.verdicts.values()),
        )

    def _tell_faults(self, number: int, verdict: Verdict) -> None:
        again = f"make chaos SEED={self._seed} BOUT={number}"
        FAULTS_FOLDER.mkdir(exist_ok=True)
        file = FAULTS_FOLDER / f"{self._seed}-{number}.txt"
        file.write_text("\n".join([again, *verdict.faults, *verdict.stories]) + "\n")
        self._progress.console.print(f"\n✕ bout {number}; again with: {again}", style="red")
        for fault in verdict.faults:
            self._progress.console.print(f"  {fault}", markup=False, highlight=False)
        self._progress.console.print(f"  the stories are in {file}", style="dim")


async def run(seed: int, numbers: list[int], lanes: int) -> int:
    """Fight the bouts of these numbers; gives the exit code."""
    with make_progress(console) as progress:
        task = progress.add_task(
            f"chaos, seed {seed}", total=len(numbers) * PLANS_A_BOUT, rate="", kills=0, faults=0
        )
        campaign = Campaign(seed, numbers, progress, task)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(lanes, len(numbers))):
                group.create_task(campaign.lane())
    _tell(seed, campaign)
    return int(bool(campaign.faulty))


def _tell(seed: int, campaign: Campaign) -> None:
    verdicts = list(campaign.verdicts.values())
    plans = sum(one.plans for one in verdicts)
    console.print(
        f"\n{plans} plans, seed {seed}: {len(campaign.faulty)} of {len(verdicts)} bouts with faults"
    )
    console.print(kills_table(campaign.kills))
    console.print()
    console.print(taken_up_table(s for one in verdicts for s in one.taken_up_seconds))
    console.print(f"died at {coverage_of(p for one in verdicts for p in one.save_points)}")
    repeated, rolled_back, worn_out = (
        sum(getattr(v, name) for v in verdicts)
        for name in ("repeated_runs", "rolled_back", "worn_out")
    )
    console.print(
        f"{repeated} runs of steps were done again; {rolled_back} plans were rolled back; "
        f"{worn_out} executions died too often to be tried again"
    )
    for number in campaign.faulty:
        console.print(f"again: make chaos SEED={seed} BOUT={number}", style="red")


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--plans", type=int, default=60, help="how many, at least")
    parser.add_argument("--seed", type=int, help="unset: one of chance, which is told")
    parser.add_argument("--bout", type=int, help="only the one of this number")
    parser.add_argument(
        "--lanes", type=int, default=2, help="how many bouts at once, each with a server"
    )
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    bouts = -(-given.plans // PLANS_A_BOUT)
    numbers = list(range(bouts)) if given.bout is None else [given.bout]
    return asyncio.run(run(seed, numbers, given.lanes))


if __name__ == "__main__":
    sys.exit(main())
