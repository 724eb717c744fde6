"""Takes ready supervisors and runs their functions."""

from __future__ import annotations

from typing import Any

from holdfast.engine.calls import Row
from holdfast.model.leases import Lease, LeaseKind
from holdfast.model.supervisors import RestorationAction
from holdfast.runtime.claiming import Claiming
from holdfast.runtime.duty import logger
from holdfast.supervisors.handle import Supervisor
from holdfast.supervisors.running import Completed, Failed, Lost, run_supervisor


class Conductor(Claiming):
    """Runs supervisors, as many at once as it may."""

    name = "conductor"
    kind = LeaseKind.SUPERVISOR
    function = "claim_supervisors"

    def wanted(self) -> dict[str, Any]:
        """Those whose functions this program has."""
        return {
            "handlers": list(self._hf.supervisors),
            "max_deaths": self._hf.settings.max_deaths,
        }

    async def run(self, lease: Lease, row: Row) -> None:
        """Run its function to the end."""
        supervisor = Supervisor(
            lease=lease,
            name=row["name"],
            input=row["input"],
            memory=row["memory"],
            restoration_count=row["restoration_count"],
            engine=self._hf.engine,
            writer=self._hf.supervisor_writer(lease.venture_id),
            watch=self._hf.watch,
        )
        _tell(supervisor)
        match await run_supervisor(
            supervisor, self._hf.supervisors[row["handler"]], self._hf.heart
        ):
            case Completed():
                logger.info("supervisor %s completed", row["name"])
            case Failed(error):
                logger.warning("supervisor %s failed: %s", row["name"], error)
            case Lost(reason):
                logger.warning("supervisor %s: %s", row["name"], reason)


def _tell(supervisor: Supervisor) -> None:
    """Say in the log that it was restored, and louder what could not be kept."""
    restored = supervisor.restoration
    if restored is None:
        return
    source = restored.source.replace("_", " ")
    logger.info("supervisor %s restored (%s, %s)", supervisor.name, restored.number, source)
    for found in restored.findings:
        if found.action not in (RestorationAction.KEEP, RestorationAction.REPAIR):
            logger.warning("supervisor %s: %s: %s", supervisor.name, found.subject, found.reason)
