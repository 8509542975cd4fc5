"""A server that is stopped under load: every caller gets an answer, and nothing happens twice.

The hypothesis. SIGTERM at any moment under about a hundred requests a second: each call is answered (2xx or 503) or
its connection is refused; none is reset and none is left without an answer. Steps that are under way are awaited, so
no effect is repeated. When the process is killed in the middle of its stop, calls may be left without an answer, and
what was acknowledged is still there.
"""

import itertools
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.evidence.report import FaultReport
from blackbox.harness.client import ClientLog, Organization
from blackbox.harness.definitions import definition, http, note
from blackbox.harness.launcher import Server, doctor, init
from blackbox.harness.sink import Sink

SEED = 20261124
CALLERS = 10
PAUSE_SECONDS = 0.1
"""Ten callers that call every tenth of a second: a hundred calls a second."""

Repetitions = Callable[[int, int], int]


class Callers:
    """Threads that trigger under keys of their own until `end`; half of them keep their connection."""

    def __init__(self, server: Server, key: str, workflow_id: str, log: ClientLog) -> None:
        self._server = server
        self._key = key
        self._path = f"/v2/workflows/triggerworkflow/{workflow_id}"
        self._log = log
        self._numbers = itertools.count()
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.acknowledged: dict[int, str] = {}
        self.unknown: list[Any] = []
        self.answers: Counter[str] = Counter()

    def begin(self) -> None:
        """Lets them begin."""
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Lets them end what they have begun."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a caller does not get through"

    def _call(self, number: int) -> None:
        keeps = number % 2 == 0
        limits = httpx2.Limits(max_keepalive_connections=1 if keeps else 0)
        with httpx2.Client(base_url=self._server.address, timeout=120, limits=limits) as client:
            while not self._is_over.is_set():
                self._trigger(client)
                time.sleep(PAUSE_SECONDS)

    def _trigger(self, client: httpx2.Client) -> None:
        """Triggers one order until it is acknowledged or the callers end."""
        number = next(self._numbers)
        headers = {"x-api-key": self._key, "idempotency-key": f"order-{number}"}
        while not self._is_over.is_set():
            outcome, answer = self._log.call(client, self._path, {"n": number}, headers)
            if outcome == "ok":
                self.acknowledged[number] = answer["looply_execution_id"]
                self.answers["ok"] += 1
                return
            if outcome == "unknown":
                self.unknown.append(answer)
            elif outcome == "fail":
                assert answer["status_code"] == 503, answer
                self.answers[answer["code"]] += 1
            else:
                self.answers["refused"] += 1
            time.sleep(PAUSE_SECONDS)


