"""Contract 2: the reads, the lists and `toggleScheduledWorkflow`, rule by rule."""

import json
from datetime import timedelta
from typing import Any

import pytest
from server_kit import ASKING, CARD, CARDING, COMPUTING, SCHEDULED, Caller, card_step, definition, note_step, wait_step

from looply.app.context.services import Services
from looply.app.executions import executions
from looply.catalog.tenants.principal import Principal
from looply.engine.shell.shell import Shell
from looply.execution.facts.commands import FireTimer
from looply.instants import to_ms
from looply.limits import DEFAULT_LIMITS, Limits
from looply.permissions import permissions_of
from looply.server.executions.records import EventLog, execution_page
from looply.testing.clock import FakeClock

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"


async def test_the_single_read_has_the_fields_of_the_reference_and_ours(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id, {"po": "1"}, process_id="P1")
    item = await mine.item(workflow_id, execution_id)
    assert item["workflow_current_state"] == "wait_for_response_state"
    assert item["organization_id"] == mine.organization_id
    assert item["workspace_id"] == mine.workspace_id
    assert item["workflow_execution_id"] == execution_id
    assert item["workflow_version"] == 1
    assert item["workflow_id"] == workflow_id
    assert item["workflow_trigger_type"] == "REQUEST"
    assert item["created_on"] == to_ms(clock.now())
    assert item["status"] == "WAITING"
    assert item["process_id"] == "P1"
    assert item["profile"] is None
    assert item["parent_execution_id"] is None
    assert item["workflow_incidents"] == []
    assert item["workflow_input_payload"]["po"] == "1"
    assert item["workflow_output_payload"]["payload"]["output"]["po"] == "1"
    assert [step["id"] for step in item["workflow_details"]["workflow_steps"]][1] == "wait_1"
    assert item["workflow_details"]["workflow_connections"]
    assert "wait_1" in item["condensed_logs"]
    assert set(item["waits"][0]) == {"state", "visit", "opened_on", "timeout_on", "sources", "wait_token"}
    assert item["workflow_event_log"]["events"][0]["type"] == "EXECUTION_STARTED"
    assert set(item["workflow_event_log"]) == {"events"}


async def test_a_read_continues_after_an_event(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    read = await mine.get("getWorkflowExecutionById", **query, after="1")
    assert all(entry["seq"] > 1 for entry in read.json()["item"]["workflow_event_log"]["events"])
    assert (await mine.get("getWorkflowExecutionById", **query, after="x")).status_code == 400


async def test_the_current_step_is_the_one_where_the_execution_waits(mine: Caller) -> None:
    workflow_id = await mine.create(definition(wait_step(), wait_step("wait_2")))
    execution_id = await mine.trigger(workflow_id)
    resume = f"resumeWorkflow/{execution_id}"
    body = {"payload": {"source": "SAP", "n": 1}}
    assert (await mine.post(resume, body)).json()["message"] == "restarted"
    last = (await mine.item(workflow_id, execution_id))["workflow_event_log"]["events"][-1]["seq"]
    assert (await mine.post(resume, body)).json()["message"] == "already restarted"
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id, "after": str(last)}
    (entry,) = (await mine.get("getWorkflowExecutionById", **query)).json()["item"]["workflow_event_log"]["events"]
    assert (entry["type"], entry["state"]) == ("RESUME_IGNORED", "wait_2")


async def test_a_list_item_shows_the_failure_within_its_last_events(
    mine: Caller, services: Services, shell: Shell, clock: FakeClock
) -> None:
    slow = {**ASKING, "workflow_settings": {"timeout": "PT1H"}}
    execution_id = await mine.trigger(await mine.create(slow))
    clock.advance(timedelta(hours=2))
    (timer,) = (await shell.executions.get(execution_id)).state.timers
    await shell.submit(execution_id, FireTimer(at=clock.now(), timer=timer))
    owner = Principal(
        organization_id=mine.organization_id,
        workspace_id=mine.workspace_id,
        key_id=None,
        name="",
        permissions=permissions_of({"read"}),
    )
    rows = await executions.list_page(services, owner, workflow_id="", after="", limit=1)
    whole = execution_page(rows, DEFAULT_LIMITS).items[0].workflow_event_log.events
    assert [entry.type for entry in whole[-2:]] == ["INCIDENT_OPENED", "EXECUTION_FAILED"]
    assert {entry.state for entry in whole[-2:]} == {"wait_1"}
    few = Limits(list_events=len(whole) - 1)
    assert execution_page(rows, few).items[0].workflow_event_log == EventLog(events=whole[1:], truncated=True)


