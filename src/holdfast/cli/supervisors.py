"""`holdfast supervisor`: how coordinators stand, what their restorations found, and bringing them back."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.cli._restorations import print_findings, print_restoration
from holdfast.model.states import SupervisorState
from holdfast.terminal.marks import state_text
from holdfast.terminal.words import ago, short

app = typer.Typer(
    help="Supervisors: durable coordinators, and bringing them back.", no_args_is_help=True
)

SupervisorArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The supervisor's id, or the end of it.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; it is kept.")]
_MOST = 200
_CHECKPOINTS_SHOWN = 20


@app.command("list")
def list_supervisors(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    state: Annotated[
        SupervisorState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List supervisors, newest first."""

    async def work() -> list[Any]:
        async with connected(venture) as (hf, venture_id):
            only_open = not everything and state is None
            return await hf.engine.read(
                "list_supervisors", venture_id, None, _MOST, state, None, None, only_open
            )

    rows = run_async(work())
    if as_json:
        print_json(rows)
    elif not rows:
        told = "." if everything or state else " at work; --all shows those that are over."
        console.print(
            f"There is no supervisor{told} hf.start(…) or a plan begins one.", style="quiet"
        )
    else:
        console.print(_table(rows))


@app.command()
def show(
    supervisor: SupervisorArgument, as_json: JsonOption = False, venture: VentureOption = None
) -> None:
    """Show one supervisor: its state, its checkpoints, and what each restoration found."""

    async def work() -> dict[str, Any]:
        async with connected(venture) as (hf, venture_id):
            id_ = await find_id(hf, venture_id, "supervisor", supervisor)
            [row] = await hf.engine.read("one_supervisor", venture_id, id_)
            page = (venture_id, id_, None, _CHECKPOINTS_SHOWN)
            return {
                "supervisor": row,
                "steps": await hf.engine.read(
                    "list_supervisor_steps", venture_id, id_, None, None, _MOST
                ),
                "checkpoints": await hf.engine.read("list_checkpoints", *page),
                "restorations": await hf.engine.read("restorations", venture_id, id_),
            }

    told = run_async(work())
    if as_json:
        print_json(told)
    else:
        _print_story(told)


