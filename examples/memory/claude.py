"""Claude Code through its SDK, which any machine can go on with: run it, and again with the session's id."""

import asyncio
import sys

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, query

import holdfast
from holdfast.contrib.claude_agent_sdk import HoldfastSessionStore


async def main(text, session_id=None):
    async with holdfast.connect() as hf:
        options = ClaudeAgentOptions(session_store=HoldfastSessionStore(hf), resume=session_id)
        async for message in query(prompt=text, options=options):
            if isinstance(message, ResultMessage):
                print(message.session_id, message.result)


asyncio.run(main(*sys.argv[1:]))
