"""What a kill without a warning leaves of kept resumes, calls in flight and schedules."""

import time
from collections.abc import Iterator

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, note, wait
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[tuple[Server, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("killed") / "data"
    made = new_folder(folder)
    found = Server(folder, [f"127.0.0.1:{sink.port}"]).start()
    yield found, made
    found.close()


@pytest.fixture
def own_server(_made: tuple[Server, dict[str, str]]) -> Server:
    """A server that a test may kill and start again."""
    return _made[0]


@pytest.fixture
def own(own_server: Server, _made: tuple[Server, dict[str, str]]) -> Iterator[Organization]:
    """The organization of that server."""
    with httpx2.Client(base_url=own_server.address, timeout=120) as client:
        yield Organization(client, **_made[1])


def test_a_buffered_resume_survives_a_kill(own_server: Server, own: Organization, sink: Sink) -> None:
    path = f"/kept-{time.time_ns()}"
    workflow_id = own.create(definition(http(sink.script(path, {"delay": 60}, {})), wait(), note()))
    execution_id = own.trigger(workflow_id)
    sink.wait_for(path)
    assert own.resume(execution_id, number=1).json()["buffered"] is True
    own_server.kill()
    own_server.start()
    item = own.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["wait_1"]["output"] == {"source": "SAP", "number": 1}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH"])
def test_a_call_that_a_kill_interrupts_is_repeated_with_its_key_or_becomes_an_incident(
    own_server: Server, own: Organization, sink: Sink, method: str
) -> None:
    path = f"/crash-{time.time_ns()}"
    workflow_id = own.create(definition(http(sink.script(path, {"delay": 60}, {}), method=method)))
    execution_id = own.trigger(workflow_id)
    sink.wait_for(path)
    own_server.kill()
    own_server.start()
    item = own.until(workflow_id, execution_id, "COMPLETED", "FAILED")
    key = f"{execution_id}:http_1:1"
    if method in ("POST", "PATCH"):
        assert [(found["kind"], found["code"]) for found in item["workflow_incidents"]] == [
            ("UNKNOWN", "OUTCOME_UNKNOWN")
        ]
        assert [line["key"] for line in sink.lines(path)] == [key]
    else:
        assert item["status"] == "COMPLETED"
        assert [line["key"] for line in sink.lines(path)] == [key, key]


def test_a_schedule_continues_after_a_kill_stays_paused_over_one_and_never_catches_up_the_pause(
    own_server: Server, own: Organization
) -> None:
    every_second = {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1S"}}
    workflow_id = own.create(definition(note(), trigger=every_second))

    def fired() -> list[int]:
        return [row["created_on"] for row in own.pages("getWorkflowExecutionHistory", workflow_id=workflow_id)]

    def until_more_than(count: int) -> None:
        deadline = time.monotonic() + 120
        while len(fired()) <= count:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    until_more_than(1)
    own_server.kill()
    own_server.start()
    until_more_than(len(fired()))
    body = {"workflow_id": workflow_id, "action": "PAUSE"}
    assert own.post("toggleScheduledWorkflow", body).json()["status"] == "PAUSED"
    before = len(fired())
    own_server.kill()
    own_server.start()
    time.sleep(2.2)
    assert len(fired()) == before
    played_on = time.time() * 1000
    assert own.post("toggleScheduledWorkflow", {**body, "action": "PLAY"}).json()["status"] == "ACTIVE"
    until_more_than(before)
    found = fired()
    later = found[: len(found) - before]
    assert min(later) >= played_on - 50
    assert len(later) <= (time.time() * 1000 - played_on) / 1000 + 1