async def test_an_execution_of_another_workflow_or_organization_is_404(mine: Caller, theirs: Caller) -> None:
    mine_id, other, foreign = await mine.create(ASKING), await mine.create(ASKING), await theirs.create(ASKING)
    execution, foreign_execution = await mine.trigger(mine_id), await theirs.trigger(foreign)
    answers = [
        await mine.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
        for workflow_id, execution_id in (
            (other, execution),
            (mine_id, foreign_execution),
            (foreign, foreign_execution),
            (mine_id, UNKNOWN),
            (mine_id, "nonsense"),
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["message"] for answer in answers}) == 1


@pytest.mark.parametrize("name", ["getWorkflowExecutionById", "getWorkflowExecutionHistory", "getWorkflowById"])
async def test_a_required_parameter_that_is_missing_is_400(mine: Caller, name: str) -> None:
    answer = await mine.get(name)
    assert (answer.status_code, answer.json()["code"]) == (400, "MISSING_PARAMETER")


async def pages_of(caller: Caller, name: str, **query: str) -> list[dict[str, Any]]:
    """Follows `lastKey` to the end and returns the pages."""
    pages: list[dict[str, Any]] = []
    key: dict[str, Any] = {}
    while not pages or key:
        answer = await caller.get(name, **{**query, **key})
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        key = pages[-1].get("lastKey", {})
    return pages


async def test_the_history_of_a_workflow_pages_newest_first(mine: Caller) -> None:
    workflow_id, other = await mine.create(COMPUTING), await mine.create(COMPUTING)
    made = [await mine.trigger(workflow_id) for _ in range(7)]
    await mine.trigger(other)
    pages = await pages_of(mine, "getWorkflowExecutionHistory", workflow_id=workflow_id, limit="3")
    assert [page["count"] for page in pages] == [3, 3, 1]
    found = [item["workflow_execution_id"] for page in pages for item in page["items"]]
    assert found == sorted(made, reverse=True)
    assert pages[0]["lastKey"] == {"workflow_id": workflow_id, "workflow_execution_id": found[2]}
    assert "lastKey" not in pages[-1]


