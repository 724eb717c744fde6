"""Comparing what came out with what had to: in the plans' rows, in the ledgers of their effects, in the events."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos import rollbacks
from tests.chaos.model import SKIPPED, Round, StepFate, foretell, play_round
from tests.chaos.reading import Reading
from tests.chaos.script import Comes, Means, Plan, Step

STEPS = "select * from holdfast.plan_steps where plan_id = $1 order by step_key, round"
EXECUTIONS = """
    select e.*, (select count(*) from holdfast.events v where v.stream_id = e.id
        and v.type in ('execution.completed', 'execution.failed', 'execution.cancelled')) as ends
    from holdfast.agent_executions e join holdfast.plans p on p.supervisor_id = e.supervisor_id where p.id = $1
"""
EVIDENCE = "select * from holdfast.plan_step_evidence where plan_id = $1"
QUESTIONS = "select * from holdfast.questions where plan_id = $1 order by id"
ENDS = """
    select p.status::text as plan, s.state::text as supervisor, d.status::text as directive,
        (select max(c.state::text) from holdfast.claude_sessions c where c.session_id = 'plan:' || p.id) as session,
        (select count(*) from holdfast.directive_claims c where c.directive_id = p.directive_id and c.session_id is not null) as claims
    from holdfast.plans p join holdfast.supervisor_states s on s.id = p.supervisor_id
    join holdfast.directives d on d.id = p.directive_id where p.id = $1
"""
ANSWER_EVENTS = """
    select e.type, e.data ->> 'question_id' as question_id, count(*) as times from holdfast.events e
    where e.type like 'question.%' group by 1, 2
"""
CONDITIONS = "select * from holdfast.plan_conditions where plan_id = $1"
MOVES = """
    select type, data ->> 'step' as step, data ->> 'condition' as condition, (data ->> 'holds')::boolean as holds
    from holdfast.events where stream_id = $1 order by seq
"""
ROLLED_BACK = "select distinct stream_id from holdfast.events where type = 'plan.rolling_back'"
GAPS = """
    select stream::text, stream_id from holdfast.events group by 1, 2
    having min(seq) <> 1 or max(seq) <> count(*) or count(distinct seq) <> count(*)
"""


_SETTLED = ("asked", "answered", "delivered", "acknowledged")
# How a rollback may leave a question of what it took back.
_OVERTAKEN = ("withdrawn", "answered")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that a plan left behind."""

    ends: Any
    steps: list[Any]
    executions: list[Any]
    evidence: list[Any]
    questions: list[Any]
    conditions: list[Any]
    moves: list[Any]

    @property
    def was_rolled_back(self) -> bool:
        """Whether an operator has had some of it taken back."""
        return any(move["type"] == "plan.rolling_back" for move in self.moves)

    @property
    def worn_out(self) -> int:
        """How many executions the engine gave up on after too many deaths: no script foretells that."""
        return sum("died: the lease ran out" in (e["error_message"] or "") for e in self.executions)


async def read_outcome(reading: Reading, plan_id: UUID) -> Outcome:
    """What is in the database of a plan."""
    return Outcome(
        ends=(await reading.all(ENDS, plan_id))[0],
        steps=await reading.all(STEPS, plan_id),
        executions=await reading.all(EXECUTIONS, plan_id),
        evidence=await reading.all(EVIDENCE, plan_id),
        questions=await reading.all(QUESTIONS, plan_id),
        conditions=await reading.all(CONDITIONS, plan_id),
        moves=await reading.all(MOVES, plan_id),
    )


def faults_of(plan: Plan, outcome: Outcome, folder: Path) -> Iterator[str]:
    """Everything about a plan that is not as it must be."""
    if not outcome.worn_out:
        yield from _fate_faults(plan, outcome)
    if outcome.was_rolled_back and not outcome.worn_out:
        yield from rollbacks.faults_of(plan, outcome.steps, outcome.executions, outcome.moves)
    elif not outcome.was_rolled_back:
        yield from _run_faults(plan, outcome)
    yield from _end_faults(outcome)
    yield from _effect_faults(plan, outcome, folder)
    yield from _evidence_faults(outcome)
    yield from _limit_faults(plan, outcome)
    yield from _beginning_faults(plan, outcome)


def _fate_faults(plan: Plan, outcome: Outcome) -> Iterator[str]:
    fate = foretell(plan)
    over = "completed" if fate.status == "completed" else "blocked"
    ends = dict(outcome.ends)
    wanted = {
        "plan": fate.status,
        "supervisor": "completed",
        "directive": over,
        "session": "ended",
        "claims": 0,
    }
    if ends != wanted:
        yield f"it ended as {ends}, not as {wanted}"
    for step in plan.steps if not outcome.was_rolled_back else ():
        found = [
            (_status(row), row["attempt"]) for row in outcome.steps if row["step_key"] == step.id
        ]
        for item in range(1, step.items + 1):
            yield from _item_faults(step, item, outcome, found)
        if not _is_foretold(step, fate.steps[step.id], found, fate.status):
            told = [
                r["error_message"]
                for r in outcome.steps
                if r["step_key"] == step.id and r["error_message"]
            ]
            yield f"{step.id} went {found}, told {told}; foretold is {fate.steps[step.id]} by {step}"


