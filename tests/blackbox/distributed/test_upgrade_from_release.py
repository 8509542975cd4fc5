"""The release before and this one: its executions continue here, and it continues itself until it is replaced.

The variable LOOPLY_TEST_RELEASE names the folder `src` of the release before, as a checkout of its tag has it; without
it these tests are skipped. It runs with the dependencies of this tree.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from blackbox.evidence.distributed import KILLED, DistributedRun, until_calls
from blackbox.evidence.inheritance import finish, leave
from blackbox.evidence.invariants import FOR_TIME, hold
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import HELD, MIXED
from blackbox.harness.client import Organization
from blackbox.harness.installation import Node
from blackbox.harness.launcher import Server, doctor
from blackbox.harness.launcher import run as run_command
from blackbox.harness.sink import Sink

TREE = Path(__file__).parents[3] / "src"
OLDER = os.environ.get("LOOPLY_TEST_RELEASE", "")
NEWER = 78
CALLERS = 6
AWAIT_SECONDS = 3.0
BESIDE_CALLS = 10
"""The number of calls while both releases work beside each other."""
PLACE = "/inherited"

Repetitions = Callable[[int, int], int]
Reported = Callable[..., FaultReport]

pytestmark = pytest.mark.skipif(not OLDER, reason="LOOPLY_TEST_RELEASE does not name the release before")


def of_older() -> dict[str, str]:
    """Returns the environment that runs the release before."""
    assert (Path(OLDER) / "looply" / "__init__.py").exists(), f"there is no release in {OLDER}"
    return {"PYTHONPATH": OLDER}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
def test_a_folder_of_the_release_before_continues_and_is_refused_to_it(
    tmp_path: Path, sink: Sink, is_killed: bool
) -> None:
    folder, place = tmp_path / "data", f"{PLACE}-{is_killed}"
    made = json.loads(run_command("init", "--data", folder, "--json", **of_older()).stdout)
    allow = [f"127.0.0.1:{sink.port}"]
    before = Server(folder, allow, **of_older())
    server = Server(folder, allow)
    server.port = before.port
    server.address = before.address
    try:
        before.start()
        with before.connect() as client:
            left = leave(Organization(client, **made), sink, place)
        if is_killed:
            before.kill()
        else:
            assert before.stop() == 0
        server.start()
        with server.connect() as client:
            finish(Organization(client, **made), sink, left)
        assert server.stop() == 0
        audit = doctor(folder)
        assert (audit["open"], audit["orphans"], audit["problems"]) == (0, 0, [])
        before.start(until_ready=False)
        assert before.wait() == NEWER
        assert "newer" in before.log_text().splitlines()[-1]
    finally:
        before.close()
        server.close()


@pytest.mark.distributed
@pytest.mark.timeout(3600)
def test_the_release_before_continues_beside_this_one_and_is_replaced_under_load(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    calls = repetitions(30, 1000)
    faults = ("REPLACE a worker", "REPLACE a serve", "KILL a worker")
    report = reported("distributed_from_release", *faults)
    run = DistributedRun(tmp_path / "run", sink, report.name, (*MIXED, *HELD), **of_older())
    try:
        (made,) = run.server.operating.add_organizations(1)
        with run.server.connect() as client:
            left = leave(Organization(client, **made), sink, PLACE)
        run.load.begin(count=CALLERS, await_seconds=AWAIT_SECONDS)
        until_calls(run, "call_1")
        first, second = run.server.workers
        replace(run, run.server.workers, first, report)
        until_calls(run, "call_1", calls)
        check_refused(run, report)
        kill(run, second, report)
        # Servers of the release before, workers of this one.
        until_calls(run, "call_1", calls)
        for old in tuple(run.server.servers):
            replace(run, run.server.servers, old, report)
            until_calls(run, "call_1", calls)
        run.server.operating = run.server.operating.of_release(of_this())
        with run.server.connect() as client:
            org = Organization(client, **made)
            finish(org, sink, left)
            others = len(org.pages("getOrganizationExecutions"))
        evidence = run.conclude(report, KILLED, NEWER, others=others)
    finally:
        run.close()
    hold(evidence, report, FOR_TIME)
    # Callers of the servers notice nothing.
    assert report.figures["calls without an answer"] == 0
    report.finish()


def of_this() -> dict[str, str]:
    """Returns the environment that runs this tree."""
    return {"PYTHONPATH": str(TREE)}


def replace(run: DistributedRun, nodes: list[Node], old: Node, report: FaultReport) -> None:
    """Starts this release beside a node, lets both work, then drains the older one."""
    node = run.server.new_node(old.kind, **of_this())
    node.until_ready(may_end=False)
    nodes.append(node)
    until_calls(run, "call_1", BESIDE_CALLS)
    nodes.remove(old)
    assert old.process.stop() == 0, old.process.program.log_end()
    report.hit(f"REPLACE a {old.kind}")


def kill(run: DistributedRun, old: Node, report: FaultReport) -> None:
    """Kills a worker of the release before, which is not started again; one of this release takes its place."""
    with run.fault("KILL a worker"):
        old.process.kill()
        old.process.until_exit(NEWER)
        old.process.close()
        run.server.workers.remove(old)
        node = run.server.new_node("worker", **of_this())
        node.until_ready(may_end=False)
        run.server.workers.append(node)


def check_refused(run: DistributedRun, report: FaultReport) -> None:
    """A process of the release before does not start on the newer tables, and names the required release."""
    for kind in ("serve", "worker"):
        refused = run_command(kind, folder=run.server.folder, **run.server.environment)
        answers = refused.stdout + refused.stderr
        assert refused.returncode == NEWER, answers
        assert "the release that wrote it" in answers or "a newer release wrote it" in answers, answers
        report.checked(f"an older {kind} is refused with {NEWER}")