async def test_a_full_last_page_has_no_last_key(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    for _ in range(4):
        await mine.trigger(workflow_id)
    pages = await pages_of(mine, "getWorkflowExecutionHistory", workflow_id=workflow_id, limit="2")
    assert [page["count"] for page in pages] == [2, 2]


async def test_the_executions_of_the_organization_page_over_all_workflows(mine: Caller, theirs: Caller) -> None:
    made = [await mine.trigger(await mine.create(COMPUTING)) for _ in range(3)]
    await theirs.trigger(await theirs.create(COMPUTING))
    pages = await pages_of(mine, "getOrganizationExecutions", limit="2")
    assert [item["workflow_execution_id"] for page in pages for item in page["items"]] == sorted(made, reverse=True)


async def test_a_list_item_has_the_fields_of_the_reference(mine: Caller) -> None:
    await mine.trigger(await mine.create(ASKING))
    item = (await mine.get("getOrganizationExecutions")).json()["items"][0]
    expected = {"workflow_id", "workflow_current_state", "modified_on", "organization_id", "workflow_execution_id"}
    expected |= {"modified_by", "workflow_version", "workflow_event_log", "workflow_trigger_type", "workspace_id"}
    assert expected | {"created_on", "workflow_details", "status"} <= set(item)
    assert item["workflow_details"] == {"workflow_name": "Story"}
    assert next(entry["seq"] for entry in item["workflow_event_log"]["events"]) == 1
    assert "condensed_logs" not in item


async def test_the_executions_of_a_deleted_workflow_are_still_listed_with_its_name(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    await mine.trigger(workflow_id)
    assert (await mine.post("deleteWorkflow", {"workflow_id": workflow_id})).status_code == 200
    page = (await mine.get("getWorkflowExecutionHistory", workflow_id=workflow_id)).json()
    assert page["items"][0]["workflow_details"] == {"workflow_name": "Story"}


async def test_the_history_of_an_unknown_or_foreign_workflow_is_404(mine: Caller, theirs: Caller) -> None:
    foreign = await theirs.create(COMPUTING)
    await theirs.trigger(foreign)
    for workflow_id in (UNKNOWN, foreign):
        answer = await mine.get("getWorkflowExecutionHistory", workflow_id=workflow_id)
        assert (answer.status_code, answer.json()["message"]) == (404, "workflow not found")


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5", "20;drop", "0x1E", "٣", "+5", " 5"])
@pytest.mark.parametrize("name", ["getOrganizationExecutions", "getOrganizationWorkflows", "searchExecutions"])
async def test_a_limit_that_is_no_positive_integer_is_400(mine: Caller, name: str, limit: str) -> None:
    assert (await mine.get(name, limit=limit)).status_code == 400


@pytest.mark.parametrize("limit", ["31", "1000000000", "9" * 40])
async def test_a_limit_over_30_is_30(mine: Caller, limit: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    for _ in range(31):
        await mine.trigger(workflow_id)
    assert (await mine.get("getOrganizationExecutions", limit=limit)).json()["count"] == 30
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 20


async def test_a_query_parameter_that_is_given_twice_is_400(mine: Caller) -> None:
    answer = await mine.get("getOrganizationExecutions?limit=1&limit=30")
    assert (answer.status_code, answer.json()["code"]) == (400, "DUPLICATE_PARAMETER")


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("getOrganizationExecutions", {"workflow_id": UNKNOWN}),
        ("getOrganizationExecutions", {"workflow_execution_id": UNKNOWN}),
        ("getOrganizationExecutions", {"workflow_id": UNKNOWN, "workflow_execution_id": "x'--"}),
        ("getOrganizationWorkflows", {"workflow_id": UNKNOWN}),
        ("getOrganizationWorkflows", {"workflow_version": "1"}),
        ("getOrganizationWorkflows", {"workflow_id": UNKNOWN, "workflow_version": "1"}),
    ],
)
async def test_half_a_cursor_or_a_made_up_one_is_400(mine: Caller, name: str, query: dict[str, str]) -> None:
    assert (await mine.get(name, **query)).status_code == 400


async def test_another_organization_s_cursor_shows_only_my_rows(mine: Caller, theirs: Caller) -> None:
    made = await mine.trigger(await mine.create(COMPUTING))
    foreign = await theirs.create(COMPUTING)
    execution_id = await theirs.trigger(foreign)
    query = {"workflow_id": foreign, "workflow_execution_id": execution_id}
    page = (await mine.get("getOrganizationExecutions", **query)).json()
    assert [item["workflow_execution_id"] for item in page["items"]] == [made]


async def test_workflows_list_one_item_per_version_newest_created_first(mine: Caller, clock: FakeClock) -> None:
    first = await mine.create(COMPUTING)
    clock.advance(timedelta(seconds=1))
    second = await mine.create(ASKING, is_active=False)
    clock.advance(timedelta(seconds=1))
    item = (await mine.get("getWorkflowById", workflow_id=first, workflow_version="1")).json()["item"]
    body = {"workflow_id": first, "workflow_version": 1, "modified_on": item["modified_on"], "definition": ASKING}
    await mine.post("updateWorkflow", body)
    pages = await pages_of(mine, "getOrganizationWorkflows", limit="2")
    rows = [item for page in pages for item in page["items"]]
    assert [(row["workflow_id"], row["workflow_version"]) for row in rows] == [(first, 2), (second, 1), (first, 1)]
    assert [row["latest"] for row in rows] == ["true", "true", "false"]
    assert [row["workflow_status_version"] for row in rows] == ["DRAFT_2", "DRAFT_1", "ACTIVE_1"]
    assert pages[0]["lastKey"] == {
        "organization_id": mine.organization_id,
        "workflow_id": second,
        "workflow_version": 1,
    }
    assert "workflow_steps" not in rows[0]


async def test_a_workflow_reads_with_the_fields_of_the_reference(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="latest")).json()["item"]
    expected = {"organization_id", "workflow_integrations", "workflow_name", "created_by", "workflow_status_version"}
    expected |= {"modified_by", "workflow_version", "workflow_steps", "workflow_id", "modified_on"}
    expected |= {"workflow_connections", "workflow_status", "latest", "workspace_id", "created_on", "workflow_schema"}
    assert expected <= set(item)
    assert item["workflow_steps"] == COMPUTING["workflow_steps"]
    assert item["workflow_connections"] == COMPUTING["workflow_connections"]
    assert item["workflow_status"] == "ACTIVE"
    assert item["latest"] == "true"


