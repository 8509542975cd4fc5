"""A full disk: new work is refused with a code, reads work, results are kept, and free space is the only remedy needed.

The hypothesis. While the disk of the data folder is full, a trigger is answered 503 `STORE_FULL` and stores nothing;
reads and health work; effects with calls in flight keep their one result. When space returns the server resumes
without a restart. A server that is killed while the disk is full starts on it, and serves reads.
"""

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.evidence.report import FaultReport
from blackbox.harness.client import ClientLog, Organization
from blackbox.harness.definitions import definition, http, note
from blackbox.harness.launcher import Server, doctor, init
from blackbox.harness.sink import Sink
from suite.small_disk import small_disk

SEED = 20261124
KIB, MIB = 1024, 1024 * 1024
CALLERS = 4
SMALL = "60m"
"""So small a disk has no reserve."""

Repetitions = Callable[[int, int], int]


class Disk:
    """A small file system, and the ballast that fills it."""

    def __init__(self, place: Path, size: str) -> None:
        self.place = place
        self._ballast = place / "ballast"
        self._mounted = ExitStack()
        self._mounted.enter_context(small_disk(place, size))

    def free(self) -> int:
        """Returns the free bytes."""
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Takes all space but `leave` bytes."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (MIB, 4 * KIB):
                try:
                    while self.free() >= leave + size:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def empty(self) -> None:
        """Frees the space."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmounts the file system."""
        self._mounted.close()


class Callers:
    """Threads that trigger with bodies that no compression makes smaller."""

    def __init__(self, server: Server, key: str, workflow_id: str, log: ClientLog) -> None:
        self._server = server
        self._headers = {"x-api-key": key}
        self._path = f"/v2/workflows/triggerworkflow/{workflow_id}"
        self._log = log
        self._numbers = itertools.count()
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.acknowledged: list[str] = []
        self.others: Counter[str] = Counter()
        self.is_refused = threading.Event()
        self.is_taken = threading.Event()

    def begin(self) -> None:
        """Lets them begin."""
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Lets them end what they have begun."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a caller does not get through"

    def _call(self) -> None:
        with httpx2.Client(base_url=self._server.address, timeout=120) as client:
            while not self._is_over.is_set():
                body = {"n": next(self._numbers), "noise": os.urandom(10_000).hex()}
                outcome, answer = self._log.call(client, self._path, body, self._headers)
                if outcome == "ok":
                    self.acknowledged.append(answer["looply_execution_id"])
                    self.is_taken.set()
                else:
                    self.others[f"{outcome} {answer.get('code', answer) if isinstance(answer, dict) else answer}"] += 1
                    self.is_refused.set()
                time.sleep(0.02)


class Stage:
    """A server on a small disk, with a workflow of an effect that takes a while."""

    def __init__(self, disk: Disk, sink: Sink, name: str) -> None:
        self.disk = disk
        self.sink = sink
        self.has_reserve = False
        self.path = f"/full-{name}"
        # The folder is the whole disk: log and ready file lie beside it, and never meet a full one.
        self.made = init(disk.place)
        self.server = Server(disk.place, [f"127.0.0.1:{sink.port}"])
        self.server.start()
        url = sink.script(f"{self.path}/once", {"delay": 0.3, "body": {"stamp": "s" * 500}})
        call = http(f"{url}?id=${{payload.output.workflow_execution_id}}", "once", "POST", body={})
        self.log = ClientLog(disk.place.with_name("calls.jsonl"))
        with httpx2.Client(base_url=self.server.address, timeout=120) as client:
            self.workflow_id = Organization(client, **self.made).create(definition(call, note(), name="Once"))
        self.callers = Callers(self.server, self.made["api_key"], self.workflow_id, self.log)

    def effects(self) -> Counter[str]:
        """Returns how often the effect of each execution arrived."""
        return Counter(line["target"].partition("?id=")[2] for line in self.sink.lines(f"{self.path}/"))

    def look(self, client: httpx2.Client) -> None:
        """Reads as people and supervisors do."""
        org = Organization(client, **self.made)
        assert org.get("getOrganizationExecutions").status_code == 200
        assert org.get("searchExecutions", status="RUNNING").status_code == 200
        if self.callers.acknowledged:
            assert org.item(self.workflow_id, self.callers.acknowledged[0])["workflow_id"] == self.workflow_id
        assert client.get("/healthz/live").status_code == 200

    def finished(self) -> dict[str, dict[str, Any]]:
        """Returns all executions, once none runs any more."""
        deadline = time.monotonic() + 120
        with httpx2.Client(base_url=self.server.address, timeout=120) as client:
            org = Organization(client, **self.made)
            while org.get("searchExecutions", status="RUNNING", limit=1).json()["count"]:
                assert time.monotonic() < deadline, org.get("searchExecutions", status="RUNNING").text[:2000]
                time.sleep(0.05)
            return {row["workflow_execution_id"]: row for row in org.pages("getOrganizationExecutions")}

    def close(self) -> None:
        """Ends callers and server, and takes the disk away."""
        self.callers.end()
        self.server.close()
        self.log.close()
        self.disk.close()


@pytest.fixture(params=["160m", SMALL], ids=["with a reserve", "too small for a reserve"])
def stage(tmp_path: Path, sink: Sink, request: pytest.FixtureRequest) -> Iterator[Stage]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    found = Stage(Disk(tmp_path / "data", request.param), sink, f"{tmp_path.name}-{request.param}")
    found.has_reserve = request.param != SMALL
    yield found
    found.close()


