"""Resumes that come before their wait, as the contract announces them to a caller."""

import json

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, note, wait
from blackbox.harness.sink import Sink


@pytest.mark.parametrize("first_has_token", [True, False])
def test_of_two_early_resumes_the_first_gets_restarted_and_its_payload_is_used(
    org: Organization, sink: Sink, first_has_token: bool
) -> None:
    path = f"/early-{org.organization_id}"
    url = sink.script(path, {"held": True})
    handed_on = http(url, method="POST", body={"token": "${waits.wait_1}"}, fail_on=["5xx"])
    workflow_id = org.create(definition(handed_on, wait(), note()))
    execution_id = org.trigger(workflow_id)
    token = json.loads(sink.wait_for(path)[0]["body"])["token"]
    first, second = ({"wait_token": token}, {}) if first_has_token else ({}, {"wait_token": token})

    kept = org.resume(execution_id, number=1, **first)
    late = org.resume(execution_id, number=2, **second)
    sink.release(path)

    assert (kept.json()["message"], kept.json()["buffered"]) == ("restarted", True)
    assert (late.status_code, late.json()["message"]) == (200, "already restarted")
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "number": 1}


def test_the_token_of_a_later_wait_keeps_its_answer_and_a_plain_resume_in_between_answers_nothing(
    org: Organization, sink: Sink
) -> None:
    path = f"/later-{org.organization_id}"
    handed_on = http(sink.script(path, {"held": True}), method="POST", body={"token": "${waits.wait_2}"})
    workflow_id = org.create(definition(wait(), handed_on, wait("wait_2"), note()))
    execution_id = org.trigger(workflow_id)
    org.until(workflow_id, execution_id, "WAITING")
    org.resume(execution_id, question=1)
    token = json.loads(sink.wait_for(path)[0]["body"])["token"]

    assert org.resume(execution_id, question=2, wait_token=token).json()["buffered"] is True
    assert org.resume(execution_id, question=3).json()["message"] == "already restarted"
    sink.release(path)

    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["wait_2"]["output"] == {"source": "SAP", "question": 2}
    assert "RESUME_IGNORED" in [entry["type"] for entry in item["workflow_event_log"]["events"]]


def test_a_released_wait_stays_already_restarted_after_the_execution_was_terminated(org: Organization) -> None:
    workflow_id = org.create(definition(wait(), wait("wait_2")))
    execution_id = org.trigger(workflow_id)
    token = org.until(workflow_id, execution_id, "WAITING")["waits"][0]["wait_token"]
    org.resume(execution_id, number=1)
    second = org.until(workflow_id, execution_id, "WAITING", state="wait_2")["waits"][0]["wait_token"]
    org.terminate(execution_id)

    same = org.resume(execution_id, number=1)
    by_token = org.resume(execution_id, wait_token=token)
    other = org.resume(execution_id, number=2)
    cancelled = org.resume(execution_id, wait_token=second)

    assert [answer.json()["message"] for answer in (same, by_token)] == ["already restarted"] * 2
    assert [(answer.status_code, answer.json()["code"]) for answer in (other, cancelled)] == [(409, "TERMINATED")] * 2


def test_a_buffered_resume_without_a_wait_is_in_the_log(org: Organization, sink: Sink) -> None:
    path = f"/none-{org.organization_id}"
    url = sink.script(path, {"held": True})
    rule = {"variable": "${http_1.output.status}", "operator": "StringEquals", "value": "500"}
    made = definition(http(url), {"id": "c", "type": "conditional", "settings": {"rules": [rule]}})
    made["workflow_steps"].append(wait())
    made["workflow_connections"].append({"from": "c", "to": "wait_1", "branch": "yes"})
    workflow_id = org.create(made)
    execution_id = org.trigger(workflow_id)
    assert org.resume(execution_id, number=1).json()["buffered"] is True
    sink.release(path)
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert "RESUME_IGNORED" in [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert org.resume(execution_id, number=1).json()["code"] == "COMPLETED"
