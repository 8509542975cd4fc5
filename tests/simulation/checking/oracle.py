"""The reference model: the allowed histories of a workflow, by the answers of other systems and the calls of clients.

It implements the contract and imports nothing of the engine: it reads the JSON definition, walks through a history
event by event, and records where the history is not allowed. Its end gives the allowed status.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulation.running.trace import Call, Line, Stop, Trace

Event = Mapping[str, Any]

_TIMES = {"PT3M": 180, "PT90S": 90, "PT5S": 5, "PT40S": 40, "PT3S": 3}
_START = "WorkflowStartState"
_LOADS_TO_POISON = 4
_RETRIED_STATUSES = ("429", "502", "503", "504")
_IN_FLIGHT = {"call", "call frozen"}


@dataclass
class Facts:
    """The external facts about one execution: the lines of the ledger, the calls, the ends of processes."""

    lines: dict[tuple[str, int], list[Line]]
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
    return Facts(
        lines=lines,
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

    `branch` is the exit by which the step was left. While `frozen`, an incident is open and nothing may start.
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
    status: str = "RUNNING"

    def __post_init__(self) -> None:
        self._steps = {step["id"]: step for step in self.document["workflow_steps"]}
        edges = self.document["workflow_connections"]
        self._edges = {(edge["from"], edge["branch"]): edge["to"] for edge in edges}
        self._visits: Counter[str] = Counter()
        self._timers: dict[int, Event] = {}
        self._fired: Event | None = None
        self._answers = 0
        self._body: Mapping[str, Any] = {}
        self._seq = 0
        self._last: datetime | None = None
        self._failure: Event | None = None
        self._is_cancelled = False

    def walk(self, history: Sequence[Event]) -> str:
        """Returns the status that the execution must have; violations are in `problems`."""
        for number, event in enumerate(history, 1):
            self._seq = number
            self._check(self._last is None or event["at"] >= self._last, "time goes back", event)
            self._last = event["at"]
            if self.mode == "closed":
                self._check(event["type"] == "Discarded", "something follows the end", event)
                continue
            self._on(event)
        if self.mode == "closed":
            return self.status
        if self.frozen:
            return "FAILED"
        return "WAITING" if self.mode in ("wait", "delay") else "RUNNING"

    def _on(self, event: Event) -> None:
        react: Callable[[Event], None] | None = getattr(self, f"_on_{event['type']}", None)
        if react is None:
            self._check(event["type"] in ("Continued", "Discarded", "CardClosed", "ResumeIgnored"), "unknown", event)
            return
        react(event)

    # Start and transitions

    def _on_ExecutionStarted(self, event: Event) -> None:  # noqa: N802 - named for the event
        self._check(self._seq == 1, "it starts again", event)
        self._body = event.get("body") or {}
        self.mode = "leave"

    def _on_Computed(self, event: Event) -> None:  # noqa: N802
        step = self._enter(event, ("conditional", "branchConditional", "overridePayload", "redirect", "terminate"))
        one, other = {"conditional": ("yes", "no"), "branchConditional": ("one", "else")}.get(
            step.get("type", ""), ("next", "next")
        )
        expected = one if self._body.get("n") == 1 else other
        self.mode, self.branch = "leave", event.get("branch", "next")
        self._check(self.branch == expected, f"the exit must be {expected}", event)

    def _on_StepScheduled(self, event: Event) -> None:  # noqa: N802
        attempt = event.get("attempt", 1)
        if self.mode == "leave":
            self._enter(event, ("httpRequest",))
            self.failures = 0
            self._check(attempt == 1, "a visit begins with its first attempt", event)
        else:
            is_due = self.mode == "retry" or (self.mode == "unknown" and self._on_unknown_policy() == "retry")
            self._check(is_due and not self.frozen, f"an attempt in mode {self.mode}", event)
            self._check(attempt == self.attempt + 1, "attempts are counted one by one", event)
        self.mode, self.attempt = "call", attempt

    def _on_StepSucceeded(self, event: Event) -> None:  # noqa: N802
        if self._type() == "delay":
            is_due = self.mode == "delay" and self._fired is not None and self._fired["kind"] == "DELAY"
            self._check(is_due and self._is_here(event), "a delay ends when it is due", event)
        else:
            line = self._line(event)
            status = (event.get("output") or {}).get("status")
            self._check(line is not None and line.outcome == status, f"no system answered {status}", event)
            self._check(not self._is_failure(str(status)), f"the status {status} is a failure", event)
        self.mode, self.branch, self._fired = "leave", event.get("branch", "next"), None

    def _on_StepFailed(self, event: Event) -> None:  # noqa: N802
        if event["code"] == "LOOP_LIMIT":
            step = self._enter(event, ("redirect",))
            most = step.get("settings", {}).get("max_visits", 0)
            self._check(self._visits[event["step"]] > most, "the loop is within its limit", event)
        else:
            line = self._line(event)
            outcome = line.outcome if line is not None else "refused"
            code = {"broken": "CONNECTION", "refused": "CONNECTION", "timeout": "TIMEOUT"}.get(outcome)
            code = code or ("CONNECTOR_DEFECT" if outcome == "defect" else "STATUS")
            self._check(event["code"] == code, f"the world said {outcome}", event)
            if code == "STATUS":
                self._check(self._is_failure(outcome), f"the status {outcome} is data", event)
        self.failures += 1
        self.mode, self._failure = "failed", event

    def _on_StepUnknown(self, event: Event) -> None:  # noqa: N802
        self._check(self.mode == "call" and self._is_here(event), "nothing is in flight", event)
        if event["cause"] == "CRASH":
            self._check(bool(self.facts.stops), "no process had ended", event)
        else:
            expected = {"TIMEOUT": "timeout", "CONNECTION": "broken"}[event["cause"]]
            line = self._line(event)
            self._check(line is not None and line.outcome == expected, "the call did come back", event)
            self._check(self._on_unknown_policy() == "incident", "its policy is to try again", event)
        self.mode = "unknown"

    def _on_ErrorCaught(self, event: Event) -> None:  # noqa: N802
        self._check(self.mode == "failed" and not self._may_retry(), "nothing has failed for good", event)
        self._check((self.step, "error") in self._edges, "there is no exit for errors", event)
        self.mode, self.branch = "leave", "error"

    # Time

    def _on_TimerStarted(self, event: Event) -> None:  # noqa: N802
        kind, span = event["kind"], event["due"] - event["at"]
        match kind:
            case "EXECUTION":
                expected = self.document.get("workflow_settings", {}).get("timeout")
                self._check(self._seq == 2 and expected is not None, "the workflow has no timeout", event)
            case "DELAY":
                expected = self._enter(event, ("delay",)).get("settings", {}).get("for")
                self.mode = "delay"
            case "WAIT":
                expected = self._wait_settings().get("timeout")
                self._check(self.mode == "wait" and self._is_here(event), "there is no wait", event)
            case _:
                self._check(self.mode == "failed" and self._may_retry(), "a retry is not due", event)
                self._check(timedelta(seconds=1.4) <= span <= timedelta(seconds=6), "its interval is PT3S", event)
                self.mode, expected = "retry later", None
        if expected is not None:
            self._check(span == timedelta(seconds=_TIMES[expected]), f"the span must be {expected}", event)
        self._timers[self._seq] = event

    def _on_TimerFired(self, event: Event) -> None:  # noqa: N802
        timer = self._timers.pop(event["timer"], None)
        self._check(timer is not None and not self.frozen, "there is no such timer", event)
        if timer is None:
            return
        self._check(event["at"] >= timer["due"], "it fires early", event)
        self._fired = timer
        if timer["kind"] == "RETRY":
            self._check(self.mode == "retry later" and self._is_here(timer), "no retry waits", event)
            self.mode = "retry"

    # Waits

    def _on_CardWanted(self, event: Event) -> None:  # noqa: N802
        step = self._enter(event, ("adaptiveCard",), mode="card")
        copies = event.get("copies", ())
        recipients = step.get("settings", {}).get("recipients", [])
        self._check([copy["recipient"] for copy in copies] == recipients, "the cards go elsewhere", event)

    def _on_WaitOpened(self, event: Event) -> None:  # noqa: N802
        if self.mode == "card":
            self._check(self._is_here(event), "the wait belongs to another card", event)
        else:
            self._enter(event, ("wait",))
        self.mode, self._answers = "wait", 0

    def _on_AnswerRecorded(self, event: Event) -> None:  # noqa: N802
        self._check(self.mode == "wait" and self._is_here(event), "no card waits", event)
        self._check(event["data"]["serial"] in self.facts.answers, "no client gave this answer", event)
        self._answers += 1

    def _on_Resumed(self, event: Event) -> None:  # noqa: N802
        self._check(self.mode == "wait" and self._is_here(event) and not self.frozen, "no wait is open", event)
        serial = serial_of(event)
        if event.get("via") == "INBOX":
            expected = {"first": 1, "all": 2}.get(self._wait_settings().get("for"), 2)
            self._check(self._answers == expected, f"{expected} answers release the wait", event)
            self._check(serial in self.facts.answers, "no client gave this answer", event)
        else:
            self._check(serial in self.facts.resumes, "no client sent this resume", event)
        self._timers = {number: timer for number, timer in self._timers.items() if timer["kind"] != "WAIT"}
        self.mode, self.branch = "leave", "next"

    def _on_WaitTimedOut(self, event: Event) -> None:  # noqa: N802
        is_due = self._fired is not None and self._fired["kind"] == "WAIT"
        self._check(self.mode == "wait" and self._is_here(event) and is_due, "the wait has time", event)
        self.mode, self.branch, self._fired = "leave", "timeout", None

    def _on_ResumeBuffered(self, event: Event) -> None:  # noqa: N802
        self._check(event["payload"]["serial"] in self.facts.resumes, "no client sent this resume", event)
        self._check(not self.frozen, "an incident is open", event)

    # Ends

    def _on_IncidentOpened(self, event: Event) -> None:  # noqa: N802
        match event["kind"]:
            case "FAILED":
                is_due = self.mode == "failed" and not self._may_retry() and (self.step, "error") not in self._edges
            case "UNKNOWN":
                is_due = self.mode == "unknown" and self._on_unknown_policy() == "incident"
            case "TIMEOUT":
                is_due = self._fired is not None and self._fired["kind"] == "EXECUTION"
            case "POISON":
                is_due = len(self.facts.stops) >= _LOADS_TO_POISON
            case _:
                is_due = sum(self._visits.values()) >= 59
        self._check(is_due and not self.frozen, "there is no cause for an incident", event)
        self.frozen = True

    def _on_IncidentClosed(self, event: Event) -> None:  # noqa: N802
        self._check(self.frozen and event["action"] == "terminate", "no operator decided this", event)

    def _on_Cancelled(self, event: Event) -> None:  # noqa: N802
        self._check(event.get("reason") in self.facts.terminates, "no client sent this terminate", event)
        self._is_cancelled = True

    def _on_ExecutionClosed(self, event: Event) -> None:  # noqa: N802
        self.status = event["status"]
        if self.status == "TERMINATED":
            is_due = self._is_cancelled and event.get("reason") in self.facts.terminates
        elif self._type() == "terminate":
            is_due = self.mode == "leave" and self.status == self._steps[self.step]["settings"]["status"]
        else:
            is_due = self.mode == "leave" and self._target() is None and self.status == "COMPLETED"
        self._check(is_due and (not self.frozen or self.status == "TERMINATED"), "it cannot end so", event)
        self.mode = "closed"

    # What the definition says

    def _enter(self, event: Event, types: tuple[str, ...], mode: str = "") -> Mapping[str, Any]:
        step: Mapping[str, Any] = self._steps.get(event["step"], {})
        target = self._target()
        self._check(self.mode == "leave" and not self.frozen, f"a visit in mode {self.mode}", event)
        self._check(target == event["step"], f"the next step is {target}", event)
        self._check(step.get("type") in types, f"the step is a {step.get('type')}", event)
        self._visits[event["step"]] += 1
        self._check(event.get("visit", 1) == self._visits[event["step"]], "visits are counted one by one", event)
        self.step, self.attempt = event["step"], 1
        self.mode = mode or self.mode
        return step

    def _target(self) -> str | None:
        step = self._steps[self.step]
        if step["type"] == "terminate":
            return None
        if step["type"] == "redirect" and self.branch == "next":
            target: str = step["settings"]["target"]
            return target
        return self._edges.get((self.step, self.branch))

    def _type(self) -> str:
        return str(self._steps[self.step]["type"])

    def _wait_settings(self) -> Mapping[str, Any]:
        settings: Mapping[str, Any] = self._steps[self.step].get("settings", {})
        return settings.get("wait", settings)

    def _on_unknown_policy(self) -> str:
        step = self._steps[self.step]
        usual = "incident" if step.get("settings", {}).get("method") == "POST" else "retry"
        return str(step.get("on_unknown", usual))

    def _may_retry(self) -> bool:
        failure, retry = self._failure, self._steps[self.step].get("retry")
        if failure is None or retry is None or self.failures >= retry["max_attempts"]:
            return False
        return failure["code"] in ("CONNECTION", "TIMEOUT") or (
            failure["code"] == "STATUS" and failure.get("status") in _RETRIED_STATUSES
        )

    def _is_failure(self, status: str) -> bool:
        step = self._steps[self.step]
        has_attempts = self.failures + 1 < step.get("retry", {}).get("max_attempts", 1)
        fail_on = step.get("settings", {}).get("fail_on", ())
        return (has_attempts and status in _RETRIED_STATUSES) or f"{status[0]}xx" in fail_on

    # What is known

    def _line(self, event: Event) -> Line | None:
        """Returns the ledger line of an outcome; the attempt must be the one in flight."""
        in_flight = self.mode == "call" and self._is_here(event) and event.get("attempt", 1) == self.attempt
        self._check(in_flight, f"no such attempt is in flight in mode {self.mode}", event)
        found = self.facts.lines.get((f"{event['step']}:{event.get('visit', 1)}", event.get("attempt", 1)), [])
        return next((line for line in found if line.returned), None)

    def _is_here(self, event: Event) -> bool:
        step = event.get("step")
        return step == self.step and event.get("visit", 1) == self._visits[self.step]

    def _check(self, is_right: bool, message: str, event: Event) -> None:
        if not is_right:
            self.problems.append(f"event {self._seq} {event['type']} {event.get('step', '')}: {message}")


def serial_of(event: Event) -> Any:
    """Returns the number that the client put into the payload of a resume or an answer."""
    output = event.get("output") or {}
    if "serial" in output:
        return output["serial"]
    return ((output.get("response") or {}).get("data") or {}).get("serial")
