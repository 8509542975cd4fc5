"""The wall clock is set back and forward, and the process is paused, while calls, timers and effects are in flight.

Nothing fires early, no nominal instant of a schedule fires twice, no time stamp of an execution goes back, and ids and
lists keep the order in which the calls came, also over a restart on a clock that is behind.
"""

import itertools
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from blackbox.evidence.report import FaultReport
from blackbox.harness.client import Organization
from blackbox.harness.definitions import TWO_WAITS, definition, graph, http, note, wait
from blackbox.harness.faketime import WallClock, why_not
from blackbox.harness.launcher import Server, doctor, init
from blackbox.harness.sink import Sink

HOUR = 3600.0
SHORT = 2
"""Seconds of the delays that fall due while the clock is set."""
CALLERS = 3

Repetitions = Callable[[int, int], int]


class Made(NamedTuple):
    """One execution of the load: when it was requested and acknowledged, by a clock that is never set."""

    asked: float
    acknowledged: float
    execution_id: str


class Load:
    """Callers that trigger, read, answer and read again, and note every time stamp that they see."""

    def __init__(self, server: Server, made: dict[str, str], workflow_id: str) -> None:
        self._server = server
        self._made = made
        self._workflow_id = workflow_id
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(CALLERS)]
        self.executions: list[Made] = []
        self.stamps: dict[str, list[tuple[int, int]]] = {}
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Lets every caller finish its current work."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a caller does not get through"

    def _work(self) -> None:
        with httpx2.Client(base_url=self._server.address, timeout=120) as client:
            org = Organization(client, **self._made)
            while not self._is_over.is_set():
                asked = time.monotonic()
                execution_id = org.trigger(self._workflow_id)
                self.executions.append(Made(asked, time.monotonic(), execution_id))
                self._read(org, execution_id)
                # Two answers: a change that came before the last one is seen only when there were some.
                for number in range(2):
                    time.sleep(0.15)
                    assert org.resume(execution_id, n=number).status_code == 200
                    self._read(org, execution_id)

    def _read(self, org: Organization, execution_id: str) -> None:
        item = org.item(self._workflow_id, execution_id)
        self.stamps.setdefault(execution_id, []).append((item["created_on"], item["modified_on"]))


class Place:
    """A server on a clock that the test sets, with workflows that wait, delay and start by themselves."""

    def __init__(self, folder: Path, environment: dict[str, str], allow: str = "") -> None:
        self.made = init(folder / "data")
        self.server = Server(folder / "data", [allow] if allow else [], **environment)
        self.server.start()
        self.client = httpx2.Client(base_url=self.server.address, timeout=120)
        self.org = Organization(self.client, **self.made)
        self.asking = self.org.create(TWO_WAITS)
        self.delays = {seconds: self._delaying(seconds) for seconds in (SHORT, int(HOUR))}
        self.started: dict[int, list[str]] = {seconds: [] for seconds in self.delays}

    def delay(self, seconds: int) -> str:
        """Starts an execution with a delay of `seconds`."""
        execution_id = self.org.trigger(self.delays[seconds])
        self.started[seconds].append(execution_id)
        return execution_id

    def status(self, seconds: int, execution_id: str) -> str:
        found: str = self.org.item(self.delays[seconds], execution_id)["status"]
        return found

    def fired(self) -> int:
        """Returns how many of the delays have ended."""
        statuses = [self.status(seconds, each) for seconds, all_ in self.started.items() for each in all_]
        return statuses.count("COMPLETED")

    def restart(self) -> None:
        """Kills the server and starts it again."""
        self.server.kill()
        self.client.close()
        self.server.start()
        self.client = httpx2.Client(base_url=self.server.address, timeout=120)
        self.org = Organization(self.client, **self.made)

    def close(self) -> None:
        self.client.close()
        self.server.close()

    def _delaying(self, seconds: int) -> str:
        return self.org.create(definition({"id": "delay_1", "type": "delay", "settings": {"for": f"PT{seconds}S"}}))


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    if reason := why_not(tmp_path):
        pytest.skip(reason)
    return WallClock(tmp_path)


@pytest.fixture
def place(tmp_path: Path, clock: WallClock) -> Iterator[Place]:
    found = Place(tmp_path, clock.environment)
    yield found
    found.close()


def scheduled(org: Organization) -> str:
    """Creates a workflow that starts every second."""
    return org.create(definition(note(), trigger={"trigger_type": "SCHEDULED", "schedule": {"every": "PT1S"}}))


