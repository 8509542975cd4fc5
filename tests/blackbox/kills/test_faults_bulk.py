"""A bulk whose server is killed while it works: each execution is redriven once, across processes.

The hypothesis: each execution that has failed when the bulk starts continues once; one that fails again
is not redriven again; one that fails later is not part of the bulk; the bulk ends and its counts add up.
"""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from blackbox.evidence.killing import Repetitions, acknowledged, by_path, created, entries, place_of, run_of
from blackbox.evidence.load import SEED, Row, Run
from blackbox.evidence.report import FaultReport
from blackbox.harness.client import Organization
from blackbox.harness.definitions import Definition, definition, http
from blackbox.harness.sink import Sink

LONGEST_SECONDS = 3 * 3600
RATE = 10
FAILS_AGAIN = 5
"""Each fifth order fails again."""


def _definition(place: str) -> Definition:
    url = f"{place}/${{payload.output.n}}/call"
    return definition(http(url, "call", "PUT", body={"n": "${payload.output.n}"}, fail_on=["5xx"]), name="Redriven")


def _fails_again(number: int) -> bool:
    return number % FAILS_AGAIN == 0


def _order(run: Run, workflow_id: str, number: int) -> str:
    """Starts an order whose call is refused once, or always."""
    replies = [{"status": 500}] if _fails_again(number) else [{"status": 500}, {"status": 200}]
    run.sink.script(f"{run.ledger}/{number}/call", *replies)
    return acknowledged(run, workflow_id, number, {"n": number})


class _Operator:
    """Starts a bulk and monitors it. Each call has a connection of its own, since the server dies."""

    def __init__(self, run: Run, workflow_id: str) -> None:
        self._run = run
        self._workflow_id = workflow_id

    def redrive(self) -> str:
        body = {"filter": {"workflow_id": self._workflow_id}, "reason": "it is back", "rate_per_second": RATE}
        with self._run.server.connect(timeout=120) as client:
            answer = Organization(client, **self._run.made).post("bulkRedrive", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["item"]["bulk_id"])

    def until(self, bulk_id: str, *, acted: int = 0) -> dict[str, Any]:
        """Returns the bulk once it has processed `acted` executions, or has ended."""
        deadline = time.monotonic() + self._run.live_seconds
        with self._run.server.connect(timeout=120) as client:
            org = Organization(client, **self._run.made)
            while True:
                item: dict[str, Any] = org.get("getBulk", bulk_id=bulk_id).json()["item"]
                if item["status"] != "RUNNING" or (acted and item["done"] + item["refused"] >= acted):
                    return item
                assert time.monotonic() < deadline, item
                time.sleep(0.02)

    def until_failed(self, count: int) -> None:
        """Returns once `count` executions have failed."""
        deadline = time.monotonic() + self._run.live_seconds
        with self._run.server.connect(timeout=120) as client:
            org = Organization(client, **self._run.made)
            while len(org.pages("searchExecutions", workflow_id=self._workflow_id, status="FAILED")) < count:
                assert time.monotonic() < deadline, "not all have failed"
                time.sleep(0.1)


def _kill_at_work(run: Run, operator: _Operator, bulk_id: str, kills: int, report: FaultReport) -> dict[str, Any]:
    """Kills the server after each slice of the bulk, so often; returns the bulk when it has ended."""
    acted = 0
    for _ in range(kills):
        item = operator.until(bulk_id, acted=acted + 1)
        acted = item["done"] + item["refused"]
        if item["status"] != "RUNNING":
            break
        report.hit("KILL while a bulk works")
        run.kill()
    return operator.until(bulk_id)


def _check(number: int, row: Row, calls: int) -> None:
    """One execution continued once, by the bulk, and ended according to its target."""
    reopened = [(entry["action"], entry["via"]) for entry in entries(row, "EXECUTION_REOPENED")]
    assert reopened == [("redrive", "BULK")], f"{number} was redriven {reopened}"
    assert row["status"] == ("FAILED" if _fails_again(number) else "COMPLETED"), row
    assert calls >= 2, f"{number} was redriven without a call"


@pytest.mark.timeout(LONGEST_SECONDS)
def test_a_bulk_over_kills_redrives_each_execution_once(tmp_path: Path, sink: Sink, repetitions: Repetitions) -> None:
    kills = repetitions(4, 100)
    count = (kills + 2) * RATE
    report = FaultReport(
        "kill_bulk",
        seed=SEED,
        options={"kills": kills, "executions": count, "a second": RATE},
        faults=("KILL while a bulk works",),
    )
    run = run_of(tmp_path, sink, "bulk")
    try:
        workflow_id = created(run, _definition(place_of(run)))
        operator = _Operator(run, workflow_id)
        asked = {number: _order(run, workflow_id, number) for number in range(count)}
        operator.until_failed(count)
        bulk_id = operator.redrive()
        late = _order(run, workflow_id, count)
        bulk = _kill_at_work(run, operator, bulk_id, kills, report)
        rows, calls = run.rows(), by_path(run)
        audit = run.stop()
    finally:
        run.close()
    for number, execution_id in asked.items():
        _check(number, rows[execution_id], len(calls[(str(number), "call")]))
    assert not entries(rows[late], "EXECUTION_REOPENED"), "the bulk has taken up what failed after it"
    # An action that was done but not recorded before a kill is refused when it is repeated; nothing is counted twice.
    assert bulk["status"] == "DONE", bulk
    assert bulk["done"] + bulk["refused"] == count, bulk
    statuses = Counter(row["status"] for row in rows.values())
    report.checked("each redriven once", len(asked))
    report.checked("those that fail again are not redriven again", statuses["FAILED"] - 1)
    report.finish()
    assert (audit["problems"], audit["executions"], audit["orphans"]) == ([], len(rows), 0), audit
