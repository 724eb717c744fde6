"""An agent of the OpenAI Agents SDK that knows in every process what it was told: run it twice."""

import asyncio
import sys

import holdfast
from agents import Agent, Runner
from holdfast.contrib.openai_agents import HoldfastSession


async def main(text):
    agent = Agent(name="clerk", instructions="Remember what you are told.")
    async with holdfast.connect() as hf:
        running = Runner.run_streamed(agent, text, session=HoldfastSession("ann", hf))
        async for _ in running.stream_events():
            pass
    print(running.final_output)


asyncio.run(main(sys.argv[1]))
