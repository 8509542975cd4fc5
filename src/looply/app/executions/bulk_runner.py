"""The runner of bulks: takes a slice of each once a second, as large as its rate says, and notes how far it has come.

While there is none the catalog is left alone: a bulk that is asked for here wakes the runner at once, and what a
process left that has ended is looked for a few times a minute.

An execution that is acted on twice, because the process ended before the note, is not harmed: a termination ends it
once, and a redrive leaves incidents alone that are younger than the bulk.
"""

from datetime import timedelta
from typing import Final

import structlog
from msgspec.structs import replace

from looply.app.context.services import Services
from looply.app.executions.bulks import stored_filter
from looply.catalog.authored.bulks import Bulk, Progress
from looply.engine.upkeep.loop import Loop
from looply.errors import Conflict, LooplyError, NotFound, RecordDamaged, Refused, StoreCorrupt
from looply.execution.facts.commands import Command, Redrive, Repaired, Terminate, Terminated

_log = structlog.get_logger(__name__)

VIA: Final = "BULK"
_HELD: Final = timedelta(seconds=45)
"""So long nobody else takes over a bulk of a process that is not heard of; with the next one, within a minute."""
_SECOND: Final = 1.0
_LOOK_SECONDS: Final = 15.0
"""So often an idle process looks for a bulk that it was not told of: one read of a table that is all but empty."""


class BulkRunner(Loop):
    """Carries bulks out. `tick` does what one second allows; the loop calls it every second while there is a bulk.

    `holder` names this process among those that share the catalog.
    """

    failed_event = "bulk_failed"

    def __init__(self, services: Services, holder: str) -> None:
        super().__init__()
        self._services = services
        self._holder = holder
        self._is_idle = False
        self._was_asked = False
        services.bulk_bell.heard = self._asked

    async def round(self) -> float:
        """Takes a slice of each bulk, and returns the seconds until the next one."""
        self._was_asked = False
        self._is_idle = not await self.tick()
        if not self._is_idle:
            return _SECOND
        return 0.0 if self._was_asked else _LOOK_SECONDS

    def _asked(self) -> None:
        """Hears of a new bulk, which must not hasten those that are under way."""
        self._was_asked = True
        if self._is_idle:
            self.wake()

    async def tick(self) -> int:
        """Takes one slice of each bulk that this process may work on; returns how many bulks there were."""
        bulks = await self._services.catalog.bulks.claim(self._holder, _HELD)
        for bulk in bulks:
            progress = await self._slice(bulk)
            await self._services.catalog.bulks.record(bulk.bulk_id, self._holder, progress)
        return len(bulks)

    async def _slice(self, bulk: Bulk) -> Progress:
        # What starts after the bulk was asked for is none of its business.
        wanted = stored_filter(bulk.criteria)
        until = min(wanted.created_to or bulk.created_on, bulk.created_on)
        place, done, refused = bulk.cursor, 0, 0
        command: Command | None = None
        try:
            page = await self._services.engine.list(
                bulk.organization_id, replace(wanted, created_to=until), bulk.cursor, bulk.options["rate"]
            )
            for item in page.items:
                execution_id = item.head.execution_id
                try:
                    command = command or await self._command(bulk)
                    moved = await self._moves(execution_id, command)
                except (Conflict, NotFound, Refused, StoreCorrupt, RecordDamaged) as error:
                    _log.info("bulk_refused", bulk_id=bulk.bulk_id, execution_id=execution_id, code=error.code)
                    moved = False
                done, refused, place = done + moved, refused + (not moved), execution_id
        except LooplyError as error:
            # The store is short of space or away: what was done is noted, the rest comes with the next slice.
            _log.warning("bulk_held", bulk_id=bulk.bulk_id, reason=error.message)
            return Progress(cursor=place, done=done, refused=refused, is_last=False)
        return Progress(cursor=page.after or place, done=done, refused=refused, is_last=not page.after)

    async def _moves(self, execution_id: str, command: Command) -> bool:
        """Returns whether the execution was moved; false when it had nothing to do."""
        now = self._services.clock.now()
        reply = await self._services.engine.submit(execution_id, replace(command, at=now))
        return isinstance(reply, Repaired | Terminated)

    async def _command(self, bulk: Bulk) -> Command:
        """Returns what is asked of each execution of a slice. Raises: as `Library.resolve`, for the bulk's version."""
        options = bulk.options
        now = self._services.clock.now()
        reason = f"{options['reason']} (bulk {bulk.bulk_id})".strip()
        if bulk.action == "terminate":
            return Terminate(at=now, by=options["by"], via=VIA, reason=reason)
        redrive = Redrive(at=now, by=options["by"], via=VIA, reason=reason, opened_by=bulk.created_on)
        if not options["version"]:
            return redrive
        # A bulk with a version is one of a single workflow.
        (workflow_id,) = stored_filter(bulk.criteria).workflow_ids
        found = await self._services.library.resolve(bulk.organization_id, workflow_id, options["version"])
        return replace(
            redrive, workflow=found.workflow, workflow_version=found.workflow_version, steps=options["steps"]
        )
