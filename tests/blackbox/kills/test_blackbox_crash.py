"""A server that ends: asked to stop under load, or killed in a place that was chosen.

The kills without a plan are in `test_faults_kill.py`; the invariants are those of `blackbox.evidence.invariants`.
"""

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2
import pytest

from blackbox.evidence.invariants import OF_CALLS, OF_EXECUTIONS, Evidence, repeated
from blackbox.evidence.load import SEED, Life, Line, Order, Row, Run
from blackbox.harness.client import Organization, until_event
from blackbox.harness.definitions import ASKING, definition, graph, http, note, wait
from blackbox.harness.launcher import Server, doctor, init
from blackbox.harness.sink import Sink


def check_executions(orders: Sequence[Order], rows: Mapping[str, Row]) -> None:
    """No acknowledged loss, no ghost, one end, one pass of the wait with a payload that was accepted."""
    for check in OF_EXECUTIONS.values():
        assert check(Evidence(orders, rows))


def check_calls(rows: Mapping[str, Row], calls: Sequence[Line], kills: Sequence[int]) -> int:
    """One key for each visit, every call on the way; returns how many were repeated, which takes a kill."""
    evidence = Evidence((), rows, calls, [Life(0), *map(Life, kills)])
    for check in OF_CALLS.values():
        assert check(evidence)
    return repeated(evidence)


@pytest.mark.timeout(600)
def test_a_stop_under_load_answers_accepted_calls_and_repeats_nothing(tmp_path: Path, sink: Sink) -> None:
    chance = random.Random(SEED)
    run = Run(tmp_path / "data", sink, "stop")
    try:
        run.load.begin()
        for _ in range(5):
            time.sleep(chance.uniform(0.3, 0.8))
            assert run.server.stop() == 0
            run.server.start()
        run.load.end()
        rows = run.rows()
        assert run.server.stop() == 0
        report = doctor(run.server.folder)
    finally:
        run.close()
    assert run.log.counts["unknown"] == 0, "a call was neither answered nor refused"
    assert set(run.load.statuses) <= {503}
    check_executions(run.load.orders, rows)
    assert check_calls(rows, run.calls(), kills=[]) == 0
    assert {row["status"] for row in rows.values()} == {"COMPLETED"}
    assert (report["open"], report["orphans"], report["problems"]) == (0, 0, [])
    assert run.log.counts["ok"] > 50
    assert "Traceback" not in run.server.log_text()


@pytest.mark.timeout(600)
def test_a_queued_execution_is_not_blamed_for_crashes(tmp_path: Path, sink: Sink) -> None:
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{sink.port}"], LOOPLY_HOST_CONCURRENCY="1")
    server.start()
    hanging = sink.script("/line/hangs", {"hang": True})
    quick = sink.script("/line/quick", {})
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            first = org.create(definition(http(hanging)))
            blocking = org.trigger(first)
            sink.wait_for("/line/hangs")
            second = org.create(definition(http(quick)))
            in_line = org.trigger(second)
            for count in range(2, 7):
                server.kill()
                server.start()
                sink.wait_for("/line/hangs", count)
            assert org.item(first, blocking)["status"] == "RUNNING"
            assert sink.lines("/line/quick") == []
            assert org.item(second, in_line)["workflow_incidents"] == []
            org.terminate(blocking)
    finally:
        server.close()


@pytest.mark.timeout(600)
def test_a_timer_and_a_retry_survive_a_kill(tmp_path: Path, sink: Sink) -> None:
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{sink.port}"])
    server.start()
    url = sink.script("/survive/retry", {"status": 503}, {"status": 503}, {"status": 200})
    retry = {"max_attempts": 3, "interval": "PT1.5S", "backoff": 1.0}
    delayed = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT2S"}}, note())
    timing = graph(
        [wait("wait_1", timeout="PT2S"), note("late")], ("WorkflowStartState", "wait_1"), ("wait_1", "late", "timeout")
    )
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            started = []
            for flow in (delayed, timing, definition(http(url, step={"retry": retry}))):
                workflow_id = org.create(flow)
                started.append((workflow_id, org.trigger(workflow_id)))
            until_event(org, *started[2], "STEP_RETRY_SCHEDULED")
            server.kill()
            server.start()
            for workflow_id, execution_id in started:
                item = org.until(workflow_id, execution_id, "COMPLETED")
                shown = item["workflow_event_log"]["events"]
                if workflow_id != started[2][0]:
                    assert shown[-1]["timestamp"] - shown[0]["timestamp"] >= 2000
        lines = sink.lines("/survive/retry")
        assert len(lines) == 3
        assert (lines[1]["at"] - lines[0]["at"]) / 1e9 >= 1.2
        assert (lines[2]["at"] - lines[1]["at"]) / 1e9 >= 1.2
        assert server.stop() == 0
    finally:
        server.close()


@pytest.mark.timeout(600)
def test_an_acknowledged_call_is_on_the_disk_when_the_answer_arrives(tmp_path: Path) -> None:
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data")
    server.start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            workflow_id = org.create(ASKING)
            execution_id = org.trigger(workflow_id, process_id="P1")
            server.kill()
            server.start()
            org.until(workflow_id, execution_id, "WAITING")
            assert org.trigger(workflow_id, process_id="P1") == execution_id
            assert org.resume("P1", n=1).json()["message"] == "restarted"
            server.kill()
            server.start()
            item = org.until(workflow_id, execution_id, "COMPLETED")
            assert item["workflow_output_payload"]["wait_1"]["output"]["n"] == 1
            assert org.resume("P1", n=2).json()["message"] == "already restarted"
            second = org.trigger(workflow_id, process_id="P1")
            assert org.terminate("P1", "why not").json() == {"message": "terminated"}
            server.kill()
            server.start()
            assert org.item(workflow_id, second)["status"] == "TERMINATED"
            key = org.key_with("read")
            server.kill()
            server.start()
            assert key.item(workflow_id, second)["status"] == "TERMINATED"
    finally:
        server.close()
