"""Figures on the wire: how much is open, and statistics over time."""

from collections.abc import Mapping
from typing import Final

import msgspec

from looply.app.monitoring.figures import (
    LONGEST,
    ConnectionFigures,
    OpenCounts,
    Span,
    Statistics,
    StepFigures,
    count_open,
    measure,
)
from looply.catalog.tenants.names import validate_id
from looply.engine.records.figures.figures import GRAINS, Grain, RollUp
from looply.execution.facts.events import IncidentKind
from looply.instants import to_ms
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS, instant_of, one_of


class OpenByStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Open executions by status. Those counted as `FAILED` are stopped by an incident; ended ones are not counted."""

    running: int = msgspec.field(name="RUNNING")
    waiting: int = msgspec.field(name="WAITING")
    failed: int = msgspec.field(name="FAILED")


class CountsItem(msgspec.Struct, frozen=True, kw_only=True):
    """How much is open: executions, incidents by kind, cards, unsettled dead letters. `as_of`: up to which instant."""

    open: OpenByStatus
    incidents: dict[IncidentKind, int]
    cards: int
    letters: int
    as_of: int


class CountsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How much is open."""

    message: str
    item: CountsItem


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Durations in milliseconds: how many, the median and the one that 19 of 20 do not exceed, within 5 %."""

    n: int
    p50: int | None
    p95: int | None


class BucketItem(msgspec.Struct, frozen=True, kw_only=True):
    """The hour or the day that begins `on`, in UTC.

    `failed` counts executions that an incident stopped, or that a step ended as failed.
    """

    on: int
    started: int
    completed: int
    failed: int
    terminated: int
    duration: Spread


class WorkflowTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The whole span of one workflow; `workflow_name` is null when it is deleted."""

    workflow_id: str
    workflow_name: str | None
    started: int
    completed: int
    failed: int
    terminated: int
    duration: Spread


class StepTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The whole span of a step that calls or waits: visits that ended, attempts that failed or were repeated."""

    workflow_id: str
    state: str
    n: int
    failed: int
    retried: int
    timed_out: int
    duration: Spread


class ApprovalTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The whole span of an approval: how many ended, timed out or were escalated."""

    workflow_id: str
    state: str
    n: int
    timed_out: int
    escalated: int
    duration: Spread


class ConnectionTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The whole span of the steps that name a connection: attempts, how many of them failed or were repeated.

    `duration` is that of visits that ended, with their repeats. `workflow_ids` are those of the steps.
    """

    connection: str
    workflow_ids: list[str]
    calls: int
    failed: int
    retried: int
    duration: Spread


class StatisticsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a span. Hours and days in which nothing did are left out. `as_of`: up to which instant.

    `open` are the executions that were open then, counted with just the changes that the other numbers have. It is null
    when `profile` is given: what is open is not counted by profile.
    """

    message: str
    bucket: Grain
    as_of: int
    open: OpenByStatus | None
    buckets: list[BucketItem]
    workflows: list[WorkflowTotals]
    steps: list[StepTotals]
    approvals: list[ApprovalTotals]
    connections: list[ConnectionTotals]


async def get_counts(call: Call) -> Response:
    """Reads how much is open."""
    workflow_id = call.query.get("workflow_id")
    found = await count_open(call.services, call.principal, validate_id(workflow_id, "workflow") if workflow_id else "")
    return Response(CountsAnswer(message=SUCCESS, item=_counts(found)))


async def get_statistics(call: Call) -> Response:
    """Reads what happened in a span."""
    query = call.query
    (grain,) = one_of((query.get("bucket", "hour"),), tuple(GRAINS), "bucket")
    workflow_id = query.get("workflow_id")
    span = Span(
        grain=grain,
        begin=instant_of(query.get("from"), "from"),
        end=instant_of(query.get("to"), "to"),
        workflow_id=validate_id(workflow_id, "workflow") if workflow_id else "",
        profile=query.get("profile") if "profile" in query else None,
    )
    return Response(_statistics(await measure(call.services, call.principal, span), grain))


def _counts(counts: OpenCounts) -> CountsItem:
    return CountsItem(
        open=_open(counts),
        incidents=dict(counts.incidents),
        cards=counts.cards,
        letters=counts.letters,
        as_of=to_ms(counts.as_of),
    )


