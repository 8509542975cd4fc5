"""Calls that a kill of the server may interrupt, the correct answers to their repetitions, and the final states.

A scenario prepares a case, acts as a client does, and, when the server is back, checks it: acknowledged changes are
there at once, the repeated call gets the same execution, other systems were called under one key, and the execution
ends as requested.
"""

import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2

from blackbox.evidence.report import FaultReport
from blackbox.harness.client import Organization, Outcome, outcome_of
from blackbox.harness.definitions import ASKING, COMPUTING, SCHEDULED, definition, http, note
from blackbox.harness.sink import Sink

ACKNOWLEDGED = "I1 acknowledged changes are there at once"
TRUTHFUL = "I2 a repeated call gets a correct answer and the same execution"
ENDS = "I12 it ends as requested"
EFFECTS = "I4 and I5 a call is made at most once for each crash, under one key"
NO_GHOST = "I2 no execution that no caller requested"


class Answer(NamedTuple):
    """The result of a call for its caller."""

    outcome: Outcome
    body: dict[str, Any]
    is_replayed: bool

    @property
    def is_ok(self) -> bool:
        return self.outcome == "ok"

    @property
    def execution_id(self) -> str:
        found: str = self.body["looply_execution_id"]
        return found


NOT_SENT = Answer("refused", {}, is_replayed=False)


def call(org: Organization, name: str, body: Any, key: str = "", **query: str) -> Answer:
    """Posts once; a broken connection is a result too."""
    headers = {"idempotency-key": key} if key else {}
    try:
        response = org.post(name, body, query=query, headers=headers)
    except httpx2.ConnectError:
        return NOT_SENT
    except httpx2.TransportError:
        return Answer("unknown", {}, is_replayed=False)
    outcome = outcome_of(response.status_code, response.json())
    return Answer(outcome, response.json(), response.headers.get("idempotent-replayed") == "true")


def events(item: dict[str, Any]) -> Counter[str]:
    """Returns how often each type of event is in an execution's log."""
    return Counter(entry["type"] for entry in item["workflow_event_log"]["events"])


@dataclass
class Case:
    """One run of a scenario: its unique names, and the answers to its caller."""

    number: int
    key: str
    execution_id: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)


class Scenario:
    """Shared by all scenarios: a workflow, a repeatable trigger, and the list of executions that must exist."""

    name = ""
    flow: dict[str, Any] = COMPUTING

    def __init__(self, org: Organization, sink: Sink, report: FaultReport) -> None:
        self.org = org
        self.sink = sink
        self.report = report
        self.known: set[str] = set()
        self._numbers = itertools.count()
        self.workflow_id = org.create(self.definition())

    def definition(self) -> dict[str, Any]:
        """Returns the workflow of this scenario."""
        return self.flow

    def prepare(self) -> Case:
        """Creates the preconditions of the interrupted call."""
        number = next(self._numbers)
        return Case(number, f"{self.name}-{number}")

    def act(self, case: Case) -> None:
        """Calls as a client does, until a call gets no answer."""
        self.trigger(case)

    def check(self, case: Case, crashes: int) -> None:
        """Repeats the calls on the restarted server, and checks the end."""
        self.retrigger(case)
        self.ended(case, "COMPLETED")

    def check_all(self) -> None:
        """Looks for executions that no caller requested."""
        rows = self.org.pages("searchExecutions", workflow_id=self.workflow_id)
        assert {row["workflow_execution_id"] for row in rows} == self.known
        self.report.checked(NO_GHOST, max(1, len(rows)))

    def trigger(self, case: Case) -> bool:
        """Triggers once and returns whether that was acknowledged."""
        case.answers["trigger"] = first = self._trigger(case)
        return first.is_ok

    def retrigger(self, case: Case) -> None:
        """Triggers twice more under the same key: the answers name the same execution as before."""
        first = case.answers["trigger"]
        if first.is_ok:
            self.org.item(self.workflow_id, first.execution_id)
            self.report.checked(ACKNOWLEDGED)
        second, third = self._trigger(case), self._trigger(case)
        assert second.is_ok, second
        assert third.is_ok, third
        assert third.is_replayed
        assert third.execution_id == second.execution_id
        if first.outcome != "unknown":
            # A refused call was not done.
            assert second.is_replayed == first.is_ok
        if first.is_ok:
            assert second.execution_id == first.execution_id
        case.execution_id = second.execution_id
        self.known.add(case.execution_id)
        self.report.checked(TRUTHFUL)

    def ended(self, case: Case, *statuses: str) -> dict[str, Any]:
        """Returns the execution once it has ended as it should."""
        item = self.org.until(self.workflow_id, case.execution_id, "COMPLETED", "FAILED", "TERMINATED")
        assert item["status"] in statuses, item["workflow_event_log"]["events"]
        seen = events(item)
        assert seen["EXECUTION_STARTED"] == 1
        assert seen["EXECUTION_COMPLETED"] + seen["EXECUTION_TERMINATED"] == (item["status"] != "FAILED")
        self.report.checked(ENDS)
        return item

    def _trigger(self, case: Case) -> Answer:
        return call(self.org, f"triggerworkflow/{self.workflow_id}", {"n": case.number}, case.key)


