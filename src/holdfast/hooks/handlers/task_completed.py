"""Task completed: the directive's verification runs; one that fails keeps the task open."""

from __future__ import annotations

from holdfast.hooks.desk import Desk
from holdfast.hooks.events import HookEvent
from holdfast.hooks.replies import Pass, Refuse, Reply
from holdfast.hooks.verification import run_verification
from holdfast.sessions.finishing import told


async def answer(desk: Desk, event: HookEvent) -> Reply:
    """Run the verification of what the session holds, if it has one."""
    claim = desk.keeper.claim
    if claim is None:
        return Pass()
    evidence = await run_verification(desk, await desk.keeper.directives.get(claim.sd_key))
    if evidence is None or evidence.passed:
        return Pass()
    return Refuse(f"{claim.sd_key} is not done: {told(evidence)}\n{evidence.output_tail}")
