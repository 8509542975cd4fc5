"""API keys that are bound to workflows: such a key sees only these workflows and their executions.

    services = bind_services(services, principal.workflow_ids)
    values = {name: hide_workflow_id(value, ...) ...}

The bound services contain an engine that shows only these workflows. An id of another workflow is replaced by an id
that no workflow has, before any look-up, so that each call answers exactly as for an object that does not exist.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final, TypeVar

from msgspec.structs import replace as with_fields

from looply.app.context.services import Services
from looply.catalog.tenants.names import NO_WORKFLOW, not_found_error, validate_id
from looply.definition import Workflow
from looply.engine.ports.lists import ANY_CARD, CardFilter, CardKey, Execution, Filter, Head, OpenCard, Page
from looply.engine.ports.port import (
    Audit,
    Engine,
    Examined,
    ExecutionOverview,
    Executions,
    Health,
    LedgerRow,
    LiveSchedules,
    MissedFires,
    Schedule,
    Start,
    ignore_examined,
)
from looply.engine.records.copies import CopyDelivery
from looply.engine.records.decisions import DecisionFilter, DecisionKey, DecisionRow, Decisions, key_of
from looply.engine.records.figures.figures import Counts, CountsOfWorkflows, Drift, Figures, Grain, RollUpRow, RollUps
from looply.engine.records.figures.overview import IncidentGroup, Obstacles, RowFacts
from looply.engine.records.figures.survey import Usage
from looply.engine.records.letters import LetterFilter, LetterKey, LetterRow, Letters
from looply.errors import BadRequest, execution_not_found
from looply.execution.answering.starting import Started
from looply.execution.facts.commands import Command, Reply
from looply.execution.facts.events import Event, IncidentKind

_CARDS: Final = 1000
"""Open cards that one read examines."""

_Row = TypeVar("_Row")


def bind_services(services: Services, workflow_ids: frozenset[str]) -> Services:
    """Returns services that show only the executions of these workflows."""
    return replace(services, engine=BoundEngine(services.engine, workflow_ids))


def hide_workflow_id(workflow_id: str, workflow_ids: frozenset[str]) -> str:
    """Returns the id, or `NO_WORKFLOW` for the id of another workflow. Returns a text that is not an id unchanged."""
    try:
        return workflow_id if validate_id(workflow_id, "workflow") in workflow_ids else NO_WORKFLOW
    except BadRequest:
        return workflow_id


class _BoundExecutions:
    """The executions of some workflows."""

    def __init__(self, executions: Executions, workflow_ids: frozenset[str]) -> None:
        self._executions = executions
        self._ids = workflow_ids

    async def get(self, execution_id: str) -> Execution:
        """Returns an execution of one of the workflows. Raises: NotFound for another one."""
        execution = await self._executions.get(execution_id)
        if execution.head.workflow_id not in self._ids:
            raise execution_not_found(execution_id)
        return execution

    async def get_many(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Returns those of the executions that belong to the workflows."""
        executions = await self._executions.get_many(execution_ids)
        return {each: execution for each, execution in executions.items() if execution.head.workflow_id in self._ids}

    async def labels(self, execution_id: str) -> Mapping[str, str]:
        """Returns the labels of an execution of one of the workflows, none for another one."""
        labels = await self._executions.labels(execution_id)
        return labels if labels.get("workflow") in self._ids else {}

    async def history(self, execution_id: str, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Event]]:
        """Returns events of an execution that the caller has already read by `get`."""
        return await self._executions.history(execution_id, after, limit)

    async def find(self, organization_id: str, name: str, workflow_id: str = "") -> Sequence[Head]:
        """Returns the executions with the name, as if there were no other workflows."""
        if workflow_id:
            return await self._executions.find(organization_id, name, workflow_id) if workflow_id in self._ids else ()
        heads = await self._executions.find(organization_id, name)
        own = [head for head in heads if head.workflow_id in self._ids]
        if own or not heads:
            return own
        # The matches are of other workflows, and may hide the newest ended execution of these workflows.
        for each in sorted(self._ids):
            own += await self._executions.find(organization_id, name, each)
        return sorted(own, key=lambda head: head.execution_id)[-1:]

    async def workflow(self, definition_hash: str) -> Workflow:
        """Returns a definition of an execution that the caller has already read by `get`."""
        return await self._executions.workflow(definition_hash)

    async def list(
        self, organization_id: str, criteria: Filter, after: str = "", limit: int = 20, *, has_events: bool = True
    ) -> Page:
        """Returns executions of these workflows."""
        visible_ids = self._ids.intersection(criteria.workflow_ids) if criteria.workflow_ids else self._ids
        if not visible_ids:
            return Page(items=())
        narrowed = with_fields(criteria, workflow_ids=tuple(sorted(visible_ids)))
        return await self._executions.list(organization_id, narrowed, after, limit, has_events=has_events)

    async def wait_until_settled(self, execution_id: str, until: datetime) -> Execution:
        """Returns a settled execution that the caller has started."""
        return await self._executions.wait_until_settled(execution_id, until)

    async def open_cards(
        self, organization_id: str, criteria: CardFilter = ANY_CARD, after: CardKey | None = None, limit: int = 100
    ) -> Sequence[OpenCard]:
        """Returns cards of these workflows, newest first."""
        own: list[OpenCard] = []
        while True:
            cards = await self._executions.open_cards(organization_id, criteria, after, _CARDS)
            own += [card for card in cards if card.workflow_id in self._ids]
            if len(own) >= limit or len(cards) < _CARDS:
                return own[:limit]
            after = cards[-1].key

    async def find_card(self, organization_id: str, card_id: str) -> OpenCard | None:
        """Returns a card of these workflows, None for another one."""
        card = await self._executions.find_card(organization_id, card_id)
        return card if card is not None and card.workflow_id in self._ids else None


