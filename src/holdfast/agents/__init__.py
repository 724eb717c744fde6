"""How each kind of agent is run: one file a kind, each giving an outcome as a value."""

from holdfast.agents.agent import Agent, Cancelled, Done, Failed, Outcome, Postponed
from holdfast.agents.registry import Agents

__all__ = ["Agent", "Agents", "Cancelled", "Done", "Failed", "Outcome", "Postponed"]