def _item_faults(
    step: Step, item: int, outcome: Outcome, rounds: list[tuple[str, int]]
) -> Iterator[str]:
    """Each item of a foreach goes as the script says, once in each round that was completed."""
    key, before = f"{step.id}.{item}", 0
    found = [(_status(row), row["attempt"]) for row in outcome.steps if row["step_key"] == key]
    for ended, attempts in found:
        one = play_round(step, before)
        is_cut = ended in ("skipped", "open") and attempts < one.attempts
        if (ended, attempts) != (one.status, one.attempts) and not is_cut:
            yield f"{key} went {found}; foretold is {one} after {before} attempts"
        before += attempts
    done, wanted = (sum(one == "completed" for one, _ in each) for each in (found, rounds))
    if done < wanted:
        yield f"{key} was completed {done} times, its step {wanted} times"


def _status(row: Any) -> str:
    return "open" if row["status"] in ("pending", "ready") else str(row["status"])


def _is_foretold(step: Step, fate: StepFate, found: list[tuple[str, int]], status: str) -> bool:
    if not fate.is_loose:
        return found == [(one.status, one.attempts) for one in fate.rounds]
    before, last = 0, len(found)
    for number, (ended, attempts) in enumerate(found, 1):
        one = SKIPPED if step.when is False else play_round(step, before)
        if step.items and step.when is not False:
            one = Round(status="completed", attempts=1)
        is_cut = (attempts < one.attempts or one == SKIPPED) and (
            (ended == "skipped" and number < last)  # sent back before it began
            or (ended == "open" and number == last and status == "failed")
        )
        if step.items and ended == "failed" and (number < last or status == "failed"):
            is_cut = True  # sent back, or its plan was over, before all its items were begun
        if (ended, attempts) == ("skipped", 0) and SKIPPED in fate.rounds[number - 1 : number]:
            is_cut = True  # what it needs has failed
        if (ended, attempts) != (one.status, one.attempts) and not is_cut:
            return False
        before += attempts
    return fate.fewest_rounds <= last <= fate.most_rounds


def _run_faults(plan: Plan, outcome: Outcome) -> Iterator[str]:
    """Each attempt has what belongs to it, once: its question, its work, its verification, its evidence."""
    found = Counter(e["key"] for e in outcome.executions)
    found.update(_question_key(q["key"]) for q in outcome.questions)
    found.update(
        f"{e['step_key']}#{e['round']}.{e['attempt']}/evidence {int(e['exit_code'] == 0)}"
        for e in outcome.evidence
    )
    wanted = Counter(key for step in plan.steps for key in _wanted_runs(plan, step, outcome))
    wanted.update(
        f"checklist/{condition['condition_id']}#{number}"
        for condition in outcome.conditions
        for number in range(1, condition["checks"] + 1)
    )
    if outcome.worn_out:
        found = Counter({key: count for key, count in found.items() if count > 1})
        wanted = Counter()
    for key in sorted(found.keys() | wanted.keys()):
        if found[key] != wanted[key]:
            yield f"{key}: {found[key]} times, not {wanted[key]}"


def _end_faults(outcome: Outcome) -> Iterator[str]:
    for execution in outcome.executions:
        if execution["ends"] != 1:
            yield f"{execution['key']} ended {execution['ends']} times and is {execution['status']}"


def _question_key(key: str) -> str:
    return key if key.endswith(("/report", "/work")) else f"{key}/gate"


def _wanted_runs(plan: Plan, step: Step, outcome: Outcome) -> Iterator[str]:
    items = [f"{step.id}.{number}" for number in range(1, step.items + 1)]
    for key in items or [step.id]:
        number = 0
        for row in outcome.steps:
            if row["step_key"] != key:
                continue
            for attempt in range(1, row["attempt"] + 1):
                comes = step.comes_to(number)
                yield from _runs_of_attempt(step, f"{key}#{row['round']}.{attempt}", comes)
                number += 1
    if plan.asks_after_steps:
        for row in outcome.steps:
            if row["step_key"] == step.id and row["status"] == "completed":
                yield f"{step.id}#{row['round']}/report"


def _runs_of_attempt(step: Step, key: str, comes: Comes) -> Iterator[str]:
    if step.gated:
        yield f"{key}/gate"
    if comes is Comes.REJECTED:
        return
    if step.means is not Means.NOTHING:
        yield f"{key}/work"
    if step.verified and comes in (Comes.FINE, Comes.RED):
        yield f"{key}/verify"
        yield f"{key}/evidence {int(comes is Comes.FINE)}"


