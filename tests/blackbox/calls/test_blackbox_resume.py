"""`resumeWorkflow` over HTTP: the rules of contract 2, first match wins."""

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization
from blackbox.harness.definitions import ASKING, COMPUTING, TWO_WAITS, definition, graph, http, note, wait
from blackbox.harness.sink import Sink


def outcome(answer: httpx2.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["message"], body["code"]


RESTARTED = (200, "restarted", "WORKFLOW_RESTARTED")
ALREADY = (200, "already restarted", "WORKFLOW_ALREADY_RESTARTED")


def waiting(org: Organization, workflow: dict[str, Any] = ASKING, **query: Any) -> tuple[str, str]:
    """Returns workflow id and execution id of an execution that waits."""
    workflow_id = org.create(workflow)
    execution_id = org.trigger(workflow_id, **query)
    org.until(workflow_id, execution_id, "WAITING")
    return workflow_id, execution_id


def token_of(org: Organization, workflow_id: str, execution_id: str) -> str:
    token: str = org.item(workflow_id, execution_id)["waits"][0]["wait_token"]
    return token


def test_a_resume_releases_the_wait_and_its_payload_is_the_output(org: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    answer = org.resume(execution_id, "SAP", approved=True, amount=7)
    assert outcome(answer) == RESTARTED
    assert answer.json()["data"]["workflow_identifier"] == {
        "organization_id": org.organization_id,
        "workflow_id": workflow_id,
        "workflow_execution_id": execution_id,
    }
    item = org.until(workflow_id, execution_id, "COMPLETED")
    output = item["workflow_output_payload"]["wait_1"]["output"]
    assert output == {"source": "SAP", "approved": True, "amount": 7}


def test_a_waiting_execution_shows_the_state_of_the_reference_and_its_wait(org: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    item = org.item(workflow_id, execution_id)
    assert (item["status"], item["workflow_current_state"]) == ("WAITING", "wait_for_response_state")
    (shown,) = item["waits"]
    assert (shown["state"], shown["visit"], sorted(shown["sources"])) == ("wait_1", 1, ["SAP", "TEAMS"])
    assert shown["wait_token"]


@pytest.mark.parametrize("name", ["resumeWorkflow", "resumeworkflow", "RESUMEWORKFLOW"])
def test_resume_is_found_in_any_letter_case_and_in_the_older_form(org: Organization, name: str) -> None:
    _, first = waiting(org)
    assert outcome(org.post(f"/v2/workflows/{name}/{first}", {"payload": {"source": "TEAMS"}})) == RESTARTED
    workflow_id, second = waiting(org)
    assert outcome(org.post(f"/v1/workflows/{name}/{second}", {"source": "SAP", "x": 1})) == RESTARTED
    item = org.until(workflow_id, second, "COMPLETED")
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "x": 1}


BAD_PAYLOADS: list[Any] = [
    {},
    [],
    "x",
    1,
    None,
    {"payload": None},
    {"payload": "SAP"},
    {"payload": []},
    {"payload": {}},
    {"source": "SAP"},
    {"payload": {"source": "sap"}},
    {"payload": {"source": "SAP "}},
    {"payload": {"source": "S\u0410P"}},
    {"payload": {"source": ["SAP"]}},
    {"payload": {"source": {"$eq": "SAP"}}},
    {"payload": {"source": None}},
    {"payload": {"source": "S" * 10_000}},
    {"payload": {"source": "SAP", "wait_token": 7}},
]


@pytest.mark.parametrize("body", BAD_PAYLOADS, ids=lambda body: repr(body)[:40])
def test_a_payload_without_a_known_source_is_400_and_resumes_nothing(org: Organization, body: Any) -> None:
    workflow_id, execution_id = waiting(org)
    text = b"null" if body is None else None
    answer = org.post(f"resumeWorkflow/{execution_id}", body, content=text)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] in ("", "/payload", "/payload/source", "/payload/wait_token")
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


def test_a_resume_without_a_body_is_400(org: Organization) -> None:
    _, execution_id = waiting(org)
    assert org.post(f"resumeWorkflow/{execution_id}").status_code == 400


def test_comments_in_the_body_as_the_reference_shows_them_are_400(org: Organization) -> None:
    _, execution_id = waiting(org)
    content = b'{"payload": {"source": "SAP" // or TEAMS\n}}'
    answer = org.post(f"resumeWorkflow/{execution_id}", content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_JSON")


# Rule 1


def test_an_unknown_id_is_404(org: Organization) -> None:
    for name in (UNKNOWN_ID, "nobody", "x" * 128):
        answer = org.resume(name)
        assert (answer.status_code, answer.json()["message"]) == (404, "execution not found")


def test_the_open_execution_of_a_process_id_is_meant_else_the_newest_ended_one(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    first = org.trigger(workflow_id, process_id="P1")
    org.until(workflow_id, first, "WAITING")
    assert org.resume("P1", n=1).json()["data"]["workflow_identifier"]["workflow_execution_id"] == first
    org.until(workflow_id, first, "COMPLETED")
    second = org.trigger(workflow_id, process_id="P1")
    org.until(workflow_id, second, "WAITING")
    assert org.resume("P1", n=2).json()["data"]["workflow_identifier"]["workflow_execution_id"] == second
    org.until(workflow_id, second, "COMPLETED")
    ended = org.resume("P1", n=3)
    assert outcome(ended) == ALREADY
    assert ended.json()["data"]["workflow_identifier"]["workflow_execution_id"] == second


def test_several_open_executions_of_a_process_id_are_ambiguous_until_a_workflow_is_named(org: Organization) -> None:
    first, _ = waiting(org, process_id="P1")
    second, other_execution = waiting(org, process_id="P1")
    answer = org.resume("P1")
    assert (answer.status_code, answer.json()["code"]) == (409, "AMBIGUOUS")
    assert sorted(answer.json()["workflow_ids"]) == sorted([first, second])
    named = org.resume("P1", query={"workflow_id": second})
    assert outcome(named) == RESTARTED
    assert named.json()["data"]["workflow_identifier"]["workflow_execution_id"] == other_execution


def test_of_several_open_executions_the_only_one_that_waits_is_meant(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/busy"
    url = sink.script(path, {"held": True})
    busy = org.create(definition(http(url), wait()))
    org.trigger(busy, process_id="P1")
    _, execution_id = waiting(org, process_id="P1")
    answer = org.resume("P1")
    sink.release(path)
    assert outcome(answer) == RESTARTED
    assert answer.json()["data"]["workflow_identifier"]["workflow_execution_id"] == execution_id


# Rule 2


def test_the_token_of_a_wait_that_was_released_is_already_restarted_for_ever(org: Organization) -> None:
    workflow_id, execution_id = waiting(org, TWO_WAITS)
    token = token_of(org, workflow_id, execution_id)
    assert outcome(org.resume(execution_id, wait_token=token, n=1)) == RESTARTED
    org.until(workflow_id, execution_id, "WAITING", state="wait_2")
    again = org.resume(execution_id, wait_token=token, n=2)
    assert outcome(again) == ALREADY
    assert again.json()["answered_on"] > 0
    assert "answered_by" in again.json()
    org.terminate(execution_id)
    assert outcome(org.resume(execution_id, wait_token=token, n=3)) == ALREADY


def test_a_double_click_does_not_answer_the_next_question(org: Organization) -> None:
    workflow_id, execution_id = waiting(org, TWO_WAITS)
    assert outcome(org.resume(execution_id, b=2, a=1)) == RESTARTED
    org.until(workflow_id, execution_id, "WAITING", state="wait_2")
    body = b'{"payload": {"a": 1.0, "b": 2, "source": "SAP"}}'
    assert outcome(org.post(f"resumeWorkflow/{execution_id}", content=body)) == ALREADY
    assert [wait["state"] for wait in org.item(workflow_id, execution_id)["waits"]] == ["wait_2"]
    assert outcome(org.resume(execution_id, next=True)) == RESTARTED
    org.until(workflow_id, execution_id, "COMPLETED")


# Rule 3


def test_a_terminated_or_failed_execution_is_409_with_its_code(org: Organization, sink: Sink) -> None:
    _, terminated = waiting(org)
    org.terminate(terminated)
    assert outcome(org.resume(terminated)) == (409, "not found", "TERMINATED")
    url = sink.script(f"/{org.organization_id}/broken", {"status": 500})
    item = org.run(definition(http(url, fail_on=["5xx"]), wait()), None, "FAILED")
    assert outcome(org.resume(item["workflow_execution_id"])) == (409, "not found", "FAILED")


def test_a_wait_that_timed_out_is_409(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/told"
    telling = http(sink.script(path), method="POST", body={"token": "${waits.wait_1}"})
    steps = [telling, wait("wait_1", timeout="PT0.1S"), wait("wait_2")]
    flow = graph(steps, ("WorkflowStartState", "http_1"), ("http_1", "wait_1"), ("wait_1", "wait_2", "timeout"))
    workflow_id = org.create(flow)
    execution_id = org.trigger(workflow_id)
    item = org.until(workflow_id, execution_id, "WAITING", state="wait_2")
    assert item["condensed_logs"]["wait_1"][0]["status"] == "TIMED_OUT"
    (line,) = sink.lines(path)
    answer = org.resume(execution_id, wait_token=json.loads(line["body"])["token"])
    assert (answer.status_code, answer.json()["code"]) == (409, "TIMED_OUT")


def test_without_a_timeout_edge_a_wait_that_timed_out_ends_the_path(org: Organization) -> None:
    workflow_id = org.create(definition(wait("wait_1", timeout="PT0.1S")))
    item = org.until(workflow_id, execution_id := org.trigger(workflow_id), "COMPLETED")
    assert item["condensed_logs"]["wait_1"][0]["status"] == "TIMED_OUT"
    answer = org.resume(execution_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "TIMED_OUT")


@pytest.mark.parametrize("token", ["x", "", "AAAA", "x" * 5000])
def test_a_token_of_no_wait_is_409(org: Organization, token: str) -> None:
    workflow_id, execution_id = waiting(org)
    answer = org.resume(execution_id, wait_token=token)
    if token:
        assert outcome(answer) == (409, "not found", "NOT_WAITING")
        assert org.item(workflow_id, execution_id)["status"] == "WAITING"
    else:
        assert outcome(answer) == RESTARTED


def test_a_token_of_another_execution_or_organization_is_409(org: Organization, other: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    _, second = waiting(org)
    foreign_workflow, foreign = waiting(other)
    for token in (token_of(org, workflow_id, execution_id), token_of(other, foreign_workflow, foreign)):
        assert outcome(org.resume(second, wait_token=token)) == (409, "not found", "NOT_WAITING")


# Rule 4


def test_a_source_that_the_wait_does_not_take_is_409(org: Organization) -> None:
    workflow_id, execution_id = waiting(org, definition(wait(sources=["TEAMS"]), note()))
    answer = org.resume(execution_id, "SAP")
    assert (answer.status_code, answer.json()["code"]) == (409, "SOURCE_NOT_ACCEPTED")
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"
    assert outcome(org.resume(execution_id, "TEAMS")) == RESTARTED


def test_a_payload_that_does_not_fit_the_schema_is_422_and_the_wait_stays(org: Organization) -> None:
    schema = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}}
    workflow_id, execution_id = waiting(org, definition(wait(schema=schema), note()))
    for data in ({}, {"amount": "7"}):
        answer = org.resume(execution_id, **data)
        assert answer.status_code == 422
        assert answer.json()["errors"]
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"
    assert outcome(org.resume(execution_id, amount=7)) == RESTARTED


@pytest.mark.parametrize("round_", range(3))
def test_of_many_resumes_at_once_exactly_one_releases_the_wait(org: Organization, round_: int) -> None:
    workflow_id, execution_id = waiting(org, TWO_WAITS)
    barrier = threading.Barrier(24)

    def resume(number: int) -> tuple[str, int]:
        barrier.wait()
        return org.resume(execution_id, n=number).json()["message"], number

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(resume, range(24)))
    # A resume that comes while the second wait is open answers that one: the two waits are released once each.
    winners = [number for message, number in answers if message == "restarted"]
    counted = Counter(message for message, _ in answers)
    item = org.item(workflow_id, execution_id)
    resumed = [entry for entry in item["workflow_event_log"]["events"] if entry["type"] == "WAIT_RESUMED"]
    assert len(resumed) == len(winners) <= 2
    assert counted["restarted"] + counted["already restarted"] == 24
    assert [entry["output"]["n"] for entry in resumed if entry["output"]["n"] in winners] == [
        entry["output"]["n"] for entry in resumed
    ]


def test_of_many_resumes_with_the_token_exactly_one_wins_and_its_payload_is_used(org: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    token = token_of(org, workflow_id, execution_id)
    barrier = threading.Barrier(32)

    def resume(number: int) -> tuple[tuple[int, str, str], int]:
        barrier.wait()
        return outcome(org.resume(execution_id, wait_token=token, n=number)), number

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(resume, range(32)))
    assert Counter(answer for answer, _ in answers) == {RESTARTED: 1, ALREADY: 31}
    winner = next(number for answer, number in answers if answer == RESTARTED)
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "n": winner}


def test_the_token_is_never_seen_by_the_workflow(org: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    token = token_of(org, workflow_id, execution_id)
    org.resume(execution_id, wait_token=token, x=1)
    org.until(workflow_id, execution_id, "COMPLETED")
    answer = org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
    assert token not in answer.text


# Rule 5


def test_after_the_end_or_while_it_runs_on_a_resume_is_already_restarted(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/slow"
    url = sink.script(path, {"held": True})
    workflow_id, execution_id = waiting(org, definition(wait(), http(url), wait("wait_2")))
    assert outcome(org.resume(execution_id, n=1)) == RESTARTED
    assert outcome(org.resume(execution_id, n=2)) == ALREADY
    sink.release(path)
    item = org.until(workflow_id, execution_id, "WAITING", state="wait_2")
    assert "RESUME_IGNORED" in [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert outcome(org.resume(execution_id, n=3)) == RESTARTED
    org.until(workflow_id, execution_id, "COMPLETED")
    assert outcome(org.resume(execution_id, n=4)) == ALREADY


# Rule 6


def test_a_resume_before_the_first_wait_is_buffered(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/slow"
    url = sink.script(path, {"held": True})
    workflow_id = org.create(definition(http(url), wait(), note()))
    execution_id = org.trigger(workflow_id)
    first = org.resume(execution_id, n=1)
    assert outcome(first) == RESTARTED
    assert first.json()["buffered"] is True
    assert outcome(org.resume(execution_id, n=2)) == ALREADY
    sink.release(path)
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "n": 1}


def test_an_unfit_buffered_resume_does_not_release_the_wait(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/slow"
    url = sink.script(path, {"held": True})
    workflow_id = org.create(definition(http(url), wait(sources=["TEAMS"]), note()))
    execution_id = org.trigger(workflow_id)
    assert org.resume(execution_id, "SAP").json()["buffered"] is True
    sink.release(path)
    org.until(workflow_id, execution_id, "WAITING")
    assert outcome(org.resume(execution_id, "TEAMS")) == RESTARTED


def test_a_sink_that_calls_back_before_it_answers_does_not_lose_its_call(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/early"
    url = sink.script(path, {"held": True})
    step = http(url, method="POST", body={"token": "${waits.wait_1}"})
    workflow_id = org.create(definition(step, wait(), note()))
    execution_id = org.trigger(workflow_id)
    (line,) = sink.wait_for(path)
    token = line["body"].split('"')[3]
    assert org.resume(execution_id, wait_token=token, n=1).json()["message"] == "restarted"
    sink.release(path)
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["wait_1"]["output"]["n"] == 1


# Rule 7


def test_an_execution_without_a_wait_is_409(org: Organization, sink: Sink) -> None:
    item = org.run(COMPUTING)
    assert outcome(org.resume(item["workflow_execution_id"])) == (409, "not found", "COMPLETED")
    path = f"/{org.organization_id}/slow"
    running = org.trigger(org.create(definition(http(sink.script(path, {"held": True})))))
    assert outcome(org.resume(running)) == (409, "not found", "NOT_WAITING")
    sink.release(path)


def test_a_step_that_does_not_wait_cannot_be_named(org: Organization) -> None:
    workflow_id, execution_id = waiting(org)
    answer = org.resume(execution_id, query={"state": "note_1"})
    assert answer.status_code == 409
    assert outcome(org.resume(execution_id, query={"state": "wait_1"})) == RESTARTED
    org.until(workflow_id, execution_id, "COMPLETED")


def test_a_released_wait_and_its_timeout_never_both_count(org: Organization) -> None:
    steps = [wait("wait_1", timeout="PT0.3S"), note("in_time"), note("too_late")]
    flow = graph(
        steps, ("WorkflowStartState", "wait_1"), ("wait_1", "in_time"), ("wait_1", "too_late", "timeout"), name="Race"
    )
    workflow_id = org.create(flow)

    def race(number: int) -> None:
        execution_id = org.trigger(workflow_id)
        time.sleep(0.25 + number * 0.01)
        answer = org.resume(execution_id)
        output = org.until(workflow_id, execution_id, "COMPLETED")["workflow_output_payload"]
        assert ("in_time" in output) != ("too_late" in output)
        assert ("in_time" in output) == (answer.status_code == 200)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(race, range(10)))
