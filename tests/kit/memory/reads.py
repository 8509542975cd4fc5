"""The reading side of the memory store."""

import operator
from collections.abc import Mapping, Sequence

from kit.memory.data import MemoryData
from kit.memory.records.overview import is_stale
from looply.engine.coding.searching import budget_of, matches_pattern, process_id_patterns
from looply.engine.ports.lists import CardFilter, CardKey, CauseFilter, Filter, Head, OpenCard
from looply.engine.ports.store import Batch, IncidentRow, Work
from looply.engine.records.claims import Claim
from looply.execution.document.searching import SearchValues
from looply.execution.facts.deliveries import Delivery


class MemoryReads:
    """See `looply.engine.ports.store.Reads`."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data

    async def heads(self, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
        """Returns the executions with a process id or execution id."""
        data = self._data
        own = data.heads.get(name.lower())
        if own is not None and own.organization_id == organization_id and workflow_id in ("", own.workflow_id):
            return [own]
        holders = [
            data.heads[execution_id]
            for (holder_workflow, process_id), (claim, execution_id) in data.claims.items()
            if process_id == name and claim.organization_id == organization_id and workflow_id in ("", holder_workflow)
        ]
        if holders:
            return sorted(holders, key=lambda head: head.execution_id, reverse=True)
        known = [
            head
            for head in data.heads.values()
            if head.process_id == name
            and head.organization_id == organization_id
            and workflow_id in ("", head.workflow_id)
        ]
        return sorted(known, key=lambda head: head.execution_id, reverse=True)[:1]

    async def head(self, execution_id: str) -> Head | None:
        """Returns the head of one execution."""
        return self._data.heads.get(execution_id)

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that do not run."""
        heads = self._data.heads
        return [each for each in execution_ids if each in heads and heads[each].status != "RUNNING"]

    async def list(self, organization_id: str, query: Filter, after: str, limit: int) -> tuple[Sequence[Head], str]:
        """Returns a page of heads, newest or oldest first, and where its scan budget ended."""
        mine = (head for head in self._data.heads.values() if head.organization_id == organization_id)
        is_behind = operator.gt if query.is_oldest_first else operator.lt
        behind = sorted(
            (head for head in mine if not after or is_behind(head.execution_id, after)),
            key=lambda head: head.execution_id,
            reverse=not query.is_oldest_first,
        )
        budget = budget_of(query)
        found: list[Head] = []
        for count, head in enumerate(behind, 1):
            if (
                _fits(head, query)
                and self._has(head, query)
                and _is_found(head, self._data.search.get(head.execution_id, ()), query)
            ):
                found.append(head)
            if len(found) == limit:
                return found, ""
            if count == budget:
                return found, head.execution_id
        return found, ""

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, oldest first."""
        return {execution_id: self._tail(execution_id, events) for execution_id in execution_ids}

    async def open_cards(
        self, organization_id: str, criteria: CardFilter, after: CardKey | None, limit: int
    ) -> Sequence[OpenCard]:
        """Returns open card copies behind a key, newest first."""
        data = self._data
        found = [
            card
            for card in data.cards.values()
            if data.heads[card.execution_id].organization_id == organization_id
            and criteria.recipient in ("", card.recipient)
            and criteria.workflow_id in ("", card.workflow_id)
            and (criteria.due_before is None or (card.due_on is not None and card.due_on < criteria.due_before))
            and (not criteria.is_stale or is_stale(data, card.card_id))
            and (after is None or card.key < after)
        ]
        return sorted(found, key=lambda card: card.key, reverse=True)[:limit]

    async def find_card(self, card_id: str) -> OpenCard | None:
        """Returns an open card copy, or None."""
        return self._data.cards.get(card_id)

    async def work_of(self, execution_id: str) -> Work:
        """Returns all rows of open work of one execution."""
        data = self._data
        cards = [card for card in data.cards.values() if card.execution_id == execution_id]
        return Work(
            effects=tuple(row for key, row in sorted(data.effects.items()) if key[0] == execution_id),
            timers=tuple(row for key, row in sorted(data.timers.items()) if key[0] == execution_id),
            waits=tuple(row for key, row in sorted(data.waits.items()) if key[0] == execution_id),
            incidents=tuple(row for key, row in sorted(data.incidents.items()) if key[0] == execution_id),
            cards=tuple(sorted(cards, key=lambda card: (card.opened_on, card.card_id))),
            continues=execution_id in data.continuations,
            slot=data.places.get(execution_id),
        )

    async def deliveries_of(self, target: str) -> Sequence[Delivery]:
        """Returns the rows that wait to be applied to one execution."""
        return [Delivery(row, kind) for row, kind in sorted(self._data.deliveries.items()) if row.target == target]

    async def claims_of(self, execution_id: str) -> Sequence[Claim]:
        """Returns the claims of one execution."""
        found = [claim for claim, holder in self._data.claims.values() if holder == execution_id]
        return sorted(found, key=lambda claim: (claim.workflow_id, claim.process_id))

    async def scan(self, after: str, limit: int) -> Sequence[Head]:
        """Returns heads of all organizations by ascending id."""
        return [self._data.heads[key] for key in sorted(self._data.heads) if key > after][:limit]

    async def dangling_rows(self) -> Sequence[str]:
        """Returns a line for each row that refers to what is not stored."""
        data = self._data
        schedules = data.schedules.values()
        rows = [
            *(("effect", key[0]) for key in data.effects),
            *(("timer", key[0]) for key in data.timers),
            *(("wait", key[0]) for key in data.waits),
            *(("incident", key[0]) for key in data.incidents),
            *(("continuation", key) for key in data.continuations),
            *(("concurrency_slot", key) for key in data.places),
            *(("delivery", row.sender) for row in data.deliveries),
            *(("card", card.execution_id) for card in data.cards.values()),
            *(("card_copy", copy.row.execution_id) for copy in data.copies.values()),
            *(("letter", key[0]) for key in data.letters),
            *(("claim", execution_id) for _, execution_id in data.claims.values()),
            *(("idempotency", execution_id) for _, execution_id in data.keys.values()),
            *(("search_field", key) for key, found in data.search.items() if found),
            *(("expiry", key) for key in data.expiries),
            *(("fire", row.execution_id) for rows in data.fires.values() for row in rows.values() if row.execution_id),
            *(("schedule", schedule.last_execution) for schedule in schedules if schedule.last_execution),
        ]
        lines = [f"{kind} row of execution {key}, which is not stored" for kind, key in rows if key not in data.heads]
        lost = [schedule.definition for schedule in schedules if schedule.definition not in data.definitions]
        return lines + [f"schedule row of definition {key}, which is not stored" for key in lost]

    def _has(self, head: Head, query: Filter) -> bool:
        owners = {
            "incident": {execution_id for execution_id, _ in self._data.incidents},
            "letter": {key[0] for key, row in self._data.letters.items() if not row.action},
        }
        has_open = not query.has or any(head.execution_id in owners[each] for each in query.has)
        incidents = [row for row in self._data.incidents.values() if row.execution_id == head.execution_id]
        has_cause = query.cause is None or any(_is_of(row, query.cause) for row in incidents)
        return has_open and has_cause and (not query.queues or _is_queued(self._data, head, query.queues))

    def _tail(self, execution_id: str, events: int) -> Sequence[Batch]:
        found: list[Batch] = []
        count = 0
        for batch in reversed(self._data.batches.get(execution_id, [])):
            if count >= events:
                break
            found.append(batch)
            count += batch.last_seq - batch.first_seq + 1
        return found[::-1]


def _is_queued(data: MemoryData, head: Head, queues: Sequence[str]) -> bool:
    effects = (row for row in data.effects.values() if row.execution_id == head.execution_id)
    return any(row.state == "QUEUED" and row.queue in queues for row in effects)


def _is_of(row: IncidentRow, cause: CauseFilter) -> bool:
    return (
        (not cause.codes or row.code in cause.codes)
        and (not cause.kinds or row.kind in cause.kinds)
        and (not cause.steps or row.step in cause.steps)
    )


def _fits(head: Head, query: Filter) -> bool:
    return (
        (not query.workflow_ids or head.workflow_id in query.workflow_ids)
        and (not query.parents or head.parent in query.parents)
        and (not query.statuses or head.status in query.statuses)
        and (not query.workflow_versions or head.workflow_version in query.workflow_versions)
        and (not query.trigger_types or head.trigger_type in query.trigger_types)
        and (not query.profiles or head.profile in query.profiles)
        and (query.created_from is None or head.created_on >= query.created_from)
        and (query.created_to is None or head.created_on < query.created_to)
        and (not query.process_ids or _answers(head, query.process_ids))
    )


def _answers(head: Head, texts: Sequence[str]) -> bool:
    any_id, own = process_id_patterns(texts)
    has_own = head.process_id != head.execution_id
    return _matches(head.process_id, any_id) or (has_own and _matches(head.process_id, own))


def _is_found(head: Head, search: SearchValues, query: Filter) -> bool:
    if any(not any(name == own and _matches(value, texts) for own, value in search) for name, texts in query.fields):
        return False
    return (
        not query.terms
        or head.workflow_id in query.term_workflows
        or (head.process_id != head.execution_id and _matches(head.process_id, query.terms))
        or _matches(head.execution_id, process_id_patterns(query.terms)[0])
        or (head.status != "COMPLETED" and _matches(head.current_state, query.terms))
        or (not query.hides_values and any(_matches(value, query.terms) for _, value in search))
    )


def _matches(text: str, texts: Sequence[str]) -> bool:
    return any(matches_pattern(text, each) for each in texts)