class BoundEngine:
    """An engine that shows only the executions of some workflows."""

    def __init__(self, engine: Engine, workflow_ids: frozenset[str]) -> None:
        self._engine = engine
        self._ids = workflow_ids
        self.executions: Executions = _BoundExecutions(engine.executions, workflow_ids)
        self.blobs = engine.blobs
        self.absences = engine.absences
        self.datastores = engine.datastores
        self.pruning = engine.pruning
        self.targets = engine.targets
        self.decisions: Decisions = _BoundDecisions(engine.decisions, workflow_ids)
        self.letters: Letters = _BoundLetters(engine.letters, workflow_ids)
        self.figures: Figures = _BoundFigures(engine.figures, workflow_ids)
        self.overview: ExecutionOverview = _BoundOverview(engine.overview, workflow_ids)
        self.schedules: LiveSchedules = _BoundSchedules(engine.schedules, workflow_ids)

    async def start(self, request: Start) -> Started:
        """Starts an execution of one of the workflows. Raises: NotFound for another one."""
        if request.workflow_id not in self._ids:
            raise not_found_error("workflow", request.workflow_id)
        return await self._engine.start(request)

    async def submit(self, execution_id: str, command: Command) -> Reply:
        """Submits a command to an execution of one of the workflows. Raises: NotFound for another one."""
        await self.executions.get(execution_id)
        return await self._engine.submit(execution_id, command)

    async def put_definition(self, workflow: Workflow, workflow_id: str, workflow_version: int) -> None:
        """Stores a definition by its hash."""
        await self._engine.put_definition(workflow, workflow_id, workflow_version)

    async def usage(self) -> Mapping[str, Usage]:
        """Returns the usage of each organization. No call of a key needs it."""
        return await self._engine.usage()

    async def audit(self, examined: Examined = ignore_examined) -> Audit:
        """Returns the audit of the whole store. No call of a key needs it."""
        return await self._engine.audit(examined)

    def health(self) -> Health:
        """Returns whether the engine takes work."""
        return self._engine.health()


class _BoundLetters:
    """The dead letters of some workflows."""

    def __init__(self, letters: Letters, workflow_ids: frozenset[str]) -> None:
        self._letters = letters
        self._ids = workflow_ids

    async def list(
        self, organization_id: str, criteria: LetterFilter, after: LetterKey | None, limit: int
    ) -> Sequence[LetterRow]:
        pages = [
            await self._letters.list(organization_id, with_fields(criteria, workflow_id=each), after, limit)
            for each in _visible_ids(criteria.workflow_id, self._ids)
        ]
        return _merge(pages, lambda row: (row.execution_id, row.seq), limit)

    async def find(self, execution_id: str, seq: int) -> LetterRow | None:
        row = await self._letters.find(execution_id, seq)
        return row if row is not None and row.workflow_id in self._ids else None

    async def of_execution(self, execution_id: str) -> Sequence[LetterRow]:
        return [row for row in await self._letters.of_execution(execution_id) if row.workflow_id in self._ids]

    async def count_unsettled(self) -> int:
        return await self._letters.count_unsettled()


