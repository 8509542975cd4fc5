"""Expressions are checked when a definition is saved: warnings come with the answer, errors refuse it."""

from typing import Any

from server_kit import Caller, definition, note_step

FAILING = definition(note_step(value="${uriHost(waits)}"))
DOUBTFUL = definition(note_step(value="${payload.output.amuont}"))


def key_of(made: Any) -> dict[str, Any]:
    return {"workflow_id": made.json()["item"]["workflow_id"], "workflow_version": 1}


async def test_an_expression_that_always_fails_is_refused_with_its_path(mine: Caller) -> None:
    answer = await mine.post("createWorkflow", {"definition": FAILING})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_DEFINITION")
    (error,) = answer.json()["errors"]
    assert error["path"].startswith("/workflow_steps/1/settings/")
    assert error["message"].startswith("uriHost() expects a text as `uri`, found an object (at position 8 of: ")


async def test_a_draft_with_an_expression_that_always_fails_is_kept_and_not_activated(mine: Caller) -> None:
    made = await mine.post("createWorkflow?incomplete=true", {"definition": FAILING})
    assert len(made.json()["item"]["workflow_findings"]) == 1
    activation = await mine.post("activateWorkflow", key_of(made))
    assert (activation.status_code, activation.json()["code"]) == (422, "INVALID_DEFINITION")
    assert len(activation.json()["errors"]) == 1


async def test_a_doubtful_expression_is_saved_and_activated_with_a_warning_from_the_mock_payload(mine: Caller) -> None:
    made = await mine.post("createWorkflow", {"definition": DOUBTFUL})
    assert made.json()["warnings"] == []
    key = key_of(made)
    mocked = await mine.post(f"triggerworkflow/{key['workflow_id']}/1?test=true", {"amount": 5})
    assert mocked.status_code == 200, mocked.text
    changed = {**key, "modified_on": made.json()["item"]["modified_on"], "definition": DOUBTFUL}
    saved = await mine.post("updateWorkflow", changed)
    assert saved.status_code == 200, saved.text
    (warning,) = saved.json()["warnings"]
    assert warning["message"].startswith("the payload's schema has no 'amuont' (at position 15 of: ")
    assert warning["hint"] == "did you mean 'amount'?"
    activation = await mine.post("activateWorkflow", key)
    assert activation.status_code == 200
    assert (await mine.post("activateWorkflow", key)).status_code == 200


async def test_a_finding_names_its_sentences_and_their_values(mine: Caller) -> None:
    wrong = {**definition(note_step()), "workflow_setings": {}}
    (error,) = (await mine.post("validateWorkflow", {"definition": wrong})).json()["errors"]
    assert error == {
        "path": "/workflow_setings",
        "message": "unknown field 'workflow_setings'",
        "hint": "did you mean 'workflow_settings'?",
        "code": "FIELD_UNKNOWN",
        "hint_code": "DID_YOU_MEAN",
        "values": {"name": "workflow_setings", "suggestion": "workflow_settings"},
    }
    made = await mine.post("createWorkflow?incomplete=true", {"definition": wrong})
    assert made.json()["item"]["workflow_findings"] == [error]
