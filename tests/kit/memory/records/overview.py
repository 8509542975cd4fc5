"""The overview of the memory store."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from kit.memory.data import MemoryData
from looply.engine.ports.lists import Head
from looply.engine.ports.store import IncidentRow
from looply.engine.records.copies import CopyDelivery
from looply.engine.records.figures.overview import (
    EffectFacts,
    IncidentGroup,
    IncidentSummary,
    Obstacles,
    OpenCardFact,
    RowFacts,
)
from looply.execution.facts.events import IncidentKind

_HOLDERS = 5


def is_stale(data: MemoryData, card_id: str) -> bool:
    """Returns whether the copy of a card in its channel is not up to date."""
    copy = data.copies.get(card_id)
    return copy is not None and copy.row.shown < copy.row.wanted


class MemoryOverview:
    """See `looply.engine.records.figures.overview.Overview`."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data

    async def heads(self, execution_ids: Sequence[str]) -> Sequence[Head]:
        """Returns the heads of those that are stored."""
        return [self._data.heads[each] for each in execution_ids if each in self._data.heads]

    async def facts(self, execution_ids: Sequence[str]) -> Mapping[str, RowFacts]:
        """Returns what the rows of these executions say."""
        found = {execution_id: self._facts_of(execution_id) for execution_id in execution_ids}
        return {execution_id: facts for execution_id, facts in found.items() if facts != RowFacts()}

    async def incident_groups(
        self, organization_id: str, workflow_ids: Sequence[str], kinds: Sequence[IncidentKind], limit: int
    ) -> Sequence[IncidentGroup]:
        """Returns the open incidents of an organization by their causes."""
        groups: defaultdict[tuple[str, str, IncidentKind, str], list[IncidentRow]] = defaultdict(list)
        for row in self._data.incidents.values():
            workflow_id = self._data.heads[row.execution_id].workflow_id
            if row.organization_id == organization_id and (not workflow_ids or workflow_id in workflow_ids):
                groups[workflow_id, row.step, row.kind, row.code].append(row)
        found = [
            IncidentGroup(
                workflow_id=workflow_id,
                step=step,
                kind=kind,
                code=code,
                executions=len({row.execution_id for row in rows}),
                incidents=len(rows),
                first_on=min(row.opened_on for row in rows),
                last_on=max(row.opened_on for row in rows),
                execution_id=max(row.execution_id for row in rows),
            )
            for (workflow_id, step, kind, code), rows in groups.items()
            if not kinds or kind in kinds
        ]
        found.sort(key=lambda group: (group.step, group.code))
        found.sort(key=lambda group: (group.executions, group.last_on), reverse=True)
        return found[:limit]

    async def obstacles(self, execution_id: str) -> Obstacles:
        """Returns what holds an execution."""
        data = self._data
        place = data.places.get(execution_id)
        held, line = data.line_of(data.heads[execution_id].workflow_id) if execution_id in data.heads else ([], [])
        is_queued = place is not None and not place.is_held
        return Obstacles(
            effects={
                row.seq: EffectFacts(queue=row.queue, is_running=row.state == "RUNNING")
                for row in data.effects.values()
                if row.execution_id == execution_id
            },
            ahead=[row.execution_id for row in line].index(execution_id) if is_queued else 0,
            holders=tuple(row.execution_id for row in held[:_HOLDERS]) if is_queued else (),
            crash_count=data.crash_counts.get(execution_id, 0),
            deliveries=sum(row.target == execution_id for row in data.deliveries),
        )

    async def deliveries(self, card_ids: Sequence[str]) -> Mapping[str, CopyDelivery]:
        """Returns what became of the cards of which their channel keeps a copy."""
        rows = [self._data.copies[card_id].row for card_id in card_ids if card_id in self._data.copies]
        return {
            row.card_id: CopyDelivery(
                state=row.state, since=row.since, code=row.code, reason=row.reason, is_stale=row.is_stale
            )
            for row in rows
        }

    def _facts_of(self, execution_id: str) -> RowFacts:
        data = self._data
        incidents = sorted((row for key, row in data.incidents.items() if key[0] == execution_id), key=_seq)
        cards = [card for card in data.cards.values() if card.execution_id == execution_id]
        cards.sort(key=lambda card: (card.opened_on, card.card_id))
        timers = sorted((row.due, row.seq, row.kind) for key, row in data.timers.items() if key[0] == execution_id)
        place = data.places.get(execution_id)
        return RowFacts(
            incident=IncidentSummary(
                kind=incidents[0].kind,
                code=incidents[0].code,
                step=incidents[0].step,
                opened_on=incidents[0].opened_on,
                count=len(incidents),
            )
            if incidents
            else None,
            cards=tuple(
                OpenCardFact(step=card.step, recipient=card.recipient, opened_on=card.opened_on) for card in cards
            ),
            waits=tuple(row.step for key, row in sorted(data.waits.items()) if key[0] == execution_id),
            timers=tuple((kind, due) for due, _, kind in timers),
            calls=sum(key[0] == execution_id for key in data.effects),
            queued_on=place.since if place is not None and not place.is_held else None,
            search=tuple(sorted(data.search.get(execution_id, ()))),
        )


def _seq(row: IncidentRow) -> int:
    return row.seq
