"""`looply execution watch` against a server whose streams end, break off and reconnect."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from cli_kit import Command, FakeClock, Looply, refusal

ID = "01a20e69-0006-7f8b-a23c-443896d21064"
WORKFLOW = "01a20e65-a0ff-7d22-b3cd-096c128b7bea"
KIND = {"content-type": "text/event-stream; charset=utf-8"}


class _BreaksOff(httpx2.AsyncByteStream):
    """The body of a response whose connection is lost."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        raise httpx2.ReadError("connection reset")


def entry(seq: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "timestamp": 1_700_000_000_000, "type": kind, "state": "wait_1", "by": None, **more}


def event(data: dict[str, Any], name: str = "", id_: str = "") -> bytes:
    named = f"event: {name}\n" if name else ""
    return f"{named}id: {id_ or data.get('seq')}\ndata: {json.dumps(data)}\n\n".encode()


def stream(*events: bytes) -> httpx2.Response:
    """A stream that the server ends, as a stopping server does."""
    return httpx2.Response(200, headers=KIND, content=b"".join(events))


def broken_stream(*events: bytes) -> httpx2.Response:
    """A stream whose connection is lost."""
    return httpx2.Response(200, headers=KIND, stream=_BreaksOff(b"".join(events)))


def unreachable(request: httpx2.Request) -> httpx2.Response:
    """The error of a call while the server is down."""
    raise httpx2.ConnectError("connection refused", request=request)


def item(status: str, *entries: dict[str, Any]) -> dict[str, Any]:
    found = {
        "workflow_execution_id": ID,
        "workflow_id": WORKFLOW,
        "process_id": "PO-1",
        "status": status,
        "workflow_current_state": "wait_1",
        "workflow_event_log": {"events": list(entries)},
    }
    return {"message": "success", "item": found}


@pytest.fixture(autouse=True)
def known(looply: Looply) -> None:
    """Makes the execution known by its process id."""
    looply.answers["searchExecutions"] = {"items": [item("RUNNING")["item"]]}


def lasts(looply: Looply, name: str = "watchExecution") -> list[str | None]:
    """Returns the cursor that each call of a stream sends."""
    return [each.headers.get("last-event-id") for each in looply.requests if each.url.path.endswith(name)]


def types(out: str) -> list[str]:
    return [line.split()[2] for line in out.splitlines()[:-1]]


STARTED, OPENED = entry(1, "EXECUTION_STARTED"), entry(3, "WAIT_OPENED")
RESUMED = entry(4, "WAIT_RESUMED", source="SAP", output={"secret": 1})
COMPLETED = entry(5, "EXECUTION_COMPLETED")
END = event({"status": "COMPLETED"}, "end", "5")


def test_watching_writes_each_entry_once_until_the_end(run: Command, looply: Looply, clock: FakeClock) -> None:
    looply.answers["watchExecution"] = stream(*map(event, (STARTED, OPENED, RESUMED, COMPLETED)), END)
    looply.answers["getWorkflowExecutionById"] = item("COMPLETED")
    done = run("execution", "watch", "PO-1")
    assert types(done.out) == ["EXECUTION_STARTED", "WAIT_OPENED", "WAIT_RESUMED", "EXECUTION_COMPLETED"]
    assert done.out.splitlines()[2].endswith("source=SAP")
    assert done.out.splitlines()[-1] == "COMPLETED at wait_1"
    assert (done.status, clock.pauses, lasts(looply)) == (0, [], [None])


def test_watching_shows_the_branch_or_iteration_of_a_step(run: Command, looply: Looply) -> None:
    looply.answers["watchExecution"] = stream(event(entry(1, "STEP_SUCCEEDED", scope="forEach_1[3]", visit=1)), END)
    looply.answers["getWorkflowExecutionById"] = item("COMPLETED")
    assert run("execution", "watch", "PO-1").out.splitlines()[0].endswith(" forEach_1[3]/wait_1")


def test_watching_reconnects_after_the_last_entry(run: Command, looply: Looply, clock: FakeClock) -> None:
    looply.answers["watchExecution"] = [
        broken_stream(event(STARTED), event(OPENED), b"id: 4\ndata: {half"),
        unreachable,
        refusal(503, code="SHUTTING_DOWN"),
        stream(b": \nid: 3\n\n", event(RESUMED)),
        stream(event(COMPLETED), END),
    ]
    looply.answers["getWorkflowExecutionById"] = [unreachable, item("COMPLETED")]
    done = run("execution", "watch", "PO-1")
    assert types(done.out) == ["EXECUTION_STARTED", "WAIT_OPENED", "WAIT_RESUMED", "EXECUTION_COMPLETED"]
    assert lasts(looply) == [None, "3", "3", "3", "4"]
    assert clock.pauses == [0.2, pytest.approx(0.3), pytest.approx(0.45), 0.2, 3.0]
    assert done.status == 0


def test_watching_ends_at_an_incident_that_is_open(run: Command, looply: Looply) -> None:
    failed = entry(4, "EXECUTION_FAILED", incident_id="i-1", code="TIMEOUT", message="late")
    late = entry(5, "STEP_RESULT_DISCARDED")
    looply.answers["watchExecution"] = broken_stream(event(STARTED), event(failed))
    looply.answers["getWorkflowExecutionById"] = [item("FAILED", late), item("FAILED", STARTED, failed, late)]
    done = run("execution", "watch", "PO-1")
    assert types(done.out) == ["EXECUTION_STARTED", "EXECUTION_FAILED", "STEP_RESULT_DISCARDED"]
    assert (done.status, done.out.splitlines()[-1]) == (1, "FAILED at wait_1")


