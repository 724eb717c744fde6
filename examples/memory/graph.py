"""A graph of LangGraph that goes on with its thread in every process: run it twice."""

import asyncio
import sys

from langgraph.graph import START, MessagesState, StateGraph

import holdfast
from holdfast.contrib.langgraph import HoldfastSaver


def answer(state):
    told = [message.content for message in state["messages"] if message.type == "human"]
    return {"messages": [("ai", f"You have told me: {', '.join(told)}")]}


async def main(text):
    builder = StateGraph(MessagesState)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    async with holdfast.connect() as hf:
        graph = builder.compile(checkpointer=HoldfastSaver(hf))
        thread = {"configurable": {"thread_id": "ann"}}
        state = await graph.ainvoke({"messages": [("human", text)]}, thread)
    print(state["messages"][-1].content)


asyncio.run(main(sys.argv[1]))
