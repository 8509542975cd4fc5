"""The runner of installations: once a second it takes the next people of each, and records what became of them.

Installing again what is installed changes nothing, so that a slice is not stored before it is processed: a process that
ends in between leaves a slice that the next one processes again. A person for whom the other side asks for a pause
stays the next one; after the pause the installation continues with that person.

Slices of several installations run side by side, and none waits for a slow one. While an installation pauses it is not
taken, so that others are; its lease lasts until after the pause. A failure that would be the same for every person
makes a pause, and counts for none.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from looply.app.administration.installations import CONNECTION
from looply.app.context.services import Services
from looply.app.messages.bots import Installed
from looply.catalog.authored.bulks import PEOPLE, Bulk, Progress, Refusal
from looply.engine.upkeep.loop import PollingLoop
from looply.errors import LooplyError, NotFound, Permanent, Refused

_log = structlog.get_logger(__name__)

_HELD: Final = timedelta(seconds=45)
"""The lease of an installation: longer than the calls of one slice, which have a limit of 20 seconds together."""
_SECOND: Final = 1.0
"""The time for which a tick waits for the slices that it has begun."""
MAX_TRIES: Final = 3
"""After so many tries in a row that might have succeeded, the installation is refused for a person."""
AGAIN: Final = timedelta(seconds=5)
"""Before the next try, where the other side did not ask for a longer pause."""


class InstallationRunner(PollingLoop):
    """Runs installations. `tick` processes what the rate allows in one second.

    `holder` identifies this process among those that share the catalog.
    """

    failed_event = "installation_failed"

    def __init__(self, services: Services, holder: str) -> None:
        super().__init__()
        self._services = services
        self._holder = holder
        self._not_before: dict[str, datetime] = {}
        self._tries: dict[str, tuple[int, int]] = {}
        """The place of the person who is tried again, and how often that was, of each installation."""
        self._slices: dict[str, asyncio.Task[None]] = {}
        services.installation_signal.listener = self.notify

    async def run(self) -> None:
        """See `Loop.run`. Ends after the slices that have begun."""
        try:
            await super().run()
        finally:
            await asyncio.gather(*self._slices.values())

    @property
    def pause_seconds(self) -> float:
        """See `PollingLoop.pause_seconds`. With a slice that still runs, the tick has lasted a second."""
        return 0.0 if self._slices else super().pause_seconds

    async def tick(self) -> int:
        """Begins a slice of each installation that is due and that this process can take, and waits a second for them.

        Returns how many installations it works on, with those that pause and those whose slice still runs.
        """
        now = self._services.clock.now()
        self._not_before = {key: until for key, until in self._not_before.items() if until > now}
        busy = {*self._not_before, *self._slices}
        bulks = await self._services.catalog.installations.take(self._holder, _HELD, busy)
        for bulk in bulks:
            self._slices[bulk.bulk_id] = asyncio.create_task(self._process(bulk))
        if self._slices:
            await asyncio.wait(self._slices.values(), timeout=_SECOND)
        for key, task in tuple(self._slices.items()):
            if task.done():
                del self._slices[key]
                task.result()
        if not bulks and not busy:
            self._tries.clear()
        return len(bulks) + len(busy)

    async def _process(self, bulk: Bulk) -> None:
        try:
            progress = await self._slice(bulk)
            is_recorded = await self._services.catalog.installations.record(bulk.bulk_id, self._holder, progress)
        except LooplyError as error:
            self._pause(bulk, AGAIN)
            _log.warning("installation_held", bulk_id=bulk.bulk_id, error=error.message)
            return
        if progress.is_last or not is_recorded:
            self._tries.pop(bulk.bulk_id, None)
        if not is_recorded:
            # It was cancelled, or another process has taken it over, which installs for the same people again.
            _log.warning("installation_not_recorded", bulk_id=bulk.bulk_id, done=progress.done, place=progress.cursor)

    async def _slice(self, bulk: Bulk) -> Progress:
        """Installs for the next people, and returns what became of it. Raises: LooplyError."""
        place, people = int(bulk.cursor or "0"), bulk.criteria[PEOPLE]
        slice_ = people[place : place + bulk.options["rate"]]
        try:
            results = await self._services.bots.install(
                self._services.engine, bulk.organization_id, bulk.criteria[CONNECTION], slice_
            )
        except (NotFound, Refused, Permanent) as error:
            # The connection is gone, may no longer install, or has settings that cannot be used.
            results = (Installed(outcome="unusable", code=error.code, message=error.message),)
        return self._progress(bulk, place, people, results)

    def _progress(self, bulk: Bulk, place: int, people: Sequence[str], results: Sequence[Installed]) -> Progress:
        done, refusals, held_until = 0, list[Refusal](), None
        for result in results:
            match result.outcome:
                case "installed":
                    done += 1
                case "refused":
                    refusals.append(_refusal(people[place], result))
                case "unusable":
                    refusals += [_refusal(each, result) for each in people[place:]]
                    place = len(people) - 1
                case "later":
                    held_until = self._pause(bulk, result.after)
                    break
                case "again":
                    if result.is_for_all or self._may_try_again(bulk, place):
                        held_until = self._pause(bulk, result.after)
                        break
                    refusals.append(_refusal(people[place], result))
            place += 1
        if refusals:
            _log.info("people_refused", bulk_id=bulk.bulk_id, count=len(refusals), code=refusals[-1].code)
        return Progress(
            cursor=str(place),
            done=done,
            refused=len(refusals),
            refusals=tuple(refusals),
            held_until=held_until,
            is_last=place >= len(people),
        )

    def _may_try_again(self, bulk: Bulk, place: int) -> bool:
        """Returns whether the person at this place is tried once more, and counts it."""
        former, count = self._tries.get(bulk.bulk_id, (place, 0))
        count = count + 1 if former == place else 1
        self._tries[bulk.bulk_id] = (place, count)
        return count < MAX_TRIES

    def _pause(self, bulk: Bulk, after: timedelta) -> datetime:
        """Begins a pause, and returns the end of the lease that lasts for it."""
        until = self._services.clock.now() + max(after, AGAIN)
        self._not_before[bulk.bulk_id] = until
        return until + _HELD


def _refusal(person: str, result: Installed) -> Refusal:
    return Refusal(person=person, name=result.name, code=result.code, message=result.message)
