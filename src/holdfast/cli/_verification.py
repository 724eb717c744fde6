"""How commands run a directive's verification, and show what it printed when it does not pass."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from holdfast.cli._output import errors
from holdfast.cli._place import Place
from holdfast.errors import EvidenceMissing
from holdfast.model.advancing import Evidence
from holdfast.sessions.finishing import evidence_for, told
from holdfast.sync.cache import CachedSession
from holdfast.sync.keeping import lease_of

SHOWN_LINES = 40


async def run_verification(place: Place, key: str, mine: CachedSession | None) -> Evidence | None:
    """The evidence of a directive's verification, passed or not; nothing where it has none."""
    evidence = await evidence_for(
        await place.directives.get(key),
        sessions=place.sessions,
        lease=lease_of(mine) if mine else None,
        cwd=Path.cwd(),
        timeout_seconds=place.settings.verification_timeout_seconds,
    )
    if evidence is not None and not evidence.passed:
        lines = evidence.output_tail.rstrip().splitlines()[-SHOWN_LINES:]
        errors.print(Text("\n".join(lines)), soft_wrap=True)
    return evidence


async def require_passed(place: Place, key: str, mine: CachedSession | None) -> Evidence | None:
    """The same, where only a run that passed will do.

    Raises:
        EvidenceMissing: it did not pass.
    """
    evidence = await run_verification(place, key, mine)
    if evidence is not None and not evidence.passed:
        raise EvidenceMissing(
            f"{key} is not done; its verification did not pass: {told(evidence)}.",
            hint="It stays as it is: correct what was found and complete it again.",
        )
    return evidence