async def test_a_workflow_of_another_organization_is_404(mine: Caller, theirs: Caller) -> None:
    foreign = await theirs.create(COMPUTING)
    for name in ("getWorkflowById", "getWorkflowSchemaById", "exportWorkflow"):
        answers = {each: await mine.get(name, workflow_id=each, workflow_version="1") for each in (foreign, UNKNOWN)}
        assert [answer.status_code for answer in answers.values()] == [404, 404]
        # The answers differ in the id that was asked for, and in nothing else.
        bodies = [answer.text.replace(each, "") for each, answer in answers.items()]
        first, second = ({**json.loads(body), "request_id": ""} for body in bodies)
        assert first == second


async def test_a_schedule_is_paused_and_played(mine: Caller, shell: Shell, clock: FakeClock) -> None:
    workflow_id = await mine.create(SCHEDULED)
    paused = await mine.post(
        "toggleScheduledWorkflow", {"workflow_id": workflow_id, "workflow_version": 1, "action": "PAUSE"}
    )
    assert paused.json() == {
        "message": "success",
        "workflow_id": workflow_id,
        "workflow_version": 1,
        "status": "PAUSED",
    }
    anchor = clock.now()
    clock.advance(timedelta(minutes=150))
    played = await mine.post(
        "toggleScheduledWorkflow", {"workflow_id": workflow_id, "workflow_version": "1", "action": "PLAY"}
    )
    assert played.json()["status"] == "ACTIVE"
    schedule = await shell.schedules.find(mine.organization_id, workflow_id)
    assert schedule is not None
    assert schedule.next == anchor + timedelta(hours=3)


async def test_a_toggle_without_a_version_means_the_newest_active_one(mine: Caller) -> None:
    workflow_id = await mine.create(SCHEDULED)
    answer = await mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    assert (answer.json()["workflow_version"], answer.json()["status"]) == (1, "PAUSED")


@pytest.mark.parametrize("action", ["pause", "PLAY ", None, "DELETE", 1, ["PAUSE"]])
async def test_an_unknown_action_is_400(mine: Caller, action: Any) -> None:
    workflow_id = await mine.create(SCHEDULED)
    body = {"workflow_id": workflow_id, "workflow_version": 1, "action": action}
    assert (await mine.post("toggleScheduledWorkflow", body)).status_code == 400


async def test_a_workflow_without_a_schedule_is_409(mine: Caller) -> None:
    for workflow_id in (await mine.create(COMPUTING), await mine.create(SCHEDULED, is_active=False)):
        body = {"workflow_id": workflow_id, "action": "PAUSE"}
        assert (await mine.post("toggleScheduledWorkflow", body)).status_code == 409


