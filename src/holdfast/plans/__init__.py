"""Plans: read from files or made in Python, run by a supervisor.

plan = Plan(name="tidy", steps=[Step(id="a", command=["make", "tidy"], verify=Verification(command=["make", "check"]))])
created = await hf.create_plan(plan)
"""

from holdfast.plans.loading import load_plan
from holdfast.plans.spec import (
    Condition,
    Escalation,
    Gate,
    GoBack,
    Hook,
    Hooks,
    Limits,
    Plan,
    Role,
    Step,
    Todo,
    Verification,
)

__all__ = [
    "Condition",
    "Escalation",
    "Gate",
    "GoBack",
    "Hook",
    "Hooks",
    "Limits",
    "Plan",
    "Role",
    "Step",
    "Todo",
    "Verification",
    "load_plan",
]
