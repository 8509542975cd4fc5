"""Contract 5, entry by entry: the reads of executions that visit every type of step and have every type of event."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from server_kit import Caller, definition, note_step, wait_step
from walk_definitions import CALL, every_type, graph, step

from looply.catalog import Catalog
from looply.catalog.authored.connections import ConnectionDraft
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pump import Pump
from looply.errors import Unavailable
from looply.instants import to_ms
from looply.limits import Limits
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, Output, World

TYPES = {
    *(f"EXECUTION_{end}" for end in ("STARTED", "COMPLETED", "FAILED", "TERMINATED", "REOPENED", "EDITED", "MOVED")),
    *(f"STEP_{end}" for end in ("STARTED", "SUCCEEDED", "FAILED", "RETRY_SCHEDULED", "RESULT_DISCARDED", "SKIPPED")),
    *(f"WAIT_{end}" for end in ("OPENED", "RESUMED", "TIMED_OUT")),
    *(f"RESUME_{end}" for end in ("BUFFERED", "IGNORED")),
    *(f"CARD_{end}" for end in ("SENT", "ANSWERED", "CLOSED")),
    *(f"INCIDENT_{end}" for end in ("OPENED", "CLOSED")),
    *(f"CHILD_{end}" for end in ("STARTED", "ENDED")),
}
"""The types that contract 5 names."""


class Walk:
    """One organization that drives its executions step by step, and reads them."""

    def __init__(self, mine: Caller, shell: Shell, pump: Pump, clock: FakeClock) -> None:
        self._mine = mine
        self._shell = shell
        self._pump = pump
        self.clock = clock

    async def begin(self, document: dict[str, Any], body: Any = None, **query: str) -> str:
        self.workflow_id = await self._mine.create(document)
        self.id = await self._mine.trigger(self.workflow_id, body, **query)
        return self.id

    async def reach(self, *states: str) -> dict[str, Any]:
        """Processes everything that is due until the execution is at these steps, or has this status."""
        for _ in range(20_000):
            await self._pump.tick()
            head = (await self._shell.executions.get(self.id)).head
            if states in (tuple(head.current_state.split(",")), (head.status,)):
                return await self.item()
            # Other tasks first: a call or the catalog may have to answer.
            await self._shell.executions.wait_until_settled(self.id, self.clock.now() + timedelta(milliseconds=5))
            await asyncio.sleep(0)
        raise AssertionError(f"{self.id} is {head.status} at {head.current_state}, not {states}")

    async def later(self, **span: float) -> None:
        self.clock.advance(timedelta(**span))
        await self._pump.tick()

    async def resume(self, **payload: Any) -> Any:
        return (await self._mine.post(f"resumeWorkflow/{self.id}", {"payload": {"source": "SAP", **payload}})).json()

    async def post(self, name: str, **body: Any) -> Any:
        answer = await self._mine.post(name, {"workflow_execution_id": self.id, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def item(self, **query: Any) -> dict[str, Any]:
        asked = {"workflow_id": self.workflow_id, "workflow_execution_id": self.id, **query}
        answer = await self._mine.get("getWorkflowExecutionById", **asked)
        assert answer.status_code == 200, answer.text
        item: dict[str, Any] = answer.json()["item"]
        return item


@pytest_asyncio.fixture
async def walk(mine: Caller, catalog: Catalog, shell: Shell, pump: Pump, clock: FakeClock) -> Walk:
    for name, kind in (("S4", "sap"), ("MAIL", "smtp")):
        draft = ConnectionDraft(name=name, kind=kind, settings={}, secrets={})
        await catalog.connections.create(mine.organization_id, mine.workspace_id, draft)
    return Walk(mine, shell, pump, clock)


def summarize(item: dict[str, Any]) -> list[str]:
    """Returns for each entry its type, its step, and the names of the fields that not every entry has."""
    log = item["workflow_event_log"]["events"]
    assert [entry["seq"] for entry in log] == sorted(entry["seq"] for entry in log)
    assert [entry["timestamp"] for entry in log] == sorted(entry["timestamp"] for entry in log)
    assert all({"seq", "timestamp", "type", "state", "by", "via"} <= set(entry) for entry in log)
    return [_summary_of(entry) for entry in log]


def _summary_of(entry: dict[str, Any]) -> str:
    own = [
        name
        for name in entry
        if name not in ("seq", "timestamp", "type", "state", "by", "by_name", "via", "visit", "scope")
    ]
    assert ("visit" in entry) == (entry["type"].startswith(OF_STEPS) or "incident_id" in entry), entry
    where = f"{entry['scope']}/{entry['state']}" if "scope" in entry else entry["state"]
    return " ".join((entry["type"], where, *sorted(own)))


def lines(text: str) -> list[str]:
    """Returns the lines of a log in the form of `summarize`, with the fields in any order."""
    words = [line.split() for line in text.strip().splitlines()]
    return [" ".join((*where, *sorted(own))) for where, own in ((line[:2], line[2:]) for line in words)]


OF_STEPS = ("STEP_", "WAIT_", "CARD_", "CHILD_", "INCIDENT_")
VISIT = {"input", "output", "started_on", "ended_on", "attempt", "status", "error"}

EVERY_TYPE = """
    EXECUTION_STARTED WorkflowStartState trigger_type process_id workflow_version input
    STEP_SUCCEEDED if branch input output
    STEP_SUCCEEDED which branch input output
    STEP_SUCCEEDED size branch input output
    STEP_STARTED http attempt operation input
    STEP_FAILED http attempt code message far
    STEP_RETRY_SCHEDULED http attempt due_on
    STEP_STARTED http attempt operation
    STEP_SUCCEEDED http attempt branch output
    STEP_STARTED sap attempt operation input
    STEP_SUCCEEDED sap attempt branch output
    STEP_STARTED code attempt operation input
    STEP_SUCCEEDED code attempt branch output
    STEP_STARTED mail attempt operation input
    STEP_SUCCEEDED mail attempt branch output
    STEP_STARTED store attempt operation input
    STEP_SUCCEEDED store attempt branch output
    STEP_SUCCEEDED note branch output
    WAIT_OPENED ask sources due_on
    WAIT_RESUMED ask source output
    STEP_STARTED late attempt due_on
    STEP_SUCCEEDED late attempt branch
    CARD_SENT card recipients channel revision
    WAIT_OPENED card sources count
    CARD_ANSWERED card actor user
    WAIT_RESUMED card source output
    CARD_CLOSED card cards reason
    CARD_SENT approve recipients channel revision
    WAIT_OPENED approve count
    CARD_ANSWERED approve actor user decision comment revision
    WAIT_RESUMED approve source branch output
    CARD_CLOSED approve cards reason
    STEP_STARTED split branches
    WAIT_OPENED split[left]/in_left sources
    STEP_STARTED split[right]/in_right attempt due_on
    WAIT_RESUMED split[left]/in_left source output
    STEP_SUCCEEDED split[right]/in_right attempt branch
    STEP_SUCCEEDED split attempt branch output
    STEP_SUCCEEDED meet branch output
    STEP_STARTED each items concurrency
    STEP_STARTED each[0]/line attempt operation input
    STEP_SUCCEEDED each[0]/line attempt branch output
    STEP_STARTED each[1]/line attempt operation input
    STEP_SUCCEEDED each[1]/line attempt branch output
    STEP_SUCCEEDED each attempt branch output
    CHILD_STARTED child execution_id workflow_id input
    CHILD_ENDED child execution_id status
    STEP_SUCCEEDED child attempt branch output
    STEP_SUCCEEDED again branch output
    STEP_SUCCEEDED end branch output
    EXECUTION_COMPLETED end reason
