"""Contract 2, `resumeWorkflow` and `terminateWorkflow`, rule by rule."""

from datetime import timedelta
from typing import Any

import pytest
from server_kit import ASKING, CARDING, COMPUTING, Caller, definition, note_step, wait_step

from looply.instants import to_ms
from looply.testing.clock import FakeClock

SAP = {"payload": {"source": "SAP", "answer": 42}}
TWICE = definition(wait_step("wait_1"), wait_step("wait_2"), note_step())
FAILING = definition(note_step(value="${div(1, 0)}"))


async def resume(caller: Caller, name: str, body: Any = SAP, query: str = "") -> Any:
    return await caller.post(f"resumeWorkflow/{name}{query}", body)


async def test_a_resume_resumes_the_wait_once(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    first = await resume(mine, execution_id)
    assert first.status_code == 200
    assert first.json() == {
        "message": "restarted",
        "code": "WORKFLOW_RESTARTED",
        "data": {
            "workflow_identifier": {
                "organization_id": mine.organization_id,
                "workflow_id": workflow_id,
                "workflow_execution_id": execution_id,
            }
        },
    }
    item = await mine.item(workflow_id, execution_id)
    assert item["status"] == "COMPLETED"
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "answer": 42}


async def test_a_repeated_resume_is_already_restarted_and_names_the_first_caller(
    mine: Caller, clock: FakeClock
) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    await resume(mine, execution_id)
    clock.advance(timedelta(hours=1))
    again = (await resume(mine, execution_id)).json()
    assert again["message"] == "already restarted"
    assert again["code"] == "WORKFLOW_ALREADY_RESTARTED"
    assert again["data"]["workflow_identifier"]["workflow_execution_id"] == execution_id
    assert again["answered_by"]
    assert again["answered_on"] == to_ms(clock.now() - timedelta(hours=1))


async def test_a_resume_addresses_by_process_id_too(mine: Caller) -> None:
    await mine.trigger(await mine.create(ASKING), process_id="PO 4711")
    assert (await resume(mine, "PO%204711")).json()["message"] == "restarted"


async def test_an_unknown_or_foreign_execution_is_404(mine: Caller, theirs: Caller) -> None:
    execution_id = await theirs.trigger(await theirs.create(ASKING), process_id="P1")
    for name in ("unknown", execution_id, "P1", "health", "ready", "configs"):
        answer = await resume(mine, name)
        assert (answer.status_code, answer.json()["message"]) == (404, "execution not found")


@pytest.mark.parametrize("name", ["x%2Fhealth", "x/health", "%0d%0a", "%20x", "..%2f", "%ff"])
async def test_a_name_that_no_process_id_can_have_is_400(mine: Caller, name: str) -> None:
    assert (await resume(mine, name)).status_code == 400


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "x",
        [],
        {},
        {"source": "sap"},
        {"source": "SAP "},
        {"source": "S\N{CYRILLIC CAPITAL LETTER A}P"},
        {"source": ["SAP"]},
        {"source": {"$eq": "SAP"}},
        {"source": "X" * 10000},
        {"source": None},
        {"source": "SAP", "wait_token": 7},
    ],
)
async def test_a_payload_without_a_good_source_is_400(mine: Caller, payload: Any) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    answer = await resume(mine, execution_id, {"payload": payload})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_PAYLOAD")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b'{"source":"SAP"}'])
async def test_a_body_without_a_payload_is_400(mine: Caller, content: bytes) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    answer = await mine.post(f"resumeWorkflow/{execution_id}", content=content)
    assert answer.status_code == 400


async def test_comments_in_the_body_are_400_and_duplicate_sources_too(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    for content in (b'{"payload": {"source":"SAP"}} // or "TEAMS"', b'{"payload":{"source":"SAP","source":"TEAMS"}}'):
        answer = await mine.post(f"resumeWorkflow/{execution_id}", content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_JSON")


async def test_several_open_executions_of_which_one_waits_mean_that_one(mine: Caller) -> None:
    delaying = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}})
    await mine.trigger(await mine.create(delaying), process_id="P1")
    waiting = await mine.trigger(await mine.create(ASKING), process_id="P1")
    answer = (await resume(mine, "P1")).json()
    assert answer["data"]["workflow_identifier"]["workflow_execution_id"] == waiting


