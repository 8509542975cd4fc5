"""`terminateWorkflow` over HTTP."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization, until_event
from blackbox.harness.definitions import ASKING, CARDING, COMPUTING, TWO_WAITS, definition, http, wait
from blackbox.harness.sink import Sink

DEFAULT_REASON = "Workflow execution terminated by user."


def waiting(org: Organization, workflow: dict[str, Any] = ASKING, **query: Any) -> tuple[str, str]:
    workflow_id = org.create(workflow)
    execution_id = org.trigger(workflow_id, **query)
    org.until(workflow_id, execution_id, "WAITING")
    return workflow_id, execution_id


def ended_event(item: dict[str, Any]) -> dict[str, Any]:
    return next(entry for entry in item["workflow_event_log"]["events"] if entry["type"] == "EXECUTION_TERMINATED")


def test_an_open_execution_is_terminated_with_the_reason(org: Organization) -> None:
    workflow_id, execution_id = waiting(org, process_id="P1")
    answer = org.terminate("P1", "Process has now expired.")
    assert (answer.status_code, answer.json()) == (200, {"message": "terminated"})
    item = org.item(workflow_id, execution_id)
    assert (item["status"], item["waits"]) == ("TERMINATED", [])
    assert ended_event(item)["reason"] == "Process has now expired."


@pytest.mark.parametrize("name", ["terminateWorkflow", "terminateworkflow", "TERMINATEWORKFLOW"])
@pytest.mark.parametrize("body", [None, {}, {"payload": {}}, {"payload": {"x": 1}}, {"payload": {"source": "SAP"}}])
def test_the_body_and_the_reason_may_be_left_out(org: Organization, name: str, body: Any) -> None:
    workflow_id, execution_id = waiting(org)
    assert org.post(f"{name}/{execution_id}", body).json() == {"message": "terminated"}
    assert ended_event(org.item(workflow_id, execution_id))["reason"] == DEFAULT_REASON


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        {"payload": []},
        {"payload": None},
        {"payload": {"termination_reason": 7}},
        {"payload": {"termination_reason": {"a": 1}}},
        {"payload": {"termination_reason": None}},
        {"payload": {"termination_reason": "x" * 2001}},
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_reason_of_another_kind_or_too_long_is_400_and_ends_nothing(org: Organization, body: Any) -> None:
    workflow_id, execution_id = waiting(org)
    answer = org.post(f"terminateWorkflow/{execution_id}", body)
    assert answer.status_code == 400
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


@pytest.mark.parametrize(
    "reason", ["x" * 2000, "<script>alert(1)</script>", "a\r\nSet-Cookie: x", "\x1b[31m", "é\u2028"]
)
def test_a_reason_is_stored_literally(org: Organization, reason: str) -> None:
    workflow_id, execution_id = waiting(org)
    answer = org.terminate(execution_id, reason)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    shown = ended_event(org.item(workflow_id, execution_id))["reason"]
    assert shown.startswith(reason[:900])


def test_an_unknown_id_is_404(org: Organization) -> None:
    for name in (UNKNOWN_ID, "nobody"):
        answer = org.terminate(name)
        assert (answer.status_code, answer.json()["message"]) == (404, "execution not found")


def test_terminating_again_says_so_and_keeps_the_first_reason(org: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    org.terminate(execution_id, "first")
    before = org.item(workflow_id, execution_id)
    again = org.terminate(execution_id, "second")
    assert (again.status_code, again.json()) == (200, {"message": "already terminated"})
    assert org.item(workflow_id, execution_id) == before


def test_a_completed_execution_is_409_and_stays_as_it_is(org: Organization) -> None:
    item = org.run(COMPUTING)
    answer = org.terminate(item["workflow_execution_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "COMPLETED")
    assert org.item(item["workflow_id"], item["workflow_execution_id"]) == item


def test_an_execution_that_a_terminate_step_failed_is_409(org: Organization) -> None:
    step = {"id": "terminate_1", "type": "terminate", "settings": {"status": "FAILED", "reason": "no"}}
    item = org.run(definition(step), None, "FAILED")
    assert item["workflow_incidents"] == []
    answer = org.terminate(item["workflow_execution_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "FAILED")


def test_a_failed_execution_with_an_incident_is_closed_by_it(org: Organization, sink: Sink) -> None:
    url = sink.script(f"/{org.organization_id}/broken", {"status": 500})
    item = org.run(definition(http(url, fail_on=["5xx"])), None, "FAILED")
    assert len(item["workflow_incidents"]) == 1
    assert org.terminate(item["workflow_execution_id"]).json() == {"message": "terminated"}
    after = org.item(item["workflow_id"], item["workflow_execution_id"])
    assert (after["status"], after["workflow_incidents"]) == ("TERMINATED", [])


def test_several_open_executions_of_a_process_id_are_never_guessed_between(org: Organization) -> None:
    first, _ = waiting(org, process_id="P1")
    second, execution_id = waiting(org, process_id="P1")
    answer = org.terminate("P1")
    assert (answer.status_code, answer.json()["code"]) == (409, "AMBIGUOUS")
    assert sorted(answer.json()["workflow_ids"]) == sorted([first, second])
    assert org.post("terminateWorkflow/P1", query={"workflow_id": second}).json() == {"message": "terminated"}
    assert org.item(second, execution_id)["status"] == "TERMINATED"
    assert org.terminate("P1").json() == {"message": "terminated"}


def test_termination_closes_open_cards(org: Organization) -> None:
    workflow_id = org.create(CARDING)
    execution_id = org.trigger(workflow_id, {"po": "1"})
    org.until(workflow_id, execution_id, "WAITING")
    (card,) = org.cards()
    org.terminate(execution_id)
    assert org.cards() == []
    token = card["token"]
    assert org.client.get(f"/v2/inbox/{token}").json()["item"]["status"] == "CLOSED"
    assert org.client.post(f"/v2/inbox/{token}", json={"data": {"action": "approve"}}).status_code == 409


def test_after_terminated_no_later_step_starts_and_a_late_result_moves_nothing(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/first"
    first = sink.script(path, {"held": True})
    second = sink.script(f"/{org.organization_id}/second", {})
    workflow_id = org.create(definition(http(first, "http_1"), http(second, "http_2")))
    execution_id = org.trigger(workflow_id)
    sink.wait_for(path)
    assert org.terminate(execution_id).json() == {"message": "terminated"}
    sink.release(path)
    item = until_event(org, workflow_id, execution_id, "STEP_RESULT_DISCARDED")
    assert item["workflow_event_log"]["events"][-1]["type"] == "STEP_RESULT_DISCARDED"
    assert item["status"] == "TERMINATED"
    assert sink.lines(f"/{org.organization_id}/second") == []


@pytest.mark.parametrize("round_", range(4))
def test_of_resume_and_terminate_at_once_both_callers_get_a_truthful_answer(org: Organization, round_: int) -> None:
    workflow_id, execution_id = waiting(org, TWO_WAITS)
    token = org.item(workflow_id, execution_id)["waits"][0]["wait_token"]
    barrier = threading.Barrier(16)

    def call(number: int) -> tuple[str, int, str]:
        barrier.wait()
        if number % 2:
            answer = org.terminate(execution_id, f"by {number}")
            return "terminate", answer.status_code, answer.json()["message"]
        answer = org.resume(execution_id, wait_token=token, n=number)
        return "resume", answer.status_code, answer.json()["message"]

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(call, range(16)))
    assert answers["terminate", 200, "terminated"] == 1
    assert answers["terminate", 200, "already terminated"] == 7
    item = org.item(workflow_id, execution_id)
    types = [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert item["status"] == "TERMINATED"
    if answers["resume", 200, "restarted"]:
        assert answers["resume", 200, "restarted"] == 1
        assert types.index("WAIT_RESUMED") < types.index("EXECUTION_TERMINATED")
    else:
        assert answers["resume", 409, "not found"] == 8
        assert "WAIT_RESUMED" not in types


def test_a_terminated_execution_frees_its_process_id(org: Organization) -> None:
    workflow_id, execution_id = waiting(org, definition(wait()), process_id="P1")
    org.terminate("P1")
    assert org.trigger(workflow_id, process_id="P1") != execution_id