def firings(folder: Path) -> dict[str, int]:
    """Returns the nominal instant of each execution that a schedule started, from the folder of a stopped server."""
    connection = sqlite3.connect(folder / "executions.db")
    try:
        rows = connection.execute("SELECT lower(hex(execution_id)), nominal_ms FROM fire WHERE execution_id NOT NULL")
        return dict(rows.fetchall())
    finally:
        connection.close()


def check_stamps(load: Load, rows: list[dict[str, Any]], report: FaultReport) -> None:
    """No time stamp of an execution goes back from one read to the next, and none is before its beginning."""
    for row in rows:
        stamps = [entry["timestamp"] for entry in row["workflow_event_log"]["events"]]
        assert stamps == sorted(stamps), row
    for execution_id, seen in load.stamps.items():
        assert len({created for created, _ in seen}) == 1, (execution_id, seen)
        changed = [modified for _, modified in seen]
        assert changed == sorted(changed), (execution_id, seen)
        assert all(created <= modified for created, modified in seen), (execution_id, seen)
    report.checked("S25 time stamps never decrease", len(load.stamps))


def check_order(load: Load, rows: list[dict[str, Any]], report: FaultReport) -> None:
    """Ids follow the order of the calls, the list is in the order of the ids, and nothing is missing from it."""
    ids = [row["workflow_execution_id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == len(ids)
    assert {made.execution_id for made in load.executions} <= set(ids)
    done = sorted(load.executions, key=lambda made: made.acknowledged)
    highest = list(itertools.accumulate((made.execution_id for made in done), max))
    for made in load.executions:
        earlier = [top for other, top in zip(done, highest, strict=True) if other.acknowledged < made.asked]
        assert not earlier or earlier[-1] < made.execution_id
    report.checked("ids follow the order of the calls", len(load.executions))


def check_timers(place: Place, report: FaultReport) -> None:
    """No delay ended before its time by its own log, and none more than once."""
    for seconds, started in place.started.items():
        for execution_id in started:
            item = place.org.item(place.delays[seconds], execution_id)
            log = item["workflow_event_log"]["events"]
            stamps = [entry["timestamp"] for entry in log]
            assert stamps == sorted(stamps)
            if item["status"] == "COMPLETED":
                assert stamps[-1] - stamps[0] >= seconds * 1000, log
            assert [entry["type"] for entry in log].count("EXECUTION_COMPLETED") <= 1
            report.checked("no timer fires early or twice")


def check_schedule(place: Place, rows: list[dict[str, Any]], report: FaultReport, *steps: float) -> int:
    """Each execution of the schedule has a nominal instant of its own and began at it or later.

    One that is being started while the clock is set back has the earlier time; `steps` are the seconds of each.
    """
    nominal = firings(place.server.folder)
    assert len(set(nominal.values())) == len(nominal)
    own = [row for row in rows if row["workflow_trigger_type"] == "SCHEDULED"]
    assert {row["workflow_execution_id"].replace("-", "") for row in own} == set(nominal)
    left = sorted(steps)
    for row in own:
        early = (
            nominal[row["workflow_execution_id"].replace("-", "")] - row["workflow_event_log"]["events"][0]["timestamp"]
        )
        if early > 0:
            cause = next((step for step in left if step * 1000 >= early), None)
            assert cause is not None, row
            left.remove(cause)
        report.checked("S11 no nominal instant fires early or twice")
    return len(own)


@pytest.mark.timeout(600)
def test_a_clock_that_goes_back_a_second_again_and_again_fires_nothing_twice(
    place: Place, clock: WallClock, repetitions: Repetitions
) -> None:
    steps = repetitions(12, 60)
    report = FaultReport("clock_back_by_seconds", seed=0, options={"steps": steps}, faults=["CLK -1 s"])
    workflow_id = scheduled(place.org)
    load = Load(place.server, place.made, place.asking)
    for number in range(steps):
        place.delay(SHORT)
        # Each second comes again about four times, with the instants of the schedule and the delays in it.
        time.sleep(1.25)
        clock.set(-1.0 - number)
        report.hit("CLK -1 s")
        # PLAY computes the next instant again, and finds one that has fired.
        for action in ("PAUSE", "PLAY"):
            toggled = place.org.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": action})
            assert toggled.status_code == 200
    load.end()
    for execution_id in place.started[SHORT]:
        place.org.until(place.delays[SHORT], execution_id, "COMPLETED")
    place.org.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    rows = place.org.pages("getOrganizationExecutions")
    check_stamps(load, rows, report)
    check_order(load, rows, report)
    check_timers(place, report)
    assert place.server.stop() == 0
    assert check_schedule(place, rows, report, *[1.0] * steps) >= 2
    assert doctor(place.server.folder)["problems"] == []
    report.finish()


@pytest.mark.timeout(600)
def test_a_clock_that_is_set_by_hours_fires_nothing_before_a_minute_of_stability(
    place: Place, clock: WallClock, repetitions: Repetitions
) -> None:
    faults = ["CLK -2 h", "CLK +26 h", "STOP with CLK +1 h", "KILL"]
    report = FaultReport("clock_set_by_hours", seed=0, options={}, faults=faults)
    workflow_id = scheduled(place.org)
    load = Load(place.server, place.made, place.asking)
    time.sleep(2.5)
    place.delay(int(HOUR))
    place.delay(SHORT)
    clock.set(-2 * HOUR)
    report.hit("CLK -2 h")
    # The pump sees the step when it looks at the clock the next time.
    time.sleep(2.5)
    place.delay(SHORT)
    clock.set(26 * HOUR)
    report.hit("CLK +26 h")
    time.sleep(3)
    assert place.status(int(HOUR), place.started[int(HOUR)][0]) == "WAITING"
    before = len(place.org.pages("searchExecutions", workflow_id=workflow_id))
    os.kill(place.server.pid, signal.SIGSTOP)
    clock.set(27 * HOUR)
    time.sleep(1)
    os.kill(place.server.pid, signal.SIGCONT)
    report.hit("STOP with CLK +1 h")
    time.sleep(3)
    assert place.status(int(HOUR), place.started[int(HOUR)][0]) == "WAITING"
    assert len(place.org.pages("searchExecutions", workflow_id=workflow_id)) == before
    report.checked("firing is held after a step")
    clock.set(0)
    load.end()
    if repetitions(0, 1):
        time.sleep(65)
        assert place.fired() == 2
    place.restart()
    report.hit("KILL")
    again = Load(place.server, place.made, place.asking)
    for execution_id in place.started[SHORT]:
        place.org.until(place.delays[SHORT], execution_id, "COMPLETED")
    assert place.status(int(HOUR), place.started[int(HOUR)][0]) == "WAITING"
    time.sleep(1.5)
    again.end()
    place.org.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    rows = place.org.pages("getOrganizationExecutions")
    again.executions += load.executions
    again.stamps |= load.stamps
    check_stamps(again, rows, report)
    check_order(again, rows, report)
    check_timers(place, report)
    assert place.server.stop() == 0
    assert check_schedule(place, rows, report, 2 * HOUR, 27 * HOUR) > before
    assert doctor(place.server.folder)["problems"] == []
    report.finish()


@pytest.mark.timeout(600)
def test_a_paused_process_repeats_nothing_and_loses_nothing(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    rounds, seconds = repetitions(2, 20), repetitions(4, 12)
    report = FaultReport("stopped_and_continued", seed=0, options={"seconds": seconds}, faults=["STOP"])
    place = Place(tmp_path, {}, f"127.0.0.1:{sink.port}")
    try:
        workflow_id = scheduled(place.org)
        delayed = {"delay": 1.0}
        url = sink.script("/stop/calls", delayed)
        calling = place.org.create(definition(http(url, method="POST", body={}), note()))
        timing = place.org.create(
            graph(
                [wait("wait_1", timeout="PT2S"), note("late")],
                ("WorkflowStartState", "wait_1"),
                ("wait_1", "late", "timeout"),
            )
        )
        called: list[str] = []
        timed: list[str] = []
        for number in range(rounds):
            called += [place.org.trigger(calling) for _ in range(5)]
            timed += [place.org.trigger(timing) for _ in range(5)]
            for _ in range(5):
                place.delay(SHORT)
            sink.wait_for("/stop/calls", 5 * number + 1)
            os.kill(place.server.pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(place.server.pid, signal.SIGCONT)
            report.hit("STOP")
            for own, ids in ((calling, called), (timing, timed), (place.delays[SHORT], place.started[SHORT])):
                for execution_id in ids:
                    place.org.until(own, execution_id, "COMPLETED")
        lines = Counter(line["key"] for line in sink.lines("/stop/calls"))
        assert lines == Counter(f"{execution_id}:http_1:1" for execution_id in called)
        report.checked("I4 one call for each step", len(called))
        for execution_id in timed:
            types = Counter(
                entry["type"] for entry in place.org.item(timing, execution_id)["workflow_event_log"]["events"]
            )
            assert types["WAIT_TIMED_OUT"] == 1
            report.checked("a time limit ends once")
        check_timers(place, report)
        place.org.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
        rows = place.org.pages("getOrganizationExecutions")
        assert place.server.stop() == 0
        assert check_schedule(place, rows, report) >= 2
        found = doctor(place.server.folder)
        assert (found["open"], found["problems"]) == (0, [])
    finally:
        place.close()
    report.finish()
