"""The runner of bulks: once a second it processes a slice of each bulk, of the size of its rate, and records progress.

While there is no bulk, the catalog is not polled every second: a bulk that this process stores wakes the runner at
once, and bulks of other processes and of dead ones are looked for a few times a minute.

A slice is stored before it is processed. If the process ends before the progress is recorded, the next one processes
the same executions again. That harms none: a termination ends it once, and a repair ignores incidents that are newer
than the bulk. Those that the bulk has changed before count as done, since their histories name the bulk.
"""

from datetime import timedelta
from typing import Final

import structlog
from msgspec.structs import replace

from looply.app.bulks.outcomes import REFUSING, require_change
from looply.app.bulks.requests import command_of
from looply.app.bulks.selection import Candidate, Slice, read_begun, read_slice
from looply.app.context.services import Services
from looply.app.executions import repairs
from looply.catalog.authored.bulks import Bulk, Progress, Refusal
from looply.engine.upkeep.loop import PollingLoop
from looply.errors import LooplyError
from looply.execution.facts.commands import Redrive, RepairCommand, Terminate

_log = structlog.get_logger(__name__)

_HELD: Final = timedelta(seconds=45)
"""The lease of a bulk. After it has expired, another process takes over the bulk, within a minute."""
_MAX_MESSAGE_LENGTH: Final = 500
"""Characters that a bulk keeps of the reason of a refusal; the history of the execution has the rest."""


class BulkRunner(PollingLoop):
    """Runs bulks. `tick` processes what the rate allows in one second; the loop calls it every second during a bulk.

    `holder` identifies this process among those that share the catalog.
    """

    failed_event = "bulk_failed"

    def __init__(self, services: Services, holder: str) -> None:
        super().__init__()
        self._services = services
        self._holder = holder
        services.bulk_signal.listener = self.notify

    async def tick(self) -> int:
        """Processes one slice of each bulk that this process can take; returns the number of bulks."""
        bulks = await self._services.catalog.bulks.take(self._holder, _HELD)
        for bulk in bulks:
            progress = await self._slice(bulk)
            if progress is not None:
                await self._services.catalog.bulks.record(bulk.bulk_id, self._holder, progress)
        return len(bulks)

    async def _slice(self, bulk: Bulk) -> Progress | None:
        """Processes the next executions; None when the bulk was cancelled, or another process has it."""
        place, done = bulk.cursor, 0
        refusals: list[Refusal] = []
        command: Terminate | RepairCommand | None = None
        try:
            page = await self._begin(bulk)
            if page is None:
                return None
            for item in page.items:
                try:
                    command = command or await self._command(bulk)
                    await self._apply(item, command)
                    done += 1
                except REFUSING as error:
                    if page.is_repeated and await self._was_changed(bulk, item):
                        done += 1
                    else:
                        _log.info("bulk_refused", bulk_id=bulk.bulk_id, execution_id=item.execution_id, code=error.code)
                        refusals.append(_refusal(item, error))
                place = item.execution_id
        except LooplyError as error:
            # The store is full or unavailable: the progress so far is recorded, the next slice continues.
            _log.warning("bulk_held", bulk_id=bulk.bulk_id, error=error.message)
            return _progress(place, done, refusals, is_last=False)
        return _progress(page.after or place, done, refusals, is_last=not page.after)

    async def _begin(self, bulk: Bulk) -> Slice | None:
        """Returns the executions to process now, after they are stored as begun; None as in `_slice`."""
        if bulk.begun:
            return await read_begun(self._services, bulk)
        # A bulk does not include executions that start after its creation.
        page = await read_slice(
            self._services,
            bulk.organization_id,
            bulk.criteria,
            until=bulk.created_on,
            after=bulk.cursor,
            limit=bulk.options["rate"],
        )
        ids = [item.execution_id for item in page.items]
        is_mine = not ids or await self._services.catalog.bulks.begin(bulk.bulk_id, self._holder, ids)
        return page if is_mine else None

    async def _was_changed(self, bulk: Bulk, item: Candidate) -> bool:
        """Returns whether the history of an execution says that this bulk has changed it."""
        if item.head is None:
            return False
        after, mark = 0, _mark_of(bulk)
        while events := await self._services.engine.executions.history(item.execution_id, after):
            if any(getattr(event, "reason", "").endswith(mark) for _, event in events):
                return True
            after = events[-1][0]
        return False

    async def _apply(self, item: Candidate, command: Terminate | RepairCommand) -> None:
        """Changes one execution. Raises: NotFound, Conflict, Forbidden, Refused when it does not allow that."""
        head = item.require()
        command = replace(command, at=self._services.clock.now())
        if not isinstance(command, Terminate):
            command = await repairs.prepare_of_bulk(self._services, head, command)
        require_change(await self._services.engine.submit(head.execution_id, command))

    async def _command(self, bulk: Bulk) -> Terminate | RepairCommand:
        """Returns the command for each execution of a slice. Raises: as `Library.resolve`, for the bulk's version."""
        options = bulk.options
        assert bulk.action != "install", "the catalog gives this runner bulks on executions alone"
        command = command_of(
            bulk.action,
            options,
            at=self._services.clock.now(),
            opened_by=bulk.created_on,
            reason=f"{options['reason']} {_mark_of(bulk)}".strip(),
        )
        if not options["version"] or not isinstance(command, Redrive):
            return command
        # A bulk with a version has executions of a single workflow.
        workflow_id = bulk.criteria["workflow_id"]
        found = await self._services.library.resolve(bulk.organization_id, workflow_id, options["version"])
        return replace(
            command, workflow=found.workflow, workflow_version=found.workflow_version, steps=options["steps"]
        )


def _mark_of(bulk: Bulk) -> str:
    """Returns the end of the reason of all that a bulk does."""
    return f"(bulk {bulk.bulk_id})"


def _refusal(item: Candidate, error: LooplyError) -> Refusal:
    return Refusal(
        execution_id=item.execution_id,
        process_id=item.head.process_id if item.head is not None else "",
        code=error.code,
        message=error.message[:_MAX_MESSAGE_LENGTH],
    )


def _progress(cursor: str, done: int, refusals: list[Refusal], *, is_last: bool) -> Progress:
    return Progress(cursor=cursor, done=done, refused=len(refusals), refusals=tuple(refusals), is_last=is_last)
