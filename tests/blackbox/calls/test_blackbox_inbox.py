"""Cards in the web inbox over HTTP: a GET never decides, one answer counts, closed is closed."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blackbox.harness.client import Organization, parsed, raw, request_bytes
from blackbox.harness.definitions import CARD, CARDING, card, definition, graph, note
from blackbox.harness.launcher import Server

APPROVE = {"data": {"action": "approve", "comment": "fine"}}


def asking(org: Organization, workflow: dict[str, Any] = CARDING, **body: Any) -> tuple[str, str]:
    workflow_id = org.create(workflow)
    execution_id = org.trigger(workflow_id, {"po": "4500000001", **body})
    org.until(workflow_id, execution_id, "WAITING")
    return workflow_id, execution_id


def shown(org: Organization, token: str) -> dict[str, Any]:
    answer = org.client.get(f"/v2/inbox/{token}")
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


def decide(org: Organization, token: str, body: Any = None) -> Any:
    return org.client.post(f"/v2/inbox/{token}", json=APPROVE if body is None else body)


def test_a_card_waits_in_the_inbox_with_its_values_filled_in(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    (entry,) = org.cards()
    assert (entry["workflow_id"], entry["workflow_execution_id"], entry["state"], entry["recipient"]) == (
        workflow_id,
        execution_id,
        "card_1",
        "ann@example.com",
    )
    assert entry["url"].endswith(f"/inbox/{entry['token']}")
    item = shown(org, entry["token"])
    assert (item["status"], item["workflow_name"], item["recipient"]) == ("OPEN", "Story", "ann@example.com")
    assert item["card"]["body"][0]["text"] == "Release 4500000001?"


def test_the_link_of_a_card_opens_the_page(org: Organization) -> None:
    asking(org)
    (entry,) = org.cards()
    answer = org.client.get(entry["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert entry["token"] not in answer.text


def test_reading_never_decides(org: Organization, server: Server) -> None:
    workflow_id, execution_id = asking(org)
    (entry,) = org.cards()
    for path in (f"/inbox/{entry['token']}", f"/v2/inbox/{entry['token']}"):
        for query in ("", "?action=approve", "?data=%7B%22action%22%3A%22approve%22%7D", "?_method=POST"):
            for method in ("GET", "HEAD"):
                data = request_bytes(method, path + query, {"x-http-method-override": "POST"})
                # The page takes what mail programs add to its link; the call takes no query.
                expected = 400 if query and path.startswith("/v2/") else 200
                assert parsed(raw(server.address, data))[0] == expected
    item = org.item(workflow_id, execution_id)
    assert item["status"] == "WAITING"
    assert "CARD_ANSWERED" not in [entry["type"] for entry in item["workflow_event_log"]["events"]]


def test_an_answer_continues_the_execution_and_names_its_sender(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    token = org.cards()[0]["token"]
    answer = decide(org, token)
    assert (answer.status_code, answer.json()) == (200, {"message": "recorded"})
    item = org.until(workflow_id, execution_id, "COMPLETED")
    output = item["workflow_output_payload"]["card_1"]["output"]
    assert output["response"] == {"user": "ann@example.com", "data": {"action": "approve", "comment": "fine"}}
    assert [each["user"] for each in output["responses"]] == ["ann@example.com"]
    assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == "approve"
    types = [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert "CARD_SENT" in types
    assert "CARD_ANSWERED" in types or "WAIT_RESUMED" in types


def test_a_second_answer_gets_the_first_sender_and_changes_nothing(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    token = org.cards()[0]["token"]
    decide(org, token)
    item = org.until(workflow_id, execution_id, "COMPLETED")
    again = decide(org, token, {"data": {"action": "reject"}})
    body = again.json()
    assert (again.status_code, body["message"], body["answered_by"]) == (200, "already answered", "ann@example.com")
    assert body["answered_on"] > 0
    assert org.item(workflow_id, execution_id)["workflow_output_payload"] == item["workflow_output_payload"]
    assert shown(org, token)["status"] == "ANSWERED"
    assert org.cards() == []


def test_of_many_answers_at_once_exactly_one_counts(org: Organization) -> None:
    two = definition(card(recipients=["ann@example.com", "bob@example.com"]), note("note_1", "done"))
    workflow_id, execution_id = asking(org, two)
    tokens = [entry["token"] for entry in org.cards()]
    assert len(tokens) == 2
    barrier = threading.Barrier(24)

    def answer(number: int) -> tuple[str, int]:
        barrier.wait()
        body = {"data": {"action": "approve", "comment": f"{number}"}}
        return decide(org, tokens[number % 2], body).json()["message"], number

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(answer, range(24)))
    assert Counter(message for message, _ in answers) == {"recorded": 1, "already answered": 23}
    winner = next(number for message, number in answers if message == "recorded")
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["card_1"]["output"]["response"]["data"] == {
        "action": "approve",
        "comment": f"{winner}",
    }


def test_a_wait_for_all_ends_with_the_last_answer(org: Organization) -> None:
    both = definition(card(recipients=["ann@example.com", "bob@example.com"], wait={"for": "all"}))
    workflow_id, execution_id = asking(org, both)
    first, second = (entry["token"] for entry in org.cards())
    assert decide(org, first).json() == {"message": "recorded"}
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"
    assert [entry["token"] for entry in org.cards()] == [second]
    assert decide(org, first).json()["message"] == "already answered"
    assert decide(org, second).json() == {"message": "recorded"}
    item = org.until(workflow_id, execution_id, "COMPLETED")
    users = {each["user"] for each in item["workflow_output_payload"]["card_1"]["output"]["responses"]}
    assert users == {"ann@example.com", "bob@example.com"}


def test_a_resume_releases_the_whole_wait_and_closes_the_cards(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    token = org.cards()[0]["token"]
    assert org.resume(execution_id, "TEAMS", action="approve").json()["message"] == "restarted"
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["card_1"]["output"]["response"]["data"] == {"action": "approve"}
    assert shown(org, token)["status"] in ("ANSWERED", "CLOSED")
    assert decide(org, token).json()["message"] != "recorded"
    assert org.cards() == []


def test_after_the_timeout_a_card_is_closed(org: Organization) -> None:
    steps = [card(wait={"for": "first", "timeout": "PT0.3S"}), note("late")]
    flow = graph(steps, ("WorkflowStartState", "card_1"), ("card_1", "late", "timeout"))
    workflow_id = org.create(flow)
    execution_id = org.trigger(workflow_id, {"po": "1"})
    cards = org.cards()
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert "late" in item["workflow_output_payload"]
    assert org.cards() == []
    for entry in cards:
        answer = decide(org, entry["token"])
        assert answer.status_code == 409
        assert shown(org, entry["token"])["status"] == "CLOSED"


@pytest.mark.parametrize("token", ["x", "A" * 80, "nonsense", "%00", "a/b", "..%2f..%2f", "A" * 9000])
def test_a_forged_token_is_404(org: Organization, token: str) -> None:
    assert org.client.get(f"/v2/inbox/{token}").status_code == 404
    assert org.client.post(f"/v2/inbox/{token}", json=APPROVE).status_code == 404


def test_a_token_with_one_character_changed_is_404(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    token = org.cards()[0]["token"]
    for place in range(0, len(token), 3):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert decide(org, changed).status_code == 404, place
    for changed in (f"{token}=", f"{token}A", token[:-1], token.lower(), token.upper()):
        assert decide(org, changed).status_code == 404
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


def test_the_wait_s_token_answers_no_card(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    token = org.item(workflow_id, execution_id)["waits"][0]["wait_token"]
    assert decide(org, token).status_code == 404


@pytest.mark.parametrize(
    "body",
    [[], {}, {"data": None}, {"data": []}, {"data": "x"}, {"data": {}, "user": "boss"}, {"payload": {}}],
    ids=str,
)
def test_an_answer_of_another_shape_is_400_and_decides_nothing(org: Organization, body: Any) -> None:
    workflow_id, execution_id = asking(org)
    assert decide(org, org.cards()[0]["token"], body).status_code == 400
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


@pytest.mark.parametrize("text", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_of_another_site_cannot_answer(org: Organization, text: str) -> None:
    workflow_id, execution_id = asking(org)
    path = f"/v2/inbox/{org.cards()[0]['token']}"
    answer = org.client.post(path, content=b'{"data":{"action":"approve"}}', headers={"content-type": text})
    assert answer.status_code == 415
    assert org.item(workflow_id, execution_id)["status"] == "WAITING"


def test_a_reader_sees_open_cards_without_their_tokens(org: Organization) -> None:
    asking(org)
    (entry,) = org.key_with("read").cards()
    assert (entry["token"], entry["url"]) == (None, None)


def test_cards_are_found_by_recipient(org: Organization) -> None:
    asking(org, definition(card(recipients=["ann@example.com", "bob@example.com"])))
    assert [entry["recipient"] for entry in org.cards("bob@example.com")] == ["bob@example.com"]
    assert org.cards("nobody@example.com") == []


def test_no_read_shows_a_card_s_token(org: Organization) -> None:
    workflow_id, execution_id = asking(org)
    token = org.cards()[0]["token"]
    read = org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
    assert token not in read.text
    assert token not in org.get("getOrganizationExecutions").text


def test_a_stored_card_is_sent_and_a_later_version_changes_nothing(org: Organization) -> None:
    made = org.post("createCard", {"card_name": "Order", "card_payload": CARD}).json()["item"]
    org.post("activateCard", {"card_id": made["card_id"], "card_version": 1})
    step = {
        "id": "card_1",
        "type": "adaptiveCard",
        "settings": {"card_id": made["card_id"], "recipients": "${payload.output.who}", "wait": {"for": "first"}},
    }
    asking(org, definition(step), who="cleo@example.com")
    (entry,) = org.cards()
    assert entry["recipient"] == "cleo@example.com"
    assert shown(org, entry["token"])["card"]["body"][0]["text"] == "Release 4500000001?"


def test_markup_in_a_card_s_values_stays_text(org: Organization) -> None:
    text = "<script>alert(1)</script>"
    workflow_id = org.create(CARDING)
    org.until(workflow_id, org.trigger(workflow_id, {"po": text}), "WAITING")
    token = org.cards()[0]["token"]
    answer = org.client.get(f"/v2/inbox/{token}")
    assert answer.headers["content-type"] == "application/json"
    assert shown(org, token)["card"]["body"][0]["text"] == f"Release {text}?"