def report_name(stage: Stage, name: str) -> str:
    return f"{name}_{stage.path.rpartition('-')[2]}"


@pytest.mark.timeout(900)
def test_a_full_disk_under_load_is_survived_without_a_restart(stage: Stage, repetitions: Repetitions) -> None:
    rounds, seconds = repetitions(3, 10), repetitions(2, 30)
    options = {"rounds": rounds, "seconds full": seconds}
    report = FaultReport(report_name(stage, "disk_full"), seed=SEED, options=options, faults=("FULL",))
    callers, pid = stage.callers, stage.server.pid
    callers.begin()
    with httpx2.Client(base_url=stage.server.address, timeout=120) as client:
        for _ in range(rounds):
            callers.is_refused.clear()
            stage.disk.fill(leave=MIB)
            assert callers.is_refused.wait(120), "the disk does not become full"
            report.hit("FULL")
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                stage.disk.fill()
                stage.look(client)
                report.checked("S16 reads and health while full")
                time.sleep(0.05)
            stage.disk.empty()
            begun = time.monotonic()
            callers.is_taken.clear()
            assert callers.is_taken.wait(120), f"it does not resume: {callers.others}"
            report.worst("seconds until it went on", time.monotonic() - begun)
    callers.end()
    assert set(callers.others) == {"fail STORE_FULL"}, callers.others
    report.checked("S16 refused in words", callers.others["fail STORE_FULL"])
    assert (stage.server.pid, stage.server.is_running()) == (pid, True)
    assert_kept(stage, report)
    assert_sound(stage, report)


@pytest.mark.timeout(600)
def test_a_server_that_ended_starts_on_a_full_disk_and_reads(stage: Stage, repetitions: Repetitions) -> None:
    rounds = repetitions(3, 12)
    options = {"rounds": rounds}
    report = FaultReport(report_name(stage, "disk_full_start"), seed=SEED, options=options, faults=("FULL", "KILL"))
    callers = stage.callers
    callers.begin()
    for number in range(rounds):
        callers.is_taken.clear()
        assert callers.is_taken.wait(120), f"it does not resume: {callers.others}"
        end_on_a_full_disk(stage, ("stopped", "unnoticed", "met")[number % 3])
        has_reserve = (stage.disk.place / "reserve").exists()
        assert number or has_reserve == stage.has_reserve
        report.hit("FULL")
        report.hit("KILL", number % 3 != 0)
        begun = time.monotonic()
        stage.server.start(until_ready=False)
        with httpx2.Client(base_url=stage.server.address, timeout=120) as client:
            if is_refused(stage.server, client):
                # Without a reserve there may be no space at all: reported clearly, and nothing is damaged.
                assert not has_reserve, stage.server.log_text()[-2000:]
                assert "is full; make space and start again" in stage.server.log_text()
                report.checked("S16 a start without any space is refused in words")
                stage.disk.empty()
                stage.server.start()
            report.worst("seconds until it answered", time.monotonic() - begun)
            stage.look(client)
            report.checked("S16 a start on a full disk reads")
        stage.disk.empty()
    callers.is_taken.clear()
    assert callers.is_taken.wait(120), f"it does not resume: {callers.others}"
    callers.end()
    assert_all_there(stage, report)
    assert_sound(stage, report)


def end_on_a_full_disk(stage: Stage, how: str) -> None:
    """Ends the server in order, before anything has met the full disk, or after its load has; then the disk is full."""
    if how == "met":
        stage.callers.is_refused.clear()
        stage.disk.fill(leave=MIB)
        assert stage.callers.is_refused.wait(120), "the disk does not become full"
    if how == "unnoticed":
        stage.disk.fill()
    if how == "stopped":
        assert stage.server.stop() == 0
    else:
        stage.server.kill()
    stage.disk.fill()


def is_refused(server: Server, client: httpx2.Client) -> bool:
    """Waits until a started server answers; returns whether it has ended instead."""
    deadline = time.monotonic() + 120
    while server.is_running():
        assert time.monotonic() < deadline, server.log_text()[-2000:]
        try:
            if client.get("/healthz/live").status_code == 200:
                return False
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    return True


def assert_kept(stage: Stage, report: FaultReport) -> None:
    """The acknowledged executions exist and no others, each has ended, and each effect has its one result."""
    rows = stage.finished()
    assert set(rows) == set(stage.callers.acknowledged)
    report.checked("I1 no acknowledged loss, no ghost", len(rows))
    assert Counter(row["status"] for row in rows.values()) == {"COMPLETED": len(rows)}
    effects = stage.effects()
    assert {execution_id: effects[execution_id] for execution_id in rows} == dict.fromkeys(rows, 1)
    report.checked("I4 no effect lost or repeated", len(rows))


def assert_all_there(stage: Stage, report: FaultReport) -> None:
    """The acknowledged executions exist. One with an unknown outcome of a call after a kill has failed."""
    rows = stage.finished()
    assert set(stage.callers.acknowledged) <= set(rows)
    unknown = sum(count for name, count in stage.callers.others.items() if name.startswith("unknown"))
    assert len(rows) <= len(stage.callers.acknowledged) + unknown
    report.checked("I1 no acknowledged loss", len(rows))
    assert {row["status"] for row in rows.values()} <= {"COMPLETED", "FAILED"}
    assert max(stage.effects().values()) == 1
    report.checked("I4 no effect repeated", len(rows))


def assert_sound(stage: Stage, report: FaultReport) -> None:
    assert stage.server.stop() == 0
    found = doctor(stage.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 no orphans", found["executions"])
    report.finish()
