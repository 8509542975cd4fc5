"""Moments of a history on the wire: former states, log pages, whole values."""

from typing import Any

import pytest
from server_kit import COMPUTING, START, Caller, definition, note_step, wait_step

from looply.limits import Limits

NOTED = definition(note_step("note_1", "${payload.output.po}"), wait_step(), note_step("note_2", "late"))


async def moment(caller: Caller, execution_id: str, seq: int, **query: str) -> dict[str, Any]:
    answer = await caller.get("getExecutionAt", workflow_execution_id=execution_id, seq=str(seq), **query)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    assert item["seq"] == seq
    return item


async def test_a_former_state_has_the_data_of_its_moment(mine: Caller) -> None:
    workflow_id = await mine.create(NOTED)
    execution_id = await mine.trigger(workflow_id, {"po": "4711"})
    waiting = await mine.item(workflow_id, execution_id)
    await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP", "ok": True}})
    now = await mine.item(workflow_id, execution_id)
    last = now["workflow_event_log"]["events"][-1]["seq"]
    item = await moment(mine, execution_id, waiting["workflow_event_log"]["events"][-1]["seq"])
    assert (item["status"], item["workflow_current_state"]) == ("WAITING", waiting["workflow_current_state"])
    assert item["document"] == waiting["workflow_output_payload"]
    assert item["paths"] == [{"scope": "", "state": "wait_1", "visit": 1, "phase": "OPEN"}]
    assert item["last_seq"] == last
    first = await moment(mine, execution_id, 1)
    assert "note_1" not in first["document"]["payload"]["output"]
    assert first["document"]["payload"]["output"]["po"] == "4711"
    assert (await moment(mine, execution_id, last))["document"] == now["workflow_output_payload"]


async def test_a_former_state_shows_the_view_of_an_iteration(mine: Caller) -> None:
    document = definition(
        {"id": "loop", "type": "forEach", "settings": {"items": "${payload.output.items}"}}, wait_step()
    )
    document["workflow_connections"] = [
        {"from": "WorkflowStartState", "to": "loop"},
        {"from": "loop", "to": "wait_1", "branch": "each"},
    ]
    execution_id = await mine.trigger(await mine.create(document), {"items": ["a", "b"]})
    last = (await moment(mine, execution_id, 1))["last_seq"]
    item = await moment(mine, execution_id, last, scope="loop[0]")
    assert (item["document"]["item"], item["document"]["index"]) == ("a", 0)
    refused = await mine.get("getExecutionAt", workflow_execution_id=execution_id, seq=str(last), scope="loop[7]")
    assert (refused.status_code, refused.json()["code"]) == (404, "SCOPE_NOT_FOUND")


@pytest.mark.parametrize("name", ["getExecutionAt", "getEventData"])
async def test_an_event_that_is_not_there_is_refused(mine: Caller, theirs: Caller, name: str) -> None:
    execution_id = await mine.trigger(await mine.create(COMPUTING))
    for seq, status, code in (("0", 400, "BAD_NUMBER"), ("x", 400, "BAD_NUMBER"), ("9999", 404, "EVENT_NOT_FOUND")):
        answer = await mine.get(name, workflow_execution_id=execution_id, seq=seq)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = await theirs.get(name, workflow_execution_id=execution_id, seq="1")
    assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


async def test_the_values_of_an_event_are_whole_and_without_secrets(mine: Caller) -> None:
    document = definition(note_step("note_1", "${payload.output.text}"))
    document["workflow_steps"][0] = {**START, "secret": ["/output/token"]}
    workflow_id = await mine.create(document)
    text = "long " * 2000
    execution_id = await mine.trigger(workflow_id, {"text": text, "token": "sesame-4711"})
    log = (await mine.item(workflow_id, execution_id))["workflow_event_log"]["events"]
    answer = await mine.get("getEventData", workflow_execution_id=execution_id, seq="1")
    item = answer.json()["item"]
    assert (item["type"], item["state"]) == ("EXECUTION_STARTED", None)
    assert item["input"] == {"text": text, "token": "***"}
    assert log[0]["input"] != item["input"]
    answer = await mine.get("getEventData", workflow_execution_id=execution_id, seq=str(log[1]["seq"]))
    assert answer.json()["item"]["output"] == {"note_1": text}