def _open(counts: OpenCounts) -> OpenByStatus:
    return OpenByStatus(running=counts.running, waiting=counts.waiting, failed=counts.failed)


def _statistics(statistics: Statistics, grain: Grain) -> StatisticsAnswer:
    return StatisticsAnswer(
        message=SUCCESS,
        bucket=grain,
        as_of=to_ms(statistics.as_of),
        open=_open(statistics.counts) if statistics.counts is not None else None,
        buckets=[
            BucketItem(
                on=on,
                started=rollup.started,
                completed=rollup.completed,
                failed=rollup.failed,
                terminated=rollup.terminated,
                duration=_spread(rollup),
            )
            for on, rollup in statistics.buckets
        ],
        workflows=[_workflow(workflow_id, rollup, statistics.names) for workflow_id, rollup in statistics.workflows],
        steps=[_step(each) for each in statistics.steps],
        approvals=[_approval(each) for each in statistics.steps if each.rollup.is_approval],
        connections=[_connection(each) for each in statistics.connections],
    )


def _workflow(workflow_id: str, rollup: RollUp, names: Mapping[str, str]) -> WorkflowTotals:
    return WorkflowTotals(
        workflow_id=workflow_id,
        workflow_name=names.get(workflow_id),
        started=rollup.started,
        completed=rollup.completed,
        failed=rollup.failed,
        terminated=rollup.terminated,
        duration=_spread(rollup),
    )


def _step(each: StepFigures) -> StepTotals:
    rollup = each.rollup
    return StepTotals(
        workflow_id=each.workflow_id,
        state=each.step,
        n=rollup.ended,
        failed=rollup.failed,
        retried=rollup.retried,
        timed_out=rollup.timed_out,
        duration=_spread(rollup),
    )


def _approval(each: StepFigures) -> ApprovalTotals:
    rollup = each.rollup
    return ApprovalTotals(
        workflow_id=each.workflow_id,
        state=each.step,
        n=rollup.ended,
        timed_out=rollup.timed_out,
        escalated=rollup.escalated,
        duration=_spread(rollup),
    )


def _connection(each: ConnectionFigures) -> ConnectionTotals:
    rollup = each.rollup
    return ConnectionTotals(
        connection=each.connection,
        workflow_ids=list(each.workflow_ids),
        calls=rollup.ended + rollup.failed,
        failed=rollup.failed,
        retried=rollup.retried,
        duration=_spread(rollup),
    )


def _spread(rollup: RollUp) -> Spread:
    return Spread(n=rollup.count, p50=rollup.quantile(0.5), p95=rollup.quantile(0.95))


_WORKFLOW: Final = Parameter("workflow_id", "Only this workflow.")
_DAYS: Final = {grain: span.days for grain, span in LONGEST.items()}

ROUTES: Final = (
    read_route(
        path="/v2/workflows/getCounts",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_counts,
        summary="Read how many executions, incidents, cards and dead letters are open",
        description=(
            "The numbers are counters that every stored change moves, a second late at most while the server is not "
            "overloaded; `as_of` says how late. Nothing is counted for the call."
        ),
        tag="Executions",
        parameters=(_WORKFLOW,),
        answer=CountsAnswer,
    ),
    read_route(
        path="/v2/workflows/getStatistics",
        access="read.executions",
        takes_bound_keys=True,
        handle=get_statistics,
        summary="Read what happened in a span of time, by hour or day, by workflow, step and connection",
        description=(
            "From roll-ups, which stay when executions are pruned: hours for 35 days, days for 400. "
            f"A span by hour has at most {_DAYS['hour']} days, one by day {_DAYS['day']}. `connections` has the steps "
            "that name a connection in the newest ACTIVE version of their workflow; a step that names its system by "
            "`system_id`, or its connection by an expression, is counted in `steps` only."
        ),
        tag="Executions",
        parameters=(
            Parameter("from", "Begin of the span, epoch milliseconds.", is_required=True, kind="instant"),
            Parameter("to", "End of the span, exclusive, epoch milliseconds.", is_required=True, kind="instant"),
            Parameter("bucket", "`hour` (the default) or `day`, in UTC."),
            _WORKFLOW,
            Parameter("profile", "Only executions with this profile; empty: those without one."),
        ),
        answer=StatisticsAnswer,
    ),
)