class Trigger(Scenario):
    """trigger -> completed."""

    name = "trigger"


class Resume(Scenario):
    """trigger -> wait -> resume -> completed, by process id."""

    name = "resume"
    flow = ASKING

    def act(self, case: Case) -> None:
        if self.trigger(case):
            case.answers["resume"] = self._resume(case)

    def check(self, case: Case, crashes: int) -> None:
        resumed = case.answers.get("resume", NOT_SENT)
        if resumed.is_ok:
            assert resumed.body["message"] == "restarted"
            item = self.org.item(self.workflow_id, case.answers["trigger"].execution_id)
            assert item["status"] == "COMPLETED"
        self.retrigger(case)
        again, last = self._resume(case), self._resume(case)
        assert last.body.get("message") == "already restarted", last
        expected = {"ok": ["already restarted"], "refused": ["restarted"], "fail": ["restarted"]}
        assert again.body.get("message") in expected.get(resumed.outcome, ["restarted", "already restarted"]), again
        item = self.ended(case, "COMPLETED")
        assert events(item)["WAIT_RESUMED"] == 1
        assert item["workflow_output_payload"]["wait_1"]["output"]["n"] == case.number

    def _trigger(self, case: Case) -> Answer:
        name = f"triggerworkflow/{self.workflow_id}"
        return call(self.org, name, {"n": case.number}, case.key, process_id=case.key)

    def _resume(self, case: Case) -> Answer:
        return call(self.org, f"resumeWorkflow/{case.key}", {"payload": {"source": "SAP", "n": case.number}})


class Terminate(Resume):
    """terminate of a waiting execution."""

    name = "terminate"

    def prepare(self) -> Case:
        case = super().prepare()
        assert self.trigger(case)
        case.execution_id = case.answers["trigger"].execution_id
        self.known.add(case.execution_id)
        return case

    def act(self, case: Case) -> None:
        case.answers["terminate"] = self._terminate(case)

    def check(self, case: Case, crashes: int) -> None:
        done = case.answers["terminate"]
        status = self.org.item(self.workflow_id, case.execution_id)["status"]
        if done.is_ok:
            assert done.body["message"] == "terminated"
            assert status == "TERMINATED"
            self.report.checked(ACKNOWLEDGED)
        assert done.outcome in ("ok", "unknown") or status == "WAITING"
        again, last = self._terminate(case), self._terminate(case)
        expected = "terminated" if status == "WAITING" else "already terminated"
        assert again.body.get("message") == expected, again
        assert last.body.get("message") == "already terminated", last
        assert self._resume(case).body.get("code") == "TERMINATED"
        self.report.checked(TRUTHFUL)
        assert events(self.ended(case, "TERMINATED"))["WAIT_RESUMED"] == 0

    def _terminate(self, case: Case) -> Answer:
        return call(self.org, f"terminateWorkflow/{case.key}", {"payload": {"termination_reason": "enough"}})


