"""The admitter: admits queued executions to the concurrency slots of their workflows (`max_concurrency`)."""

import structlog

from looply.clock import Clock
from looply.engine.ports.store import Store
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.quarantine import Quarantine
from looply.errors import LooplyError
from looply.execution.facts.commands import Admit, Done

_log = structlog.get_logger(__name__)

_BATCH = 200


class Admitter:
    """Admissions of one engine. The store says which executions are next and have a free slot; its commit decides."""

    def __init__(self, shell: Shell, store: Store, clock: Clock, quarantine: Quarantine) -> None:
        self._shell = shell
        self._store = store
        self._clock = clock
        self._quarantine = quarantine

    async def admit_due(self) -> bool:
        """Admits executions to free slots; returns whether none is left that must be tried again.

        One after the other, since each admission changes which one is next.
        """
        while ids := await self._store.work.admissible(_BATCH):
            await self._quarantine.refresh_suspects(ids)
            ready = [execution_id for execution_id in ids if not self._quarantine.holds(execution_id)]
            if not any([await self._admit(execution_id) for execution_id in ready]):
                return False
        return True

    async def _admit(self, execution_id: str) -> bool:
        try:
            admit = Admit(at=self._clock.now())
            reply = await self._quarantine.run(execution_id, lambda: self._shell.submit(execution_id, admit))
        except LooplyError as error:
            _log.error("admission_failed", execution_id=execution_id, error=error.message)
            return False
        return isinstance(reply, Done) and not reply.is_late