async def test_several_waiting_executions_are_ambiguous_until_a_workflow_or_token_is_named(mine: Caller) -> None:
    first, second, third = [await mine.create(ASKING) for _ in range(3)]
    for workflow_id in (first, second):
        await mine.trigger(workflow_id, process_id="P1")
    executed = await mine.trigger(third, process_id="P1")
    answer = await resume(mine, "P1")
    assert (answer.status_code, answer.json()["code"]) == (409, "AMBIGUOUS")
    assert set(answer.json()["workflow_ids"]) == {first, second, third}
    assert (await resume(mine, "P1", query=f"?workflow_id={first}")).json()["message"] == "restarted"
    token = (await mine.item(third, executed))["waits"][0]["wait_token"]
    body = {"payload": {"source": "SAP", "wait_token": token}}
    assert (await resume(mine, "P1", body)).json()["data"]["workflow_identifier"]["workflow_id"] == third


async def test_a_wait_token_names_the_wait_and_is_never_seen_by_the_workflow(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    token = (await mine.item(workflow_id, execution_id))["waits"][0]["wait_token"]
    body = {"payload": {"source": "SAP", "wait_token": token}}
    assert (await resume(mine, execution_id, body)).json()["message"] == "restarted"
    assert (await resume(mine, execution_id, body)).json()["message"] == "already restarted"
    item = await mine.item(workflow_id, execution_id)
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP"}


async def test_a_token_of_no_wait_is_409(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    body = {"payload": {"source": "SAP", "wait_token": "made up"}}
    answer = await resume(mine, execution_id, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (409, "NOT_WAITING", "not found")


async def test_a_terminated_or_failed_execution_is_409(mine: Caller) -> None:
    terminated = await mine.trigger(await mine.create(ASKING))
    await mine.post(f"terminateWorkflow/{terminated}")
    failed = await mine.trigger(await mine.create(FAILING))
    for execution_id, code in ((terminated, "TERMINATED"), (failed, "FAILED")):
        answer = await resume(mine, execution_id)
        assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (409, code, "not found")


async def test_a_source_that_the_wait_does_not_accept_is_409(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(definition(wait_step(sources=["TEAMS"]))))
    answer = await resume(mine, execution_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "SOURCE_NOT_ACCEPTED")


async def test_a_payload_that_violates_the_schema_of_the_wait_is_422(mine: Caller) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    execution_id = await mine.trigger(await mine.create(definition(wait_step(schema=schema))))
    answer = await resume(mine, execution_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "PAYLOAD_REFUSED")
    assert answer.json()["errors"][0]["path"] == "/payload/answer"


async def test_a_double_click_does_not_answer_the_next_question(mine: Caller) -> None:
    workflow_id = await mine.create(TWICE)
    execution_id = await mine.trigger(workflow_id)
    assert (await resume(mine, execution_id)).json()["message"] == "restarted"
    assert (await resume(mine, execution_id)).json()["message"] == "already restarted"
    assert [wait["state"] for wait in (await mine.item(workflow_id, execution_id))["waits"]] == ["wait_2"]
    other = {"payload": {"source": "SAP", "answer": 43}}
    assert (await resume(mine, execution_id, other)).json()["message"] == "restarted"


async def test_a_resume_of_a_completed_execution_that_waited_is_already_restarted(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    await resume(mine, execution_id)
    other = {"payload": {"source": "TEAMS"}}
    assert (await resume(mine, execution_id, other)).json()["message"] == "already restarted"


async def test_a_resume_before_the_first_wait_is_buffered(mine: Caller) -> None:
    delayed = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}}, wait_step())
    execution_id = await mine.trigger(await mine.create(delayed))
    first = (await resume(mine, execution_id)).json()
    assert (first["message"], first["buffered"]) == ("restarted", True)
    other = {"payload": {"source": "TEAMS"}}
    assert (await resume(mine, execution_id, other)).json()["message"] == "already restarted"


async def test_a_resume_of_an_execution_that_never_waits_is_409(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(COMPUTING))
    answer = await resume(mine, execution_id)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (409, "COMPLETED", "not found")


async def test_a_card_s_wait_can_be_resumed(mine: Caller) -> None:
    workflow_id = await mine.create(CARDING)
    execution_id = await mine.trigger(workflow_id)
    body = {"payload": {"source": "TEAMS", "action": "approve"}}
    assert (await resume(mine, execution_id, body)).json()["message"] == "restarted"
    output = (await mine.item(workflow_id, execution_id))["workflow_output_payload"]["card_1"]["output"]
    assert output["response"]["data"] == {"action": "approve"}


async def test_the_older_form_has_the_source_at_the_top(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    answer = await mine.post(f"/v1/workflows/resumeworkflow/{execution_id}", {"source": "SAP", "x": 1})
    assert answer.json()["message"] == "restarted"
    item = await mine.item(workflow_id, execution_id)
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "x": 1}


async def test_a_terminate_ends_the_execution_with_the_default_reason(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    answer = await mine.post(f"terminateWorkflow/{execution_id}")
    assert (answer.status_code, answer.json()) == (200, {"message": "terminated"})
    item = await mine.item(workflow_id, execution_id)
    assert item["status"] == "TERMINATED"
    assert item["workflow_event_log"]["events"][-1]["reason"] == "Workflow execution terminated by user."


@pytest.mark.parametrize("reason", ["Process has now expired.", "<b>\r\n</b>", "x" * 2000])
async def test_a_reason_is_kept_as_it_was_given(mine: Caller, reason: str) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    await mine.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": reason}})
    shown = (await mine.item(workflow_id, execution_id))["workflow_event_log"]["events"][-1]["reason"]
    assert shown.startswith(reason[:1000])


@pytest.mark.parametrize("body", [{}, {"payload": {}}, {"payload": {"termination_reason": ""}}])
async def test_a_body_without_a_reason_gives_the_default(mine: Caller, body: Any) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    assert (await mine.post(f"terminateWorkflow/{execution_id}", body)).status_code == 200


@pytest.mark.parametrize("reason", [None, 7, {}, "x" * 2001])
async def test_a_reason_that_is_not_a_short_text_is_400(mine: Caller, reason: Any) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    body = {"payload": {"termination_reason": reason}}
    assert (await mine.post(f"terminateWorkflow/{execution_id}", body)).status_code == 400


async def test_a_terminate_again_is_already_terminated(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    await mine.post(f"terminateWorkflow/{execution_id}")
    answer = await mine.post(f"terminateWorkflow/{execution_id}")
    assert (answer.status_code, answer.json()) == (200, {"message": "already terminated"})


async def test_a_failed_execution_with_an_incident_is_terminated(mine: Caller) -> None:
    workflow_id = await mine.create(FAILING)
    execution_id = await mine.trigger(workflow_id)
    assert (await mine.post(f"terminateWorkflow/{execution_id}")).json() == {"message": "terminated"}
    assert (await mine.item(workflow_id, execution_id))["workflow_incidents"] == []


async def test_a_completed_execution_is_not_terminated(mine: Caller) -> None:
    stopped = definition({"id": "stop_1", "type": "terminate", "settings": {"status": "FAILED"}})
    for document, code in ((COMPUTING, "COMPLETED"), (stopped, "FAILED")):
        execution_id = await mine.trigger(await mine.create(document))
        answer = await mine.post(f"terminateWorkflow/{execution_id}")
        assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_a_terminate_never_guesses_between_several(mine: Caller) -> None:
    first, second = await mine.create(ASKING), await mine.create(ASKING)
    for workflow_id in (first, second):
        await mine.trigger(workflow_id, process_id="P1")
    answer = await mine.post("terminateWorkflow/P1")
    assert (answer.status_code, answer.json()["code"]) == (409, "AMBIGUOUS")
    assert (await mine.post(f"terminateWorkflow/P1?workflow_id={first}")).status_code == 200
    assert (await mine.post("terminateWorkflow/P1")).status_code == 200


async def test_a_terminate_of_an_unknown_or_foreign_execution_is_404(mine: Caller, theirs: Caller) -> None:
    execution_id = await theirs.trigger(await theirs.create(ASKING), process_id="P1")
    for name in (execution_id, "P1", "unknown"):
        answer = await mine.post(f"terminateWorkflow/{name}")
        assert (answer.status_code, answer.json()["message"]) == (404, "execution not found")
