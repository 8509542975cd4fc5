"""The reference model: the allowed histories of a workflow, by the answers of other systems and the calls of clients.

It implements the contract and imports nothing of the engine: it reads the JSON definition, walks through a history
event by event, and records where the history is not allowed. Its end gives the allowed status.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulation.running.trace import Call, Line, Refusal, Stop, Trace

Event = Mapping[str, Any]

_TIMES = {"PT3M": 180, "PT90S": 90, "PT5S": 5, "PT40S": 40, "PT3S": 3}
_START = "WorkflowStartState"
_LOADS_TO_POISON = 4
_DOWN_STATUSES = ("502", "503", "504")
_RETRIED_STATUSES = ("423", "429", "502", "503", "504")
_WITHOUT_EFFECT = ("Continued", "Discarded", "CardClosed", "CardDelivered", "CardUndelivered", "ResumeIgnored")


@dataclass
class Facts:
    """The external facts about one execution: the lines of the ledger, the calls, the ends of processes.

    `tries` are the calls of an attempt that came back, in their order; None is one that was refused.
    """

    lines: dict[tuple[str, int], list[Line]]
    tries: dict[tuple[str, int], list[Line | None]]
    resumes: dict[int, list[Call]]
    answers: dict[int, list[Call]]
    terminates: dict[str, list[Call]]
    stops: Sequence[Stop]


def facts_of(trace: Trace, execution: str) -> Facts:
    """Returns the facts about one execution in a trace."""
    lines: dict[tuple[str, int], list[Line]] = {}
    for line in trace.lines:
        if line.execution == execution:
            lines.setdefault((line.key.rpartition(f"{execution}:")[2], line.attempt), []).append(line)
    returned: list[Line | Refusal] = [
        *(line for line in trace.lines if line.execution == execution and line.returned),
        *(refusal for refusal in trace.refusals if refusal.execution == execution),
    ]
    tries: dict[tuple[str, int], list[Line | None]] = {}
    for each in sorted(returned, key=lambda each: each.order):
        found = tries.setdefault((each.key.rpartition(f"{execution}:")[2], each.attempt), [])
        found.append(each if isinstance(each, Line) else None)
    return Facts(
        lines=lines,
        tries=tries,
        resumes=_by(trace.calls_of("resume", execution), "serial"),
        answers=_by(trace.calls_of("answer", execution), "serial"),
        terminates=_by(trace.calls_of("terminate", execution), "reason"),
        stops=trace.stops,
    )


def _by(calls: Sequence[Call], name: str) -> dict[Any, list[Call]]:
    """Returns the calls that were done or may have been, by their distinguishing value."""
    found: dict[Any, list[Call]] = {}
    for call in calls:
        if call.outcome != "fail":
            found.setdefault(call.asked[name], []).append(call)
    return found


@dataclass
class Model:
    """Walks through one history. `mode` is its current phase: leave, call, failed, unknown, retry, delay, wait, closed.

    `branch` is the exit by which the step was left. A call that is `parked` waits for its system; it was made
    `again` so often under its number. While `frozen`, an incident is open and nothing may start.
    """

    document: Mapping[str, Any]
    facts: Facts
    problems: list[str] = field(default_factory=list)
    mode: str = ""
    step: str = _START
    branch: str = "next"
    attempt: int = 0
    failures: int = 0
    frozen: bool = False
    parked: bool = False
    again: int = 0
    status: str = "RUNNING"

    def __post_init__(self) -> None:
        self.steps = {step["id"]: step for step in self.document["workflow_steps"]}
        edges = self.document["workflow_connections"]
        self.edges = {(edge["from"], edge["branch"]): edge["to"] for edge in edges}
        self.visits: Counter[str] = Counter()
        self.timers: dict[int, Event] = {}
        self.fired: Event | None = None
        self.answers = 0
        self.body: Mapping[str, Any] = {}
        self.seq = 0
        self._last: datetime | None = None
        self.failure: Event | None = None
        self.is_cancelled = False

    def walk(self, history: Sequence[Event]) -> str:
        """Returns the status that the execution must have; violations are in `problems`."""
        for number, event in enumerate(history, 1):
            self.seq = number
            self.check(self._last is None or event["at"] >= self._last, "time goes back", event)
            self._last = event["at"]
            if self.mode == "closed":
                self.check(event["type"] == "Discarded", "something follows the end", event)
                continue
            self._on(event)
        if self.mode == "closed":
            return self.status
        if self.frozen:
            return "FAILED"
        return "WAITING" if self.mode in ("wait", "delay") or (self.mode == "call" and self.parked) else "RUNNING"

    def _on(self, event: Event) -> None:
        react = _REACTIONS.get(event["type"])
        if react is None:
            self.check(event["type"] in _WITHOUT_EFFECT, "unknown", event)
            return
        react(self, event)

    # What the definition says

    def enter(self, event: Event, types: tuple[str, ...], mode: str = "") -> Mapping[str, Any]:
        step: Mapping[str, Any] = self.steps.get(event["step"], {})
        target = self.target()
        self.check(self.mode == "leave" and not self.frozen, f"a visit in mode {self.mode}", event)
        self.check(target == event["step"], f"the next step is {target}", event)
        self.check(step.get("type") in types, f"the step is a {step.get('type')}", event)
        self.visits[event["step"]] += 1
        self.check(event.get("visit", 1) == self.visits[event["step"]], "visits are counted one by one", event)
        self.step, self.attempt = event["step"], 1
        self.mode = mode or self.mode
        return step

    def target(self) -> str | None:
        step = self.steps[self.step]
        if step["type"] == "terminate":
            return None
        if step["type"] == "redirect" and self.branch == "next":
            target: str = step["settings"]["target"]
            return target
        return self.edges.get((self.step, self.branch))

    def type(self) -> str:
        return str(self.steps[self.step]["type"])

    def wait_settings(self) -> Mapping[str, Any]:
        settings: Mapping[str, Any] = self.steps[self.step].get("settings", {})
        return settings.get("wait", settings)

    def on_unknown_policy(self) -> str:
        step = self.steps[self.step]
        usual = "incident" if step.get("settings", {}).get("method") == "POST" else "retry"
        return str(step.get("on_unknown", usual))

    def may_retry(self) -> bool:
        failure, retry = self.failure, self.steps[self.step].get("retry")
        if failure is None or retry is None or self.failures >= retry["max_attempts"]:
            return False
        return failure["code"] in ("CONNECTION", "TIMEOUT") or (
            failure["code"] == "STATUS" and failure.get("status") in _RETRIED_STATUSES
        )

    def is_failure(self, status: str) -> bool:
        step = self.steps[self.step]
        has_attempts = self.failures + 1 < step.get("retry", {}).get("max_attempts", 1)
        fail_on = step.get("settings", {}).get("fail_on", ())
        return (has_attempts and status in _RETRIED_STATUSES) or f"{status[0]}xx" in fail_on

    # What is known

    def line_of(self, event: Event) -> Line | None:
        """Returns the ledger line of an outcome; the attempt must be the one in flight."""
        in_flight = self.mode == "call" and self.is_here(event) and event.get("attempt", 1) == self.attempt
        self.check(in_flight, f"no such attempt is in flight in mode {self.mode}", event)
        key = (f"{event['step']}:{event.get('visit', 1)}", event.get("attempt", 1))
        if self.again or event.get("again"):
            return next(iter(self.facts.tries.get(key, [])[self.again :]), None)
        return next((line for line in self.facts.lines.get(key, []) if line.returned), None)

    def is_here(self, event: Event) -> bool:
        step = event.get("step")
        return step == self.step and event.get("visit", 1) == self.visits[self.step]

    def check(self, is_right: bool, message: str, event: Event) -> None:
        if not is_right:
            self.problems.append(f"event {self.seq} {event['type']} {event.get('step', '')}: {message}")


# Start and transitions


def _on_execution_started(model: Model, event: Event) -> None:
    model.check(model.seq == 1, "it starts again", event)
    model.body = event.get("body") or {}
    model.mode = "leave"


def _on_computed(model: Model, event: Event) -> None:
    step = model.enter(event, ("conditional", "branchConditional", "overridePayload", "redirect", "terminate"))
    one, other = {"conditional": ("yes", "no"), "branchConditional": ("one", "else")}.get(
        step.get("type", ""), ("next", "next")
    )
    expected = one if model.body.get("n") == 1 else other
    model.mode, model.branch = "leave", event.get("branch", "next")
    model.check(model.branch == expected, f"the exit must be {expected}", event)


def _on_step_scheduled(model: Model, event: Event) -> None:
    attempt = event.get("attempt", 1)
    if model.mode == "leave":
        model.enter(event, ("httpRequest",))
        model.failures = 0
        model.check(attempt == 1, "a visit begins with its first attempt", event)
    else:
        is_due = model.mode == "retry" or (model.mode == "unknown" and model.on_unknown_policy() == "retry")
        model.check(is_due and not model.frozen, f"an attempt in mode {model.mode}", event)
        model.check(attempt == model.attempt + 1, "attempts are counted one by one", event)
    model.mode, model.attempt, model.parked, model.again = "call", attempt, False, 0


def _on_step_succeeded(model: Model, event: Event) -> None:
    if model.type() == "delay":
        is_due = model.mode == "delay" and model.fired is not None and model.fired["kind"] == "DELAY"
        model.check(is_due and model.is_here(event), "a delay ends when it is due", event)
    else:
        line = model.line_of(event)
        status = (event.get("output") or {}).get("status")
        model.check(line is not None and line.outcome == status, f"no system answered {status}", event)
        model.check(not model.is_failure(str(status)), f"the status {status} is a failure", event)
    model.mode, model.branch, model.fired = "leave", event.get("branch", "next"), None


def _on_step_failed(model: Model, event: Event) -> None:
    if event["code"] == "LOOP_LIMIT":
        step = model.enter(event, ("redirect",))
        most = step.get("settings", {}).get("max_visits", 0)
        model.check(model.visits[event["step"]] > most, "the loop is within its limit", event)
    else:
        line = model.line_of(event)
        outcome = line.outcome if line is not None else "refused"
        code = {"broken": "CONNECTION", "refused": "CONNECTION", "timeout": "TIMEOUT"}.get(outcome)
        code = code or ("CONNECTOR_DEFECT" if outcome == "defect" else "STATUS")
        model.check(event["code"] == code, f"the world said {outcome}", event)
        if code == "STATUS":
            model.check(model.is_failure(outcome), f"the status {outcome} is data", event)
    model.failures += 1
    model.mode, model.failure = "failed", event


def _on_step_unknown(model: Model, event: Event) -> None:
    model.check(model.mode == "call" and model.is_here(event), "nothing is in flight", event)
    if event["cause"] == "CRASH":
        model.check(bool(model.facts.stops), "no process had ended", event)
    else:
        expected = {"TIMEOUT": "timeout", "CONNECTION": "broken"}[event["cause"]]
        line = model.line_of(event)
        model.check(line is not None and line.outcome == expected, "the call did come back", event)
        model.check(model.on_unknown_policy() == "incident", "its policy is to try again", event)
    model.mode = "unknown"


def _on_step_parked(model: Model, event: Event) -> None:
    is_in_flight = model.mode == "call" and model.is_here(event) and event.get("attempt", 1) == model.attempt
    model.check(is_in_flight, f"no such attempt is in flight in mode {model.mode}", event)
    if not event.get("again"):
        model.check(not model.parked and not model.frozen, "it waits already", event)
    else:
        line = model.line_of(event)
        outcome = line.outcome if line is not None else "refused"
        may_repeat = outcome in ("refused", *_DOWN_STATUSES) or model.on_unknown_policy() == "retry"
        model.check(outcome in ("refused", "broken", "timeout", *_DOWN_STATUSES), f"the world said {outcome}", event)
        model.check(may_repeat, "a call that may have arrived is made again", event)
        model.again += 1
    model.parked = True


def _on_error_caught(model: Model, event: Event) -> None:
    model.check(model.mode == "failed" and not model.may_retry(), "nothing has failed for good", event)
    model.check((model.step, "error") in model.edges, "there is no exit for errors", event)
    model.mode, model.branch = "leave", "error"


# Time


def _on_timer_started(model: Model, event: Event) -> None:
    kind, span = event["kind"], event["due"] - event["at"]
    match kind:
        case "EXECUTION":
            expected = model.document.get("workflow_settings", {}).get("timeout")
            model.check(model.seq == 2 and expected is not None, "the workflow has no timeout", event)
        case "DELAY":
            expected = model.enter(event, ("delay",)).get("settings", {}).get("for")
            model.mode = "delay"
        case "WAIT":
            expected = model.wait_settings().get("timeout")
            model.check(model.mode == "wait" and model.is_here(event), "there is no wait", event)
        case _:
            model.check(model.mode == "failed" and model.may_retry(), "a retry is not due", event)
            model.check(timedelta(seconds=1.4) <= span <= timedelta(seconds=6), "its interval is PT3S", event)
            model.mode, expected = "retry later", None
    if expected is not None:
        model.check(span == timedelta(seconds=_TIMES[expected]), f"the span must be {expected}", event)
    model.timers[model.seq] = event


def _on_timer_fired(model: Model, event: Event) -> None:
    timer = model.timers.pop(event["timer"], None)
    model.check(timer is not None and not model.frozen, "there is no such timer", event)
    if timer is None:
        return
    model.check(event["at"] >= timer["due"], "it fires early", event)
    model.fired = timer
    if timer["kind"] == "RETRY":
        model.check(model.mode == "retry later" and model.is_here(timer), "no retry waits", event)
        model.mode = "retry"


# Waits


def _on_card_wanted(model: Model, event: Event) -> None:
    step = model.enter(event, ("adaptiveCard",), mode="card")
    copies = event.get("copies", ())
    recipients = step.get("settings", {}).get("recipients", [])
    model.check([copy["recipient"] for copy in copies] == recipients, "the cards go elsewhere", event)


def _on_wait_opened(model: Model, event: Event) -> None:
    if model.mode == "card":
        model.check(model.is_here(event), "the wait belongs to another card", event)
    else:
        model.enter(event, ("wait",))
    model.mode, model.answers = "wait", 0


def _on_answer_recorded(model: Model, event: Event) -> None:
    model.check(model.mode == "wait" and model.is_here(event), "no card waits", event)
    model.check(event["data"]["serial"] in model.facts.answers, "no client gave this answer", event)
    model.answers += 1


def _on_resumed(model: Model, event: Event) -> None:
    model.check(model.mode == "wait" and model.is_here(event) and not model.frozen, "no wait is open", event)
    serial = serial_of(event)
    if event.get("via") == "INBOX":
        expected = {"first": 1, "all": 2}.get(model.wait_settings().get("for"), 2)
        model.check(model.answers == expected, f"{expected} answers release the wait", event)
        model.check(serial in model.facts.answers, "no client gave this answer", event)
    else:
        model.check(serial in model.facts.resumes, "no client sent this resume", event)
    model.timers = {number: timer for number, timer in model.timers.items() if timer["kind"] != "WAIT"}
    model.mode, model.branch = "leave", "next"


def _on_wait_timed_out(model: Model, event: Event) -> None:
    is_due = model.fired is not None and model.fired["kind"] == "WAIT"
    model.check(model.mode == "wait" and model.is_here(event) and is_due, "the wait has time", event)
    model.mode, model.branch, model.fired = "leave", "timeout", None


def _on_resume_buffered(model: Model, event: Event) -> None:
    model.check(event["payload"]["serial"] in model.facts.resumes, "no client sent this resume", event)
    model.check(not model.frozen, "an incident is open", event)


# Ends


def _on_incident_opened(model: Model, event: Event) -> None:
    match event["kind"]:
        case "FAILED":
            is_due = model.mode == "failed" and not model.may_retry() and (model.step, "error") not in model.edges
        case "UNKNOWN":
            is_due = model.mode == "unknown" and model.on_unknown_policy() == "incident"
        case "TIMEOUT":
            is_due = model.fired is not None and model.fired["kind"] == "EXECUTION"
        case "POISON":
            is_due = len(model.facts.stops) >= _LOADS_TO_POISON
        case _:
            is_due = sum(model.visits.values()) >= 59
    model.check(is_due and not model.frozen, "there is no cause for an incident", event)
    model.frozen = True


def _on_incident_closed(model: Model, event: Event) -> None:
    model.check(model.frozen and event["action"] == "terminate", "no operator decided this", event)


def _on_cancelled(model: Model, event: Event) -> None:
    model.check(event.get("reason") in model.facts.terminates, "no client sent this terminate", event)
    model.is_cancelled = True


def _on_execution_closed(model: Model, event: Event) -> None:
    model.status = event["status"]
    if model.status == "TERMINATED":
        is_due = model.is_cancelled and event.get("reason") in model.facts.terminates
    elif model.type() == "terminate":
        is_due = model.mode == "leave" and model.status == model.steps[model.step]["settings"]["status"]
    else:
        is_due = model.mode == "leave" and model.target() is None and model.status == "COMPLETED"
    model.check(is_due and (not model.frozen or model.status == "TERMINATED"), "it cannot end so", event)
    model.mode = "closed"


_REACTIONS: Mapping[str, Callable[[Model, Event], None]] = {
    "ExecutionStarted": _on_execution_started,
    "Computed": _on_computed,
    "StepScheduled": _on_step_scheduled,
    "StepSucceeded": _on_step_succeeded,
    "StepFailed": _on_step_failed,
    "StepUnknown": _on_step_unknown,
    "StepParked": _on_step_parked,
    "ErrorCaught": _on_error_caught,
    "TimerStarted": _on_timer_started,
    "TimerFired": _on_timer_fired,
    "CardWanted": _on_card_wanted,
    "WaitOpened": _on_wait_opened,
    "AnswerRecorded": _on_answer_recorded,
    "Resumed": _on_resumed,
    "WaitTimedOut": _on_wait_timed_out,
    "ResumeBuffered": _on_resume_buffered,
    "IncidentOpened": _on_incident_opened,
    "IncidentClosed": _on_incident_closed,
    "Cancelled": _on_cancelled,
    "ExecutionClosed": _on_execution_closed,
}
"""What the model does at each event."""


def serial_of(event: Event) -> Any:
    """Returns the number that the client put into the payload of a resume or an answer."""
    output = event.get("output") or {}
    if "serial" in output:
        return output["serial"]
    return ((output.get("response") or {}).get("data") or {}).get("serial")
