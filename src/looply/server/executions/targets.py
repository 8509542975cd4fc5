"""Calls on systems that are not called as usual: after an outage, and for maintenance."""

from typing import Final

import msgspec

from looply.app.executions import targets
from looply.engine.records.targets import TargetCallState, TargetRow
from looply.instants import ms_or_none, to_ms
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, instant_of


class MaintenanceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which the system is not called, as `by` has decided."""

    begins_on: int = msgspec.field(name="from")
    until: int
    reason: str
    by: str | None


class TargetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A system that is not called as usual.

    `DOWN`: not called, but for a probe from time to time, the next one at `probe_on`. `DRAINING`: what has waited is
    let go, at first at `rate` a second. `PAUSED`: in maintenance. `UP`: its maintenance is yet to come. `since` and
    `reason` are null without an outage. `waiting` is how many attempts of steps wait for it.
    """

    target: str
    state: TargetCallState
    since: int | None
    reason: str | None
    probe_on: int | None
    rate: float | None
    maintenance: MaintenanceRecord | None
    waiting: int


class TargetsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All systems that are not called as usual, by name."""

    message: str
    count: int
    items: list[TargetRecord]


class PauseTargetBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`target` is the name of a connection or the origin of a system; the times are epoch milliseconds.

    Without `from` the pause begins now; it ends before `until`.
    """

    target: str
    until: int
    begins_on: int | None = msgspec.field(name="from", default=None)
    reason: str = ""


class DrainTargetBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`target` as in `pauseTarget`; `rate` is how many calls a second are let go."""

    target: str
    rate: float


class ReleaseTargetBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`target` as in `pauseTarget`."""

    target: str


class TargetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The name of the system, and its state now."""

    message: str
    target: str
    state: TargetCallState


class ReleaseTargetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The name of the system, and whether it was not called as usual before."""

    message: str
    target: str
    was_stopped: bool


async def get_targets(call: Call) -> Response:
    """Lists the systems that are not called as usual."""
    found = await targets.list_all(call.services, call.principal)
    items = [_record(call, report.row, report.waiting) for report in found]
    return Response(TargetsAnswer(message=SUCCESS, count=len(items), items=items))


async def pause_target(call: Call) -> Response:
    """Stops the calls of a system for a time."""
    body: PauseTargetBody = call.body
    begins_on = instant_of(body.begins_on, "from") if body.begins_on is not None else None
    until = instant_of(body.until, "until")
    row = await targets.pause(call.services, call.principal, body.target, begins_on, until, body.reason)
    return Response(TargetAnswer(message=SUCCESS, target=row.target, state=row.call_state(call.services.clock.now())))


async def drain_target(call: Call) -> Response:
    """Lets what waits for a system go at a rate."""
    body: DrainTargetBody = call.body
    row = await targets.drain(call.services, call.principal, body.target, body.rate)
    return Response(TargetAnswer(message=SUCCESS, target=row.target, state=row.call_state(call.services.clock.now())))


async def release_target(call: Call) -> Response:
    """Calls a system as usual again."""
    body: ReleaseTargetBody = call.body
    target, was_stopped = await targets.release(call.services, call.principal, body.target)
    return Response(ReleaseTargetAnswer(message=SUCCESS, target=target, was_stopped=was_stopped))


def _record(call: Call, row: TargetRow, waiting: int) -> TargetRecord:
    window, has_outage = row.maintenance, bool(row.reason)
    return TargetRecord(
        target=row.target,
        state=row.call_state(call.services.clock.now()),
        since=to_ms(row.since) if has_outage else None,
        reason=row.reason or None,
        probe_on=ms_or_none(row.next_on if row.state == "OPEN" else None),
        rate=row.rate if row.state == "HALF" else None,
        maintenance=MaintenanceRecord(
            begins_on=to_ms(window.begins_on), until=to_ms(window.until), reason=window.reason, by=window.by or None
        )
        if window is not None
        else None,
        waiting=waiting,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getTargets",
        access="read.executions",
        handle=get_targets,
        summary="List the systems that are not called as usual: down, being drained, or paused",
        description=(
            "After five failed calls in a row, or when half of at least twenty calls within a minute failed, a system "
            "is called no more, but for probes. Executions wait for it; after a probe that succeeds they continue "
            "at a rate that doubles every 10 seconds."
        ),
        tag="Systems",
        answer=TargetsAnswer,
    ),
    manage_route(
        path="/v2/workflows/pauseTarget",
        access="repair",
        handle=pause_target,
        summary="Stop all calls of a system for a time, such as its maintenance; executions wait for its end",
        tag="Systems",
        body=PauseTargetBody,
        answer=TargetAnswer,
        refusals=(404, 409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/drainTarget",
        access="repair",
        handle=drain_target,
        summary="Let what waits for a system go at a fixed rate; its outage and its maintenance are over",
        tag="Systems",
        body=DrainTargetBody,
        answer=TargetAnswer,
        refusals=(404, 409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/releaseTarget",
        access="repair",
        handle=release_target,
        summary="Call a system as usual again, at once",
        tag="Systems",
        body=ReleaseTargetBody,
        answer=ReleaseTargetAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