def test_watching_continues_after_an_incident_that_is_resolved(run: Command, looply: Looply) -> None:
    failed = entry(4, "EXECUTION_FAILED", incident_id="i-1")
    looply.answers["watchExecution"] = stream(*map(event, (failed, entry(5, "EXECUTION_REOPENED"), COMPLETED)), END)
    looply.answers["getWorkflowExecutionById"] = item("COMPLETED")
    done = run("execution", "watch", "PO-1")
    assert types(done.out) == ["EXECUTION_FAILED", "EXECUTION_REOPENED", "EXECUTION_COMPLETED"]
    assert done.status == 0


@pytest.mark.parametrize("status", ["FAILED", "TERMINATED"])
def test_an_execution_that_ends_otherwise_is_exit_status_1(run: Command, looply: Looply, status: str) -> None:
    looply.answers["watchExecution"] = stream(event(entry(2, f"EXECUTION_{status}")), event({"status": status}, "end"))
    looply.answers["getWorkflowExecutionById"] = item(status)
    assert run("execution", "watch", "PO-1").status == 1


def test_watching_with_json_gives_one_document_at_the_end(run: Command, looply: Looply) -> None:
    looply.answers["watchExecution"] = stream(event(STARTED), END)
    looply.answers["getWorkflowExecutionById"] = item("COMPLETED", STARTED)
    done = run("execution", "watch", "PO-1", "--json")
    assert (done.status, done.document["workflow_event_log"]["events"]) == (0, [STARTED])


def test_watching_ends_when_the_timeout_expires(run: Command, looply: Looply, clock: FakeClock) -> None:
    looply.answers["watchExecution"] = lambda _request: broken_stream(b": \nid: 1\n\n")
    done = run("execution", "watch", "PO-1", "--timeout", "10", "--json")
    assert (done.status, done.document["code"]) == (1, "STILL_OPEN")
    assert sum(clock.pauses) == pytest.approx(10.0, abs=0.3)


@pytest.mark.parametrize(
    "answer", [unreachable, refusal(429, code="TOO_MANY_STREAMS"), refusal(400, code="BAD_CURSOR")]
)
def test_a_server_that_never_streamed_is_an_error_at_once(
    run: Command, looply: Looply, clock: FakeClock, answer: Any
) -> None:
    looply.answers["watchExecution"] = answer
    assert run("execution", "watch", "PO-1").status == 1
    assert clock.pauses == []


def test_a_refusal_ends_a_watch_that_reconnects(run: Command, looply: Looply) -> None:
    looply.answers["watchExecution"] = [
        broken_stream(event(STARTED)),
        refusal(400, code="BAD_CURSOR", message="restored"),
    ]
    done = run("execution", "watch", "PO-1", "--json")
    assert (done.status, done.document["code"]) == (1, "BAD_CURSOR")


def test_a_response_that_is_no_stream_has_no_events(run: Command, looply: Looply) -> None:
    looply.answers["watchExecution"] = httpx2.Response(200, text="<html></html>")
    assert run("execution", "watch", "PO-1").status == 1


def named(each: dict[str, Any]) -> dict[str, Any]:
    return {"workflow_id": WORKFLOW, "workflow_execution_id": ID, **each}


def test_all_executions_are_written_line_by_line_until_the_timeout_expires(run: Command, looply: Looply) -> None:
    looply.answers["watchOrganization"] = [
        broken_stream(event(named(STARTED), id_="a"), event(named(OPENED), id_="b")),
        stream(event(named(RESUMED), id_="c")),
        *([unreachable] * 20),
    ]
    done = run("execution", "watch", "--after", "x", "--timeout", "10", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines == [
        {"id": "a", **named(STARTED)},
        {"id": "b", **named(OPENED)},
        {"id": "c", **named(RESUMED)},
    ]
    assert lasts(looply, "watchOrganization")[:4] == ["x", "b", "c", "c"]
    assert done.status == 0


def test_people_see_of_which_execution_an_entry_is(run: Command, looply: Looply) -> None:
    looply.answers["watchOrganization"] = [stream(event(named(RESUMED))), *([unreachable] * 20)]
    (line,) = run("execution", "watch", "--timeout", "5").out.splitlines()
    assert line.startswith(ID)
    assert "WAIT_RESUMED" in line


def test_a_refusal_in_the_stream_is_no_entry_and_ends_the_watch_that_reconnects(run: Command, looply: Looply) -> None:
    refused = {"message": "some have been pruned", "code": "EVENTS_PRUNED", "errors": [], "request_id": "r"}
    looply.answers["watchOrganization"] = [
        stream(event(named(RESUMED), id_="a"), event(refused, "refused", id_="b")),
        refusal(409, code="EVENTS_PRUNED", message="some have been pruned"),
    ]
    done = run("execution", "watch", "--after", "x")
    (line,) = done.out.splitlines()
    assert "WAIT_RESUMED" in line
    assert (done.status, "some have been pruned" in done.err) == (1, True)
    assert lasts(looply, "watchOrganization") == ["x", "b"]


def test_a_cursor_is_for_all_executions_only(run: Command, looply: Looply) -> None:
    done = run("execution", "watch", "PO-1", "--after", "x")
    assert done.status == 2
    assert not looply.requests