@app.command()
def restore(
    supervisor: SupervisorArgument,
    *,
    checkpoint: Annotated[
        int | None,
        typer.Option("--from", help="Go back to this checkpoint; unset means where it stands."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would do, and why.")
    ] = False,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Have a supervisor taken up again, from where it stands or from a checkpoint. Whoever holds it loses it."""
    if dry_run:
        _preview(supervisor, checkpoint, as_json, venture)
        return
    given = {"from": checkpoint, "reason": reason}
    id_ = _do("restore_supervisor", supervisor, venture, as_json, **given)
    if not as_json:
        console.print(f"{short(id_)} is given to the next worker, which restores it.")


@app.command()
def rewind(
    supervisor: SupervisorArgument,
    checkpoint: Annotated[int, typer.Argument(help="The checkpoint to go back to.")],
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Take a supervisor back to a checkpoint at once, and leave it paused so that you can look."""
    given = {"to": checkpoint, "reason": reason}
    id_ = _do("rewind_supervisor", supervisor, venture, as_json, **given)
    if not as_json:
        console.print(f"{short(id_)} stands on checkpoint {checkpoint} and is paused.")
        console.print(f"Let it go on with: holdfast supervisor resume {short(id_)}", style="quiet")


@app.command()
def fork(
    supervisor: SupervisorArgument,
    checkpoint: Annotated[
        int | None, typer.Option("--from", help="The checkpoint; unset means where it stands.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the new one is called.")] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Begin another supervisor with what one had at a checkpoint; the first is left as it is."""

    async def work() -> UUID:
        async with connected(venture) as (hf, venture_id):
            id_ = await find_id(hf, venture_id, "supervisor", supervisor)
            given: dict[str, Any] = {"supervisor_id": id_, "from": checkpoint, "name": name}
            made: UUID = await hf.engine.call_value(
                "fork_supervisor", **given, venture_id=venture_id
            )
            return made

    made = run_async(work())
    if as_json:
        print_json({"supervisor_id": made})
    else:
        console.print(f"{short(made)} goes on from there; a worker takes it up.")


@app.command()
def checkpoint(
    supervisor: SupervisorArgument,
    label: Annotated[str | None, typer.Option("--label", help="What to call it.")] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Make a save point now, to be able to come back to it."""

    async def work() -> int:
        async with connected(venture) as (hf, venture_id):
            id_ = await find_id(hf, venture_id, "supervisor", supervisor)
            number: int = await hf.engine.call_value(
                "request_checkpoint", supervisor_id=id_, label=label, venture_id=venture_id
            )
            return number

    number = run_async(work())
    if as_json:
        print_json({"checkpoint": number})
    else:
        console.print(f"checkpoint {number}")


@app.command()
def pause(
    supervisor: SupervisorArgument,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Take a supervisor from its worker until it is resumed; what it spawned goes on."""
    id_ = _do("pause_supervisor", supervisor, venture, as_json, reason=reason)
    if not as_json:
        console.print(f"{short(id_)} is paused.")


@app.command()
def resume(
    supervisor: SupervisorArgument,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Let a worker take a paused supervisor up again."""
    id_ = _do("resume_supervisor", supervisor, venture, as_json, reason=reason)
    if not as_json:
        console.print(f"{short(id_)} goes on.")


@app.command()
def stop(
    supervisor: SupervisorArgument,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """End a supervisor as failed, with its plan, its executions and its questions."""
    id_ = _do("stop_supervisor", supervisor, venture, as_json, reason=reason)
    if not as_json:
        console.print(f"{short(id_)} is stopped.")


def _do(
    function: str, supervisor: str, venture: str | None, as_json: bool, **given: Any
) -> UUID:  # fmt: skip
    """Call an operator's function; gives the supervisor's id."""

    async def work() -> tuple[UUID, int]:
        async with connected(venture) as (hf, venture_id):
            id_ = await find_id(hf, venture_id, "supervisor", supervisor)
            seq = await hf.engine.call_value(
                function, supervisor_id=id_, venture_id=venture_id, **given
            )
            return id_, seq

    id_, seq = run_async(work())
    if as_json:
        print_json({"supervisor_id": id_, "seq": seq})
    return id_


def _preview(supervisor: str, checkpoint: int | None, as_json: bool, venture: str | None) -> None:
    async def work() -> Any:
        async with connected(venture) as (hf, venture_id):
            id_ = await find_id(hf, venture_id, "supervisor", supervisor)
            given: dict[str, Any] = {"supervisor_id": id_, "from": checkpoint}
            return await hf.engine.call_value("preview_restoration", **given, venture_id=venture_id)

    told = run_async(work())
    if as_json:
        print_json(told)
        return
    source = told["source"].replace("_", " ")
    console.print(Text(f"would be restored: {source}; {_OUTCOMES[told['outcome']]}", style="buoy"))
    print_findings(told["findings"])
    if told["outcome"] == "went_on":
        console.print(Text(f"\nits agent would be told:\n{told['context']}"))
    console.print("Nothing was changed.", style="quiet")


_OUTCOMES = {
    "went_on": "it would go on",
    "asked": "it would stop and ask a person",
    "finished": "it would end",
}


def _state_of(row: Any) -> str:
    if row["interrupted"]:
        return "interrupted"
    return "paused" if row["paused_at"] else str(row["state"])


def _table(rows: list[Any]) -> Any:
    table = rows_table(
        *("id", "supervisor", "state", "doing", "restored", "checkpoint", "begun"),
        right=("restored", "checkpoint", "begun"),
    )
    for row in rows:
        table.add_row(
            short(row["id"]),
            Text(row["name"]),
            state_text(_state_of(row), console),
            Text(row["current_activity"] or ""),
            str(row["restoration_count"] or ""),
            str(row["checkpoint"] or ""),
            ago(row["created_at"]),
        )
    return table


def _print_story(told: dict[str, Any]) -> None:
    row = told["supervisor"]
    console.print(
        Text.assemble((row["name"], "bold"), "  ", state_text(_state_of(row), console), (f"  {row['id']}", "quiet"))
    )  # fmt: skip
    for text in (row["current_activity"], row["error_message"], row["pause_reason"]):
        if text:
            console.print(Text(text))
    beat = f"beat {ago(row['heartbeat_at'])} ago" if row["heartbeat_at"] else "never held"
    holder = f"held by {row['lease_holder']}" if row["lease_holder"] else "held by nobody"
    console.print(Text(f"{holder}, {beat}, restored {row['restoration_count']}×", style="quiet"))  # fmt: skip
    steps = [step for step in told["steps"] if step["dropped_at"] is None]
    if steps:
        names = ", ".join(f"{step['name']} ({step['status']})" for step in steps)
        console.print(Text(f"steps: {names}"))
    if told["checkpoints"]:
        console.print(_checkpoints(told["checkpoints"], row["checkpoint"]))
    for restoration in told["restorations"]:
        print_restoration(restoration)


def _checkpoints(rows: list[Any], stands_on: int | None) -> Any:
    table = rows_table("checkpoint", "on", "made at", "label", "texts", "age", right=("checkpoint", "on", "texts", "age"))  # fmt: skip
    for row in rows:
        table.add_row(
            f"{'* ' if row['number'] == stands_on else ''}{row['number']}",
            str(row["parent"] or ""),
            row["reason"],
            Text(row["label"] or ""),
            str(row["blobs"] or ""),
            ago(row["created_at"]),
        )
    return table
