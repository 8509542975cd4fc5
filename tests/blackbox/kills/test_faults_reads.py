"""Reads beside writes: acknowledged changes are in every later read, pages are complete, overload is refused.

There are no faults of the server here, but many callers.
"""

import random
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.evidence.invariants import check_pages
from blackbox.evidence.load import SEED, Run
from blackbox.evidence.race import Racers, get, post
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import RACED, TO_A_WAIT, TO_THE_END
from blackbox.harness.client import Organization
from blackbox.harness.sink import Sink

LONGEST_SECONDS = 3600
RECENT = 60
"""So many of the last acknowledged executions are looked for in a list."""
AT_ONCE = 1200
"""More than the 1,000 calls that may wait for what authors edit."""
WRITES = 3

Repetitions = Callable[[int, int], int]
Work = Callable[[Organization, random.Random], None]


@dataclass
class Acknowledged:
    """Acknowledged changes in order: how many events an execution must show at least."""

    ids: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)

    def add(self, execution_id: str, type_: str) -> None:
        """Records a change: the log of the execution has an event of this type from now on."""
        self.types[execution_id] = type_
        if type_ == "WAIT_OPENED":
            self.ids.append(execution_id)


class Crowd:
    """Threads of callers, each with connections of its own, until the time is over."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []

    def add(self, count: int, work: Work, pause: float = 0) -> None:
        """Lets so many callers do something again and again, with a pause (seconds) between."""
        for _ in range(count):
            thread = threading.Thread(target=self._repeat, args=(work, pause, SEED + len(self._threads)))
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Waits for all. Raises what the first one raised."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a caller does not get through"
        if self._failures:
            raise self._failures[0]

    def _repeat(self, work: Work, pause: float, seed: int) -> None:
        chance = random.Random(seed)
        try:
            with httpx2.Client(base_url=self._run.server.address, timeout=120) as client:
                org = Organization(client, **self._run.made)
                while not self._is_over.wait(pause * chance.uniform(0.5, 1.5)):
                    work(org, chance)
        except BaseException as error:  # raised by `end`, in the thread of the test
            self._failures.append(error)
            self._is_over.set()


@contextmanager
def served(folder: Path, sink: Sink, name: str) -> Iterator[Run]:
    """Yields a server with the small workflows; it ends cleanly, and its store is consistent."""
    run = Run(folder / "data", sink, name, RACED)
    try:
        yield run
        assert run.stop()["problems"] == []
    finally:
        run.close()


def _write(run: Run, acked: Acknowledged) -> Work:
    def write(org: Organization, chance: random.Random) -> None:
        execution_id = org.trigger(run.workflows[TO_A_WAIT], {"n": 0})
        acked.add(execution_id, "WAIT_OPENED")
        if chance.random() < 0.5:
            assert org.resume(execution_id, n=1).json()["message"] == "restarted"
            acked.add(execution_id, "WAIT_RESUMED")
        if chance.random() < 0.3:
            assert org.terminate(execution_id).json()["message"] == "terminated"
            acked.add(execution_id, "EXECUTION_TERMINATED")

    return write


def _read_point(run: Run, acked: Acknowledged, report: FaultReport) -> Work:
    def read(org: Organization, chance: random.Random) -> None:
        if not acked.ids:
            return
        execution_id = chance.choice(acked.ids[-8:])
        type_ = acked.types[execution_id]
        item = org.item(run.workflows[TO_A_WAIT], execution_id)
        shown = {entry["type"] for entry in item["workflow_event_log"]["events"]}
        assert type_ in shown, f"{execution_id}: {type_} was acknowledged, a later read shows {shown}"
        report.checked("S2 a read shows what was acknowledged before")

    return read


def _read_list(name: str, query: dict[str, str], acked: Acknowledged, report: FaultReport) -> Work:
    def read(org: Organization, chance: random.Random) -> None:
        expected = {execution_id: acked.types[execution_id] for execution_id in acked.ids[-RECENT:]}
        if not expected:
            return
        for row in _down_to(org, name, query, min(expected)):
            type_ = expected.pop(row["workflow_execution_id"], None)
            shown = [entry["type"] for entry in row["workflow_event_log"]["events"]]
            assert type_ is None or type_ in shown, f"{row['workflow_execution_id']}: {type_} is not in {shown}"
            report.checked("S2 a list shows what was acknowledged before", int(type_ is not None))
        assert not expected, f"{name} does not show {expected}"

    return read


def _down_to(org: Organization, name: str, query: dict[str, str], lowest: str) -> Iterator[dict[str, Any]]:
    """Iterates over a list, newest first, as far as the page with an id."""
    key: dict[str, Any] = {}
    while True:
        page = org.get(name, **{**query, **key}, limit=30).json()
        yield from page["items"]
        if "lastKey" not in page or page["items"][-1]["workflow_execution_id"] <= lowest:
            return
        key = page["lastKey"]


@pytest.mark.timeout(LONGEST_SECONDS)
def test_what_was_acknowledged_is_in_every_later_read_and_list(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    seconds = repetitions(5, 900)
    faults = ("acknowledged executions",)
    report = FaultReport("reads_after_writes", seed=SEED, options={"writers": 16, "readers": 16}, faults=faults)
    acked = Acknowledged()
    with served(tmp_path, sink, report.name) as run:
        workflow_id = run.workflows[TO_A_WAIT]
        crowd = Crowd(run)
        crowd.add(16, _write(run, acked), pause=0.05)
        crowd.add(8, _read_point(run, acked, report), pause=0.02)
        crowd.add(4, _read_list("getOrganizationExecutions", {}, acked, report), pause=0.05)
        crowd.add(4, _read_list("getWorkflowExecutionHistory", {"workflow_id": workflow_id}, acked, report), pause=0.05)
        time.sleep(seconds)
        crowd.end()
    report.hit("acknowledged executions", len(acked.ids))
    report.finish()
    assert set(report.invariants) == {
        "S2 a read shows what was acknowledged before",
        "S2 a list shows what was acknowledged before",
    }


def _pages(org: Organization, name: str, query: dict[str, str], limit: int) -> list[list[str]]:
    found: list[list[str]] = []
    key: dict[str, Any] = {}
    while True:
        answer = org.get(name, **{**query, **key}, limit=limit)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append([item["workflow_execution_id"] for item in page["items"]])
        if "lastKey" not in page:
            return found
        key = page["lastKey"]


@pytest.mark.timeout(LONGEST_SECONDS)
def test_pages_of_every_size_are_whole_while_executions_start_and_end(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    stored, turns = 120, repetitions(1, 40)
    faults = ("executions that started concurrently",)
    report = FaultReport("pages_under_change", seed=SEED, options={"stored": stored, "sizes": 30}, faults=faults)
    acked = Acknowledged()
    with served(tmp_path, sink, report.name) as run, httpx2.Client(base_url=run.server.address, timeout=120) as client:
        org = Organization(client, **run.made)
        for _ in range(stored):
            acked.add(org.trigger(run.workflows[TO_A_WAIT], {"n": 0}), "WAIT_OPENED")
        lists = (
            ("getOrganizationExecutions", {}),
            ("getWorkflowExecutionHistory", {"workflow_id": run.workflows[TO_A_WAIT]}),
        )
        sizes = [(size, lists[(size + turn) % 2]) for turn in range(turns) for size in range(1, 31)]
        crowd = Crowd(run)
        crowd.add(8, _write(run, acked), pause=0.04)
        begun = time.monotonic()
        try:
            for size, (name, query) in sizes:
                before = set(acked.ids)
                check_pages(_pages(org, name, query, size), before, size)
                report.checked("S24 pages are whole")
        finally:
            crowd.end()
    started = len(acked.ids) - stored
    report.hit("executions that started concurrently", started)
    report.worst("started_per_second", started / (time.monotonic() - begun))
    report.finish()


def _allow_connections(count: int) -> None:
    """Lets this process and those that it starts open so many; skips where the machine does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        pytest.skip(f"{count} open files are needed, this machine allows {hard}")
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def _overload(run: Run, racers: Racers, number: int, report: FaultReport) -> tuple[set[str], set[str]]:
    """Sends more than may queue while another process holds the catalog; returns what was accepted of writes.

    These are the executions and the names of profiles. Reads queue behind the writes, which wait for the other one.
    """
    workflow_id = run.workflows[TO_THE_END]
    trigger = post(run, f"triggerworkflow/{workflow_id}", {"n": 0})
    reading = get(run, "getOrganizationWorkflows", {"limit": "30"})
    names = [f"profile-{number}-{count}" for count in range(WRITES)]
    writes = [post(run, "createProfile", {"workflow_id": workflow_id, "name": name, "values": {}}) for name in names]
    holder = sqlite3.connect(run.server.folder / "catalog.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        racers.send([*writes, *[trigger if count % 20 == 0 else reading for count in range(AT_ONCE - WRITES)]])
        last = racers.receive(AT_ONCE - 1)
        holder.execute("ROLLBACK")
    finally:
        holder.close()
    replies = [*(racers.receive(place) for place in range(AT_ONCE - 1)), last]
    for reply in replies:
        assert reply.status in (200, 429), reply
        assert reply.status == 200 or reply.retry_after >= 1, reply
    report.hit("refused as too much", sum(reply.status == 429 for reply in replies))
    report.checked("S15 every call is answered: done, or refused with Retry-After", len(replies))
    triggered = replies[WRITES::20]
    # Triggers are not in the queue of reads of the catalog.
    assert {reply.status for reply in triggered} == {200}, triggered
    made = {name for name, reply in zip(names, replies, strict=False) if reply.status == 200}
    return {reply.body["looply_execution_id"] for reply in triggered}, made


@pytest.mark.timeout(LONGEST_SECONDS)
def test_an_overload_is_refused_with_a_code_and_accepted_calls_are_stored(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    rounds = repetitions(1, 20)
    options = {"calls at once": AT_ONCE, "rounds": rounds}
    report = FaultReport("overload", seed=SEED, options=options, faults=("refused as too much",))
    _allow_connections(AT_ONCE + 200)
    executions: set[str] = set()
    profiles: set[str] = set()
    with served(tmp_path, sink, report.name) as run:
        racers = Racers(run, AT_ONCE)
        for number in range(rounds):
            triggered, made = _overload(run, racers, number, report)
            executions |= triggered
            profiles |= made
        racers.close()
        with httpx2.Client(base_url=run.server.address, timeout=120) as client:
            org = Organization(client, **run.made)
            rows = org.pages("getOrganizationExecutions")
            stored = org.get("getProfiles", workflow_id=run.workflows[TO_THE_END]).json()["items"]
    assert {row["workflow_execution_id"] for row in rows} == executions
    assert {profile["name"] for profile in stored} == profiles
    report.checked("S15 what was accepted is there, and nothing else", len(rows) + len(profiles))
    report.finish()
