"""Event streams while servers are killed and restarted under load: each event once, in the order of commits.

The hypothesis: a client that reconnects with the id of its last event, to the same server or another one,
gets every entry of every execution exactly once; all clients get one order, which is also that of a
client that begins at the same cursor afterwards; a watcher of one execution gets its whole log, then its end.
Some watchers reconnect only when their connection is lost, others disconnect by themselves, also within a unit.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blackbox.evidence.distributed import DistributedRun
from blackbox.evidence.killing import KILLS, created, kill_again_and_again, ordering, place_of, run_of
from blackbox.evidence.load import SEED, Run
from blackbox.evidence.report import FaultReport
from blackbox.evidence.watching import Event, Watcher
from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, note
from blackbox.harness.sink import Sink

LONGEST_SECONDS = 3 * 3600
SEEN_SECONDS = 300
CALLERS = 2
LEAVES = (0, 60, 10)
"""One watcher stays as long as it can, the others leave after that many events at most."""
FOLLOWERS = 4
NUMBERED = ("workflow_id", "workflow_execution_id")

Repetitions = Callable[[int, int], int]
Entry = dict[str, Any]


def _definition(place: str) -> dict[str, Any]:
    """A call, a pause, and a step that computes; every fifth order has an incident there: two entries of one event."""
    pause = {"id": "delay_1", "type": "delay", "settings": {"for": "PT0.1S"}}
    call = http(f"{place}/${{payload.output.n}}/got", "got")
    return definition(call, pause, note("number", "${int(payload.output.text)}"), name="Watched")


def _body(number: int) -> dict[str, Any]:
    return {"n": number, "text": "x" if number % 5 == 0 else "1"}


class Followers:
    """Watchers of single executions, a few at a time, each until its execution has ended or has an incident."""

    def __init__(self, run: Run, asked: dict[int, str]) -> None:
        self._run = run
        self._asked = asked
        self._known: set[str] = set()
        self.all: dict[str, Watcher] = {}

    def add(self) -> None:
        """Starts watchers of the newest executions."""
        open_ = [each for each in self.all.values() if not _is_done(each)]
        for execution_id in [*self._asked.values()][-FOLLOWERS:]:
            if execution_id not in self.all and len(open_) < FOLLOWERS:
                watcher = _watcher(self._run, "watchExecution", leaves=2, workflow_execution_id=execution_id)
                watcher.begin()
                self.all[execution_id] = watcher
                open_.append(watcher)


def _is_done(watcher: Watcher) -> bool:
    return watcher.has_ended or any(event.data.get("type") == "EXECUTION_FAILED" for event in watcher.events)


def _watcher(run: Run, name: str, **options: Any) -> Watcher:
    def addresses() -> Sequence[str]:
        return [f"http://127.0.0.1:{port}" for port in run.server.ports]

    return Watcher(addresses, run.made["api_key"], name, **options)


@contextmanager
def watching(run: Run, workflow_id: str) -> Iterator[list[Watcher]]:
    """Yields three watchers of the organization with a cursor, each of which got the same first event."""
    watchers = [_watcher(run, "watchOrganization", leaves=leaves) for leaves in LEAVES]
    for watcher in watchers:
        watcher.begin()
        watcher.until(lambda seen=watcher: seen.is_notified, SEEN_SECONDS)  # type: ignore[misc]
    with run.server.connect(timeout=30) as client:
        Organization(client, **run.made).trigger(workflow_id, _body(1))
    for watcher in watchers:
        watcher.until(lambda seen=watcher: bool(seen.events), SEEN_SECONDS)  # type: ignore[misc]
    yield watchers


def logs_of(run: Run) -> dict[str, list[Entry]]:
    """Returns the whole log of every execution, once all have come to rest."""
    rows = run.rows()
    with run.server.connect(timeout=30) as client:
        org = Organization(client, **run.made)
        return {id_: org.item(row["workflow_id"], id_)["workflow_event_log"]["events"] for id_, row in rows.items()}


def bare(event: Event) -> Entry:
    return {name: value for name, value in event.data.items() if name not in NUMBERED}


def check_organization(events: Sequence[Event], logs: dict[str, list[Entry]]) -> int:
    """Checks that a watcher got every entry of every execution once; returns their number."""
    assert len({event.id for event in events}) == len(events), "an id came twice"
    answers: dict[str, list[Entry]] = defaultdict(list)
    for event in events:
        answers[event.data["workflow_execution_id"]].append(bare(event))
    assert answers.keys() == logs.keys()
    for execution_id, log in logs.items():
        assert answers[execution_id] == log, execution_id
    return len(events)


def conclude(run: Run, watchers: list[Watcher], followers: Followers, report: FaultReport) -> None:
    """Waits until all events were received, ends all watchers, and checks the events."""
    logs = logs_of(run)
    count = sum(map(len, logs.values()))
    for watcher in watchers:
        watcher.until(lambda seen=watcher: len(seen.events) >= count, SEEN_SECONDS)  # type: ignore[misc]
    for execution_id, follower in followers.all.items():
        length = len(logs[execution_id])
        follower.until(lambda seen=follower, most=length: len(seen.events) >= most and _is_done(seen), SEEN_SECONDS)  # type: ignore[misc]
    first = watchers[0].events[0]
    late = _watcher(run, "watchOrganization", begun_at=first.id)
    late.begin()
    late.until(lambda: len(late.events) >= count - 1, SEEN_SECONDS)
    audit = run.stop()
    for each in (*watchers, *followers.all.values(), late):
        each.end()
    assert audit["problems"] == []
    for watcher in watchers:
        report.checked("an entry is received once", check_organization(watcher.events, logs))
        assert [event.id for event in watcher.events] == [event.id for event in watchers[0].events]
    assert late.events == watchers[0].events[1:]
    report.checked("all get one order", len(watchers) + 1)
    for execution_id, follower in followers.all.items():
        answers = [event.data for event in follower.events if event.name == "message"]
        assert answers == logs[execution_id], execution_id
        assert follower.has_ended == (answers[-1]["type"] == "EXECUTION_COMPLETED"), execution_id
        report.checked("an execution is streamed whole, then its end", 1)
    report.hit("a connection is lost", sum(watcher.cut_off for watcher in watchers))
    report.hit("a watcher reconnects", sum(watcher.came_back for watcher in watchers))


FAULTS = ("a connection is lost", "a watcher reconnects")


@pytest.mark.timeout(LONGEST_SECONDS)
def test_over_kills_a_server_streams_each_event_once_and_in_order(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    kills = repetitions(12, 500)
    report = FaultReport("kill_streams", seed=SEED, options={"kills": kills}, faults=(*KILLS, *FAULTS))
    run = run_of(tmp_path, sink, "streams")
    try:
        workflow_id = created(run, _definition(place_of(run)))
        with watching(run, workflow_id) as watchers, ordering(run, workflow_id, _body, CALLERS) as asked:
            followers = Followers(run, asked)
            for number in range(0, kills, 3):
                kill_again_and_again(run, report, min(3, kills - number))
                followers.add()
        conclude(run, watchers, followers, report)
    finally:
        run.close()
    report.finish()


@pytest.mark.distributed
@pytest.mark.timeout(LONGEST_SECONDS)
def test_two_servers_killed_in_turns_stream_each_event_once_and_in_one_order(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    kills = repetitions(4, 100)
    report = FaultReport("distributed_streams", seed=SEED, options={"kills": kills}, faults=("KILL a server", *FAULTS))
    run = DistributedRun(tmp_path / "run", sink, "streams", ())
    try:
        workflow_id = created(run, _definition(place_of(run)))
        with watching(run, workflow_id) as watchers, ordering(run, workflow_id, _body, CALLERS) as asked:
            followers = Followers(run, asked)
            for _ in range(kills):
                time.sleep(1)
                run.kill()
                report.hit("KILL a server")
                followers.add()
        conclude(run, watchers, followers, report)
    finally:
        run.close()
    report.finish()
