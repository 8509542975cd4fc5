"""What holds of systems that are down, in every run of pools with outages."""

from collections.abc import Iterable, Sequence

from simulation.checking import checkers
from simulation.checking.checkers import Checker
from simulation.running.options import CLOCK_FAULTS
from simulation.running.trace import Trace


def problems_of(trace: Trace) -> list[str]:
    """Returns the violations in a run of a pool with outages."""
    if trace.is_unreadable:
        return trace.stuck
    every = (*checkers.CHECKERS, *OUTAGE_CHECKERS)
    return [f"{check.__name__}: {problem}" for check in every for problem in check(trace)]


def systems_that_are_down_are_called_by_probes_only(trace: Trace) -> Iterable[str]:
    """S15: a minute after a system was opened, each call of it took a turn as a probe before."""
    is_clock_right = not any(trace.hits[fault] for fault in CLOCK_FAULTS)
    if is_clock_right and trace.calls_while_down > trace.probes:
        yield f"{trace.calls_while_down} calls of systems that were down, by {trace.probes} probes"


def each_outage_has_one_alarm(trace: Trace) -> Iterable[str]:
    """S16: the process that opens a system alarms, and no other one; a process may die before it can."""
    if trace.alarms > trace.openings:
        yield f"{trace.alarms} alarms of {trace.openings} outages"


def attempts_that_only_found_a_system_down_do_not_count(trace: Trace) -> Iterable[str]:
    """S17: an attempt that waits again had a call that failed, and its number stays the same."""
    for execution, history in trace.histories.items():
        for number, event in enumerate(history):
            if event["type"] != "StepParked" or not event.get("again"):
                continue
            place = (f"{execution}:{event['step']}:{event.get('visit', 1)}", event.get("attempt", 1))
            failed = any((line.key, line.attempt) == place and line.outcome != "200" for line in trace.lines)
            if not failed and not any((refusal.key, refusal.attempt) == place for refusal in trace.refusals):
                yield f"{execution} waits again by event {number + 1}, and no call failed"


OUTAGE_CHECKERS: Sequence[Checker] = (
    systems_that_are_down_are_called_by_probes_only,
    each_outage_has_one_alarm,
    attempts_that_only_found_a_system_down_do_not_count,
)