def _effect_faults(plan: Plan, outcome: Outcome, folder: Path) -> Iterator[str]:
    """The ledger has each execution's effect once, and the engine recorded that very one."""
    effects = {
        key: nonce
        for kind in ("work", "verify", "undo")
        for ledger in folder.glob(f"*.{kind}")
        for key, nonce in (line.split() for line in ledger.read_text().splitlines())
    }
    known = {str(execution["id"]): execution for execution in outcome.executions}
    for key in effects.keys() - known.keys():
        yield f"an effect of {key}, of which the engine knows nothing"
    for key, execution in known.items():
        told = _told(execution["result"])
        if told is None and execution["status"] == "completed":
            yield f"{execution['key']} completed without a result"
        if told is not None and told["nonce"] != effects.get(key):
            yield f"{execution['key']} has the effect {effects.get(key)} and recorded {told['nonce']}"
    completed = {row["step_key"]: row for row in outcome.steps if row["status"] == "completed"}
    for step in plan.steps:
        row = completed.get(step.id)
        if row is not None and step.is_run and not step.items:
            told, recorded = _told(row["result"]), effects.get(str(row["execution_id"]))
            if told is None or told["nonce"] != recorded:
                yield f"the step {step.id} has the result {told}; its effect is {recorded}"


def _told(result: Any) -> Any:
    """What an effect told of itself: a program's `::result`, a callable's value."""
    return result.get("result") if isinstance(result, dict) and "exit_code" in result else result


def _evidence_faults(outcome: Outcome) -> Iterator[str]:
    executions = {execution["id"]: execution for execution in outcome.executions}
    for row in outcome.evidence:
        run = executions.get(row["execution_id"])
        if run is None or run["result"]["exit_code"] != row["exit_code"]:
            yield f"the evidence of {row['step_key']} is not what its execution says"
    proven = {(row["step_key"], row["round"]) for row in outcome.evidence if row["exit_code"] == 0}
    for row in outcome.steps:
        if (
            row["status"] == "completed"
            and row["has_verification"]
            and (row["step_key"], row["round"]) not in proven
        ):
            yield f"{row['step_key']} is completed without evidence"


def _limit_faults(plan: Plan, outcome: Outcome) -> Iterator[str]:
    """Nothing begins before what it needs, and never more at once than the plan allows."""
    under_way: set[str] = set()
    done: set[str] = set()
    most = 0
    for move in outcome.moves:
        match move["type"], move["step"]:
            case "plan.step_running", step:
                under_way.add(step)
                for need in set(plan.step(step).needs) - done:
                    yield f"{step} began before {need} was done"
            case (("plan.step_completed" | "plan.step_skipped"), step):
                under_way.discard(step)
                done.add(step)
            case ("plan.step_expanded", step):
                under_way.discard(step)  # its items are counted
            case (("plan.step_failed" | "plan.step_waiting"), step):
                under_way.discard(step)  # who waits for a person takes nobody's place
                if plan.step(step).goes_on:
                    done.add(step)
        most = max(most, len(under_way))
    if plan.max_parallel is not None and most > plan.max_parallel:
        yield f"{most} steps were under way at once; max_parallel is {plan.max_parallel}"


def _beginning_faults(plan: Plan, outcome: Outcome) -> Iterator[str]:
    """All of its checklist holds when a plan begins."""
    holding: set[str] = set()
    for move in outcome.moves:
        if move["type"] == "plan.condition_checked":
            (holding.add if move["holds"] else holding.discard)(move["condition"])
        elif move["type"] == "plan.running":
            missing = len(plan.checklist) - len(holding)
            if missing:
                yield f"it began though {missing} of its conditions did not hold"
            return


async def faults_of_answers(reading: Reading, answered: dict[UUID, str]) -> list[str]:
    """Every answer that was taken is there and was told, delivered and acknowledged once."""
    told = {(r["type"], r["question_id"]): r["times"] for r in await reading.all(ANSWER_EVENTS)}
    questions = {q["id"]: q for q in await reading.all("select * from holdfast.questions")}
    rolled_back = {row["stream_id"] for row in await reading.all(ROLLED_BACK)}
    found = [
        f"the answer {answer} to {key} was taken, and {questions[key]['answer']} is kept"
        for key, answer in answered.items()
        if questions[key]["answer"] != answer
    ]
    for key, question in questions.items():
        if question["plan_id"] in rolled_back and question["status"] in _OVERTAKEN:
            continue
        is_over_time = question["status"] == "expired" and question["expires_at"] is not None
        if question["status"] != "acknowledged" and not is_over_time:
            found.append(f"the question {question['key']} is {question['status']}")
        if is_over_time and told.get(("question.answered", str(key))):
            found.append(f"the question {question['key']} was answered and is expired")
        for what in ["asked", "expired"] if is_over_time else _SETTLED:
            if (times := told.get((f"question.{what}", str(key)), 0)) != 1:
                found.append(f"the question {question['key']} was {what} {times} times")
    return found


async def faults_of_streams(reading: Reading) -> list[str]:
    """Streams whose events are not numbered 1, 2, 3 …"""
    return [f"the {row['stream']} {row['stream_id']} has a gap" for row in await reading.all(GAPS)]
