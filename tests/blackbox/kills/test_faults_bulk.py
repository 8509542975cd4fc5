"""Bulks whose server is killed while they work: each execution is redriven or retried once, across processes.

The hypothesis: each execution that has failed when its bulk starts continues once; one that fails again
is not repaired again; one that fails later is not part of the bulk; the bulks end and their counts add up.
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
ACTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "redrive": ("bulkRedrive", {}),
    "retry": ("bulkRepair", {"action": "retry"}),
}
"""What the bulks do, one each, with its call. They share the rate."""
FAILS_AGAIN = 5
"""Each fifth order fails again."""


def _definition(place: str, action: str) -> Definition:
    url = f"{place}/${{payload.output.n}}/call"
    call = http(url, "call", "PUT", body={"n": "${payload.output.n}"}, fail_on=["5xx"])
    return definition(call, name=f"Repaired by {action}")


def _fails_again(number: int) -> bool:
    return number % FAILS_AGAIN == 0


def _order(run: Run, workflow_id: str, number: int) -> str:
    """Starts an order whose call is refused once, or always."""
    replies = [{"status": 500}] if _fails_again(number) else [{"status": 500}, {"status": 200}]
    run.sink.script(f"{run.ledger}/{number}/call", *replies)
    return acknowledged(run, workflow_id, number, {"n": number})


class _Operator:
    """Starts a bulk and monitors it. Each call has a connection of its own, since the server dies."""

    def __init__(self, run: Run, workflow_id: str, action: str) -> None:
        self._run = run
        self._workflow_id = workflow_id
        self._action = action

    def repair(self) -> str:
        call, more = ACTIONS[self._action]
        body = {"filter": {"workflow_id": self._workflow_id}, "reason": "it is back", **more}
        with self._run.server.connect(timeout=120) as client:
            answer = Organization(client, **self._run.made).post(
                call, {**body, "rate_per_second": RATE // len(ACTIONS)}
            )
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


class _Bulk:
    """A bulk of one action and its executions."""

    def __init__(self, run: Run, action: str, numbers: range) -> None:
        self._run = run
        self._workflow_id = created(run, _definition(place_of(run), action))
        self.action = action
        self.operator = _Operator(run, self._workflow_id, action)
        self.asked = {number: _order(run, self._workflow_id, number) for number in numbers}
        self.late = ""
        self.bulk_id = ""

    def start(self, late: int) -> None:
        """Starts the bulk when all have failed, and then one more execution."""
        self.operator.until_failed(len(self.asked))
        self.bulk_id = self.operator.repair()
        self.late = _order(self._run, self._workflow_id, late)

    def acted(self) -> int:
        """Returns once the bulk has processed one more execution, or has ended."""
        before = self.operator.until(self.bulk_id, acted=1)
        item = self.operator.until(self.bulk_id, acted=before["done"] + before["refused"] + 1)
        return int(item["status"] == "RUNNING")


def _kill_at_work(run: Run, bulks: list[_Bulk], kills: int, report: FaultReport) -> None:
    """Kills the server while the bulks work, so often."""
    for at in range(kills):
        if not bulks[at % len(bulks)].acted():
            break
        report.hit("KILL while a bulk works")
        run.kill()


def _check(number: int, row: Row, calls: int, action: str) -> None:
    """One execution continued once, by its bulk, and ended according to its target."""
    reopened = [(entry["action"], entry["via"]) for entry in entries(row, "EXECUTION_REOPENED")]
    assert reopened == [(action, "BULK")], f"{number} was repaired {reopened}"
    assert row["status"] == ("FAILED" if _fails_again(number) else "COMPLETED"), row
    assert calls >= 2, f"{number} was repaired without a call"


@pytest.mark.timeout(LONGEST_SECONDS)
def test_bulks_over_kills_repair_each_execution_once(tmp_path: Path, sink: Sink, repetitions: Repetitions) -> None:
    kills = repetitions(4, 100)
    count = (kills + 2) * RATE
    report = FaultReport(
        "kill_bulk",
        seed=SEED,
        options={"kills": kills, "executions": count, "a second": RATE},
        faults=("KILL while a bulk works",),
    )
    run = run_of(tmp_path, sink, "bulk")
    share = count // len(ACTIONS)
    try:
        bulks = [_Bulk(run, action, range(at * share, (at + 1) * share)) for at, action in enumerate(ACTIONS)]
        for at, bulk in enumerate(bulks):
            bulk.start(late=count + at)
        _kill_at_work(run, bulks, kills, report)
        ended = [bulk.operator.until(bulk.bulk_id) for bulk in bulks]
        rows, calls = run.rows(), by_path(run)
        audit = run.stop()
    finally:
        run.close()
    for bulk, item in zip(bulks, ended, strict=True):
        for number, execution_id in bulk.asked.items():
            _check(number, rows[execution_id], len(calls[(str(number), "call")]), bulk.action)
        assert not entries(rows[bulk.late], "EXECUTION_REOPENED"), "the bulk has repaired what failed after it"
        # An action that was done but not recorded before a kill is refused when it is repeated; nothing counts twice.
        assert item["status"] == "DONE", item
        assert item["done"] + item["refused"] == share, item
    statuses = Counter(row["status"] for row in rows.values())
    report.checked("each repaired once", count)
    report.checked("those that fail again are not repaired again", statuses["FAILED"] - len(bulks))
    report.finish()
    assert (audit["problems"], audit["executions"], audit["orphans"]) == ([], len(rows), 0), audit