class Stage:
    """A server with one workflow of two slow effects, and callers."""

    def __init__(self, folder: Path, sink: Sink, name: str) -> None:
        self.sink = sink
        self.made = init(folder)
        self.server = Server(folder, [f"127.0.0.1:{sink.port}"], LOOPLY_HOST_CONCURRENCY="64")
        self.server.start()
        self.path = f"/term-{name}"
        place = sink.address + self.path
        order = "?id=${payload.output.workflow_execution_id}"
        flow = definition(
            http(f"{place}/one{order}", "one", "POST", body={}, step={"on_unknown": "retry"}),
            note(),
            http(f"{place}/two{order}", "two", "POST", body={}, step={"on_unknown": "retry"}),
            name="Two effects",
        )
        self.log = ClientLog(folder.with_name("calls.jsonl"))
        with httpx2.Client(base_url=self.server.address, timeout=120) as client:
            self.workflow_id = Organization(client, **self.made).create(flow)
        self.callers = Callers(self.server, self.made["api_key"], self.workflow_id, self.log)

    def slow_down(self, seconds: float) -> None:
        """Lets each effect take so long."""
        for step in ("one", "two"):
            self.sink.script(f"{self.path}/{step}", {"delay": seconds})

    def effects(self) -> dict[tuple[str, str], int]:
        """Returns how often each step of each execution arrived."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for line in self.sink.lines(f"{self.path}/"):
            found[line["target"].partition("?id=")[2], line["path"].rpartition("/")[2]] += 1
        return found

    def finished(self) -> set[str]:
        """Returns the ids of all executions, once none runs any more; each must have come to its end."""
        deadline = time.monotonic() + 120
        with httpx2.Client(base_url=self.server.address, timeout=120) as client:
            org = Organization(client, **self.made)
            while org.get("searchExecutions", status="RUNNING", limit=1).json()["count"]:
                assert time.monotonic() < deadline, org.get("searchExecutions", status="RUNNING").text
                time.sleep(0.05)
            rows = org.pages("getOrganizationExecutions")
        assert {row["status"] for row in rows} == {"COMPLETED"}
        return {row["workflow_execution_id"] for row in rows}

    def close(self) -> None:
        """Ends the callers and the server."""
        self.callers.end()
        self.server.close()
        self.log.close()


@pytest.fixture
def stage(tmp_path: Path, sink: Sink, request: pytest.FixtureRequest) -> Iterator[Stage]:
    found = Stage(tmp_path / "data", sink, request.node.name)
    yield found
    found.close()


@pytest.mark.timeout(1800)
def test_a_stop_under_load_gives_definite_answers_and_repeats_nothing(stage: Stage, repetitions: Repetitions) -> None:
    stops = repetitions(15, 100)
    report = FaultReport("term_under_load", seed=SEED, options={"stops": stops}, faults=("TERM",))
    chance = random.Random(SEED)
    stage.slow_down(0.05)
    stage.callers.begin()
    for _ in range(stops):
        time.sleep(0.1 + chance.random())
        begun = time.monotonic()
        assert stage.server.stop() == 0
        report.worst("seconds of a stop", time.monotonic() - begun)
        report.hit("TERM")
        assert not stage.callers.unknown, stage.callers.unknown
        stage.server.start()
    stage.callers.end()
    assert_all_there(stage, report)
    repeated = {place: count for place, count in stage.effects().items() if count != 1}
    assert not repeated, repeated
    report.checked("I4 no duplicate without a crash", len(stage.effects()))
    report.checked("S22 every call was answered or refused", sum(stage.callers.answers.values()))
    assert stage.callers.answers["ok"] > stops
    assert stage.callers.answers["SHUTTING_DOWN"] + stage.callers.answers["refused"] > 0
    finish(stage, report)


@pytest.mark.timeout(1800)
def test_a_kill_in_the_middle_of_a_stop_loses_nothing(stage: Stage, repetitions: Repetitions) -> None:
    stops = repetitions(6, 40)
    report = FaultReport("term_then_kill", seed=SEED, options={"stops": stops}, faults=("TERM", "KILL"))
    chance = random.Random(SEED + 1)
    # Some answers take longer than the time until the kill.
    stage.slow_down(0.4)
    stage.callers.begin()
    for _ in range(stops):
        time.sleep(0.3 + chance.random() * 0.5)
        stage.server.signal_stop()
        report.hit("TERM")
        time.sleep(chance.random() * 0.8)
        if stage.server.is_running():
            report.hit("KILL")
        stage.server.kill()
        stage.server.start()
    stage.callers.end()
    assert_all_there(stage, report)
    worst = max(stage.effects().values())
    assert worst <= 1 + report.faults["KILL"]
    report.worst("calls of one effect", worst)
    finish(stage, report)


def assert_all_there(stage: Stage, report: FaultReport) -> None:
    """Each acknowledged order is an execution of its own that came to its end, with both effects."""
    ids = stage.finished()
    acknowledged = list(stage.callers.acknowledged.values())
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= ids
    # Executions without an acknowledgment: the caller of the order ended before its answer arrived.
    assert len(ids) - len(acknowledged) <= len(stage.callers.unknown) + CALLERS
    effects = stage.effects()
    assert all(effects[execution_id, step] >= 1 for execution_id in ids for step in ("one", "two"))
    report.checked("I1 no acknowledged loss", len(acknowledged))


def finish(stage: Stage, report: FaultReport) -> None:
    assert stage.server.stop() == 0
    found = doctor(stage.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 no orphans", found["executions"])
    for name, count in stage.callers.answers.items():
        report.worst(f"answers {name}", count)
    report.finish()
