"""`holdfast token`: who comes in over HTTP, and as what."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.cli._times import length_of_time
from holdfast.terminal.words import ago, short

app = typer.Typer(
    name="token", help="Tokens by which programs come in over HTTP.", no_args_is_help=True
)


class Role(StrEnum):
    """What the bearer may do; each may do what the ones before it may."""

    VIEWER = "viewer"
    AGENT = "agent"
    OPERATOR = "operator"
    OWNER = "owner"


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What people call it, such as the machine's name.")],
    role: Annotated[Role, typer.Option("--role", help="What its bearer may do.")] = Role.AGENT,
    expires: Annotated[
        str | None, typer.Option("--expires", help="How long it holds: 30m, 12h, 90d.")
    ] = None,
    venture: VentureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token for one venture; it is told this once."""
    # The libraries of the server take longer to load than the rest: no other command waits for them.
    from holdfast.api.credentials import tokens  # noqa: PLC0415

    expires_in = None if expires is None else length_of_time(expires, "--expires")

    async def work() -> dict[str, Any]:
        async with connected(venture) as (hf, venture_id):
            return await tokens.create(
                hf.database, venture_id, name=name, role=role.value, expires_in=expires_in
            )

    made = run_async(work())
    if as_json:
        print_json(made)
        return
    console.print(made["token"], soft_wrap=True)
    console.print(
        f"{name}, {role}; it is not shown again. Revoke it with: holdfast token revoke {short(made['id'])}",
        style="quiet",
        soft_wrap=True,
    )


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Those that hold no longer, too.")] = False,
    venture: VentureOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tokens of a venture, newest first."""

    async def work() -> list[dict[str, Any]]:
        async with connected(venture) as (hf, venture_id):
            return [dict(row) for row in await hf.database.read("api_tokens", venture_id, all_)]

    rows = run_async(work())
    if as_json:
        print_json(rows)
        return
    table = rows_table("id", "name", "role", "age", "holds until", right=("age",))
    for row in rows:
        table.add_row(
            short(row["id"]), row["name"], row["role"], ago(row["created_at"]), _holds_until(row)
        )
    console.print(table if rows else "There are no tokens.")


@app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id, or its beginning or end.")],
    venture: VentureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let nobody in with a token from now on."""

    async def work() -> Any:
        async with connected(venture) as (hf, venture_id):
            token_id = await find_id(hf, venture_id, "token", token)
            await hf.database.call("revoke_api_token", id=token_id, venture_id=venture_id)
            return token_id

    token_id = run_async(work())
    if as_json:
        print_json({"id": token_id, "revoked": True})
    else:
        console.print(f"{short(token_id)} is revoked.")


def _holds_until(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    return "for ever" if row["expires_at"] is None else f"{row['expires_at']:%Y-%m-%d %H:%M}"