async def test_live_schedules_are_listed(mine: Caller, theirs: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await theirs.create(SCHEDULED)
    assert (await mine.get("getSchedules")).json()["items"] == [
        {
            "workflow_id": workflow_id,
            "workflow_version": 1,
            "workflow_name": SCHEDULED["workflow_name"],
            "status": "ACTIVE",
            "next_on": to_ms(clock.now() + timedelta(hours=1)),
            "due_on": to_ms(clock.now() + timedelta(hours=1)),
            "last_on": None,
            "last_execution_id": None,
            "missed_count": 0,
            "missed_on": None,
        }
    ]


async def test_only_the_newest_active_version_can_be_toggled(mine: Caller) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await next_version(mine, workflow_id, SCHEDULED)
    body = {"workflow_id": workflow_id, "action": "PAUSE"}
    answer = await mine.post("toggleScheduledWorkflow", {**body, "workflow_version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_NEWEST")
    assert workflow_id in answer.json()["message"]
    assert (await mine.post("toggleScheduledWorkflow", {**body, "workflow_version": 2})).status_code == 200
    assert (await mine.post("toggleScheduledWorkflow", {**body, "workflow_version": 9})).status_code == 404


async def test_a_newer_version_replaces_the_schedule_and_keeps_it_paused(mine: Caller, shell: Shell) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    await next_version(mine, workflow_id, {**SCHEDULED, "workflow_name": "Second"})
    schedule = await shell.schedules.find(mine.organization_id, workflow_id)
    assert schedule is not None
    assert (schedule.workflow_version, schedule.status) == (2, "PAUSED")


async def test_a_newer_version_without_a_schedule_ends_it(mine: Caller, shell: Shell) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await next_version(mine, workflow_id, COMPUTING)
    assert await shell.schedules.find(mine.organization_id, workflow_id) is None


async def test_the_schedule_of_a_deleted_workflow_ends(mine: Caller, shell: Shell) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await mine.post("deleteWorkflow", {"workflow_id": workflow_id.upper()})
    assert await shell.schedules.find(mine.organization_id, workflow_id) is None


async def test_a_schedule_stays_as_it_is_when_it_is_toggled_or_activated_again(mine: Caller, shell: Shell) -> None:
    workflow_id = await mine.create(SCHEDULED)
    before = await shell.schedules.find(mine.organization_id, workflow_id)
    await mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PLAY"})
    await mine.activate(workflow_id, 1)
    assert await shell.schedules.find(mine.organization_id, workflow_id) == before


async def test_a_schedule_passes_back_to_the_newest_active_version_that_is_left(mine: Caller, shell: Shell) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await next_version(mine, workflow_id, {**SCHEDULED, "workflow_name": "Second"})
    await mine.post("deleteWorkflow", {"workflow_id": workflow_id, "workflow_version": 2})
    schedule = await shell.schedules.find(mine.organization_id, workflow_id)
    assert schedule is not None
    assert schedule.workflow_version == 1


async def test_a_version_that_no_longer_compiles_has_no_schedule(mine: Caller, shell: Shell) -> None:
    made = await mine.post("createCard", {"card_name": "Release", "card_payload": CARD})
    card = {"card_id": made.json()["item"]["card_id"], "card_version": 1}
    await mine.post("activateCard", card)
    naming = definition(card_step(card_id=card["card_id"]), trigger=SCHEDULED["workflow_steps"][0]["settings"])
    workflow_id = await mine.create(naming)
    await next_version(mine, workflow_id, SCHEDULED)
    await mine.post("deleteCard", card)
    await mine.post("deleteWorkflow", {"workflow_id": workflow_id, "workflow_version": 2})
    assert await shell.schedules.find(mine.organization_id, workflow_id) is None


async def test_an_unknown_or_foreign_workflow_cannot_be_toggled(mine: Caller, theirs: Caller) -> None:
    for workflow_id in (UNKNOWN, await theirs.create(SCHEDULED)):
        body = {"workflow_id": workflow_id, "action": "PAUSE"}
        assert (await mine.post("toggleScheduledWorkflow", body)).status_code == 404


async def next_version(caller: Caller, workflow_id: str, document: dict[str, Any]) -> None:
    """Makes version 2 of a workflow and activates it."""
    item = (await caller.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"]}
    assert (await caller.post("updateWorkflow", {**body, "definition": document})).status_code == 200
    await caller.activate(workflow_id, 2)


async def test_a_search_ors_the_values_of_one_parameter_and_ands_the_parameters(mine: Caller) -> None:
    asking, computing = await mine.create(ASKING), await mine.create(COMPUTING)
    waiting = await mine.trigger(asking, process_id="HOL-1")
    done = await mine.trigger(computing, process_id="HOL-2")
    other = await mine.trigger(computing, process_id="PO-1")

    async def found(query: str) -> set[str]:
        page = (await mine.get(f"searchExecutions?{query}")).json()
        return {item["workflow_execution_id"] for item in page["items"]}

    assert await found("status=WAITING") == {waiting}
    assert await found("status=WAITING&status=COMPLETED") == {waiting, done, other}
    assert await found("process_id=HOL*") == {waiting, done}
    assert await found("process_id=HOL*&process_id=PO-1") == {waiting, done, other}
    assert await found(f"workflow_id={asking}") == {waiting}
    assert await found(f"workflow_id={asking}&workflow_id={computing}") == {waiting, done, other}
    assert await found(f"workflow_id={computing}&status=WAITING") == set()
    assert await found("workflow_version=2") == set()
    assert await found("workflow_trigger_type=REQUEST") == {waiting, done, other}
    assert await found("workflow_trigger_type=SCHEDULED") == set()


async def test_a_search_by_time_takes_epoch_milliseconds(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id)
    now = to_ms(clock.now())
    for query, count in ((f"from={now}", 1), (f"from={now + 1000}", 0), (f"to={now + 1}", 1), (f"to={now}", 0)):
        page = (await mine.get(f"searchExecutions?{query}")).json()
        assert page["count"] == count, query
    assert (await mine.get("searchExecutions?from=yesterday")).status_code == 400
    assert execution_id


async def test_a_search_over_several_workflows_pages_without_gap_or_repetition(mine: Caller) -> None:
    workflows = [await mine.create(COMPUTING) for _ in range(3)]
    made = [await mine.trigger(workflow_id) for _ in range(4) for workflow_id in workflows]
    query = "&".join(f"workflow_id={workflow_id}" for workflow_id in workflows)
    found: list[str] = []
    after = ""
    while True:
        page = (await mine.get(f"searchExecutions?{query}&limit=5{after}")).json()
        found.extend(item["workflow_execution_id"] for item in page["items"])
        if "lastKey" not in page:
            break
        assert set(page["lastKey"]) == {"workflow_execution_id"}
        after = f"&workflow_execution_id={page['lastKey']['workflow_execution_id']}"
    assert found == sorted(made, reverse=True)


async def test_a_search_that_combines_too_much_is_refused(mine: Caller) -> None:
    query = "&".join(f"workflow_version={number}" for number in range(1, 32))
    answer = await mine.get(f"searchExecutions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "SEARCH_TOO_WIDE")


@pytest.mark.parametrize(
    "query",
    ["status=done", "workflow_trigger_type=x", "workflow_version=x", "workflow_id=x", "term=", "field.po=", "field.=x"],
)
async def test_a_filter_with_an_unknown_value_is_400(mine: Caller, query: str) -> None:
    assert (await mine.get(f"searchExecutions?{query}")).status_code == 400


async def test_a_rerun_is_a_new_execution_with_the_same_input(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step(value="${environment.url}"), wait_step()))
    await mine.post("createProfile", {"workflow_id": workflow_id, "name": "dev", "values": {"url": "then"}})
    first = await mine.trigger(workflow_id, {"po": "1"}, process_id="P1")
    await mine.post("updateProfile", {"workflow_id": workflow_id, "name": "dev", "values": {"url": "now"}})
    in_use = await mine.post("rerunExecution", {"workflow_execution_id": first})
    assert (in_use.status_code, in_use.json()["code"]) == (409, "PROCESS_ID_IN_USE")
    await mine.post(f"terminateWorkflow/{first}")
    second = (await mine.post("rerunExecution", {"workflow_execution_id": first})).json()["looply_execution_id"]
    assert second != first
    item = await mine.item(workflow_id, second)
    assert item["workflow_input_payload"]["po"] == "1"
    assert item["process_id"] == "P1"
    assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == "then"


async def test_an_execution_of_another_organization_is_not_rerun(mine: Caller, theirs: Caller) -> None:
    execution_id = await theirs.trigger(await theirs.create(CARDING))
    answer = await mine.post("rerunExecution", {"workflow_execution_id": execution_id})
    assert (answer.status_code, answer.json()["message"]) == (404, "execution not found")