class Toggle(Scenario):
    """PAUSE, then PLAY of a schedule that is not due."""

    name = "toggle"
    flow = SCHEDULED

    def prepare(self) -> Case:
        assert self._toggle("PLAY").is_ok
        return super().prepare()

    def act(self, case: Case) -> None:
        case.answers["PAUSE"] = self._toggle("PAUSE")
        if case.answers["PAUSE"].is_ok:
            case.answers["PLAY"] = self._toggle("PLAY")

    def check(self, case: Case, crashes: int) -> None:
        paused, played = case.answers["PAUSE"], case.answers.get("PLAY", NOT_SENT)
        possible = {"PAUSED", "ACTIVE"}
        if played.is_ok:
            possible = {"ACTIVE"}
        elif played.outcome != "unknown" and paused.outcome != "unknown":
            possible = {"PAUSED" if paused.is_ok else "ACTIVE"}
        (schedule,) = self.org.get("getSchedules").json()["items"]
        assert schedule["status"] in possible, (schedule, case.answers)
        assert schedule["last_on"] is None
        self.report.checked(ACKNOWLEDGED)
        for action, status in (("PAUSE", "PAUSED"), ("PLAY", "ACTIVE")):
            assert self._toggle(action).body["status"] == status
            assert self.org.get("getSchedules").json()["items"][0]["status"] == status
        self.report.checked(TRUTHFUL)

    def _toggle(self, action: str) -> Answer:
        return call(self.org, "toggleScheduledWorkflow", {"workflow_id": self.workflow_id, "action": action})


class Effect(Scenario):
    """A step that calls another system, then completed. `policy` is the `on_unknown` of the step."""

    method = "GET"
    policy = "retry"

    def definition(self) -> dict[str, Any]:
        # Each call has a connection of its own, so that each case makes the same system calls.
        url = self.sink.script(f"/{self.name}", {"headers": {"connection": "close"}})
        url += "?execution=${payload.output.workflow_execution_id}"
        more = {"body": {"n": "${payload.output.n}"}} if self.method == "POST" else {}
        return definition(http(url, method=self.method, step={"on_unknown": self.policy}, **more))

    def check(self, case: Case, crashes: int) -> None:
        self.retrigger(case)
        item = self.ended(case, "COMPLETED", *(["FAILED"] if self.policy == "incident" and crashes else []))
        lines = [line for line in self.sink.lines(f"/{self.name}") if line["target"].endswith(case.execution_id)]
        least = item["status"] == "COMPLETED"
        most = 1 + (crashes if self.policy == "retry" else 0)
        assert least <= len(lines) <= most, (len(lines), item["workflow_event_log"]["events"])
        assert {line["key"] for line in lines} <= {f"{case.execution_id}:http_1:1"}
        assert len({line["hash"] for line in lines}) <= 1
        self.report.checked(EFFECTS)
        self.report.worst("calls of one step", len(lines))
        if item["status"] == "FAILED":
            codes = [
                entry["code"] for entry in item["workflow_event_log"]["events"] if entry["type"] == "INCIDENT_OPENED"
            ]
            assert codes == ["OUTCOME_UNKNOWN"]
            assert self.org.terminate(case.execution_id).json()["message"] == "terminated"


class Getting(Effect):
    """A GET, which is repeated after an unknown outcome."""

    name = "get_retry"


class PostingAgain(Effect):
    """A POST that may be repeated."""

    name, method = "post_retry", "POST"


class PostingOnce(Effect):
    """A POST that becomes an incident after an unknown outcome."""

    name, method, policy = "post_incident", "POST", "incident"


SCENARIOS: tuple[type[Scenario], ...] = (Trigger, Resume, Terminate, Toggle, Getting, PostingAgain, PostingOnce)


class Delay(Scenario):
    """A delay that ends while the server is watched."""

    name = "delay"
    flow = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT1S"}}, note())

    def act(self, case: Case) -> None:
        if self.trigger(case):
            time.sleep(1.3)

    def check(self, case: Case, crashes: int) -> None:
        self.retrigger(case)
        log = self.ended(case, "COMPLETED")["workflow_event_log"]["events"]
        assert log[-1]["timestamp"] - log[0]["timestamp"] >= 1000


class Firing(Toggle):
    """A schedule that fires while the server is watched."""

    name = "firing"
    flow = definition(note(), trigger={"trigger_type": "SCHEDULED", "schedule": {"every": "PT1S"}})

    def act(self, case: Case) -> None:
        time.sleep(1.3)

    def check(self, case: Case, crashes: int) -> None:
        assert self._toggle("PAUSE").is_ok
        rows = self.org.pages("searchExecutions", workflow_id=self.workflow_id)
        for execution_id in {row["workflow_execution_id"] for row in rows} - self.known:
            case.execution_id = execution_id
            self.ended(case, "COMPLETED")
            self.known.add(execution_id)
        # The last instant that fired has its execution.
        (schedule,) = self.org.get("getSchedules").json()["items"]
        assert schedule["last_execution_id"] in self.known


LONG_SCENARIOS: tuple[type[Scenario], ...] = (Delay, Firing)
