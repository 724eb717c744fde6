"""Named points at which a test lets a process die: before and after each commit of an engine function.

`HOLDFAST_FAILPOINT="after finish_step 2"` kills this process with SIGKILL when it comes to that point for the second
time. Nothing else arms them.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_ARMED = os.environ.get("HOLDFAST_FAILPOINT", "").split()
_passed: Counter[tuple[str, str]] = Counter()


def reached(moment: str, function: str) -> None:
    """Die here if a test wants it."""
    if not _ARMED or _ARMED[:2] != [moment, function]:
        return
    _passed[moment, function] += 1
    if _passed[moment, function] == int(_ARMED[2] if len(_ARMED) > 2 else 1):  # noqa: PLR2004
        os.kill(os.getpid(), signal.SIGKILL)
