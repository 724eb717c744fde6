"""What a run of a directive's verification leaves behind."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.support.sql import START


def evidence(command: str, exit_code: object = 0, **given: Any) -> dict[str, Any]:
    """What a run of a verification leaves behind."""
    return {
        "command": command,
        "exit_code": exit_code,
        "output_digest": hashlib.sha256(b"output").hexdigest(),
        "output_tail": "output",
        "started_at": START.isoformat(),
        "ended_at": START.isoformat(),
        **given,
    }
