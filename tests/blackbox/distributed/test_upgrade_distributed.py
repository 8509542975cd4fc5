"""Two releases side by side on one database: one is drained and replaced by the other under load, and nothing is lost.

The next release is a copy of this tree (`harness/releases.py`). One keeps the tables; one has more of them, and changes
those that there are as a release may: then this one continues beside it, and cannot be restarted. Such a release is
also started at once, in many processes, on a recorded database.
"""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blackbox.evidence.distributed import DistributedRun, until_calls
from blackbox.evidence.invariants import FOR_TIME, hold
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import HELD, MIXED
from blackbox.harness.client import Organization
from blackbox.harness.installation import Installation, Node
from blackbox.harness.launcher import run as run_command
from blackbox.harness.releases import NEXT, next_release
from blackbox.harness.sink import Sink
from golden.stores.database import DATABASES, ENDING, load, unpack
from golden.stores.folder import SEALING_KEY

pytestmark = pytest.mark.distributed

CALLERS = 6
AWAIT_SECONDS = 3.0
BESIDE_SECONDS = 3.0
"""How long both releases work beside each other before the older one is stopped."""
NEWER = 78
"""How a process ends that finds tables of a newer release."""
RECORDED = "0.1.0"
"""The recorded database that is upgraded."""

Repetitions = Callable[[int, int], int]
Reported = Callable[..., FaultReport]


def replace(run: DistributedRun, nodes: list[Node], old: Node, environment: dict[str, str]) -> None:
    """Starts the next release beside a node, then drains that one: its callers go elsewhere before it stops."""
    node = run.server.new_node(old.kind, **environment)
    node.until_ready(may_end=False)
    nodes.append(node)
    time.sleep(BESIDE_SECONDS)
    nodes.remove(old)
    assert old.process.stop() == 0, old.process.program.log_end()


def versions(run: DistributedRun) -> set[str]:
    """Returns which releases have called the world: each call says by whom it was made."""
    return {line["headers"]["user-agent"].partition("/")[2] for line in run.calls()}


@pytest.mark.timeout(3 * 3600)
def test_servers_and_workers_are_replaced_by_a_copy_with_another_version_and_nothing_is_lost_or_done_twice(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    rounds = repetitions(1, 50)
    report = reported("distributed_upgrade", "REPLACE a serve", "REPLACE a worker", rounds=rounds)
    newer = next_release(tmp_path / "next")
    run = DistributedRun(tmp_path / "run", sink, report.name, (*MIXED, *HELD))
    try:
        run.load.begin(count=CALLERS, await_seconds=AWAIT_SECONDS)
        for number in range(rounds):
            environment = newer.environment if number % 2 == 0 else {}
            for nodes in (run.server.servers, run.server.workers):
                for old in tuple(nodes):
                    replace(run, nodes, old, environment)
                    report.hit(f"REPLACE a {old.kind}")
        until_calls(run, "got", 2)
        evidence = run.conclude(report)
    finally:
        run.close()
    hold(evidence, report, FOR_TIME)
    # There was no fault, so no answer may be missing, no call repeated, and no incident opened.
    assert report.figures["calls without an answer"] == 0
    assert report.figures["outcomes left open by a fault"] == 0
    assert {newer.version, newer.version.removesuffix(NEXT)} == versions(run)
    report.finish()


@pytest.mark.timeout(3600)
def test_processes_continue_while_a_release_with_more_tables_replaces_them_and_cannot_be_restarted(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    calls = repetitions(10, 500)
    report = reported("distributed_more_tables", "UPGRADE the tables", "REPLACE a serve", "REPLACE a worker")
    newer = next_release(tmp_path / "next", has_more_tables=True)
    run = DistributedRun(tmp_path / "run", sink, report.name, (*MIXED, *HELD))
    try:
        run.load.begin(count=CALLERS, await_seconds=AWAIT_SECONDS)
        until_calls(run, "call_1")
        # The order of the manual: a worker first, and it upgrades the tables under the feet of all others.
        first, *others = run.server.workers
        replace(run, run.server.workers, first, newer.environment)
        report.hit("UPGRADE the tables")
        report.hit("REPLACE a worker")
        until_calls(run, "call_1", calls)
        check_refused(run, report)
        for nodes, older in ((run.server.workers, others), (run.server.servers, tuple(run.server.servers))):
            for old in older:
                replace(run, nodes, old, newer.environment)
                report.hit(f"REPLACE a {old.kind}")
        until_calls(run, "got", 2)
        # What proves the executions at the end must know the tables.
        run.server.operating = run.server.operating.of_release(newer.environment)
        evidence = run.conclude(report)
    finally:
        run.close()
    hold(evidence, report, FOR_TIME)
    assert report.figures["calls without an answer"] == 0
    assert report.figures["outcomes left open by a fault"] == 0
    assert {newer.version, newer.version.removesuffix(NEXT)} == versions(run)
    report.finish()


def check_refused(run: DistributedRun, report: FaultReport) -> None:
    """A process of the older release does not start on the newer tables, and names the required release."""
    for kind in ("serve", "worker"):
        refused = run_command(kind, folder=run.server.folder, **run.server.environment)
        assert refused.returncode == NEWER, refused.stderr
        answers = refused.stdout + refused.stderr
        assert "the release that wrote it" in answers or "a newer release wrote it" in answers, answers
        report.checked(f"an older {kind} is refused with {NEWER}")


@pytest.mark.timeout(600)
def test_all_processes_of_a_release_with_more_tables_start_at_once_on_a_recorded_database_and_continue(
    tmp_path: Path, closed_port: int
) -> None:
    left = json.loads((DATABASES / f"{RECORDED}.json").read_text(encoding="utf-8"))
    key = base64.b64encode(SEALING_KEY).decode()
    installation = Installation(
        tmp_path / "run",
        [f"127.0.0.1:{closed_port}"],
        LOOPLY_ENCRYPTION_KEY=key,
        LOOPLY_LOG_LEVEL="info",
        **next_release(tmp_path / "next", has_more_tables=True).environment,
    )
    try:
        installation.provide()
        load(unpack(DATABASES / f"{RECORDED}{ENDING}"), installation.postgres.address("looply"))
        installation.start()
        with installation.connect(timeout=120) as client:
            org = Organization(client, organization_id="", workspace_id="", api_key=left["api_key"])
            for story in ("waiting", "large", "long"):
                answer = org.resume(left["executions"][story], n=1)
                assert (answer.status_code, answer.json()["message"]) == (200, "restarted"), answer.text
                assert org.resume(left["executions"][story], n=1).json()["message"] == "already restarted"
        assert installation.stop() == 0, installation.exits()
        audit = installation.operating.doctor()
        assert (audit["executions"], audit["orphans"], audit["problems"]) == (len(left["executions"]), 0, [])
    finally:
        installation.close()
