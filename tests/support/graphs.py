"""Small graphs of LangGraph, and what their threads weigh in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph

Graph: TypeAlias = CompiledStateGraph[Any, Any, Any, Any]


class Turning:
    """A cipher under which nothing looks the same twice."""

    def __init__(self) -> None:
        self._turn = 0

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        self._turn = (self._turn + 1) % 256
        return "turning", bytes([self._turn, *(byte ^ self._turn for byte in plaintext)])

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        assert ciphername == "turning"
        return bytes(byte ^ ciphertext[0] for byte in ciphertext[1:])


def encrypted() -> EncryptedSerializer:
    return EncryptedSerializer(Turning(), JsonPlusSerializer())


def talking(
    saver: BaseCheckpointSaver[str], before: Callable[[], Awaitable[None]] | None = None
) -> Graph:
    """A graph that answers what it is told with as many words, as soon as it may."""

    async def answer(state: MessagesState) -> dict[str, Any]:
        if before is not None:
            await before()
        return {"messages": [AIMessage(f"You said: {state['messages'][-1].content}")]}

    graph = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    compiled: Graph = graph.compile(checkpointer=saver)
    return compiled


def thread(name: str) -> RunnableConfig:
    return {"configurable": {"thread_id": name}}


def said(text: str) -> dict[str, Any]:
    return {"messages": [HumanMessage(text)]}


def texts(state: Any) -> list[str]:
    """What was said in a state, in order."""
    return [message.content for message in state["messages"]]


class Gate:
    """Where each of so many runs waits until all have come, and then goes on when it is told."""

    def __init__(self, runs: int) -> None:
        self._left = runs
        self.all_here = asyncio.Event()
        self.go = [asyncio.Event() for _ in range(runs)]

    def run(self, number: int) -> Callable[[], Awaitable[None]]:
        async def wait() -> None:
            self._left -= 1
            if self._left == 0:
                self.all_here.set()
            await self.go[number].wait()

        return wait
