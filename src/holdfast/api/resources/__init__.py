"""The resources of the REST interface: one file for each noun."""

from __future__ import annotations

from fastapi import APIRouter

from holdfast.api.resources import (
    directive_actions,
    directives,
    events,
    execution_parts,
    executions,
    overview,
    plan_actions,
    plans,
    questions,
    sessions,
    supervisor_parts,
    supervisors,
)

ROUTERS: tuple[APIRouter, ...] = (
    overview.router,
    questions.router,
    sessions.router,
    executions.router,
    execution_parts.router,
    supervisors.router,
    supervisor_parts.router,
    plans.router,
    plan_actions.router,
    directives.router,
    directive_actions.router,
    events.router,
)
