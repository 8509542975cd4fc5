"""The runner of absences: passes the open cards of people whose absence has begun on to their substitutes.

Theory of operation. Cards that are sent during an absence are passed on in the unit that sends them. A round finds the
cards that were open before: for each absence that is active now, those of its person, by an index. It sends one command
for each execution; the core decides who gets the card, so that a command that is repeated, also by another server,
changes nothing. A card that no substitute may take stays where it is, and is looked at again after a while.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from looply.app.context.services import Services
from looply.engine.ports.lists import CardFilter, CardKey, OpenCard
from looply.engine.records.absences import KEPT_AFTER_END
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import Done, PassOnAbsent

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 15.0
"""The interval of rounds: within it an absence takes effect on open cards, also one that another server stored."""
_PAGE: Final = 100
_RETRIED: Final = timedelta(minutes=10)
"""A card that could not be passed on is tried again after this time."""


class AbsenceRunner(Loop):
    """Passes cards of absent people on. `tick` is one round; the loop runs it several times a minute."""

    failed_event = "absences_failed"

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._kept: dict[str, datetime] = {}
        services.absence_signal.listener = self.wake

    async def round(self) -> float:
        """Passes on what is open, and returns the seconds until the next round."""
        await self.tick()
        return _LOOK_SECONDS

    async def tick(self) -> int:
        """Passes the open cards of absent people on; returns how many executions changed."""
        engine, now = self._services.engine, self._services.clock.now()
        self._kept = {key: at for key, at in self._kept.items() if now - at < _RETRIED}
        changed = 0
        for organization_id, absences in _by_organization(await engine.absences.active(now)).items():
            changed += await self._pass_on(organization_id, absences, now)
        await engine.absences.drop_ended(now - KEPT_AFTER_END)
        return changed

    async def _pass_on(self, organization_id: str, absences: Mapping[str, Absence], now: datetime) -> int:
        command = PassOnAbsent(at=now, via="ABSENCE", absences=tuple(absences.values()))
        changed = 0
        for absence in absences.values():
            seen: set[str] = set()
            for card in await self._cards_of(organization_id, absence):
                if card.execution_id in seen:
                    continue
                seen.add(card.execution_id)
                changed += await self._changes_execution(card, command, now)
        return changed

    async def _cards_of(self, organization_id: str, absence: Absence) -> list[OpenCard]:
        """Returns the open cards that the substitute of a person gets, without those that no substitute may take."""
        found: list[OpenCard] = []
        own = CardFilter(recipient=absence.person)
        after: CardKey | None = None
        while True:
            page = await self._services.engine.executions.open_cards(organization_id, own, after, _PAGE)
            found += [each for each in page if absence.includes(each.workflow_id) and each.card_id not in self._kept]
            if len(page) < _PAGE:
                return found
            after = page[-1].key

    async def _changes_execution(self, card: OpenCard, command: PassOnAbsent, now: datetime) -> bool:
        try:
            reply = await self._services.engine.submit(card.execution_id, command)
        except LooplyError as error:
            # A damaged execution must not hold back the cards of all others.
            _log.warning("absence_not_applied", execution_id=card.execution_id, card_id=card.card_id, code=error.code)
            self._kept[card.card_id] = now
            return False
        is_changed = isinstance(reply, Done) and not reply.is_late
        if not is_changed:
            self._kept[card.card_id] = now
        return is_changed


def _by_organization(absences: Iterable[tuple[str, Absence]]) -> Mapping[str, Mapping[str, Absence]]:
    grouped: dict[str, dict[str, Absence]] = {}
    for organization_id, absence in absences:
        grouped.setdefault(organization_id, {})[absence.key] = absence
    return grouped
