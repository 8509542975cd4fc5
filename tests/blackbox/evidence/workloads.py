"""The workloads of the fault tests: definitions, and the expectations about each of their executions.

Every call goes to `<place>/<number of the order>/<step>`, so that the ledger separates the calls of an order without
trusting the engine: the number comes from the caller's body, the key beside it from the engine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blackbox.harness.definitions import START, Definition, Step, definition, graph, http, note, wait

GAP_SECONDS = 0.1
PAUSE_SECONDS = 1.0
EVERY_SECONDS = 1
SLOW_SECONDS = 2.0


@dataclass(frozen=True, eq=False)
class Workload:
    """A definition by the base URL of its calls, and the invariants of a completed execution of it.

    `path` returns the calls and waits of an order's number in the order of their visits. `once` are calls that are not
    repeated after an unknown outcome. `refusals` of each call are scripted before it is accepted; each
    answer takes `delay` seconds, so that a fault hits calls in flight. `pauses` are the steps without an answer:
    each takes `PAUSE_SECONDS`, and ends with its event type.
    """

    name: str
    define: Callable[[str], Definition]
    path: Callable[[int], tuple[str, ...]]
    waits: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    refusals: int = 0
    delay: float = 0.0
    is_named: bool = False
    """Whether a resume addresses its wait by token. Without one, an answer may come before the wait."""
    pauses: dict[str, str] = field(default_factory=dict)

    def calls(self, number: int) -> tuple[str, ...]:
        """Returns the calls of an order, in their order."""
        return tuple(step for step in self.path(number) if step not in self.waits and step not in self.pauses)


def _always(*steps: str) -> Callable[[int], tuple[str, ...]]:
    return lambda number: steps


def _call(place: str, id_: str, method: str = "PUT", *, n: str = "${payload.output.n}", **more: Any) -> Step:
    more.setdefault("step", {"timeout": "PT10S"})
    return http(f"{place}/${{payload.output.n}}/{id_}", id_, method, body={"n": n}, **more)


def _linear(place: str) -> Definition:
    return definition(*(_call(place, f"call_{number}") for number in range(1, 6)), name="Linear")


def _asking(place: str) -> Definition:
    return definition(
        _call(place, "call_1"),
        wait("wait_1"),
        _call(place, "call_2"),
        wait("wait_2"),
        _call(place, "call_3", "POST", step={"on_unknown": "retry"}),
        name="Asking",
    )


def _retried(place: str) -> Definition:
    return definition(
        note("note_1", "${add(payload.output.n, 1)}"),
        _call(place, "before"),
        wait("wait_1"),
        _call(place, "after", "POST", step={"on_unknown": "retry"}),
        name="Retried",
    )


def _at_most_once(place: str) -> Definition:
    return definition(note(), _call(place, "once", "POST", step={}), name="At most once")


def _refused(place: str) -> Definition:
    retry = {"max_attempts": 4, "interval": f"PT{GAP_SECONDS}S", "backoff": 1.0}
    return definition(_call(place, "call_1", step={"retry": retry}), note(), name="Refused")


def _branched(place: str) -> Definition:
    rule = {"variable": "${mod(payload.output.n, 2)}", "operator": "NumericEquals", "value": 0}
    steps = [
        {"id": "conditional_1", "type": "conditional", "settings": {"rules": [rule]}},
        _call(place, "even"),
        _call(place, "odd"),
        _call(place, "joined"),
    ]
    edges = (
        (START["id"], "conditional_1"),
        ("conditional_1", "even", "yes"),
        ("conditional_1", "odd", "no"),
        ("even", "joined"),
        ("odd", "joined"),
    )
    return graph(steps, *edges, name="Branched")


def _pausing(place: str) -> Definition:
    steps = [
        {"id": "delay_1", "type": "delay", "settings": {"for": f"PT{PAUSE_SECONDS}S"}},
        _call(place, "call_1"),
        wait("wait_1", timeout=f"PT{PAUSE_SECONDS}S"),
        _call(place, "late"),
    ]
    edges = (
        (START["id"], "delay_1"),
        ("delay_1", "call_1"),
        ("call_1", "wait_1"),
        ("wait_1", "late", "timeout"),
    )
    return graph(steps, *edges, name="Pausing")


def _slow(place: str) -> Definition:
    return definition(
        _call(place, "got", "GET"),
        _call(place, "retried", "POST", step={"timeout": "PT10S", "on_unknown": "retry"}),
        note(),
        name="Slow",
    )


def _slow_once(place: str) -> Definition:
    return definition(
        _call(place, "once", "POST", step={"timeout": "PT10S", "on_unknown": "incident"}), note(), name="Slow, once"
    )


LINEAR = Workload("Linear", _linear, _always("call_1", "call_2", "call_3", "call_4", "call_5"))
ASKING = Workload(
    "Asking",
    _asking,
    _always("call_1", "wait_1", "call_2", "wait_2", "call_3"),
    waits=("wait_1", "wait_2"),
    is_named=True,
)
RETRIED = Workload("Retried", _retried, _always("before", "wait_1", "after"), waits=("wait_1",))
ONCE = Workload("At most once", _at_most_once, _always("once"), once=("once",))
REFUSED = Workload("Refused", _refused, _always("call_1"), refusals=2)
BRANCHED = Workload("Branched", _branched, lambda number: ("odd" if number % 2 else "even", "joined"))
PAUSING = Workload(
    "Pausing",
    _pausing,
    _always("delay_1", "call_1", "wait_1", "late"),
    pauses={"delay_1": "STEP_SUCCEEDED", "wait_1": "WAIT_TIMED_OUT"},
)

SLOW = Workload("Slow", _slow, _always("got", "retried"), delay=SLOW_SECONDS)
SLOW_ONCE = Workload("Slow, once", _slow_once, _always("once"), once=("once",), delay=SLOW_SECONDS)

MIXED = (LINEAR, ASKING, RETRIED, ONCE, REFUSED, BRANCHED, PAUSING)

TO_THE_END = Workload(
    "Raced to the end",
    lambda place: definition(wait("wait_1"), note("note_1", "${wait_1.output.n}"), name="Raced to the end"),
    _always("wait_1"),
    waits=("wait_1",),
)
TO_A_CALL = Workload(
    "Raced to a call",
    lambda place: definition(wait("wait_1"), _call(place, "after", n="${wait_1.output.n}"), name="Raced to a call"),
    _always("wait_1", "after"),
    waits=("wait_1",),
)
TO_A_WAIT = Workload(
    "Raced to a wait",
    lambda place: definition(wait("wait_1"), wait("wait_2"), name="Raced to a wait"),
    _always("wait_1", "wait_2"),
    waits=("wait_1", "wait_2"),
    is_named=True,
)

RACED = (TO_THE_END, TO_A_CALL, TO_A_WAIT)
HELD = (SLOW, SLOW_ONCE)
"""Their calls are in flight when a process dies."""
BY_NAME = {workload.name: workload for workload in (*MIXED, *RACED, *HELD)}


def scheduled(anchor: str) -> Definition:
    """Returns a workflow that starts by itself every `EVERY_SECONDS` from an RFC 3339 instant on."""
    schedule = {"every": f"PT{EVERY_SECONDS}S", "start": anchor}
    settings = {"trigger_type": "SCHEDULED", "schedule": schedule}
    return definition(note(), trigger=settings, name="Scheduled")