@pytest.mark.parametrize("limits", [Limits(read_events=3)], indirect=True)
async def test_the_log_is_read_page_by_page_without_the_document(mine: Caller) -> None:
    workflow_id = await mine.create(definition(*(note_step(f"note_{number}") for number in range(7))))
    execution_id = await mine.trigger(workflow_id)
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        query = {"workflow_execution_id": execution_id, "after": str(after)}
        answer = (await mine.get("getExecutionLog", **query)).json()
        log = answer["workflow_event_log"]
        assert len(log["events"]) <= 3
        found += log["events"]
        if "after" not in log:
            break
        after = log["after"]
    assert [entry["seq"] for entry in found] == sorted({entry["seq"] for entry in found})
    assert [entry["type"] for entry in found] == [
        "EXECUTION_STARTED",
        *["STEP_SUCCEEDED"] * 7,
        "EXECUTION_COMPLETED",
    ]
    assert (answer["status"], answer["last_seq"]) == ("COMPLETED", found[-1]["seq"])


def loop_over(expression: str) -> dict[str, Any]:
    """Returns a workflow that notes an expression once for each item of its body, one after the other."""
    document = definition(
        {"id": "loop", "type": "forEach", "settings": {"items": "${payload.output.items}"}},
        note_step("note", expression),
    )
    document["workflow_connections"][1]["branch"] = "each"
    return document


