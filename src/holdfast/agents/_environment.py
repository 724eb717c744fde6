"""What a program of an execution finds in its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from holdfast.executions.run import Run


def environment_of(run: Run, given: Mapping[str, str]) -> dict[str, str]:
    """The worker's environment, what was given, and which execution it is of."""
    environment = {
        **os.environ,
        # A program named without a folder may be one of Holdfast's own environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        **given,
        "HOLDFAST_EXECUTION_ID": str(run.id),
        "HOLDFAST_ATTEMPT": str(run.attempt),
    }
    environment.pop("HOLDFAST_FAILPOINT", None)
    return environment
