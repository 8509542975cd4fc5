"""Figures of an organization: how much is open now, and what became of executions and steps over time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.engine.records.figures.figures import (
    CARDS,
    FAILED,
    GRAINS,
    INCIDENTS,
    LETTERS,
    RUNNING,
    WAITING,
    Counts,
    Grain,
    RollUp,
    RollUpRow,
)
from looply.errors import BadRequest
from looply.execution.facts.events import IncidentKind
from looply.instants import EPOCH

LONGEST: Final[Mapping[Grain, timedelta]] = {"hour": timedelta(days=8), "day": timedelta(days=100)}
"""The longest span of one answer."""


class OpenCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How much is open. `failed` executions are stopped by an incident; `as_of` is the instant of the numbers."""

    running: int
    waiting: int
    failed: int
    incidents: Mapping[IncidentKind, int]
    cards: int
    letters: int
    as_of: datetime


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The hours or days of statistics: those that begin from `begin` on, before `end`; of one workflow or profile."""

    grain: Grain
    begin: datetime
    end: datetime
    workflow_id: str = ""
    profile: str | None = None


class StepFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one step."""

    workflow_id: str
    step: str
    rollup: RollUp


class ConnectionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to the steps that name one connection, and the workflows that they are of."""

    connection: str
    workflow_ids: Sequence[str]
    rollup: RollUp


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a span.

    `buckets` are by the instant they begin, in milliseconds, oldest first; `workflows` by id, `names` are theirs;
    `steps` are those that call or wait, approvals among them; `connections` by name, of steps that name one in the
    newest ACTIVE version of their workflow; `counts` is how much is open as of the same fold, None of one profile,
    because counters are not kept by profile. `as_of` is the instant up to which all is counted.
    """

    buckets: Sequence[tuple[int, RollUp]]
    workflows: Sequence[tuple[str, RollUp]]
    steps: Sequence[StepFigures]
    connections: Sequence[ConnectionFigures]
    names: Mapping[str, str]
    counts: OpenCounts | None
    as_of: datetime


async def count_open(services: Services, principal: Principal, workflow_id: str = "") -> OpenCounts:
    """Returns how much of the organization, or of one workflow, is open: from counters, without counting."""
    now = services.clock.now()
    found = await services.engine.figures.counts(principal.organization_id, [workflow_id] if workflow_id else [])
    return _open_counts(found, now)


async def measure(services: Services, principal: Principal, span: Span) -> Statistics:
    """Returns what happened in a span. Raises: BadRequest (code `BAD_SPAN`) for one that is empty or too long."""
    if span.begin >= span.end or span.end - span.begin > LONGEST[span.grain]:
        days = LONGEST[span.grain].days
        message = f"from must be before to, and a span by {span.grain} has at most {days} days; ask for several spans"
        raise BadRequest(message, code="BAD_SPAN")
    organization_id = principal.organization_id
    figures = services.engine.figures
    workflow_ids = [span.workflow_id] if span.workflow_id else []
    # A span that begins within an hour or a day includes all of it.
    begin = span.begin - (span.begin - EPOCH) % GRAINS[span.grain]
    now = services.clock.now()
    found = await figures.rollups(organization_id, span.grain, (begin, span.end), workflow_ids, span.profile)
    counts = _open_counts(found.counts, now)
    names = dict(await services.catalog.workflows.names(organization_id))
    connections = await services.catalog.uses.connections_by_step(organization_id, workflow_ids)
    buckets, workflows, steps = await asyncio.to_thread(_sum, found.rows)
    return Statistics(
        buckets=buckets,
        workflows=workflows,
        steps=steps,
        connections=_by_connection(steps, connections),
        names=names,
        counts=counts if span.profile is None else None,
        as_of=counts.as_of,
    )


def _open_counts(counts: Counts, now: datetime) -> OpenCounts:
    """Returns how much is open by counters that were read at `now`, or thereafter."""
    totals = counts.totals
    return OpenCounts(
        running=totals.get(RUNNING, 0),
        waiting=totals.get(WAITING, 0),
        failed=totals.get(FAILED, 0),
        incidents={kind: totals.get(name, 0) for kind, name in INCIDENTS.items()},
        cards=totals.get(CARDS, 0),
        letters=totals.get(LETTERS, 0),
        as_of=counts.behind_since or now,
    )


def _by_connection(steps: Iterable[StepFigures], connections: Mapping[tuple[str, str], str]) -> list[ConnectionFigures]:
    rollups: dict[str, RollUp] = {}
    workflows: dict[str, set[str]] = {}
    for each in steps:
        name = connections.get((each.workflow_id, each.step))
        if name is not None:
            rollups.setdefault(name, RollUp()).add(each.rollup)
            workflows.setdefault(name, set()).add(each.workflow_id)
    return [
        ConnectionFigures(connection=name, workflow_ids=sorted(workflows[name]), rollup=rollup)
        for name, rollup in sorted(rollups.items())
    ]


def _sum(
    rows: Iterable[RollUpRow],
) -> tuple[list[tuple[int, RollUp]], list[tuple[str, RollUp]], list[StepFigures]]:
    buckets: dict[int, RollUp] = {}
    workflows: dict[str, RollUp] = {}
    steps: dict[tuple[str, str], RollUp] = {}
    for row in rows:
        if row.step:
            steps.setdefault((row.workflow_id, row.step), RollUp()).add(row.rollup)
            continue
        buckets.setdefault(row.begin_ms, RollUp()).add(row.rollup)
        workflows.setdefault(row.workflow_id, RollUp()).add(row.rollup)
    by_step = [StepFigures(workflow_id=key[0], step=key[1], rollup=rollup) for key, rollup in sorted(steps.items())]
    return (
        sorted(buckets.items(), key=lambda each: each[0]),
        sorted(workflows.items(), key=lambda each: each[0]),
        by_step,
    )