"""


async def decide(mine: Caller, **data: Any) -> None:
    """Answers the one card that is open."""
    (card,) = (await mine.get("getOpenCards")).json()["items"]
    answer = await mine.client.post(f"/v2/inbox/{card['token']}", json={"data": data})
    assert answer.status_code == 200, answer.text


async def every_step(walk: Walk, mine: Caller, world: World) -> dict[str, Any]:
    """Runs through a step of every type, checks the reads where it waits, and returns the ended execution."""
    world.connections.put("S4", {}, "sap")
    child = await mine.create(definition(note_step()))
    world.script("http", Unavailable("down"), Answer(data={"token": "S3CR3T", "name": "x" * 3000}))
    world.script("code", Output(22))
    world.script("mail", Output({"accepted": ["a@example.com"]}))
    await walk.begin(every_type(child), {"amount": 11, "plant": "DE01", "lines": ["a", "b"]}, process_id="PO-1")
    between = await walk.reach("http")
    assert (between["status"], between["waits"], between["workflow_incidents"]) == ("RUNNING", [], [])
    await walk.later(seconds=2)
    waiting = await walk.reach("wait_for_response_state")
    (wait,) = waiting["waits"]
    opened_on = to_ms(walk.clock.now())
    token = wait.pop("wait_token")
    assert wait == {
        "state": "ask",
        "visit": 1,
        "opened_on": opened_on,
        "timeout_on": opened_on + 3_600_000,
        "sources": ["SAP"],
    }
    assert (waiting["status"], waiting["process_id"], waiting["profile"]) == ("WAITING", "PO-1", None)
    assert (await walk.resume(ok=True, wait_token=token))["message"] == "restarted"
    await walk.reach("late")
    await walk.later(seconds=6)
    await walk.reach("wait_for_response_state")
    await decide(mine, action="yes", comment="fine")
    await walk.reach("wait_for_response_state")
    await decide(mine, action="approve", comment="good")
    beside = await walk.reach("wait_for_response_state", "in_right")
    assert [(each["state"], each["scope"]) for each in beside["waits"]] == [("in_left", "split[left]")]
    await walk.resume(n=1)
    await walk.reach("in_right")
    await walk.later(minutes=2)
    return await walk.reach("COMPLETED")


async def test_the_log_of_an_execution_shows_every_type_of_step_once(walk: Walk, mine: Caller, world: World) -> None:
    item = await every_step(walk, mine, world)
    assert summarize(item) == lines(EVERY_TYPE)
    assert "truncated" not in item["workflow_event_log"]
    assert "S3CR3T" not in json.dumps(item)
    assert (item["workflow_current_state"], item["parent_execution_id"], item["waits"]) == ("end", None, [])
    assert item["workflow_input_payload"]["amount"] == 11
    assert item["workflow_output_payload"]["http"]["output"]["data"]["token"] == "***"
    (got,) = [
        entry
        for entry in item["workflow_event_log"]["events"]
        if entry["state"] == "http" and entry.get("attempt") == 2
    ][1:]
    assert got["output"]["data"]["token"] == "***"
    assert got["output"]["data"]["name"] == f"{'x' * 1000}... (3000 characters)"
    (child_id,) = {
        entry["execution_id"] for entry in item["workflow_event_log"]["events"] if entry["type"].startswith("CHILD")
    }
    child = (await mine.get("searchExecutions", parent_execution_id=walk.id)).json()["items"]
    assert [each["workflow_execution_id"] for each in child] == [child_id]
    assert (await mine.item(child[0]["workflow_id"], child_id))["parent_execution_id"] == walk.id


async def test_condensed_logs_have_each_visit_of_each_step(walk: Walk, mine: Caller, world: World) -> None:
    logs = (await every_step(walk, mine, world))["condensed_logs"]
    steps = [each["id"] for each in every_type("x")["workflow_steps"]]
    assert sorted(logs) == sorted(steps)
    assert {name: len(visits) for name, visits in logs.items() if len(visits) != 1} == {"line": 2}
    for name, visits in logs.items():
        for visit in visits:
            assert set(visit) - {"scope"} == VISIT
            assert ("scope" in visit) == (name in ("in_left", "in_right", "line"))
            assert (visit["status"], visit["error"]) == ("SUCCEEDED", None)
            assert visit["started_on"] <= visit["ended_on"]
    assert [visit["scope"] for visit in logs["line"]] == ["each[0]", "each[1]"]
    start = to_ms(walk.clock.now()) - 128_000
    assert logs["http"] == [
        {
            "input": CALL,
            "output": {
                "status": "200",
                "statusText": "OK",
                "headers": {},
                "data": {"token": "***", "name": "x" * 3000},
            },
            "started_on": start,
            "ended_on": start + 2000,
            "attempt": 2,
            "status": "SUCCEEDED",
            "error": None,
        }
    ]
    shown = {"variable": "${payload.output.amount}", "value": 11, "operator": "NumericGreaterThan", "compared_with": 10}
    assert logs["if"][0]["input"] == [shown]
    computing = ("if", "which", "size", "note", "late", "split", "meet", "each", "again", "end")
    assert [name for name in computing if logs[name][0]["input"] is None] == []
    assert logs["late"][0]["input"] == {"due_on": start + 7000}
    assert logs["split"][0]["output"] == {"branches": {"left": "ARRIVED", "right": "ARRIVED"}}


@pytest.mark.parametrize(
    "limits",
    [
        Limits(read_events=1),
        Limits(read_events=7),
        Limits(read_events=20),
        Limits(read_log_bytes=5000),
        Limits(read_bytes=1),
        Limits(read_bytes=3000),
    ],
)
async def test_pages_of_a_log_show_every_entry_once(walk: Walk, mine: Caller, world: World, limits: Limits) -> None:
    ended = await every_step(walk, mine, world)
    found: list[dict[str, Any]] = []
    after = 0
    for _ in range(100):
        item = await walk.item(after=after)
        assert len(item["workflow_event_log"]["events"]) <= limits.read_events
        sizes = [len(json.dumps(visit)) for visits in item["condensed_logs"].values() for visit in visits]
        assert sum(sizes) < 1.1 * limits.read_log_bytes
        found += item["workflow_event_log"]["events"]
        if "truncated" not in item["workflow_event_log"]:
            break
        after = item["workflow_event_log"]["after"]
    assert len(found) > len(ended["workflow_event_log"]["events"])
    assert summarize({"workflow_event_log": {"events": found}}) == lines(EVERY_TYPE)


async def test_a_list_item_has_the_last_50_events(walk: Walk, mine: Caller, world: World) -> None:
    whole = (await every_step(walk, mine, world))["workflow_event_log"]["events"]
    for name in ("getOrganizationExecutions", "searchExecutions"):
        items = (await mine.get(name)).json()["items"]
        (item,) = [each for each in items if each["workflow_execution_id"] == walk.id]
        assert len(item["workflow_event_log"]["events"]) <= 50
        assert item["workflow_event_log"]["events"] == whole[-len(item["workflow_event_log"]["events"]) :]
        assert len(item["workflow_event_log"]["events"]) > 40


FAILING = graph(
    step("http", "httpRequest", {**CALL, "fail_on": ["5xx"]}), note_step("note"), edges="start>http http>note"
)


async def failed(walk: Walk, world: World) -> dict[str, Any]:
    world.script("http", Answer(status=500, data={"why": "broken"}))
    await walk.begin(FAILING)
    return await walk.reach("FAILED")


async def test_an_incident_and_its_repair(walk: Walk, world: World) -> None:
    item = await failed(walk, world)
    (incident,) = item["workflow_incidents"]
    assert set(incident) == {"incident_id", "state", "visit", "kind", "code", "message", "opened_on"}
    assert (incident["state"], incident["kind"], item["workflow_current_state"]) == ("http", "FAILED", "http")
    (visit,) = item["condensed_logs"]["http"]
    assert (visit["status"], set(visit["error"])) == ("FAILED", {"code", "message", "status", "far"})
    await walk.post("repairExecution", action="edit", document={"payload": {"output": {"po": "2"}}}, reason="typo")
    await walk.post("repairExecution", action="retry", reason="system is back")
    item = await walk.reach("COMPLETED")
    assert summarize(item) == lines("""
        EXECUTION_STARTED WorkflowStartState trigger_type workflow_version
        STEP_STARTED http attempt operation input
        STEP_FAILED http attempt code message status output far
        INCIDENT_OPENED http incident_id kind code message status far
        EXECUTION_FAILED http incident_id kind code message status far
        EXECUTION_EDITED http changed reason
        INCIDENT_CLOSED http incident_id action again reason
        EXECUTION_REOPENED http incident_id action again reason
        STEP_STARTED http attempt operation
        STEP_SUCCEEDED http attempt branch output
        STEP_SUCCEEDED note branch output
        EXECUTION_COMPLETED note
    """)
    assert item["workflow_incidents"] == []


async def test_a_step_that_is_skipped_or_left(walk: Walk, world: World) -> None:
    for action, entry in (
        ({"action": "skip"}, "STEP_SKIPPED http branch reason"),
        ({"action": "move", "to": "note"}, "EXECUTION_MOVED note to reason"),
    ):
        await failed(walk, world)
        await walk.post("repairExecution", **action, reason="by hand")
        assert lines(entry)[0] in summarize(await walk.reach("COMPLETED"))


async def test_early_and_useless_resumes(walk: Walk, mine: Caller, world: World) -> None:
    world.script("http", HANG)
    document = graph(
        step("http", "httpRequest", CALL), wait_step("ask", schema={"required": ["n"]}), edges="start>http http>ask"
    )
    await walk.begin(document)
    call = await world.wait_for_call("http")
    assert (await walk.resume(m=1))["buffered"]
    call.release()
    await walk.reach("wait_for_response_state")
    (letter,) = (await mine.get("getLetters")).json()["items"]
    await mine.post("settleLetter", {"letter_id": letter["letter_id"], "action": "discard", "reason": "unfit"})
    await walk.later(seconds=61)
    assert (await walk.resume(n=1))["message"] == "restarted"
    assert summarize(await walk.reach("COMPLETED")) == lines("""
        EXECUTION_STARTED WorkflowStartState trigger_type workflow_version
        STEP_STARTED http attempt operation input
        RESUME_BUFFERED http source
        STEP_SUCCEEDED http attempt branch output
        WAIT_OPENED ask sources
        RESUME_IGNORED ask source reason message
        LETTER_SETTLED ask letter action reason
        WAIT_RESUMED ask source output
        EXECUTION_COMPLETED ask
    """)


async def test_late_answers(walk: Walk, mine: Caller, world: World) -> None:
    await walk.begin(
        graph(wait_step("ask", timeout="PT1H"), step("http", "httpRequest", CALL), edges="start>ask ask:timeout>http")
    )
    world.script("http", HANG)
    await walk.later(hours=2)
    call = await world.wait_for_call("http")
    answer = await mine.post(f"terminateWorkflow/{walk.id}", {"payload": {"termination_reason": "expired"}})
    assert answer.json() == {"message": "terminated"}
    call.release()
    ended = await walk.reach("TERMINATED")
    for _ in range(20_000):
        if ended["workflow_event_log"]["events"][-1]["type"] == "STEP_RESULT_DISCARDED":
            break
        await asyncio.sleep(0)
        ended = await walk.reach("TERMINATED")
    assert summarize(ended) == lines("""
        EXECUTION_STARTED WorkflowStartState trigger_type workflow_version
        WAIT_OPENED ask sources due_on
        WAIT_TIMED_OUT ask
        STEP_STARTED http attempt operation input
        EXECUTION_TERMINATED http reason
        STEP_RESULT_DISCARDED http attempt reason output
    """)


async def test_a_queued_execution_and_one_that_fails_permanently(walk: Walk, mine: Caller) -> None:
    fails = step("end", "terminate", {"status": "FAILED", "reason": "no answer"})
    first = await walk.begin(graph(wait_step("ask"), fails, edges="start>ask ask>end", max_concurrency=1))
    walk.id = await mine.trigger(walk.workflow_id)
    queued = await walk.item()
    assert (queued["status"], summarize(queued)[-1]) == (
        "RUNNING",
        "EXECUTION_QUEUED WorkflowStartState max_concurrency",
    )
    await mine.post(f"terminateWorkflow/{first}")
    await walk.reach("wait_for_response_state")
    await walk.resume()
    item = await walk.reach("FAILED")
    assert summarize(item) == lines("""
        EXECUTION_STARTED WorkflowStartState trigger_type workflow_version
        EXECUTION_QUEUED WorkflowStartState max_concurrency
        EXECUTION_ADMITTED WorkflowStartState
        WAIT_OPENED ask sources
        WAIT_RESUMED ask source output
        STEP_SUCCEEDED end branch output
        EXECUTION_FAILED end reason
    """)
    assert item["workflow_incidents"] == []


def test_the_walks_meet_every_type_of_the_contract() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    known = {name for name in TYPES if f" {name} " in source.replace('"', " ")}
    assert known == TYPES


@pytest.mark.parametrize("level", ["errors", "none"])
async def test_a_smaller_log_is_smaller_in_reads_and_lists_and_nothing_else_is(
    walk: Walk, mine: Caller, world: World, level: str
) -> None:
    full = await failed(walk, world)
    world.script("http", Answer(status=500, data={"why": "broken"}))
    await walk.begin({**FAILING, "workflow_settings": {"log": level}})
    item = await walk.reach("FAILED")
    shown = [line.split()[0] for line in summarize(item)]
    trouble = ["STEP_FAILED"] if level == "errors" else []
    assert shown == ["EXECUTION_STARTED", *trouble, "INCIDENT_OPENED", "EXECUTION_FAILED"]
    assert list(item["condensed_logs"]) == (["http"] if level == "errors" else [])
    values = {entry["type"] for entry in item["workflow_event_log"]["events"] if {"input", "output"} & set(entry)}
    assert values == set(trouble)
    assert item["workflow_output_payload"]["http"] == full["workflow_output_payload"]["http"]
    assert [each["code"] for each in item["workflow_incidents"]] == [
        each["code"] for each in full["workflow_incidents"]
    ]
    row = (await mine.get("searchExecutions", workflow_id=walk.workflow_id)).json()["items"][0]
    assert row["workflow_event_log"]["events"] == item["workflow_event_log"]["events"]
