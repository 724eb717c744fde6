"""What is killed, and when: placed by the seed, counted in moves of the plans and in calls of the engine, not in seconds."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from random import Random

from tests.chaos.script import Plan
from tests.chaos.shapes import make_plans

# The calls between which a worker does its work; a kill before or after one finds the database in another state.
SAVE_POINTS = (
    *("claim_supervisors", "claim_executions", "start_session", "claim_directive", "renew_leases"),
    *("attach_supervisor", "save_supervisors", "advance_plan", "start_plan_step", "append_logs"),
    *("save_executions", "finish_execution", "complete_plan_step", "fail_plan_step", "reap"),
    *("send_plan_back", "deliver_answer", "acknowledge_answer", "open_gate", "verify_plan_step"),
    *("record_evidence", "finish_plan", "move_directive_phase", "move_directive", "end_session"),
    *(
        "finish_supervisor",
        "skip_plan_step",
        "expand_plan_step",
        "settle_items",
        "release_plan_step",
    ),
    *("check_condition", "record_condition", "undo_plan_step", "settle_undo", "finish_rollback"),
)
# Every step of a plan makes about so many moves.
MOVES_A_STEP = 4


class Harm(StrEnum):
    """What is done to whom."""

    SUPERVISOR = "runner killed"  # the worker that runs a plan
    EXECUTOR = "executor killed"  # the worker that runs one of its steps
    SAVE_POINT = "killed at a save point"
    PROGRAM = "agent process killed"
    FROZEN = "worker frozen"
    POSTGRES = "PostgreSQL killed"
    GATEWAY = "gateway killed"
    CUT = "network cut"
    STALLED = "network stalled"
    LOST_ANSWER = "answer lost"
    PAUSED = "plan paused"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kill:
    """One harm: when so many moves were made in all plans, to the plan or worker of that number."""

    harm: Harm
    at_move: int
    subject: int
    leases: float
    """For how many lease times it lasts, where it lasts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bout:
    """Some plans that run at once, and what is done to them."""

    seed: int
    number: int
    plans: tuple[Plan, ...]
    kills: tuple[Kill, ...]
    save_points: tuple[tuple[str, ...], ...]
    """For each worker: where it dies, where the one after it dies, …"""
    through_gateway: bool
    """Whether the person and the last worker work through a server."""


def make_bout(seed: int, number: int, *, plans: int, workers: int, kills: int) -> Bout:
    """The bout of that number; the same arguments give the same one."""
    rng = Random(f"{seed}/{number}")
    made = tuple(make_plans(rng, plans))
    through_gateway = rng.random() < 0.3
    possible = [harm for harm in _WEIGHTS if through_gateway or harm is not Harm.GATEWAY]
    moves = MOVES_A_STEP * sum(len(plan.steps) for plan in made)
    return Bout(
        seed=seed,
        number=number,
        plans=made,
        kills=tuple(
            sorted(
                (_kill(rng, possible, moves) for _ in range(kills)), key=lambda kill: kill.at_move
            )
        ),
        save_points=tuple(_save_points(rng) for _ in range(workers)),
        through_gateway=through_gateway,
    )


_WEIGHTS = {
    Harm.SUPERVISOR: 4,
    Harm.EXECUTOR: 4,
    Harm.FROZEN: 2,
    Harm.POSTGRES: 2,
    Harm.GATEWAY: 4,
    Harm.CUT: 2,
    Harm.STALLED: 1,
    Harm.LOST_ANSWER: 2,
    Harm.PAUSED: 2,
}


def _kill(rng: Random, possible: list[Harm], moves: int) -> Kill:
    return Kill(
        harm=rng.choices(possible, [_WEIGHTS[harm] for harm in possible])[0],
        at_move=rng.randint(1, moves),
        subject=rng.randrange(1000),
        leases=round(rng.uniform(0.2, 2.0), 1),
    )


def _save_points(rng: Random) -> tuple[str, ...]:
    return tuple(
        f"{rng.choice(['before', 'after'])} {rng.choice(SAVE_POINTS)} {rng.randint(1, 3)}"
        for _ in range(rng.randint(1, 3))
    )
