"""People read names: of the keys that made a call, of workflows and their versions, and of steps."""

from typing import Any

import pytest
from cli_kit import ID, WORKFLOW, Command, Looply, refusal, row

KEY, UNKNOWN = "01a20e65-a0ff-7d22-b3cd-096c128b7be1", "01a20e65-a0ff-7d22-b3cd-096c128b7be2"


@pytest.fixture
def keys(looply: Looply) -> Looply:
    looply.answers["getKeys"] = {"items": [{"key_id": KEY, "name": "Shop integration"}]}
    return looply


def entry(seq: int, type_: str, **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "timestamp": 1_700_000_000_000, "type": type_, "state": "end_1", **fields}


def shown(looply: Looply, *entries: dict[str, Any], **more: Any) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    looply.answers["getWorkflowExecutionById"] = {"item": row(workflow_event_log={"events": list(entries)}, **more)}


def test_a_log_names_the_key_that_made_a_call(run: Command, keys: Looply) -> None:
    entries = [entry(n, "WAIT_RESUMED", by=by, via="API") for n, by in enumerate((KEY, UNKNOWN, "ann@example.com"))]
    shown(keys, *entries)
    out = run("execution", "show", ID).out
    for by in ("Shop integration", UNKNOWN, "ann@example.com"):
        assert f"by={by} via=API" in out
    assert [name for name, *_ in keys.calls].count("getKeys") == 1


def test_documents_keep_the_ids_of_keys_and_nothing_is_looked_up(run: Command, keys: Looply) -> None:
    shown(keys, entry(1, "WAIT_RESUMED", by=KEY))
    document = run("execution", "show", ID, "--json").document
    assert document["workflow_event_log"]["events"][0]["by"] == KEY
    assert "getKeys" not in [name for name, *_ in keys.calls]


def test_a_key_that_may_not_list_keys_shows_their_ids(run: Command, keys: Looply) -> None:
    keys.answers["getKeys"] = refusal(403, message="Forbidden", code="SCOPE")
    shown(keys, entry(1, "WAIT_RESUMED", by=KEY))
    done = run("execution", "show", ID)
    assert (done.status, f"by={KEY}" in done.out, done.err) == (0, True, "")


def test_lists_of_letters_and_datastores_name_keys_too(run: Command, keys: Looply) -> None:
    keys.answers["getLetters"] = {"items": [{"letter_id": "e-1:7", "by": KEY, "settled_by": KEY}]}
    assert run("letter", "list").out.count("Shop integration") == 2
    keys.answers["getDatastores"] = {"items": [{"name": "prices", "modified_by": KEY}]}
    assert "Shop integration" in run("datastore", "list").out


def test_the_name_of_a_workflow_and_its_version_are_two_values(run: Command, looply: Looply) -> None:
    shown(looply)
    assert "Test\t1" in run("execution", "list").out
    lines = run("execution", "show", ID).out.splitlines()
    assert {"workflow\tTest", "version\t1"} <= set(lines)


def test_steps_are_shown_with_their_descriptions(run: Command, looply: Looply) -> None:
    steps = [{"id": "wait_1", "description": "Wait for the goods"}, {"id": "end_1"}]
    wait = {"state": "wait_1", "opened_on": 0, "timeout_on": None, "sources": ["SAP"]}
    incident = {"state": "wait_1", "kind": "FAILED", "code": "X", "message": "m", "opened_on": 0}
    details = {"workflow_name": "Test", "workflow_steps": steps}
    shown(
        looply, workflow_details=details, workflow_current_state="wait_1", waits=[wait], workflow_incidents=[incident]
    )
    assert run("execution", "show", ID).out.count("wait_1 (Wait for the goods)") == 3


def test_the_exit_that_every_step_has_is_not_mentioned(run: Command, looply: Looply) -> None:
    shown(looply, entry(1, "STEP_SUCCEEDED", branch="next"), entry(2, "STEP_SUCCEEDED", branch="yes"))
    out = run("execution", "show", ID).out
    assert ("branch=next" in out, "branch=yes" in out, WORKFLOW in out) == (False, True, True)
