"""`holdfast mcp`: the tools for an agent program, over its standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys

from holdfast import config
from holdfast.cli._connection import VentureOption


def mcp(venture: VentureOption = None) -> None:
    """Serve the tools that an agent calls (Model Context Protocol on standard input and output)."""
    # The protocol's library takes as long to load as all the rest: no other command waits for it.
    from holdfast.mcp.serving import serve  # noqa: PLC0415

    asyncio.run(serve(config.load(venture=venture)))
    sys.stderr.flush()
    # A thread may still wait for a line that nobody sends; all else is in order by now.
    os._exit(0)
