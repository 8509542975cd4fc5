"""`looply execution` against a server."""

from typing import Any

import httpx2
import pytest
from cli_kit import ID, WORKFLOW, Command, Looply, refusal, row

NEXT = "01a20e69-0006-7f8b-a23c-443896d21065"


def entry(seq: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "timestamp": 1_700_000_000_000, "type": kind, "state": "wait_1", "by": None, **more}


def record(*entries: dict[str, Any], page: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    log = {"events": list(entries), **(page or {})}
    return {"message": "success", "item": row(workflow_event_log=log, waits=[], workflow_incidents=[], **more)}


def test_a_list_sends_its_filters(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    options = ("--workflow-id", WORKFLOW, "--status", "WAITING", "--status", "FAILED", "--process-id", "PO-*")
    done = run("execution", "list", *options, "--parent", NEXT, "--term", "ACME*", "--term", "4711")
    query = {
        "workflow_id": WORKFLOW,
        "status": ["WAITING", "FAILED"],
        "process_id": "PO-*",
        "parent_execution_id": NEXT,
        "term": ["ACME*", "4711"],
        "limit": "20",
    }
    assert looply.calls == [("searchExecutions", query, None)]
    assert ID in done.out
    assert run("execution", "list", "--json").document == {"count": 1, "items": [row()]}


def test_a_list_is_narrowed_by_version_time_and_fields(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": []}
    times = ("--from", "2026-11-27T00:00:00Z", "--to", "2026-11-28T00:00:00+01:00")
    fields = ("--field", "city=Berlin", "--field", "city=Bonn", "--field", "note=a=b")
    run("execution", "list", "--workflow-version", "2", "--trigger-type", "SCHEDULED", *times, *fields)
    query = {
        "workflow_version": "2",
        "workflow_trigger_type": "SCHEDULED",
        "from": "1795737600000",
        "to": "1795820400000",
        "field.city": ["Berlin", "Bonn"],
        "field.note": "a=b",
        "limit": "20",
    }
    assert looply.calls == [("searchExecutions", query, None)]


@pytest.mark.parametrize(
    ("option", "value"), [("--from", "yesterday"), ("--to", "1795737600000"), ("--field", "city"), ("--field", "=x")]
)
def test_a_filter_that_cannot_be_read_is_wrong_usage(run: Command, option: str, value: str) -> None:
    done = run("execution", "list", option, value)
    assert (done.status, option in done.err) == (2, True)


def test_an_execution_is_found_by_its_id(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    looply.answers["getWorkflowExecutionById"] = record(entry(1, "EXECUTION_STARTED"))
    assert run("execution", "show", ID.upper(), "--json").document["process_id"] == "PO-1"
    assert looply.calls == [
        ("searchExecutions", {"limit": "1", "workflow_execution_id": NEXT}, None),
        ("getWorkflowExecutionById", {"workflow_id": WORKFLOW, "workflow_execution_id": ID}, None),
    ]


def test_an_unknown_id_may_be_a_process_id(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = [{"items": [row(WORKFLOW)]}, {"items": [row(process_id=ID)]}]
    looply.answers["getWorkflowExecutionById"] = record()
    assert run("execution", "show", ID, "--json").status == 0
    assert looply.calls[1][1] == {"limit": "1", "process_id": ID}


def test_a_star_in_a_process_id_is_that_star_and_nothing_else(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row(NEXT, "PO-12"), row(ID, "PO-*")]}
    looply.answers["getWorkflowExecutionById"] = record()
    run("execution", "show", "PO-*")
    assert looply.calls[1][1]["workflow_execution_id"] == ID


@pytest.mark.parametrize("name", ["PO-9", ID, "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_an_unknown_execution_is_not_found(run: Command, looply: Looply, name: str) -> None:
    looply.answers["searchExecutions"] = {"items": []}
    done = run("execution", "show", name, "--json")
    assert (done.status, done.document["code"]) == (1, "EXECUTION_NOT_FOUND")


def test_people_see_waits_incidents_and_log(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    wait = {"state": "wait_1", "opened_on": 1_700_000_000_000, "timeout_on": None, "sources": ["SAP", "TEAMS"]}
    incident = {"state": "httpRequest_1", "kind": "FAILURE", "code": "TIMEOUT", "message": "late", "opened_on": 0}
    incident["incident_id"] = "incident-6"
    looply.answers["getWorkflowExecutionById"] = {
        "item": row(
            workflow_event_log={"events": [entry(1, "WAIT_OPENED")]}, waits=[wait], workflow_incidents=[incident]
        )
    }
    out = run("execution", "show", "PO-1").out
    for words in ("SAP, TEAMS", "TIMEOUT", "incident-6", "WAIT_OPENED", "2023-11-14 22:13:20Z"):
        assert words in out


def test_a_failed_execution_is_shown_with_its_whole_message_and_the_next_command(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    message = "the other system answered 500 with a long sentence about what it could not do " * 3
    incident = {"state": "httpRequest_1", "kind": "FAILED", "code": "STATUS", "message": message, "opened_on": 0}
    item = row(status="FAILED", workflow_event_log={"events": []}, waits=[], workflow_incidents=[incident])
    looply.answers["getWorkflowExecutionById"] = {"item": item}
    done = run("execution", "show", "PO-1", columns=80)
    assert " ".join(done.out.split()).count(" ".join(message.split())) == 1
    assert f"looply execution redrive {ID}" in done.out


def test_people_see_in_which_branch_or_iteration_a_step_ran(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    entries = [entry(1, "EXECUTION_STARTED"), entry(2, "STEP_FAILED", scope="forEach_1[3]")]
    incident = {"state": "httpRequest_1", "scope": "forEach_1[3]", "kind": "FAILED", "code": "STATUS", "opened_on": 0}
    item = row(workflow_event_log={"events": entries}, waits=[], workflow_incidents=[incident])
    looply.answers["getWorkflowExecutionById"] = {"item": item}
    out = run("execution", "show", "PO-1").out
    assert out.count("scope") == 2
    assert out.count("forEach_1[3]") == 2


def test_people_see_the_fields_of_each_entry_but_no_input_and_no_output(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    entries = [
        entry(1, "CARD_SENT", recipients=["ann@example.com", "ben@example.com"], channel="inbox", revision=2, via=None),
        entry(2, "STEP_RETRY_SCHEDULED", visit=1, attempt=3, due_on=1_700_000_060_000),
        entry(3, "STEP_SUCCEEDED", branch="yes", input={"a": "came in"}, output={"b": "went out"}),
        entry(4, "EXECUTION_EDITED", changed=["payload"], reason="typed wrongly", by="ops", via="API"),
        entry(5, "EXECUTION_MOVED", steps={"wait_1": "ask"}, workflow_version=2),
    ]
    looply.answers["getWorkflowExecutionById"] = record(*entries)
    lines = run("execution", "show", "PO-1").out.splitlines()
    by_type = {line.split("\t")[1]: line for line in lines[-5:]}
    endings = {
        "CARD_SENT": "recipients=ann@example.com,ben@example.com channel=inbox revision=2",
        "STEP_RETRY_SCHEDULED": "attempt=3 due_on=2023-11-14 22:14:20Z",
        "STEP_SUCCEEDED": "branch=yes",
        "EXECUTION_EDITED": "changed=payload reason=typed wrongly by=ops via=API",
        "EXECUTION_MOVED": 'steps={"wait_1": "ask"} workflow_version=2',
    }
    assert {kind: line.rstrip().endswith(endings[kind]) for kind, line in by_type.items()} == dict.fromkeys(
        endings, True
    )


def test_people_see_children_parent_and_origin_of_an_execution(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    child = {"state": "subworkflow_1", "visit": 1, "execution_id": "child-7", "workflow_id": WORKFLOW, "started_on": 0}
    relatives = {"children": [child], "parent_execution_id": "parent-8", "rerun_of_execution_id": "former-9"}
    looply.answers["getWorkflowExecutionById"] = record(**relatives)
    out = run("execution", "show", "PO-1").out
    for words in ("child-7", "1970-01-01 00:00:00Z", "parent-8", "former-9"):
        assert words in out


def test_a_long_log_says_where_it_continues_and_is_read_from_there(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    first = record(entry(1, "STEP_STARTED"), page={"truncated": True, "after": 1000})
    last = record(entry(1001, "STEP_SUCCEEDED"))
    looply.answers["getWorkflowExecutionById"] = [first, last]
    assert run("execution", "show", "PO-1").out.rstrip().endswith("The log continues: --after 1000")
    assert "The log continues" not in run("execution", "show", "PO-1", "--after", "1000").out
    assert looply.calls[-1][1]["after"] == "1000"


def test_a_resume_sends_its_payload(run: Command, looply: Looply) -> None:
    identifier = {"organization_id": "o", "workflow_id": WORKFLOW, "workflow_execution_id": ID}
    answer = {"message": "restarted", "code": "WORKFLOW_RESTARTED", "data": {"workflow_identifier": identifier}}
    looply.answers["resumeWorkflow/PO-1"] = answer
    assert "restarted" in run("execution", "resume", "PO-1", "--payload", '{"ok": true}').out
    assert looply.calls == [("resumeWorkflow/PO-1", {}, {"payload": {"ok": True, "source": "SAP"}})]
    options = ("--source", "TEAMS", "--workflow-id", WORKFLOW, "--state", "wait_1", "--json")
    assert run("execution", "resume", "PO-1", *options).document == answer
    expected = {"workflow_id": WORKFLOW, "state": "wait_1"}
    assert looply.calls[1] == ("resumeWorkflow/PO-1", expected, {"payload": {"source": "TEAMS"}})
    run("execution", "resume", "PO-1", "-", stdin=b'{"source": "TEAMS"}')
    assert looply.calls[2][2] == {"payload": {"source": "TEAMS"}}


def test_people_see_that_a_resume_is_kept_and_who_was_first(run: Command, looply: Looply) -> None:
    kept = {"message": "restarted", "code": "WORKFLOW_RESTARTED", "buffered": True}
    late = {"message": "already restarted", "answered_by": "sap", "answered_on": 1_700_000_000_000}
    looply.answers["resumeWorkflow/PO-1"] = [kept, late]
    assert "kept for the first wait that opens" in run("execution", "resume", "PO-1").out
    out = run("execution", "resume", "PO-1").out
    for words in ("already restarted", "sap", "2023-11-14 22:13:20Z"):
        assert words in out


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("TERMINATED", "was terminated"),
        ("FAILED", "has failed"),
        ("COMPLETED", "has completed"),
        ("TIMED_OUT", "timed out"),
        ("NOT_WAITING", "not waiting for an answer"),
    ],
)
def test_a_resume_that_is_too_late_is_refused_in_words(run: Command, looply: Looply, code: str, words: str) -> None:
    looply.answers["resumeWorkflow/PO-1"] = refusal(409, message="not found", code=code)
    done = run("execution", "resume", "PO-1", "--json")
    assert (done.status, done.document["code"]) == (1, code)
    assert words in run("execution", "resume", "PO-1").err


def test_a_termination_carries_its_reason(run: Command, looply: Looply) -> None:
    looply.answers["terminateWorkflow/PO-1"] = {"message": "terminated"}
    assert run("execution", "terminate", "PO-1", "--reason", "expired").out.strip() == "terminated"
    assert looply.calls == [("terminateWorkflow/PO-1", {}, {"payload": {"termination_reason": "expired"}})]
    assert run("execution", "terminate", "PO-1", "--json").document == {"message": "terminated"}


def test_an_odd_process_id_is_one_segment_of_the_path(run: Command) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.raw_path == b"/v2/workflows/terminateWorkflow/100%25%20%C3%BC%3F%23"
        return httpx2.Response(200, json={"message": "terminated"})

    assert run("execution", "terminate", "100% ü?#", answer=answer).status == 0


def test_an_execution_that_a_step_ended_as_failed_is_not_offered_a_redrive(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    ended = entry(2, "EXECUTION_FAILED", reason="rejected")
    looply.answers["getWorkflowExecutionById"] = record(ended, status="FAILED")
    done = run("execution", "show", "PO-1")
    assert "redrive" not in done.out
    assert "repair" not in done.out
    assert f"looply execution rerun {ID}" in done.out


@pytest.mark.parametrize("columns", [None, 80, 160])
def test_the_log_has_the_beginning_of_a_message_that_an_incident_shows_whole(
    run: Command, looply: Looply, columns: int | None
) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    message = 'SAP answered 422: {"error":{"code":"M8/082",\n' + '"details":"the period is closed",' * 20 + '"last":1}}'
    incident = {"state": "sapRequest_1", "kind": "FAILED", "code": "STATUS", "opened_on": 0}
    incident["message"] = f"step 'sapRequest_1': {message}"
    kinds = ("STEP_FAILED", "INCIDENT_OPENED", "EXECUTION_FAILED")
    entries = [entry(number, kind, message=message) for number, kind in enumerate(kinds)]
    other = entry(3, "STEP_FAILED", message="another message of many words " * 3 + "to its end")
    item = row(status="FAILED", waits=[], workflow_incidents=[incident], workflow_event_log={})
    item["workflow_event_log"]["events"] = [*entries, other]
    looply.answers["getWorkflowExecutionById"] = {"item": item}
    done = run("execution", "show", "PO-1", columns=columns)
    assert done.out.count('"last":1') == 1
    assert done.out.count("SAP answered 422") == 4
    assert "to its end" in " ".join(done.out.split())
    assert run("execution", "show", "PO-1", "--json").document == item
