"""Apply the migration in one transaction: what a person does who pastes it into an SQL editor.

Exits with 4 where it is deployed already; with `--if-needed` that is a success.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from _common import (
    ALREADY_DEPLOYED,
    SHADOW,
    ProgramError,
    connect,
    log,
    parser,
    progress,
    result,
    run,
    schema_exists,
    take_turns,
)
from _work import MIGRATION, read_file

if TYPE_CHECKING:
    import argparse


async def main(options: argparse.Namespace) -> int:
    sql = read_file(options.work, MIGRATION, made_by="architect.py")
    digest = hashlib.sha256(sql.encode()).hexdigest()
    async with connect(options) as connection, connection.transaction():
        await take_turns(connection)
        if await schema_exists(connection, SHADOW):
            return already_deployed(options)
        progress(0, 1, f"applying {MIGRATION}")
        begun = time.perf_counter()
        await connection.execute(sql)
        seconds = round(time.perf_counter() - begun, 3)
    progress(1, 1, f"deployed in {seconds} s")
    result({"deployed": True, "file": MIGRATION, "sha256": digest, "seconds": seconds})
    return 0


def already_deployed(options: argparse.Namespace) -> int:
    """Refuse, or say that there is nothing to do."""
    if not options.if_needed:
        raise ProgramError(
            f"the schema {SHADOW} is deployed already",
            hint="run verify.py, or generate.py to start again",
            exit_code=ALREADY_DEPLOYED,
        )
    log("info", f"the schema {SHADOW} is deployed already: nothing to do")
    result({"deployed": False, "file": MIGRATION})
    return 0


if __name__ == "__main__":
    arguments = parser(__doc__)
    arguments.add_argument(
        "--if-needed", action="store_true", help="succeed where it is deployed already"
    )
    run(main, arguments)
