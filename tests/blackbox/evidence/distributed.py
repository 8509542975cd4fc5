"""Callers that keep working while parts of an installation die and return, and the evidence of the run.

A fault has a window: from its beginning until its target works again. A call may be repeated only if a window that
can hide a call's outcome lies between the two; so a run without faults shows any repeated call.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blackbox.evidence.invariants import UNDER_KILLS, Evidence, hold, repeated
from blackbox.evidence.load import Line, Run
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import Workload
from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, note, wait
from blackbox.harness.installation import Installation
from blackbox.harness.sink import Sink

SETTLING = 5_000_000_000
"""Nanoseconds after a fault in which its victims still notice it: broken sessions, lost polls."""
CALL_SECONDS = 300.0
"""Timeout for the arrival of a call, also after a fault and on a busy machine."""
STOPPED, KILLED, LOST = 0, -9, 74
"""Exit statuses of a process: stopped, killed, without its lease or its store."""


@dataclass(frozen=True)
class Window:
    """A fault, in nanoseconds. `hides`: it can hide the outcome of a call of a step."""

    fault: str
    begun: int
    ended: int
    hides: bool = True


@dataclass
class InstallationEvidence(Evidence):
    """Evidence of a run with faults in windows."""

    windows: Sequence[Window] = ()

    def is_disturbed(self, line: Line, following: Line) -> bool:
        """Returns whether a call may be repeated because its outcome was unknown: a fault lies between."""
        return any(
            window.hides and window.begun <= following["at"] and line["at"] <= window.ended + SETTLING
            for window in self.windows
        )

    def disturbances(self) -> Sequence[Any]:
        """Returns the windows."""
        return self.windows


class DistributedRun(Run):
    """An installation of its own with workflows, and its callers. `environment` is that of its processes."""

    # A lease must expire, then Temporal must notice; and the machine may be busy.
    live_seconds = 300.0

    def __init__(
        self,
        folder: Path,
        sink: Sink,
        name: str,
        workloads: Sequence[Workload],
        nodes: int = 2,
        **environment: str,
    ) -> None:
        self._nodes = nodes
        self._environment = environment
        self.windows: list[Window] = []
        self._victims = 0
        super().__init__(folder, sink, name, workloads)

    @contextmanager
    def fault(self, name: str, *, hides: bool = True) -> Iterator[None]:
        """Records that a fault lasts during a block; at its end the target works again."""
        begun = time.time_ns()
        try:
            yield
        finally:
            self.windows.append(Window(name, begun, time.time_ns(), hides))

    def kill(self, *, until_ready: bool = True) -> None:
        """Kills a server, each time the next one, and waits until it is ready again. Calls of steps continue."""
        self._victims += 1
        server = self.server.servers[self._victims % len(self.server.servers)]
        with self.fault("KILL a server", hides=False):
            server.kill()

    def stop(self) -> dict[str, Any]:
        """Stops servers and workers cleanly, and returns the document of `looply doctor`."""
        assert self.server.stop() == 0, self.server.exits()
        return self.server.operating.doctor()

    def conclude(self, report: FaultReport, *statuses: int, others: int = 0) -> InstallationEvidence:
        """Waits for the end of everything, stops the installation, checks the invariants and reports the faults.

        `statuses` are the allowed exit statuses; `others` are executions of other organizations.
        """
        self.load.end()
        rows = self.rows()
        audit = self.stop()
        ends = {end.status for exits in self.server.exits().values() for end in exits}
        assert ends <= {STOPPED, *statuses}, self.server.exits()
        evidence = InstallationEvidence(
            orders=self.load.orders, rows=rows, lines=self.calls(), audit=audit, others=others, windows=self.windows
        )
        hold(evidence, report, UNDER_KILLS)
        self._count(evidence, report)
        return evidence

    def _count(self, evidence: InstallationEvidence, report: FaultReport) -> None:
        for fault, count in Counter(window.fault for window in self.windows).items():
            report.hit(fault, count)
        report.checked("acknowledged calls", self.log.counts["ok"])
        report.worst("calls refused", self.log.counts["refused"])
        report.worst("calls without an answer", self.log.counts["unknown"])
        report.worst("calls repeated after a fault", repeated(evidence))
        report.worst("outcomes left open by a fault", sum(row["status"] == "FAILED" for row in evidence.rows.values()))

    def _install(self, folder: Path) -> None:
        self.server = Installation(folder, [f"127.0.0.1:{self.sink.port}"], **self._environment)
        try:
            self.server.prepare()
            self.made = self.server.made
            self.server.start(self._nodes, self._nodes)
        except BaseException:
            self.server.close()
            raise


def until_calls(run: DistributedRun, step: str, count: int = 1) -> None:
    """Waits until `count` more calls of a step have arrived than now: they are in flight when it returns."""
    expected = _count_calls(run, step) + count
    deadline = time.monotonic() + CALL_SECONDS
    while (found := _count_calls(run, step)) < expected:
        assert time.monotonic() < deadline, f"{found} of {expected} calls of {step} have arrived"
        time.sleep(0.05)


def _count_calls(run: DistributedRun, step: str) -> int:
    return sum(line["path"].endswith(f"/{step}") for line in run.calls())


class Operator:
    """Another organization's calls while a part of the installation is down: each must get a correct answer."""

    def __init__(self, run: DistributedRun) -> None:
        (made,) = run.server.operating.add_organizations(1)
        self._client = run.server.connect(timeout=120)
        self._org = Organization(self._client, **made)
        self._computing = self._org.create(definition(note(), name="Computing"))
        self._asking = self._org.create(definition(wait(), note(), name="Asked"))
        self.executions: list[str] = []

    def make_calls(self) -> None:
        """Triggers, reads, resumes, terminates and lists."""
        org = self._org
        computed = self._trigger(self._computing)
        assert org.item(self._computing, computed)["status"] == "COMPLETED"
        resumed, ended = self._trigger(self._asking), self._trigger(self._asking)
        assert [org.item(self._asking, each)["status"] for each in (resumed, ended)] == ["WAITING", "WAITING"]
        answers = [org.resume(resumed, n=1), org.resume(resumed, n=1), org.terminate(ended), org.resume(ended, n=2)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 409], [each.text for each in answers]
        said = [answer.json()["message"] for answer in answers[:3]]
        assert said == ["restarted", "already restarted", "terminated"]
        assert org.item(self._asking, resumed)["status"] == "COMPLETED"
        assert org.item(self._asking, ended)["status"] == "TERMINATED"
        listed = {row["workflow_execution_id"] for row in org.pages("getOrganizationExecutions")}
        assert listed == set(self.executions)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _trigger(self, workflow_id: str) -> str:
        execution_id = self._org.trigger(workflow_id, {})
        self.executions.append(execution_id)
        return execution_id