async def entries_by_id(caller: Caller, workflow_id: str, execution_id: str) -> list[dict[str, Any]]:
    """Returns the entries of the whole log, by the call that reads the history one range at a time."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        answer = await caller.get(
            "getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id, after=str(after)
        )
        log = answer.json()["item"]["workflow_event_log"]
        found += log["events"]
        after = log.get("after")
    return found


@pytest.mark.parametrize("limits", [Limits(read_events=10)], indirect=True)
async def test_a_page_of_a_log_is_filled_from_several_ranges_without_a_gap_or_a_double(mine: Caller) -> None:
    workflow_id = await mine.create(loop_over("${item}"))
    execution_id = await mine.trigger(workflow_id, {"items": list(range(40))}, wait="PT60S")
    found: list[dict[str, Any]] = []
    lengths: list[int] = []
    after: int | None = 0
    while after is not None:
        answer = await mine.get("getExecutionLog", workflow_execution_id=execution_id, after=str(after))
        log = answer.json()["workflow_event_log"]
        assert len(log["events"]) <= 10
        assert all(after < entry["seq"] for entry in log["events"])
        found += log["events"]
        end = log.get("after", answer.json()["last_seq"])
        assert all(entry["seq"] <= end for entry in log["events"])
        lengths.append(end - after)
        after = log.get("after")
    numbers = [entry["seq"] for entry in found]
    assert numbers == sorted(set(numbers))
    by_ranges = await entries_by_id(mine, workflow_id, execution_id)
    assert [(entry["seq"], entry["type"]) for entry in found] == [(each["seq"], each["type"]) for each in by_ranges]
    assert sum(entry["state"] == "note" for entry in found) == 40
    assert 10 < max(lengths) <= 40, "a page has the events of more than one range, and of four at most"
    again = await mine.get("getExecutionLog", workflow_execution_id=execution_id, after=str(numbers[-1]))
    assert again.json()["workflow_event_log"]["events"] == []


@pytest.mark.parametrize("limits", [Limits(read_events=10)], indirect=True)
async def test_the_last_page_of_a_log_that_moves_on_continues_with_what_has_come(mine: Caller) -> None:
    document = definition(*(note_step(f"note_{number}") for number in range(25)), wait_step())
    execution_id = await mine.trigger(await mine.create(document))
    found: list[dict[str, Any]] = []
    for is_resumed in (False, True):
        if is_resumed:
            await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
        is_whole = False
        while not is_whole:
            after = str(found[-1]["seq"] if found else 0)
            answer = await mine.get("getExecutionLog", workflow_execution_id=execution_id, after=after)
            log = answer.json()["workflow_event_log"]
            assert len(log["events"]) <= 10
            found += log["events"]
            is_whole = "truncated" not in log
    numbers = [entry["seq"] for entry in found]
    assert numbers == sorted(set(numbers))
    assert found[-1]["type"] == "EXECUTION_COMPLETED"
    assert sum((entry["state"] or "").startswith("note_") for entry in found) == 25


LARGE = 4000
"""Characters of a value that makes a page short; a log shows 1,000 of them."""


@pytest.mark.parametrize("limits", [Limits(read_bytes=3 * LARGE)], indirect=True)
async def test_a_page_of_a_log_with_large_values_is_short_and_loses_nothing(mine: Caller) -> None:
    waits = [f"wait_{number}" for number in range(12)]
    execution_id = await mine.trigger(await mine.create(definition(*map(wait_step, waits))))
    texts = [f"{name} ".ljust(LARGE, "x") for name in waits]
    for text in texts:
        await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP", "text": text}})
    found: list[dict[str, Any]] = []
    lengths: list[int] = []
    after: int | None = 0
    while after is not None:
        page = (await mine.get("getExecutionLog", workflow_execution_id=execution_id, after=str(after))).json()
        log = page["workflow_event_log"]
        assert log.get("truncated", False) == ("after" in log)
        end = log.get("after", page["last_seq"])
        assert log["events"]
        assert all(after < entry["seq"] <= end for entry in log["events"])
        found += log["events"]
        lengths.append(len(log["events"]))
        after = log.get("after")
    assert len(lengths) > 3
    assert max(lengths) < len(found) / 2, "far fewer than the 1,000 entries that a page may have"
    assert page["status"] == "COMPLETED"
    assert found[-1]["seq"] == page["last_seq"]
    kinds = [(entry["type"], entry["state"]) for entry in found]
    steps = [(kind, name) for name in waits for kind in ("WAIT_OPENED", "WAIT_RESUMED")]
    assert kinds[1:-1] == steps
    resumed = [entry for entry in found if entry["type"] == "WAIT_RESUMED"]
    assert [entry["output"]["text"] for entry in resumed] == [f"{text[:1000]}... (4000 characters)" for text in texts]
    values = [
        (await mine.get("getEventData", workflow_execution_id=execution_id, seq=str(entry["seq"]))).json()["item"]
        for entry in resumed
    ]
    assert [value["output"]["text"] for value in values] == texts


async def test_the_log_of_an_unknown_execution_and_that_of_another_organization_are_refused_alike(
    mine: Caller, theirs: Caller
) -> None:
    execution_id = await mine.trigger(await mine.create(COMPUTING))
    for caller, name in ((theirs, execution_id), (mine, "x"), (mine, "01944ca1-1c00-7000-8000-000000000001")):
        answer = await caller.get("getExecutionLog", workflow_execution_id=name)
        assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


@pytest.mark.parametrize("limits", [Limits(read_events=1)], indirect=True)
async def test_a_page_of_a_log_on_which_nothing_moves_has_the_current_step(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step("note_1", "x"), wait_step()))
    execution_id = await mine.trigger(workflow_id)
    await mine.post(f"terminateWorkflow/{execution_id}", {})
    last = (await mine.get("getExecutionLog", workflow_execution_id=execution_id, after="0")).json()["last_seq"]
    page = (await mine.get("getExecutionLog", workflow_execution_id=execution_id, after=str(last - 1))).json()
    (entry,) = page["workflow_event_log"]["events"]
    assert (entry["type"], entry["state"]) == ("EXECUTION_TERMINATED", "wait_1")
