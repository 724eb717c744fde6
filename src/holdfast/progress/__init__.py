"""How far work is and how long it will take: derived, never counted, and unknown where unknown."""

from holdfast.progress.executions import of
from holdfast.progress.plans import of_plans
from holdfast.progress.sessions import of_sessions
from holdfast.progress.tracker import ProgressTracker
from holdfast.progress.values import Basis, Pace, Progress, Remaining, Stage, Standing
from holdfast.progress.words import describe

__all__ = [
    "Basis",
    "Pace",
    "Progress",
    "ProgressTracker",
    "Remaining",
    "Stage",
    "Standing",
    "describe",
    "of",
    "of_plans",
    "of_sessions",
]
