"""`holdfast questions`, `holdfast answer` and `holdfast question`: what waits for a person."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_error, print_json, print_note, rows_table
from holdfast.cli._question import ask_for_answer, print_question
from holdfast.errors import InvalidValue
from holdfast.terminal.answers import told_audience, told_form, told_value, typed_answer
from holdfast.terminal.words import ago, short

app = typer.Typer(name="question", help="One question: show it, withdraw it.", no_args_is_help=True)
_Question = Annotated[str, typer.Argument(help="The question's id, or the end of it.")]
_By = Annotated[str | None, typer.Option("--by", help="Who you are; unset means your user name.")]


def questions(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show settled questions too.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only what is for you.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print what each question shows, such as the SQL to run.")
    ] = False,
    by: _By = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List the questions that wait for an answer, the oldest first."""

    async def work() -> list[dict[str, Any]]:
        async with connected(venture) as (hf, _):
            return await hf.questions(
                open_only=not everything, mine=mine, person=by or getpass.getuser()
            )

    found = run_async(work())
    if as_json:
        print_json(found)
        return
    if not found:
        console.print(
            "Nobody waits for you. A gate or `sup.ask(…)` puts its question here.", style="quiet"
        )
        return
    _print_list(found)
    if show:
        _print_shown(found)
    console.print("Answer with: holdfast answer ID", style="quiet")


def _print_list(found: list[dict[str, Any]]) -> None:
    columns = ("id", "status", "asked", "by", "for", "question", "answers", "waits for it")
    table = rows_table(*columns, right=("asked",))
    for row in found:
        table.add_row(
            short(row["id"]),
            Text(row["status"], style="buoy" if row["status"] == "open" else "quiet"),
            ago(row["created_at"]),
            row["asker"] or "",
            told_audience(row["audience"]),
            row["message"],
            told_form(row["options"], row["schema"]),
            ", ".join(one["name"] for one in row["blocks"]),
        )
    console.print(table)


def _print_shown(found: list[dict[str, Any]]) -> None:
    for row in found:
        if row["context"].get("text"):
            console.print(f"\n{short(row['id'])} shows {row['context'].get('file', '')}:", style="quiet")  # fmt: skip
            console.print(Text(row["context"]["text"]))


def answer(
    question: _Question,
    value: Annotated[
        str | None,
        typer.Argument(help="One of its options; else JSON, or a text. Unset: you are asked."),
    ] = None,
    by: _By = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Answer a question; without a value you fill in its form."""
    person = by or getpass.getuser()

    async def work() -> Any:
        async with connected(venture) as (hf, venture_id):
            question_id = await find_id(hf, venture_id, "question", question)
            asked = await hf.question(question_id, venture=venture, person=person)
            given = value and typed_answer(value, asked["options"], asked["schema"])
            while True:
                try:
                    told = ask_for_answer(asked) if value is None else given
                    await hf.answer(
                        question_id,
                        told,
                        venture=venture,
                        answered_by=person,
                        action_digest=asked["action_digest"],
                    )
                    return asked, told
                except InvalidValue as refusal:
                    if value is not None or not sys.stdin.isatty():
                        raise
                    print_error(refusal)

    asked, told = run_async(work())
    if as_json:
        print_json({"question_id": asked["id"], "answer": told})
        return
    console.print(f"{short(asked['id'])} answered: {told_value(told)}")
    if not asked["is_mine"]:
        print_note(f"It was for {told_audience(asked['audience'])}; you answered as an owner.")


@app.command("show")
def show_one(
    question: _Question,
    by: _By = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Show all that is known of a question: whom it is for, its form, what waits for it, who was told."""

    async def work() -> dict[str, Any]:
        async with connected(venture) as (hf, venture_id):
            question_id = await find_id(hf, venture_id, "question", question)
            return await hf.question(question_id, venture=venture, person=by or getpass.getuser())

    found = run_async(work())
    if as_json:
        print_json(found)
    else:
        print_question(found)


@app.command("withdraw")
def withdraw(
    question: _Question,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why; who answers too late is told.")
    ] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Withdraw an open question for its asker, who goes on without an answer."""

    async def work() -> Any:
        async with connected(venture) as (hf, venture_id):
            question_id = await find_id(hf, venture_id, "question", question)
            await hf.withdraw(question_id, reason=reason, venture=venture)
            return question_id

    withdrawn = run_async(work())
    if as_json:
        print_json({"question_id": withdrawn, "status": "withdrawn"})
    else:
        console.print(f"{short(withdrawn)} is withdrawn.")
