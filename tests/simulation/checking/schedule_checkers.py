"""The guarantees of schedules, one checker for each: it yields the violations in a trace, as sentences."""

from collections import Counter
from collections.abc import Iterable

from simulation.running.trace import Firing, Plan, Trace

_OPEN = ("RUNNING", "WAITING")
_JUST_MS = 500
_ON_TIME_MS = 10_000
_WINDOW_MS = 3_600_000
_MOST_COUNTED = 10_000


def schedules_fire_each_instant_once(trace: Trace) -> Iterable[str]:
    """I10: nominal instants are taken once, and rise; they may fall when an operator resumes the schedule after
    the clock was set back.
    """
    taken = Counter((firing.workflow, firing.nominal_ms) for firing in trace.firings)
    yield from (f"{place} was taken {count} times" for place, count in taken.items() if count > 1)
    last: dict[str, Firing] = {}
    for firing in trace.firings:
        former = last.get(firing.workflow)
        last[firing.workflow] = firing
        if former is None or firing.nominal_ms > former.nominal_ms:
            continue
        plays = [plan for plan in trace.plans if plan.workflow == firing.workflow and plan.status == "ACTIVE"]
        if not any(plan.returned > former.order and plan.invoked < firing.order for plan in plays):
            yield f"{firing.workflow} fires at {firing.nominal_ms} after {former.nominal_ms}"


def schedules_keep_to_their_grid(trace: Trace) -> Iterable[str]:
    """I10: a nominal instant lies on the schedule's grid and not in the future; a firing has its execution."""
    for firing in trace.firings:
        plans = [plan for plan in trace.plans if plan.workflow == firing.workflow]
        grids = {(plan.anchor_ms, plan.every_ms) for plan in plans if plan.anchor_ms}
        # Only the store knows the anchor of a plan whose answer was lost.
        is_on_grid = any((firing.nominal_ms - anchor) % every == 0 for anchor, every in grids)
        if not is_on_grid and all(plan.is_known for plan in plans):
            yield f"{firing.workflow} fires at {firing.nominal_ms}, which is no nominal instant"
        if firing.nominal_ms > firing.latest_ms:
            yield f"{firing.workflow} fires at {firing.latest_ms} for {firing.nominal_ms}, which has not come"
        started = trace.histories.get(firing.execution, [{}])[0]
        if firing.execution and started.get("workflow_id") != firing.workflow:
            yield f"{firing.workflow} fired {firing.execution}, which is not there"


def schedules_respect_pauses_and_skip_only_overlaps(trace: Trace) -> Iterable[str]:
    """S11: nothing fires after a pause is acknowledged; an instant is skipped only while the last firing is open."""
    running: dict[str, str] = {}
    for firing in trace.firings:
        if _is_paused(trace, firing.workflow, firing.order):
            yield f"{firing.workflow} fires while it is paused"
        former = running.get(firing.workflow)
        if firing.execution:
            running[firing.workflow] = firing.execution
        elif firing.outcome != "MISSED" and (former is None or not _may_be_open(trace, former, firing)):
            yield f"{firing.workflow} leaves out {firing.nominal_ms}, and nothing of it was running"


def _may_be_open(trace: Trace, execution: str, firing: Firing) -> bool:
    """Returns whether an execution was open when a firing was skipped because of it, or had ended just before."""
    ends = [one for one in trace.commits if one.execution == execution and one.status not in _OPEN]
    if not ends or ends[0].order > firing.order or firing.at_ms - ends[0].at_ms < _JUST_MS:
        return True
    # A process that was stopped decided long before.
    return any(ends[0].order < stop.order < firing.order for stop in trace.stops)


def _is_paused(trace: Trace, workflow: str, order: int) -> bool:
    """Returns whether a pause was acknowledged by then and no resume of the schedule had begun."""
    plans = [plan for plan in trace.plans if plan.workflow == workflow and plan.invoked < order]
    pauses = [plan for plan in plans if plan.is_known and plan.status != "ACTIVE" and plan.returned < order]
    if not pauses:
        return False
    newest = pauses[-1]
    return not any(plan.status == "ACTIVE" and plan.returned > newest.invoked for plan in plans)


def missed_instants_were_late(trace: Trace) -> Iterable[str]:
    """I10: an instant is missed only when it is late and not the last one, or when it is over an hour late."""
    for firing in trace.firings:
        if firing.outcome != "MISSED":
            continue
        late_ms = firing.decided_ms - firing.nominal_ms
        is_last = late_ms < _every_ms(trace, firing.workflow)
        if late_ms <= (_WINDOW_MS if is_last else _ON_TIME_MS):
            yield f"{firing.workflow} misses {firing.nominal_ms}, {late_ms} ms late"


def no_instant_is_lost(trace: Trace) -> Iterable[str]:
    """I10: each instant between two decided ones is counted as missed, except in a pause."""
    last: dict[str, Firing] = {}
    for firing in trace.firings:
        former = last.get(firing.workflow)
        last[firing.workflow] = firing
        if former is None or firing.count >= _MOST_COUNTED:
            continue
        if any(plan.returned > former.order and plan.invoked < firing.order for plan in _plans(trace, firing)):
            continue
        first_ms = firing.nominal_ms - (firing.count - 1) * _every_ms(trace, firing.workflow)
        if first_ms != former.nominal_ms + _every_ms(trace, firing.workflow):
            yield f"{firing.workflow} decides on {first_ms} after {former.nominal_ms}"


def _plans(trace: Trace, firing: Firing) -> list[Plan]:
    return [plan for plan in trace.plans if plan.workflow == firing.workflow]


def _every_ms(trace: Trace, workflow: str) -> int:
    return next(plan.every_ms for plan in trace.plans if plan.workflow == workflow)
