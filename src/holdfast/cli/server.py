"""`holdfast up --only-database` and `holdfast down`: keep the embedded server running, or let it stop."""

from __future__ import annotations

from holdfast import config
from holdfast.cli._connection import JsonOption, connected, run_async
from holdfast.cli._output import console, print_json
from holdfast.engine import embedded, opening
from holdfast.errors import ConfigError


def keep_up(*, as_json: bool) -> None:
    """Start the embedded server and keep it running when the last program leaves it."""
    settings = _embedded_settings("up --only-database")
    folder = opening.data_dir(settings)

    async def work() -> str:
        async with connected(None) as (hf, _):
            embedded.keep(folder)
            return hf.engine.url

    url = run_async(work())
    if as_json:
        print_json({"url": url, "data_dir": folder})
        return
    console.print(f"PostgreSQL is up and stays up: {url}", soft_wrap=True)
    console.print("Stop it with: holdfast down", style="quiet")


def down(as_json: JsonOption = False) -> None:
    """Let the embedded server stop, now or when the last program has left it."""
    folder = opening.data_dir(_embedded_settings("down"))
    embedded.release(folder)
    running = embedded.is_running(folder).running
    if as_json:
        print_json({"running": running, "data_dir": folder})
    elif running:
        console.print("Programs still use it; it stops when the last one leaves.")
    else:
        console.print("PostgreSQL is down. The data stays where it is.")


def _embedded_settings(command: str) -> config.Settings:
    settings = config.load()
    for named in ("database_url", "url"):
        if getattr(settings, named) is not None:
            raise ConfigError(
                f"`holdfast {command}` is for the embedded server, and {named} names another.",
                hint=f"Unset HOLDFAST_{named.upper()} to use the embedded one.",
            )
    return settings
