"""What operators read of executions: rows, counts, figures, reasons, moments and news, on every engine."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import CARDING, Definition, definition, http, note, wait
from blackbox.harness.sink import Sink

HOUR_MS = 3_600_000
FOLDED_SECONDS = 60.0
"""So long may it take until figures have what is stored, on a machine that has much else to do."""
ASKING: Definition = {
    **definition(wait("wait_1", timeout="PT1H"), note(), name="Asking"),
    "workflow_settings": {"search_fields": ["/payload/output/po"]},
}
COUNTED = {"open": {"RUNNING": 0, "WAITING": 2, "FAILED": 1}, "cards": 1, "letters": 0}


def item(org: Organization, name: str, **query: Any) -> dict[str, Any]:
    answer = org.get(name, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json().get("item", answer.json())
    return found


def names_of(org: Organization, **query: Any) -> list[str]:
    """Returns the numbers of the executions of a page of rows."""
    return [row["process_id"] for row in item(org, "getExecutionRows", **query)["items"]]


def until(read: Callable[[], Any], expected: Any) -> None:
    """Waits until what is read is what is expected."""
    deadline = time.monotonic() + FOLDED_SECONDS
    while (found := read()) != expected:
        assert time.monotonic() < deadline, f"{found} is not {expected}"
        time.sleep(0.1)


@pytest.fixture
def story(org: Organization, sink: Sink) -> dict[str, str]:
    """Executions by their numbers: one that is done, one that waits for a call, one for a person, one that stopped."""
    path = sink.script(f"/monitoring/{org.organization_id}", {"status": 500})
    stopping = definition(http(path, "call_1", "POST", fail_on=["5xx"], body={"po": "4711"}), name="Stopping")
    flows = {
        "DONE": (definition(note("price", "${payload.output.po}")), "COMPLETED"),
        "CALL": (ASKING, "WAITING"),
        "CARD": (CARDING, "WAITING"),
        "STOP": (stopping, "FAILED"),
    }
    made = {}
    for name, (flow, status) in flows.items():
        workflow_id = org.create(flow)
        made[name] = org.trigger(workflow_id, {"po": "4711"}, process_id=name)
        org.until(workflow_id, made[name], status)
    return made


def test_rows_are_found_by_state_by_search_field_and_by_incident(org: Organization, story: dict[str, str]) -> None:
    assert names_of(org) == list(story)[::-1]
    assert names_of(org, status="WAITING") == ["CARD", "CALL"]
    assert names_of(org, has="incident") == ["STOP"]
    assert names_of(org, **{"field.po": "4711"}) == ["CALL"]
    rows = {row["process_id"]: row for row in item(org, "getExecutionRows")["items"]}
    assert (rows["CALL"]["waiting"]["kind"], rows["CARD"]["waiting"]["who"]) == ("RESUME", ["ann@example.com"])
    assert (rows["STOP"]["incident"]["state"], rows["DONE"]["duration_ms"] is None) == ("call_1", False)
    pages = org.pages("getExecutionRows", limit=1)
    assert [row["process_id"] for row in pages] == list(story)[::-1]


def test_why_an_execution_does_not_move_is_said_with_the_events_that_show_it(
    org: Organization, story: dict[str, str]
) -> None:
    expected = {
        "DONE": ("ENDED", "ENDED_COMPLETED", "EXECUTION_COMPLETED"),
        "CALL": ("WAITS_FOR_CALL", "RESUME", "WAIT_OPENED"),
        "CARD": ("WAITS_FOR_PERSON", "PERSON_CARD", "WAIT_OPENED"),
        "STOP": ("INCIDENT", "INCIDENT_FAILED", "INCIDENT_OPENED"),
    }
    for name, execution_id in story.items():
        found = item(org, "explainExecution", workflow_execution_id=execution_id)
        shown = [each["type"] for each in found["evidence"]]
        assert (found["verdict"], found["code"], shown[-1]) == expected[name]
        events = item(org, "getExecutionLog", workflow_execution_id=execution_id)["workflow_event_log"]["events"]
        assert {each["seq"] for each in found["evidence"]} <= {entry["seq"] for entry in events}
        assert found["execution"]["process_id"] == name
    (group,) = item(org, "getIncidentGroups")["items"]
    assert (group["kind"], group["state"], group["workflow_execution_id"]) == ("FAILED", "call_1", story["STOP"])


def test_an_execution_is_shown_as_it_was_after_any_event(org: Organization, story: dict[str, str]) -> None:
    own = {"workflow_execution_id": story["DONE"]}
    begun = item(org, "getExecutionAt", seq=1, **own)
    last = begun["last_seq"]
    ended = item(org, "getExecutionAt", seq=last, **own)
    before, after = (each["document"]["payload"]["output"] for each in (begun, ended))
    assert (begun["seq"], begun["status"], ended["status"]) == (1, "RUNNING", "COMPLETED")
    assert (before["po"], after["po"], after["price"]) == ("4711", "4711", "4711")
    assert "price" not in before
    assert item(org, "getEventData", seq=1, **own)["input"] == {"po": "4711"}
    assert org.get("getExecutionAt", seq=last + 1, **own).status_code in (400, 404)


def test_what_is_open_is_counted_and_what_happened_is_summed(org: Organization, story: dict[str, str]) -> None:
    def counts() -> dict[str, Any]:
        found = item(org, "getCounts")
        assert sum(found["incidents"].values()) == found["open"]["FAILED"]
        return {name: found[name] for name in COUNTED}

    def sums() -> dict[str, int]:
        now = time.time_ns() // 1_000_000
        buckets = item(org, "getStatistics", **{"from": now - HOUR_MS, "to": now + HOUR_MS})["buckets"]
        return {name: sum(bucket[name] for bucket in buckets) for name in ("started", "completed", "terminated")}

    until(counts, COUNTED)
    until(sums, {"started": len(story), "completed": 1, "terminated": 0})
    assert org.terminate(story["CALL"], "enough").status_code == 200
    until(counts, {**COUNTED, "open": {"RUNNING": 0, "WAITING": 1, "FAILED": 1}})
    until(sums, {"started": len(story), "completed": 1, "terminated": 1})


def test_rows_that_change_are_streamed(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    headers = {"x-api-key": org.key}
    with org.client.stream("GET", "/v2/workflows/watchHeads", headers=headers) as answer:
        assert answer.status_code == 200
        heads = heads_of(answer.iter_lines())
        execution_id = org.trigger(workflow_id, process_id="LIVE")
        until_head(heads, execution_id, "WAITING")
        assert org.resume("LIVE").status_code == 200
        until_head(heads, execution_id, "COMPLETED")


def heads_of(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yields the rows of a stream, None at each of its signs of life."""
    for line in lines:
        yield json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}


def until_head(heads: Iterator[dict[str, Any]], execution_id: str, status: str) -> None:
    """Reads rows until that of the execution has the status."""
    deadline = time.monotonic() + FOLDED_SECONDS
    for head in heads:
        if (head.get("workflow_execution_id"), head.get("status")) == (execution_id, status):
            return
        assert time.monotonic() < deadline, f"no row of {execution_id} is {status}"
    raise AssertionError("the stream has ended")
