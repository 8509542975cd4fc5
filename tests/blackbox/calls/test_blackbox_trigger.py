"""`triggerWorkflow` over HTTP: contract 2, in its order."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx2
import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization
from blackbox.harness.definitions import ASKING, COMPUTING, SCHEDULED, definition, http, note, wait
from blackbox.harness.installation import Installation
from blackbox.harness.launcher import Server
from blackbox.harness.sink import Sink

METADATA = {
    "workflow_id",
    "workflow_version",
    "workflow_execution_id",
    "workflow_process_id",
    "workflow_trigger_type",
    "organization_id",
    "workspace_id",
    "executor",
}


def test_a_trigger_answers_exactly_what_the_reference_shows(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    answer = org.post(f"triggerworkflow/{workflow_id}/1", {"po": "4500000001"})
    body = answer.json()
    assert (answer.status_code, set(body), body["message"]) == (200, {"message", "looply_execution_id"}, "success")
    assert answer.headers["content-type"] == "application/json"
    assert org.until(workflow_id, body["looply_execution_id"])["status"] == "COMPLETED"


@pytest.mark.parametrize("name", ["triggerworkflow", "triggerWorkflow", "TRIGGERWORKFLOW"])
@pytest.mark.parametrize("version", ["", "/1", "/latest", "/"])
def test_path_names_match_without_regard_to_case_and_the_version_may_be_left_out(
    org: Organization, name: str, version: str
) -> None:
    workflow_id = org.create(COMPUTING)
    assert org.post(f"/v2/Workflows/{name}/{workflow_id}{version}").status_code == 200
    assert org.post(f"/v1/workflows/{name}/{workflow_id}{version}").status_code == 200


def test_latest_is_the_newest_active_version_and_a_draft_runs_only_by_its_number(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    assert org.next_draft(workflow_id, ASKING) == 2
    assert org.item(workflow_id, org.trigger(workflow_id))["workflow_version"] == 1
    draft = org.post(f"triggerworkflow/{workflow_id}/2").json()["looply_execution_id"]
    assert org.item(workflow_id, draft)["workflow_version"] == 2
    org.activate(workflow_id, 2)
    assert org.item(workflow_id, org.trigger(workflow_id))["workflow_version"] == 2


def test_a_workflow_without_an_active_version_is_409(org: Organization) -> None:
    workflow_id = org.create(COMPUTING, is_active=False)
    answer = org.post(f"triggerworkflow/{workflow_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "NO_ACTIVE_VERSION")


def test_an_unknown_workflow_or_version_is_404(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    for path in (UNKNOWN_ID, f"{UNKNOWN_ID}/1", f"{workflow_id}/2"):
        answer = org.post(f"triggerworkflow/{path}")
        assert (answer.status_code, answer.json()["message"]) == (404, "workflow not found")


def test_a_malformed_workflow_id_is_400(org: Organization) -> None:
    for workflow_id in ("nonsense", UNKNOWN_ID[:-1], f"{UNKNOWN_ID}0", "%00", "%0d%0aX-Evil:1"):
        answer = org.post(f"triggerworkflow/{workflow_id}")
        assert (answer.status_code, answer.json()["message"]) == (400, "incorrect workflow id"), workflow_id


@pytest.mark.parametrize("version", ["0", "-1", "1.5", "1e0", "one", "1%20OR%201%3D1", "%D9%A3", "[1]"])
def test_a_version_that_is_no_positive_integer_is_400(org: Organization, version: str) -> None:
    workflow_id = org.create(COMPUTING)
    assert org.post(f"triggerworkflow/{workflow_id}/{version}").status_code == 400


def test_a_version_that_no_column_holds_is_refused(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    assert org.post(f"triggerworkflow/{workflow_id}/{2**63}").status_code in (400, 404)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'"x"', b"1", b"null", b"true", b" {} \n"])
def test_the_body_is_any_json_value_or_none(org: Organization, content: bytes) -> None:
    workflow_id = org.create(COMPUTING)
    assert org.post(f"triggerworkflow/{workflow_id}", content=content).status_code == 200


def test_a_body_that_is_no_object_lands_under_body(org: Organization) -> None:
    item = org.run(COMPUTING, [1, 2])
    assert item["workflow_input_payload"]["body"] == [1, 2]


def test_a_caller_never_overrides_metadata(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    forged = dict.fromkeys(METADATA, "forged")
    execution_id = org.trigger(workflow_id, {**forged, "status": "kept", "__proto__": {"x": 1}, "constructor": 1})
    item = org.until(workflow_id, execution_id)
    payload = item["workflow_input_payload"]
    assert set(payload) >= METADATA
    assert (payload["organization_id"], payload["workspace_id"]) == (org.organization_id, org.workspace_id)
    assert (payload["workflow_id"], payload["workflow_version"]) == (workflow_id, "1")
    assert (payload["workflow_execution_id"], payload["workflow_process_id"]) == (execution_id, execution_id)
    assert payload["workflow_trigger_type"] == "REQUEST"
    assert payload["executor"] != "forged"
    assert (payload["status"], payload["__proto__"], payload["constructor"]) == ("kept", {"x": 1}, 1)


def test_numbers_arrive_as_they_were_sent(org: Organization) -> None:
    texts = ["9007199254740993", "18446744073709551616", "1" * 64, "-" + "9" * 64, "0.1", "1e2"]
    workflow_id = org.create(COMPUTING)
    answer = org.post(f"triggerworkflow/{workflow_id}", content=b'{"n":[%s]}' % ",".join(texts).encode())
    read = org.get(
        "getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=answer.json()["looply_execution_id"]
    )
    payload = read.json()["item"]["workflow_input_payload"]
    assert payload["n"][:4] == [int(text) for text in texts[:4]]
    assert payload["n"][4:] == [0.1, 100]


def test_a_process_id_comes_from_the_query_else_from_the_body(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    by_query = org.trigger(workflow_id, {"process_id": "body"}, process_id="query")
    by_body = org.trigger(workflow_id, {"process_id": "PO 4711"})
    none = org.trigger(workflow_id)
    assert org.item(workflow_id, by_query)["process_id"] == "query"
    assert org.item(workflow_id, by_body)["process_id"] == "PO 4711"
    assert org.item(workflow_id, none)["process_id"] == none


BAD_PROCESS_IDS = ["", " x", "x ", ".", "..", "a/b", "a\nb", "a\x1bb", "x" * 129, 7, None, ["x"], {"a": 1}, "a\x00b"]


@pytest.mark.parametrize("process_id", BAD_PROCESS_IDS, ids=repr)
def test_a_process_id_that_breaks_the_rules_is_400_and_starts_nothing(org: Organization, process_id: object) -> None:
    workflow_id = org.create(ASKING)
    answer = org.post(f"triggerworkflow/{workflow_id}", {"process_id": process_id})
    assert answer.status_code == 400
    assert org.get("getOrganizationExecutions").json()["count"] == 0


@pytest.mark.parametrize("process_id", ["x" * 128, "ü" * 128, "...", "a b", "a%b", "PO#1?x=y&z", "%2e%2e", "日本"])
def test_a_process_id_of_printable_characters_is_taken_and_found_again(org: Organization, process_id: str) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id, process_id=process_id)
    org.until(workflow_id, execution_id, "WAITING")
    answer = org.resume(quote(process_id, safe=""))
    assert (answer.status_code, answer.json()["message"]) == (200, "restarted")
    assert answer.json()["data"]["workflow_identifier"]["workflow_execution_id"] == execution_id


def test_process_ids_are_compared_after_nfc_and_by_letter_case(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    composed = org.trigger(workflow_id, process_id="Gr\u00fcn")
    assert org.trigger(workflow_id, process_id="Gru\u0308n") == composed
    assert org.trigger(workflow_id, process_id="GR\u00dcN") != composed
    assert org.trigger(workflow_id, process_id="\uff27r\u00fcn") != composed


def test_a_process_id_equal_to_an_execution_id_of_the_organization_is_400(
    org: Organization, other: Organization
) -> None:
    workflow_id, foreign = org.create(ASKING), other.create(ASKING)
    execution_id = org.trigger(workflow_id)
    assert org.post(f"triggerworkflow/{workflow_id}", {"process_id": execution_id}).status_code == 400
    assert org.post(f"triggerworkflow/{workflow_id}", {"process_id": execution_id.upper()}).status_code == 400
    assert other.post(f"triggerworkflow/{foreign}", {"process_id": execution_id}).status_code == 200


def test_the_same_trigger_again_answers_the_same_execution_and_starts_nothing(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    path = f"triggerworkflow/{workflow_id}"
    first = org.post(path, {"process_id": "P1", "a": 1, "b": 2})
    again = org.post(path, content=b'{"b": 2.0, "a": 1, "process_id": "P1"}')
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert org.get("getOrganizationExecutions").json()["count"] == 1


def test_a_process_id_in_use_with_another_body_version_or_profile_is_409(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    org.post("createProfile", {"workflow_id": workflow_id, "name": "dev", "values": {}})
    org.trigger(workflow_id, {"process_id": "P1"})
    path = f"triggerworkflow/{workflow_id}"
    assert org.post(path, {"process_id": "P1", "x": 1}).status_code == 409
    assert org.post(f"{path}/1", {"process_id": "P1"}).status_code == 409
    assert org.post(path, {"process_id": "P1"}, query={"profile": "dev"}).status_code == 409
    assert org.get("getOrganizationExecutions").json()["count"] == 1


def test_a_process_id_may_be_used_again_when_its_execution_has_ended(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    first = org.trigger(workflow_id, process_id="P1")
    org.terminate(first)
    assert org.trigger(workflow_id, process_id="P1") != first


def test_a_process_id_is_one_workflows_own(org: Organization) -> None:
    assert org.trigger(org.create(ASKING), process_id="P1") != org.trigger(org.create(ASKING), process_id="P1")


def test_many_identical_triggers_at_once_start_one_execution(org: Organization) -> None:
    workflow_id = org.create(ASKING)

    def trigger(_: int) -> tuple[int, str]:
        answer = org.post(f"triggerworkflow/{workflow_id}", {"process_id": "P1", "a": 1})
        return answer.status_code, answer.json()["looply_execution_id"]

    with ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(trigger, range(64)))
    assert len(answers) == 1
    assert org.get("getOrganizationExecutions").json()["count"] == 1


def test_of_many_different_triggers_with_one_process_id_exactly_one_wins(org: Organization) -> None:
    workflow_id = org.create(ASKING)

    def trigger(number: int) -> int:
        return org.post(f"triggerworkflow/{workflow_id}", {"process_id": "P1", "n": number}).status_code

    with ThreadPoolExecutor(32) as pool:
        assert Counter(pool.map(trigger, range(32))) == {200: 1, 409: 31}


def test_a_profile_is_picked_by_name_and_echoed(org: Organization) -> None:
    workflow_id = org.create(definition(note(value="${environment.url}")))
    for name in ("dev", "prod"):
        body = {"workflow_id": workflow_id, "name": name, "values": {"url": name}}
        assert org.post("createProfile", body).status_code == 200
    for query, url in (({"profile": "prod"}, "prod"), ({}, "dev")):
        answer = org.post(f"triggerworkflow/{workflow_id}", query=query).json()
        assert answer.get("profile") == query.get("profile")
        item = org.until(workflow_id, answer["looply_execution_id"])
        assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == url
        assert item["workflow_output_payload"]["environment"] == {"url": url}
    assert org.post(f"triggerworkflow/{workflow_id}", query={"profile": "none"}).status_code in (400, 404, 422)


def test_test_true_stores_the_body_beside_a_locked_version_and_runs_nothing(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    answer = org.post(f"triggerworkflow/{workflow_id}/1", {"po": "1", "items": [{"n": 1}]}, query={"test": "true"})
    assert (answer.status_code, answer.json()) == (200, {"message": "success"})
    item = org.get("getWorkflowSchemaById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    assert item["workflow_mock_payload"] == {"po": "1", "items": [{"n": 1}]}
    assert item["workflow_schema"]["properties"]["po"]["type"] == "string"
    assert item["workflow_schema"]["properties"]["items"]["items"]["properties"]["n"]["type"] == "integer"
    assert org.get("getOrganizationExecutions").json()["count"] == 0
    assert org.post(f"triggerworkflow/{workflow_id}", query={"test": "yes"}).status_code == 400


def test_a_caller_that_waits_gets_the_status_and_after_the_end_the_output(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/waited"
    url = sink.script(path, {"delay": 0.3})
    ended = org.post(
        f"triggerworkflow/{org.create(definition(http(url), note()))}", {"po": "1"}, query={"wait": "PT20S"}
    ).json()
    assert (ended["status"], ended["output"]["po"], ended["output"]["note_1"]) == ("COMPLETED", "1", "done")
    waiting = org.post(f"triggerworkflow/{org.create(ASKING)}", query={"wait": "PT20S"}).json()
    assert (waiting["status"], "output" in waiting) == ("WAITING", False)


def test_a_caller_that_waits_too_short_gets_the_plain_answer(org: Organization, sink: Sink) -> None:
    path = f"/{org.organization_id}/slow"
    url = sink.script(path, {"held": True})
    answer = org.post(f"triggerworkflow/{org.create(definition(http(url)))}", query={"wait": "PT0.2S"}).json()
    sink.release(path)
    assert set(answer) == {"message", "looply_execution_id"}


@pytest.mark.parametrize("text", ["PT61S", "P1D", "10", "soon", "-PT1S", "PT1H", "P1Y", "PT"])
def test_a_wait_that_is_no_duration_up_to_a_minute_is_400(org: Organization, text: str) -> None:
    assert org.post(f"triggerworkflow/{org.create(COMPUTING)}", query={"wait": text}).status_code == 400


def test_an_idempotency_key_replays_the_answer_also_after_the_end(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    headers = {"idempotency-key": "order-1"}
    first = org.post(f"triggerworkflow/{workflow_id}", {"a": 1}, headers=headers)
    org.until(workflow_id, first.json()["looply_execution_id"], "COMPLETED")
    again = org.post(f"triggerworkflow/{workflow_id}", {"a": 1}, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotent-replayed"] == "true"


def test_an_idempotency_key_with_another_request_is_422(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    headers = {"idempotency-key": "order-1"}
    org.post(f"triggerworkflow/{workflow_id}", {"a": 1}, headers=headers)
    for path, body, query in (
        (workflow_id, {"a": 2}, {}),
        (workflow_id, None, {}),
        (f"{workflow_id}/1", {"a": 1}, {}),
        (workflow_id, {"a": 1}, {"process_id": "P"}),
    ):
        answer = org.post(f"triggerworkflow/{path}", body, query=query, headers=headers)
        assert answer.status_code == 422


def test_a_refused_call_does_not_use_up_its_idempotency_key(org: Organization) -> None:
    workflow_id = org.create(COMPUTING, is_active=False)
    headers = {"idempotency-key": "order-1"}
    assert org.post(f"triggerworkflow/{workflow_id}", headers=headers).status_code == 409
    org.activate(workflow_id)
    answer = org.post(f"triggerworkflow/{workflow_id}", headers=headers)
    assert answer.status_code == 200
    assert "idempotent-replayed" not in answer.headers


def test_an_idempotency_key_is_one_organizations_own(org: Organization, other: Organization) -> None:
    headers = {"idempotency-key": "order-1"}
    for each in (org, other):
        answer = each.post(f"triggerworkflow/{each.create(COMPUTING)}", headers=headers)
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (200, False)


def test_many_calls_with_one_idempotency_key_start_one_execution(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    headers = {"idempotency-key": "order-1"}

    def trigger(_: int) -> tuple[int, str]:
        answer = org.post(f"triggerworkflow/{workflow_id}", {"a": 1}, headers=headers)
        return answer.status_code, answer.json()["looply_execution_id"]

    with ThreadPoolExecutor(32) as pool:
        assert len(set(pool.map(trigger, range(64)))) == 1
    assert org.get("getOrganizationExecutions").json()["count"] == 1


def test_execution_ids_of_one_server_are_uuid7_and_strictly_increase(
    org: Organization, server: Server | Installation
) -> None:
    workflow_id = org.create(COMPUTING)
    # Only those of one server: the clocks of several agree to half a round trip to their database.
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=120) as client:
        one = Organization(client, org.organization_id, org.workspace_id, org.key)
        made = [one.trigger(workflow_id) for _ in range(50)]
    assert made == sorted(set(made))
    assert {execution_id[14] for execution_id in made} == {"7"}


def test_what_was_acknowledged_can_be_read_at_once(org: Organization) -> None:
    workflow_id = org.create(definition(wait()))

    def trigger(_: int) -> None:
        execution_id = org.trigger(workflow_id)
        assert org.item(workflow_id, execution_id)["workflow_execution_id"] == execution_id
        listed = org.get("getWorkflowExecutionHistory", workflow_id=workflow_id, limit=30).json()["items"]
        newest = listed[0]["workflow_execution_id"]
        assert newest >= execution_id

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(trigger, range(80)))


def test_a_scheduled_workflow_can_be_triggered_by_hand(org: Organization) -> None:
    workflow_id = org.create(SCHEDULED)
    item = org.until(workflow_id, org.trigger(workflow_id))
    assert item["workflow_trigger_type"] == "REQUEST"
