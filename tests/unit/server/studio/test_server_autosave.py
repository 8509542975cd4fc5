"""`updateWorkflow` as editors save by themselves: refusals say what has become of the draft, and who did it."""

from typing import Any

import pytest
from server_kit import COMPUTING, Caller, definition, note_step

LATER = definition(note_step(value="later"))
BROKEN = {**definition(), "workflow_steps": [{"id": f"s{number}", "type": "nothing"} for number in range(3000)]}


async def open_draft(mine: Caller, document: dict[str, Any] = COMPUTING) -> dict[str, Any]:
    """Returns what an author who has read a draft sends."""
    workflow_id = await mine.create(document, is_active=False)
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    return {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"], "definition": LATER}


async def test_a_draft_that_another_has_saved_is_409_with_who_and_when(mine: Caller) -> None:
    body = await open_draft(mine)
    second = await mine.key_with("manage")
    saved = (await second.post("updateWorkflow", body)).json()["item"]
    answer = await mine.post("updateWorkflow", body)
    found = answer.json()
    assert (answer.status_code, found["code"], found["modified_by_name"]) == (409, "STALE", "part")
    assert (found["modified_on"], found["workflow_version"]) == (saved["modified_on"], 1)
    again = await mine.post("updateWorkflow", {**body, "modified_on": found["modified_on"]})
    assert again.status_code == 200


async def test_a_draft_that_was_activated_is_409_and_names_the_next_draft(mine: Caller) -> None:
    body = await open_draft(mine)
    await mine.activate(body["workflow_id"], 1)
    answer = await mine.post("updateWorkflow", body)
    found = answer.json()
    assert (answer.status_code, found["code"], found["next_version"]) == (409, "ACTIVATED", 2)
    stored = await mine.post("updateWorkflow", {**body, "modified_on": found["modified_on"]})
    assert stored.json()["item"]["workflow_version"] == 2


async def test_a_draft_that_was_deleted_is_404_with_a_code_of_its_own(mine: Caller, theirs: Caller) -> None:
    body = await open_draft(mine)
    await mine.post("deleteWorkflow", {"workflow_id": body["workflow_id"], "workflow_version": 1})
    answer = await mine.post("updateWorkflow", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "VERSION_DELETED")
    never = await mine.post("updateWorkflow", {**body, "workflow_version": 2})
    assert (never.status_code, never.json()["code"]) == (404, "WORKFLOW_NOT_FOUND")
    assert (await theirs.post("updateWorkflow", body)).json()["code"] == "WORKFLOW_NOT_FOUND"


async def test_a_card_is_saved_by_the_same_rules(mine: Caller) -> None:
    payload = {"type": "AdaptiveCard", "version": "1.5"}
    card = (await mine.post("createCard", {"card_name": "c", "card_payload": payload})).json()["item"]
    key = {"card_id": card["card_id"], "card_version": 1}
    body = {**key, "modified_on": card["modified_on"], "card_payload": payload}
    await mine.post("activateCard", key)
    found = (await mine.post("updateCard", body)).json()
    assert (found["code"], found["next_version"], found["modified_by_name"]) == ("ACTIVATED", 2, "all")
    await mine.post("deleteCard", key)
    assert (await mine.post("updateCard", body)).json()["code"] == "VERSION_DELETED"


@pytest.mark.timeout(60)
async def test_the_findings_of_a_draft_with_every_error_are_bounded(mine: Caller) -> None:
    found = (await mine.post("validateWorkflow", {"definition": BROKEN})).json()
    assert (len(found["errors"]), found["error_count"] > 1000) == (1000, True)
    stored = await mine.post("createWorkflow", {"definition": BROKEN, "incomplete": True})
    assert stored.status_code == 200, stored.text
    assert len(stored.json()["item"]["workflow_findings"]) == 1000
