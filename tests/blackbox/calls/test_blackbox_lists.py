"""The lists and single reads over HTTP."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization
from blackbox.harness.definitions import ASKING, COMPUTING, TWO_WAITS, definition, note

ROW = {
    "workflow_id",
    "workflow_current_state",
    "modified_on",
    "organization_id",
    "workflow_execution_id",
    "modified_by",
    "workflow_version",
    "workflow_event_log",
    "workflow_trigger_type",
    "workspace_id",
    "created_on",
    "workflow_details",
}
LISTS = [
    "getWorkflowExecutionHistory",
    "getOrganizationExecutions",
    "getOrganizationWorkflows",
    "searchExecutions",
    "/v1/adaptive-cards/getOrganizationCards",
    "getKeys",
    "getConnections",
]


def test_a_single_read_has_every_field_of_the_reference(org: Organization) -> None:
    item = org.run(COMPUTING, {"a": 1})
    assert {*ROW, "workflow_input_payload", "workflow_output_payload", "condensed_logs"} <= set(item)
    assert set(item["workflow_details"]) >= {"workflow_steps", "workflow_connections"}
    assert item["workflow_trigger_type"] == "REQUEST"
    assert item["modified_on"] >= item["created_on"] > 1_600_000_000_000
    assert [entry["type"] for entry in item["workflow_event_log"]["events"]] == [
        "EXECUTION_STARTED",
        "STEP_SUCCEEDED",
        "EXECUTION_COMPLETED",
    ]
    (visit,) = item["condensed_logs"]["note_1"]
    assert set(visit) == {"input", "output", "started_on", "ended_on", "attempt", "status", "error"}


def test_a_list_item_has_every_field_of_the_reference(org: Organization) -> None:
    item = org.run(COMPUTING)
    workflow_id = item["workflow_id"]
    for name, query in (
        ("getOrganizationExecutions", {}),
        ("getWorkflowExecutionHistory", {"workflow_id": workflow_id}),
    ):
        page = org.get(name, **query).json()
        assert (page["message"], page["count"], "lastKey" in page) == ("success", 1, False)
        (row,) = page["items"]
        assert set(row) >= ROW
        assert row["workflow_details"] == {"workflow_name": "Story"}


def test_an_execution_of_another_workflow_is_404(org: Organization) -> None:
    item = org.run(COMPUTING)
    for workflow_id, execution_id, status in (
        (org.create(COMPUTING), item["workflow_execution_id"], 404),
        (item["workflow_id"], UNKNOWN_ID, 404),
        (item["workflow_id"], "nonsense", 404),
        ("nonsense", item["workflow_execution_id"], 400),
    ):
        answer = org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
        assert answer.status_code in (status, 400)


@pytest.mark.parametrize("missing", ["workflow_id", "workflow_execution_id"])
def test_a_required_parameter_that_is_missing_is_400(org: Organization, missing: str) -> None:
    query = {"workflow_id": UNKNOWN_ID, "workflow_execution_id": UNKNOWN_ID}
    del query[missing]
    assert org.get("getWorkflowExecutionById", **query).status_code == 400


@pytest.mark.parametrize("limit", ["0", "-1", "20;drop", "0x1E", "٣", "1e1", " 5", "1.0", ""])
def test_a_limit_that_is_no_positive_integer_is_400_everywhere(org: Organization, limit: str) -> None:
    workflow_id = org.create(COMPUTING)
    for name in LISTS:
        answer = org.get(name, limit=limit, **({"workflow_id": workflow_id} if "History" in name else {}))
        assert answer.status_code == 400, name


def test_a_limit_given_twice_is_400(org: Organization) -> None:
    assert org.get("/v2/workflows/getOrganizationExecutions?limit=1&limit=30").status_code == 400


@pytest.mark.parametrize(("limit", "count"), [(None, 20), ("1", 1), ("30", 30), ("31", 30), ("1000000000", 30)])
def test_a_page_has_20_items_or_the_limit_up_to_30(org: Organization, limit: str | None, count: int) -> None:
    workflow_id = org.create(COMPUTING)
    for _ in range(32):
        org.trigger(workflow_id)
    query = {} if limit is None else {"limit": limit}
    for name, more in (
        ("getOrganizationExecutions", {}),
        ("getWorkflowExecutionHistory", {"workflow_id": workflow_id}),
    ):
        page = org.get(name, **query, **more).json()
        assert (page["count"], len(page["items"])) == (count, count)
        ids = [row["workflow_execution_id"] for row in page["items"]]
        assert ids == sorted(ids, reverse=True)
        assert page["lastKey"] == {"workflow_id": workflow_id, "workflow_execution_id": ids[-1]}


def test_the_last_page_has_no_last_key_also_when_it_is_full(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    for _ in range(4):
        org.trigger(workflow_id)
    assert len(org.pages("getOrganizationExecutions", limit=2)) == 4
    assert "lastKey" not in org.get("getOrganizationExecutions", limit=4).json()


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("getOrganizationExecutions", {"workflow_id": UNKNOWN_ID}),
        ("getOrganizationExecutions", {"workflow_execution_id": UNKNOWN_ID}),
        ("getOrganizationWorkflows", {"workflow_id": UNKNOWN_ID}),
        ("getOrganizationWorkflows", {"workflow_version": "1"}),
        ("/v1/adaptive-cards/getOrganizationCards", {"card_id": UNKNOWN_ID}),
    ],
)
def test_one_field_of_a_last_key_without_the_other_is_400(org: Organization, name: str, query: dict[str, str]) -> None:
    assert org.get(name, **query).status_code == 400


@pytest.mark.parametrize("value", ["nonsense", "' OR 1=1 --", "[]", "{}", "%", "x" * 10_000, "\x00"])
def test_a_cursor_that_is_no_id_is_400(org: Organization, value: str) -> None:
    for name, query in (
        ("getOrganizationExecutions", {"workflow_id": UNKNOWN_ID, "workflow_execution_id": value}),
        ("getOrganizationExecutions", {"workflow_id": value, "workflow_execution_id": UNKNOWN_ID}),
        ("getWorkflowExecutionHistory", {"workflow_id": value}),
        ("getWorkflowExecutionHistory", {"workflow_id": UNKNOWN_ID, "workflow_execution_id": value}),
        ("getOrganizationWorkflows", {"workflow_id": value, "workflow_version": "1"}),
        ("getOrganizationWorkflows", {"workflow_id": UNKNOWN_ID, "workflow_version": value}),
    ):
        assert org.get(name, **query).status_code in (400, 414, 431), (name, query)


def test_a_cursor_whose_row_does_not_exist_still_works(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    made = [org.trigger(workflow_id) for _ in range(5)]
    between = f"{made[2][:-1]}{'0' if made[2][-1] != '0' else '1'}"
    page = org.get("getOrganizationExecutions", workflow_id=workflow_id, workflow_execution_id=between).json()
    shown = [row["workflow_execution_id"] for row in page["items"]]
    assert shown == sorted([each for each in made if each < between], reverse=True)


@pytest.mark.parametrize("limit", [1, 7, 30])
def test_following_last_key_under_writes_shows_what_was_there_once_and_new_ones_at_most_once(
    org: Organization, limit: int
) -> None:
    workflow_id = org.create(COMPUTING)
    before = {org.trigger(workflow_id) for _ in range(40)}
    made: list[str] = []
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            made.append(org.trigger(workflow_id))

    def read(name: str, query: dict[str, Any]) -> None:
        shown = [row["workflow_execution_id"] for row in org.pages(name, limit=limit, **query)]
        assert len(shown) == len(set(shown))
        assert before <= set(shown)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            reads = [
                pool.submit(read, "getOrganizationExecutions", {}),
                pool.submit(read, "getWorkflowExecutionHistory", {"workflow_id": workflow_id}),
            ] * 2
            for each in reads:
                each.result()
    finally:
        is_over.set()
        for writer in writers:
            writer.join()
    assert made
    everything = [row["workflow_execution_id"] for row in org.pages("getOrganizationExecutions")]
    assert set(everything) == before | set(made)


def test_workflows_are_listed_one_item_per_version_newest_first(org: Organization) -> None:
    first = org.create(COMPUTING)
    second = org.create(ASKING, is_active=False)
    org.next_draft(first, ASKING)
    items = org.pages("getOrganizationWorkflows", limit=1)
    assert [(item["workflow_id"], item["workflow_version"]) for item in items] == [(first, 2), (second, 1), (first, 1)]
    assert [item["latest"] for item in items] == ["true", "true", "false"]
    assert [item["workflow_status_version"] for item in items] == ["DRAFT_2", "DRAFT_1", "ACTIVE_1"]
    page = org.get("getOrganizationWorkflows", limit=1).json()
    assert page["lastKey"] == {"organization_id": org.organization_id, "workflow_id": first, "workflow_version": 2}


def test_a_list_item_holds_at_most_50_events_and_they_are_the_last(org: Organization) -> None:
    item = org.run(definition(*(note(f"note_{n}") for n in range(1, 71))))
    assert item["status"] == "COMPLETED"
    (row,) = org.get("getOrganizationExecutions").json()["items"]
    assert len(row["workflow_event_log"]["events"]) <= 50
    assert (
        row["workflow_event_log"]["events"]
        == item["workflow_event_log"]["events"][-len(row["workflow_event_log"]["events"]) :]
    )


def test_search_finds_by_status_workflow_process_id_and_time(org: Organization) -> None:
    asking, computing = org.create(TWO_WAITS), org.create(COMPUTING)
    waiting = org.trigger(asking, process_id="PO_4711")
    done = org.trigger(computing, process_id="PO-4712")
    org.until(asking, waiting, "WAITING")
    created = org.item(computing, done)["created_on"]

    def found(**query: Any) -> set[str]:
        return {row["workflow_execution_id"] for row in org.pages("searchExecutions", **query)}

    assert found() == {waiting, done}
    assert found(status="WAITING") == {waiting}
    assert found(status=["WAITING", "COMPLETED"]) == {waiting, done}
    assert found(workflow_id=computing) == {done}
    assert found(process_id="PO*") == {waiting, done}
    assert found(process_id="PO_47*") == {waiting}
    assert found(process_id="P%") == set()
    assert found(process_id="' OR 1=1 --") == set()
    assert found(**{"from": created + 60_000}) == set()
    assert found(to=created + 1) == {waiting, done}
    assert done not in found(to=created)
    assert found(workflow_trigger_type="SCHEDULED") == set()
    assert org.get("searchExecutions", status="DONE").status_code == 400


def test_reads_of_a_history_only_grow(org: Organization) -> None:
    workflow_id = org.create(TWO_WAITS)
    execution_id = org.trigger(workflow_id)
    reads = [org.item(workflow_id, execution_id)["workflow_event_log"]["events"]]
    for n in (1, 2):
        org.until(workflow_id, execution_id, "WAITING", state=f"wait_{n}")
        org.resume(execution_id, n=n)
        reads.append(org.item(workflow_id, execution_id)["workflow_event_log"]["events"])
    reads.append(org.until(workflow_id, execution_id, "COMPLETED")["workflow_event_log"]["events"])
    for earlier, later in itertools.pairwise(reads):
        assert later[: len(earlier)] == earlier
    assert [entry["seq"] for entry in reads[-1]] == sorted({entry["seq"] for entry in reads[-1]})
