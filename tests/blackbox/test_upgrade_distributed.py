"""Two releases side by side on one database: one is drained and replaced by the other under load, and nothing is lost.

The next release is a copy of this tree that calls itself by another version; what it writes says so. It stands for any
release that keeps the tables: the processes of both share leases, effects and executions, and each must go on with what
the other has begun. Tables that change are the business of the store's own tests.
"""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from blackbox_distributed import DistributedRun, until_calls
from blackbox_installation import Node
from blackbox_invariants import FOR_TIME, hold
from blackbox_report import FaultReport
from blackbox_sink import Sink
from blackbox_workloads import HELD, MIXED

pytestmark = pytest.mark.distributed

TREE = Path(__file__).parents[2] / "src" / "looply"
CALLERS = 6
AWAIT_SECONDS = 3.0
BESIDE_SECONDS = 3.0
"""So long do both releases work beside each other before the older one is asked to stop."""
NEXT = ".post1"
_VERSION = re.compile(r'__version__ = "([^"]+)"')

Repetitions = Callable[[int, int], int]
Reported = Callable[..., FaultReport]


def next_release(folder: Path) -> tuple[str, dict[str, str]]:
    """Makes a copy of this tree with another version; returns the version and the environment that runs it."""
    shutil.copytree(TREE, folder / "looply", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "looply" / "__init__.py"
    text = file.read_text(encoding="utf-8")
    found = _VERSION.search(text)
    assert found, file
    version = found[1] + NEXT
    file.write_text(text.replace(found[0], f'__version__ = "{version}"'), encoding="utf-8")
    return version, {"PYTHONPATH": str(folder)}


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
    version, newer = next_release(tmp_path / "next")
    run = DistributedRun(tmp_path / "run", sink, report.name, (*MIXED, *HELD))
    try:
        run.load.begin(count=CALLERS, await_seconds=AWAIT_SECONDS)
        for number in range(rounds):
            environment = newer if number % 2 == 0 else {}
            for nodes in (run.server.servers, run.server.workers):
                for old in tuple(nodes):
                    replace(run, nodes, old, environment)
                    report.hit(f"REPLACE a {old.kind}")
        until_calls(run, "got", 2)
        evidence = run.conclude(report)
    finally:
        run.close()
    hold(evidence, report, FOR_TIME)
    # Nothing died, so no answer may be missing, nothing made again, and nothing put to a person.
    assert report.figures["calls cut off"] == 0
    assert report.figures["outcomes left open by a fault"] == 0
    assert {version, version.removesuffix(NEXT)} == versions(run)
    report.finish()