class _BoundDecisions:
    """The recorded decisions of some workflows."""

    def __init__(self, decisions: Decisions, workflow_ids: frozenset[str]) -> None:
        self._decisions = decisions
        self._ids = workflow_ids

    async def list(
        self, organization_id: str, criteria: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        pages = [
            await self._decisions.list(organization_id, with_fields(criteria, workflow_id=each), after, limit)
            for each in _visible_ids(criteria.workflow_id, self._ids)
        ]
        return _merge(pages, key_of, limit)

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        return [row for row in await self._decisions.of_execution(execution_id) if row.workflow_id in self._ids]


class _BoundSchedules:
    """The live schedules of some workflows."""

    def __init__(self, schedules: LiveSchedules, workflow_ids: frozenset[str]) -> None:
        self._schedules = schedules
        self._ids = workflow_ids

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        return await self._schedules.find(organization_id, workflow_id) if workflow_id in self._ids else None

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        return [each for each in await self._schedules.list(organization_id) if each.workflow_id in self._ids]

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        return await self._schedules.fires(workflow_id, before, limit) if workflow_id in self._ids else ()

    async def find_missed(self, organization_id: str) -> dict[str, MissedFires]:
        missed = await self._schedules.find_missed(organization_id)
        return {workflow_id: each for workflow_id, each in missed.items() if workflow_id in self._ids}

    async def put(self, schedule: Schedule, workflow: Workflow, *, former: Schedule | None = None) -> bool:
        return await self._schedules.put(schedule, workflow, former=former)

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        await self._schedules.drop(organization_id, workflow_id)


class _BoundOverview:
    """The overview of some workflows. What is asked by the id of an execution, the caller has found before."""

    def __init__(self, overview: ExecutionOverview, workflow_ids: frozenset[str]) -> None:
        self._overview = overview
        self._ids = workflow_ids

    async def heads(self, execution_ids: Sequence[str]) -> Sequence[Head]:
        return [head for head in await self._overview.heads(execution_ids) if head.workflow_id in self._ids]

    async def facts(self, execution_ids: Sequence[str]) -> Mapping[str, RowFacts]:
        return await self._overview.facts(execution_ids)

    async def incident_groups(
        self, organization_id: str, workflow_ids: Sequence[str], kinds: Sequence[IncidentKind], limit: int
    ) -> Sequence[IncidentGroup]:
        visible = sorted(self._ids.intersection(workflow_ids) if workflow_ids else self._ids)
        return await self._overview.incident_groups(organization_id, visible, kinds, limit) if visible else ()

    async def obstacles(self, execution_id: str) -> Obstacles:
        return await self._overview.obstacles(execution_id)

    async def deliveries(self, card_ids: Sequence[str]) -> Mapping[str, CopyDelivery]:
        return await self._overview.deliveries(card_ids)


class _BoundFigures:
    """The figures of some workflows."""

    def __init__(self, figures: Figures, workflow_ids: frozenset[str]) -> None:
        self._figures = figures
        self._ids = workflow_ids

    async def fold(self, limit: int) -> int:
        return await self._figures.fold(limit)

    async def counts(self, organization_id: str, workflow_ids: Sequence[str]) -> Counts:
        return await self._figures.counts(organization_id, self._narrow(workflow_ids))

    async def counts_of(self, organization_id: str, workflow_ids: Sequence[str]) -> CountsOfWorkflows:
        return await self._figures.counts_of(organization_id, sorted(self._ids.intersection(workflow_ids)))

    async def workflows_with(self, organization_id: str, names: Collection[str]) -> frozenset[str]:
        return self._ids & await self._figures.workflows_with(organization_id, names)

    async def hours_of(
        self, organization_id: str, workflow_ids: Sequence[str], begins: Sequence[datetime]
    ) -> Sequence[RollUpRow]:
        return await self._figures.hours_of(organization_id, sorted(self._ids.intersection(workflow_ids)), begins)

    async def rollups(
        self,
        organization_id: str,
        grain: Grain,
        span: tuple[datetime, datetime],
        workflow_ids: Sequence[str],
        profile: str | None,
    ) -> RollUps:
        return await self._figures.rollups(organization_id, grain, span, self._narrow(workflow_ids), profile)

    async def drop_rollups(self, grain: Grain, before: datetime) -> None:
        await self._figures.drop_rollups(grain, before)

    async def find_drift(self) -> Sequence[Drift]:
        return await self._figures.find_drift()

    async def correct(self) -> None:
        await self._figures.correct()

    def _narrow(self, workflow_ids: Sequence[str]) -> Sequence[str]:
        visible = self._ids.intersection(workflow_ids) if workflow_ids else self._ids
        return sorted(visible) or [NO_WORKFLOW]


def _visible_ids(workflow_id: str, workflow_ids: frozenset[str]) -> Iterable[str]:
    """Returns the workflows that a list shows: the one that its filter names, if it is bound, or all bound ones."""
    if workflow_id:
        return (workflow_id,) if workflow_id in workflow_ids else ()
    return sorted(workflow_ids)


def _merge(pages: Sequence[Sequence[_Row]], key: Callable[[_Row], Any], limit: int) -> list[_Row]:
    """Merges sorted pages and returns their first rows, the highest key first."""
    return list(islice(merge(*pages, key=key, reverse=True), limit))
