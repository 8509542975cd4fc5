"""Executions that one release leaves to the next, in every waiting state, and how each must continue.

    left = leave(org, sink, "/left")      # the older release answers
    ...
    finish(org, sink, left)               # the newer one does

`leave` begins each story, and returns when none can continue by itself; `finish` brings all to their end.
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from blackbox.harness.client import Organization, until_event
from blackbox.harness.definitions import CARDING, Definition, definition, graph, http, note, wait
from blackbox.harness.sink import Sink

ANN, BEN = "ann@example.com", "ben@example.com"
APPROVE = {"data": {"action": "approve"}}
LARGE = "large " * 40_000
SECONDS = 180.0
"""Timeout for the end of an execution on a busy machine."""


@dataclass
class Left:
    """The workflows by the names of the stories, and the executions of each."""

    place: str
    workflows: dict[str, str] = field(default_factory=dict)
    executions: dict[str, list[str]] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    """Tokens of open cards by their recipients."""

    def __len__(self) -> int:
        """Returns the number of begun executions, without children."""
        return sum(map(len, self.executions.values()))


def leave(org: Organization, sink: Sink, place: str) -> Left:
    """Begins every story."""
    left = Left(place)
    connection = {"name": "Shop", "kind": "http", "settings": {"base_url": sink.address, "auth": "bearer"}}
    made = org.post("createConnection", {**connection, "secrets": {"token": "sesame-4711"}})
    assert made.status_code == 200, made.text
    for name, made_of in _definitions(sink, place).items():
        left.workflows[name] = org.create(made_of)
    left.workflows["parent"] = org.create(
        definition({"id": "sub_1", "type": "subworkflow", "settings": {"workflow_id": left.workflows["asked"]}}, note())
    )
    bodies = {"large": {"text": LARGE}, "carded": {"po": "1"}}
    for name, workflow_id in left.workflows.items():
        if name != "scheduled":
            count = 2 if name == "line" else 1
            left.executions[name] = [org.trigger(workflow_id, bodies.get(name)) for _ in range(count)]
    for name in ("asked", "large", "carded", "approved", "each", "parent", "timing"):
        org.until(left.workflows[name], left.executions[name][0], "WAITING", seconds=SECONDS)
    org.until(left.workflows["failed"], left.executions["failed"][0], "FAILED", seconds=SECONDS)
    until_event(org, left.workflows["retried"], left.executions["retried"][0], "STEP_RETRY_SCHEDULED", SECONDS)
    org.until(left.workflows["line"], left.executions["line"][0], "WAITING", seconds=SECONDS)
    _answer_one(org, left)
    keyed = org.post(f"triggerworkflow/{left.workflows['asked']}", {"n": 1}, headers={"idempotency-key": "kept"})
    left.executions["asked"].append(keyed.json()["looply_execution_id"])
    left.cards |= {card["recipient"]: card["token"] for card in org.cards() if card["recipient"] == BEN}
    left.cards["first"] = next(card["token"] for card in org.cards() if card["workflow_id"] == left.workflows["carded"])
    return left


def finish(org: Organization, sink: Sink, left: Left) -> None:
    """Brings every story to its end. Raises: AssertionError when one changed in between, or ends otherwise."""
    names = {name: left.executions[name][0] for name in left.executions}
    again = org.post(f"triggerworkflow/{left.workflows['asked']}", {"n": 1}, headers={"idempotency-key": "kept"})
    assert again.json()["looply_execution_id"] == left.executions["asked"][1]
    assert again.headers["idempotent-replayed"] == "true"
    for execution_id in (*left.executions["asked"], names["large"]):
        assert org.resume(execution_id, n=1).json()["message"] == "restarted"
        assert org.resume(execution_id, n=2).json()["message"] == "already restarted"
    for token in left.cards.values():
        decided = org.client.post(f"/v2/inbox/{token}", json=APPROVE)
        assert decided.json() == {"message": "recorded"}, decided.text
    _answer_each(org, left)
    (child,) = org.pages("searchExecutions", workflow_id=left.workflows["asked"], status="WAITING")
    assert org.resume(child["workflow_execution_id"], n=3).json()["message"] == "restarted"
    for execution_id in left.executions["line"]:
        org.until(left.workflows["line"], execution_id, "WAITING", seconds=SECONDS)
        assert org.resume(execution_id).json()["message"] == "restarted"
    sink.script(f"{left.place}/failed", {"status": 200})
    redriven = org.post("redriveExecution", {"workflow_execution_id": names["failed"], "reason": "it is back"})
    assert redriven.status_code == 200, redriven.text
    items = {
        name: [org.until(left.workflows[name], each, "COMPLETED", seconds=SECONDS) for each in executions]
        for name, executions in left.executions.items()
    }
    _check(items, sink, left)
    _check_schedule(org, left)


def _definitions(sink: Sink, place: str) -> dict[str, Definition]:
    failing = sink.script(f"{place}/failed", {"status": 500})
    retrying = sink.script(f"{place}/retried", {"status": 503}, {"status": 200})
    retry = {"max_attempts": 2, "interval": "PT8S", "backoff": 1.0}
    approving = {"recipients": [ANN, BEN], "quorum": "all"}
    each = [{"id": "forEach_1", "type": "forEach", "settings": {"items": [1, 2, 3], "concurrency": 3}}, wait()]
    edges = (("WorkflowStartState", "forEach_1"), ("forEach_1", "wait_1", "each"), ("forEach_1", "note_1"))
    timing = (("WorkflowStartState", "wait_1"), ("wait_1", "note_1", "timeout"))
    call = http("/called", "call_1", connection="Shop")
    call["settings"]["url"] = f"{place}/called"
    return {
        "asked": definition(wait(), note()),
        "large": definition(wait(), note("note_1", "${length(payload.output.text)}")),
        "carded": CARDING,
        "approved": graph(
            [{"id": "approval_1", "type": "approval", "settings": approving}, call],
            ("WorkflowStartState", "approval_1"),
            ("approval_1", "call_1", "approved"),
        ),
        "each": graph([*each, note("note_1", "${forEach_1.output.items}")], *edges),
        "line": definition(wait(), note(), workflow_settings={"max_concurrency": 1}),
        "failed": definition(http(failing, fail_on=["5xx"]), note()),
        "retried": definition(http(retrying, step={"retry": retry}), note()),
        "delayed": definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT12S"}}, note()),
        "timing": graph([wait(timeout="PT15S"), note()], *timing),
        "scheduled": definition(note(), trigger={"trigger_type": "SCHEDULED", "schedule": {"every": "PT1S"}}),
    }


def _answer_one(org: Organization, left: Left) -> None:
    """Sends one of several answers: the approval of Ann, and the first of the iterations."""
    token = next(card["token"] for card in org.cards(ANN) if card["workflow_id"] == left.workflows["approved"])
    assert org.client.post(f"/v2/inbox/{token}", json=APPROVE).json() == {"message": "recorded"}
    waits = org.item(left.workflows["each"], left.executions["each"][0])["waits"]
    assert len(waits) == 3, waits
    answered = org.resume(left.executions["each"][0], n=0, wait_token=waits[0]["wait_token"])
    assert answered.json()["message"] == "restarted", answered.text


def _answer_each(org: Organization, left: Left) -> None:
    execution_id = left.executions["each"][0]
    waits = org.item(left.workflows["each"], execution_id)["waits"]
    assert len(waits) == 2, waits
    for number, each in enumerate(waits, 1):
        assert org.resume(execution_id, n=number, wait_token=each["wait_token"]).json()["message"] == "restarted"


def _check(items: dict[str, list[dict[str, Any]]], sink: Sink, left: Left) -> None:
    output = {name: found[0]["workflow_output_payload"] for name, found in items.items()}
    assert output["large"]["payload"]["output"]["note_1"] == len(LARGE)
    assert output["carded"]["card_1"]["output"]["response"]["data"] == {"action": "approve"}
    decisions = output["approved"]["approval_1"]["output"]["decisions"]
    assert [decision["user"] for decision in decisions] == [ANN, BEN]
    assert [each["n"] for each in output["each"]["forEach_1"]["output"]["items"]] == [0, 1, 2]
    assert output["parent"]["sub_1"]["output"]["status"] == "COMPLETED"
    (called,) = sink.lines(f"{left.place}/called")
    assert called["headers"]["authorization"] == "Bearer sesame-4711"
    for name in ("failed", "retried"):
        lines = sink.lines(f"{left.place}/{name}")
        keys = [line["key"] for line in lines]
        assert keys == [f"{left.executions[name][0]}:http_1:1"] * 2, (name, keys)
    for name in ("delayed", "timing"):
        types = [entry["type"] for entry in items[name][0]["workflow_event_log"]["events"]]
        assert types.count("EXECUTION_COMPLETED") == 1, types
    assert json.dumps(output).count("sesame-4711") == 0


def _check_schedule(org: Organization, left: Left) -> None:
    """The schedule continues, and no instant of it fired twice."""
    workflow_id = left.workflows["scheduled"]
    before = len(org.pages("getScheduleFires", workflow_id=workflow_id))
    deadline = time.monotonic() + SECONDS
    while len(org.pages("getScheduleFires", workflow_id=workflow_id)) <= before:
        assert time.monotonic() < deadline, "the schedule does not fire any more"
        time.sleep(0.1)
    body = {"workflow_id": workflow_id, "action": "PAUSE"}
    assert org.post("toggleScheduledWorkflow", body).status_code == 200
    fires = org.pages("getScheduleFires", workflow_id=workflow_id)
    instants = [fire["nominal_on"] for fire in fires]
    assert len(set(instants)) == len(instants), instants
    started = [fire["workflow_execution_id"] for fire in fires if fire["workflow_execution_id"] is not None]
    assert len(set(started)) == len(started)
    rows = org.pages("getWorkflowExecutionHistory", workflow_id=workflow_id)
    assert {row["workflow_execution_id"] for row in rows} == set(started)
