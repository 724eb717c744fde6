"""`holdfast questions` and `holdfast answer`: what waits for a person."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.terminal.answers import typed_answer
from holdfast.terminal.words import ago, short


def questions(
    everything: Annotated[bool, typer.Option("--all", help="Show settled questions too.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print what each question shows, such as the SQL to run.")
    ] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List the questions that wait for an answer."""

    async def work() -> list[dict[str, Any]]:
        async with connected(venture) as (hf, _):
            return await hf.questions(open_only=not everything)

    found = run_async(work())
    if as_json:
        print_json(found)
        return
    if not found:
        console.print(
            "Nobody waits for you. A gate or `sup.ask(…)` puts its question here.", style="quiet"
        )
        return
    table = rows_table("id", "status", "asked", "by", "question", "options", right=("asked",))
    for row in found:
        options = " | ".join(str(option) for option in row["options"] or ["any JSON"])
        table.add_row(
            short(row["id"]),
            Text(row["status"], style="buoy" if row["status"] == "open" else "quiet"),
            ago(row["created_at"]),
            row["asker"] or "",
            row["message"],
            options,
        )
    console.print(table)
    if show:
        for row in found:
            if row["context"].get("text"):
                console.print(
                    f"\n{short(row['id'])} shows {row['context'].get('file', '')}:", style="quiet"
                )
                console.print(Text(row["context"]["text"]))
    console.print("Answer with: holdfast answer ID VALUE", style="quiet")


def answer(
    question: Annotated[str, typer.Argument(help="The question's id, or the end of it.")],
    value: Annotated[str, typer.Argument(help="One of its options; else JSON, or a text.")],
    by: Annotated[
        str | None, typer.Option("--by", help="Who answers; unset means your user name.")
    ] = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Answer a question."""

    async def work() -> Any:
        async with connected(venture) as (hf, venture_id):
            question_id = await find_id(hf, venture_id, "question", question)
            asked = next(
                (q for q in await hf.questions(open_only=False) if q["id"] == question_id), None
            )
            given = typed_answer(value, asked["options"] if asked else None)
            await hf.answer(question_id, given, answered_by=by or getpass.getuser())
            return {"question_id": question_id, "answer": given}

    told = run_async(work())
    if as_json:
        print_json(told)
    else:
        console.print(f"{short(told['question_id'])} answered: {told['answer']}")
