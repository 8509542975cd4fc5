"""Contract 2, `triggerWorkflow`, rule by rule."""

from datetime import timedelta

import pytest
from server_kit import ASKING, COMPUTING, Caller, definition, note_step

from looply.app.context.services import Services
from looply.testing.clock import FakeClock

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"


async def test_a_trigger_answers_success_and_the_execution_id(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}/1", {"po": "4500000001"})
    assert answer.status_code == 200
    assert answer.json() == {"message": "success", "looply_execution_id": answer.json()["looply_execution_id"]}
    assert (await mine.item(workflow_id, answer.json()["looply_execution_id"]))["status"] == "COMPLETED"


@pytest.mark.parametrize("path", ["{id}", "{id}/", "{id}/latest"])
async def test_a_version_left_out_or_latest_is_the_newest_active_one(mine: Caller, path: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"]}
    await mine.post("updateWorkflow", {**body, "definition": ASKING})
    answer = await mine.post(f"triggerworkflow/{path.format(id=workflow_id)}")
    assert answer.status_code == 200
    assert (await mine.item(workflow_id, answer.json()["looply_execution_id"]))["workflow_version"] == 1


async def test_a_newly_activated_version_is_the_latest_at_once(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    await mine.trigger(workflow_id)
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"]}
    await mine.post("updateWorkflow", {**body, "definition": ASKING})
    await mine.activate(workflow_id, 2)
    execution_id = await mine.trigger(workflow_id)
    assert (await mine.item(workflow_id, execution_id))["workflow_version"] == 2


async def test_a_draft_runs_only_when_named_by_its_number(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING, is_active=False)
    assert (await mine.post(f"triggerworkflow/{workflow_id}")).status_code == 409
    assert (await mine.post(f"triggerworkflow/{workflow_id}/1")).status_code == 200


async def test_an_incomplete_draft_does_not_run(mine: Caller) -> None:
    made = await mine.post("createWorkflow", {"definition": {"workflow_name": "Half"}, "incomplete": True})
    workflow_id = made.json()["item"]["workflow_id"]
    answer = await mine.post(f"triggerworkflow/{workflow_id}/1")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_RUNNABLE")
    assert answer.json()["errors"]


async def test_an_unknown_workflow_or_version_is_404(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    foreign = await theirs.create(COMPUTING)
    for path in (UNKNOWN, f"{UNKNOWN}/1", f"{workflow_id}/7", foreign, f"{foreign}/1"):
        answer = await mine.post(f"triggerworkflow/{path}")
        assert (answer.status_code, answer.json()["message"]) == (404, "workflow not found")


@pytest.mark.parametrize("workflow_id", ["nonsense", "", "1", "%00", "a b"])
async def test_a_malformed_workflow_id_is_400(mine: Caller, workflow_id: str) -> None:
    answer = await mine.post(f"triggerworkflow/{workflow_id}")
    assert (answer.status_code, answer.json()["message"]) == (400, "incorrect workflow id")


@pytest.mark.parametrize("version", ["0", "-1", "1.5", "1e0", "one", "1 OR 1=1", "٣"])
async def test_a_version_that_is_no_number_is_400(mine: Caller, version: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    assert (await mine.post(f"triggerworkflow/{workflow_id}/{version}")).status_code == 400


async def test_a_version_beyond_every_number_is_404(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    assert (await mine.post(f"triggerworkflow/{workflow_id}/{2**63 - 1}")).status_code in (400, 404)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'"x"', b"1", b"null", b"false"])
async def test_a_body_is_any_json_value_or_none(mine: Caller, content: bytes) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}", content=content)
    assert answer.status_code == 200


async def test_a_process_id_comes_from_the_query_or_the_body(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    by_query = await mine.trigger(workflow_id, {"process_id": "from body"}, process_id="from query")
    by_body = await mine.trigger(workflow_id, {"process_id": "PO 4711"})
    assert (await mine.item(workflow_id, by_query))["process_id"] == "from query"
    assert (await mine.item(workflow_id, by_body))["process_id"] == "PO 4711"


async def test_without_a_process_id_it_is_the_execution_id(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    assert (await mine.item(workflow_id, execution_id))["process_id"] == execution_id


@pytest.mark.parametrize(
    "process_id", ["", " x", "x ", ".", "..", "a/b", "a\nb", "x" * 129, 7, None, ["x"], "a\u200bb", "a\u0000"]
)
async def test_a_process_id_that_breaks_the_rules_is_400(mine: Caller, process_id: object) -> None:
    workflow_id = await mine.create(ASKING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}", {"process_id": process_id})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_PROCESS_ID")


async def test_a_process_id_of_128_characters_is_accepted(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    assert (await mine.post(f"triggerworkflow/{workflow_id}", {"process_id": "ü" * 128})).status_code == 200


async def test_a_process_id_is_compared_after_nfc(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    first = await mine.trigger(workflow_id, process_id="Gru\u0308n")
    assert await mine.trigger(workflow_id, process_id="Gr\u00fcn") == first


async def test_a_process_id_equal_to_an_execution_id_is_400(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    answer = await mine.post(f"triggerworkflow/{workflow_id}", {"process_id": execution_id})
    assert answer.status_code == 400
    foreign = await theirs.create(ASKING)
    assert (await theirs.post(f"triggerworkflow/{foreign}", {"process_id": execution_id})).status_code == 200


async def test_the_same_trigger_again_answers_the_same_execution(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    first = await mine.post(f"triggerworkflow/{workflow_id}", {"process_id": "P1", "a": 1, "b": 2})
    again = await mine.post(f"triggerworkflow/{workflow_id}", content=b'{"b":2.0,"a":1,"process_id":"P1"}')
    assert again.status_code == 200
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_process_id_in_use_with_another_body_version_or_profile_is_409(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    await mine.post("createProfile", {"workflow_id": workflow_id, "name": "prod", "values": {}})
    await mine.trigger(workflow_id, {"process_id": "P1"})
    for path, body in (("", {"process_id": "P1", "x": 1}), ("/1", {"process_id": "P1"})):
        answer = await mine.post(f"triggerworkflow/{workflow_id}{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "PROCESS_ID_IN_USE")
    answer = await mine.post(f"triggerworkflow/{workflow_id}?profile=prod", {"process_id": "P1"})
    assert answer.status_code == 409


async def test_a_process_id_is_free_again_when_its_execution_has_ended(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    first = await mine.trigger(workflow_id, process_id="P1")
    assert await mine.trigger(workflow_id, process_id="P1") != first


async def test_the_same_process_id_names_executions_of_several_workflows(mine: Caller) -> None:
    first, second = await mine.create(ASKING), await mine.create(ASKING)
    assert await mine.trigger(first, process_id="P1") != await mine.trigger(second, process_id="P1")


async def test_a_profile_is_picked_and_echoed(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step(value="${environment.url}")))
    await mine.post("createProfile", {"workflow_id": workflow_id, "name": "dev", "values": {"url": "d"}})
    await mine.post("createProfile", {"workflow_id": workflow_id, "name": "prod", "values": {"url": "p"}})
    named = (await mine.post(f"triggerworkflow/{workflow_id}?profile=prod")).json()
    default = (await mine.post(f"triggerworkflow/{workflow_id}")).json()
    assert named["profile"] == "prod"
    assert "profile" not in default
    for answer, url in ((named, "p"), (default, "d")):
        item = await mine.item(workflow_id, answer["looply_execution_id"])
        assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == url


async def test_an_unknown_profile_is_404(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    assert (await mine.post(f"triggerworkflow/{workflow_id}?profile=none")).status_code == 404


async def test_test_true_stores_the_body_and_runs_nothing(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}?test=true", {"po": "1", "required": ["x"]})
    assert (answer.status_code, answer.json()) == (200, {"message": "success"})
    read = await mine.get("getWorkflowSchemaById", workflow_id=workflow_id, workflow_version="1")
    item = read.json()["item"]
    assert item["workflow_mock_payload"] == {"po": "1", "required": ["x"]}
    assert item["workflow_schema"]["properties"]["po"] == {"type": "string"}
    assert "required" not in item["workflow_schema"]
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 0


async def test_a_caller_that_waits_receives_the_output(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = (await mine.post(f"triggerworkflow/{workflow_id}?wait=PT10S", {"po": "1"})).json()
    assert answer["status"] == "COMPLETED"
    assert answer["output"]["note_1"] == "done"
    assert answer["output"]["po"] == "1"


async def test_a_caller_that_waits_learns_that_the_execution_waits(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    answer = (await mine.post(f"triggerworkflow/{workflow_id}?wait=PT10S")).json()
    assert answer["status"] == "WAITING"
    assert "output" not in answer


@pytest.mark.parametrize("wait", ["PT61S", "P1D", "10", "soon", "", "-PT1S", "PT1M1S"])
async def test_a_wait_that_is_not_a_duration_of_up_to_a_minute_is_400(mine: Caller, wait: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    assert (await mine.post(f"triggerworkflow/{workflow_id}?wait={wait}")).status_code == 400


async def test_a_call_that_is_too_deep_in_a_loop_over_http_is_refused(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    for depth, status in (("0", 200), ("20", 200), ("21", 422), ("999999999", 422), ("-1", 400), ("1x", 400)):
        answer = await mine.post(f"triggerworkflow/{workflow_id}", headers={"x-looply-depth": depth})
        assert answer.status_code == status, depth
        if status == 422:
            assert answer.json()["code"] == "DEPTH_LIMIT"


async def test_an_idempotency_key_replays_the_answer(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    headers = {"idempotency-key": "order-1"}
    first = await mine.post(f"triggerworkflow/{workflow_id}?wait=PT1S", {"a": 1}, headers=headers)
    again = await mine.post(f"TriggerWorkflow/{workflow_id}?wait=PT1S", {"a": 1}, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_an_idempotency_key_with_another_request_is_422(mine: Caller) -> None:
    workflow_id, other = await mine.create(COMPUTING), await mine.create(COMPUTING)
    headers = {"idempotency-key": "order-1"}
    await mine.post(f"triggerworkflow/{workflow_id}", {"a": 1}, headers=headers)
    for path, body in (
        (workflow_id, {"a": 2}),
        (workflow_id, None),
        (f"{workflow_id}/1", {"a": 1}),
        (f"{workflow_id}?process_id=P", {"a": 1}),
        (other, {"a": 1}),
    ):
        answer = await mine.post(f"triggerworkflow/{path}", body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "KEY_REUSED")


async def test_an_idempotency_key_is_one_organizations_own(mine: Caller, theirs: Caller) -> None:
    headers = {"idempotency-key": "order-1"}
    for caller in (mine, theirs):
        workflow_id = await caller.create(COMPUTING)
        answer = await caller.post(f"triggerworkflow/{workflow_id}", headers=headers)
        assert answer.status_code == 200
        assert "idempotent-replayed" not in answer.headers


@pytest.mark.parametrize("key", ["x" * 256, "gr\u00fcn", "a\tb"])
async def test_an_idempotency_key_that_is_no_short_text_is_400(mine: Caller, key: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    url = f"/v2/workflows/triggerworkflow/{workflow_id}"
    answer = await mine.client.post(
        url, headers=[(b"x-api-key", mine.key.encode()), (b"idempotency-key", key.encode("utf-8"))]
    )
    assert answer.status_code == 400


async def test_two_idempotency_keys_are_400(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    headers = [("x-api-key", mine.key), ("idempotency-key", "a"), ("idempotency-key", "b")]
    answer = await mine.client.post(f"/v2/workflows/triggerworkflow/{workflow_id}", headers=headers)
    assert answer.status_code == 400


async def test_the_older_form_works_too(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    for path in (workflow_id, f"{workflow_id}/1"):
        answer = await mine.post(f"/v1/workflows/triggerworkflow/{path}", {"a": 1})
        assert answer.status_code == 200
        assert answer.json()["looply_execution_id"]


async def test_a_caller_s_field_never_overrides_a_metadata_field(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id, {"organization_id": "x", "workflow_id": "y", "status": "z"})
    payload = (await mine.item(workflow_id, execution_id))["workflow_input_payload"]
    assert payload["organization_id"] == mine.organization_id
    assert payload["workflow_id"] == workflow_id
    assert payload["status"] == "z"


async def test_a_profile_written_by_another_process_is_seen_within_five_seconds(
    mine: Caller, clock: FakeClock, services: Services
) -> None:
    workflow_id = await mine.create(COMPUTING)
    await mine.trigger(workflow_id)
    await services.catalog.profiles.create(mine.organization_id, workflow_id, "dev", {"a": 1})
    clock.advance(timedelta(seconds=5))
    execution_id = await mine.trigger(workflow_id)
    assert (await mine.item(workflow_id, execution_id))["profile"] == "dev"


async def test_a_caller_that_waits_is_answered_when_the_server_stops(mine: Caller, services: Services) -> None:
    calling = {"id": "call_1", "type": "httpRequest", "settings": {"method": "GET", "url": "https://x.example"}}
    workflow_id = await mine.create(definition(calling))
    services.lifecycle.drain()
    answer = await mine.post(f"triggerworkflow/{workflow_id}?wait=PT60S")
    assert answer.status_code == 200
    assert answer.json()["looply_execution_id"]
