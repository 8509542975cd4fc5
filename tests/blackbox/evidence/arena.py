"""Rounds of a race: a waiting execution, concurrent calls, and the answers to all of them.

A share of the rounds kills the server within 50 ms of the start; callers without an answer then repeat their calls.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from blackbox.evidence.invariants import (
    Check,
    Evidence,
    Visit,
    at_least_once,
    bounded_duplication,
    calls_in_order,
    histories_only_grow,
    no_acknowledged_loss,
    no_ghosts,
    stable_keys,
    waits_pass_once,
)
from blackbox.evidence.load import Asked, Order, Row, Run
from blackbox.evidence.race import NONE, Racers, Reply, post, shuffled
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import TO_A_CALL, TO_A_WAIT, TO_THE_END, Workload
from blackbox.harness.client import Organization

KILL_EVERY = 20
KILL_WITHIN_SECONDS = 0.05
SHAPES = (TO_THE_END, TO_A_CALL, TO_THE_END, TO_A_WAIT)
"""Half of the rounds run to the end in the unit of the resume."""
ONE_WINS = "S5 one of {} gets restarted, {} get already restarted"
OF_RACES: dict[str, Check] = {
    "I1 no acknowledged loss": no_acknowledged_loss,
    "I2 no ghosts": no_ghosts,
    "I4 bounded duplication": bounded_duplication,
    "I5 stable keys": stable_keys,
    "I7 histories only grow": histories_only_grow,
    "I8 a wait passes once": waits_pass_once,
}
OF_COMPLETED: dict[str, Check] = {
    "I3 every call at least once": at_least_once,
    "I6 calls in order": calls_in_order,
}


class Arena:
    """A server of its own, its racers, and their answers."""

    def __init__(self, run: Run, racers: Racers, report: FaultReport, kill_every: int) -> None:
        self.run = run
        self.racers = racers
        self.report = report
        self.chance = random.Random(report.seed)
        self._kill_every = kill_every
        self.client = run.server.connect(timeout=120)
        self.org = Organization(self.client, **run.made)
        self.orders: list[Order] = []
        self.executions: set[str] = set()
        self.took = 0.0
        """Seconds from the start to the last answer, in the last round without a kill."""

    def begin(self, number: int, workload: Workload, process_id: str) -> Order:
        """Triggers an execution that waits, and returns it as an order."""
        workflow_id = self.run.workflows[workload]
        order = Order(number, workload, self.org.trigger(workflow_id, {"n": number}, process_id=process_id))
        self.orders.append(order)
        return order

    def race(self, number: int, requests: Sequence[bytes]) -> tuple[list[Reply], list[Reply]]:
        """Returns the answers, and the answers to the repetitions of unanswered calls."""
        kill_after = self._kill_after(number)
        begun = time.monotonic()
        replies = self.racers.race(requests, kill_after)
        self.report.hit("requests in one moment", len(requests))
        if kill_after is None:
            self.took = time.monotonic() - begun
            assert NONE not in replies, "a server that lived has not answered"
            return replies, []
        lost = replies.count(NONE)
        self.report.hit("KILL in the race")
        self.report.hit("answers lost by a kill", lost)
        if 0 < lost < len(replies):
            self.report.hit("races that a kill cut in two")
        # Connections of the dead server must not be reused.
        self.client.close()
        self.client = self.run.server.connect(timeout=120)
        self.org = Organization(self.client, **self.run.made)
        return replies, self.racers.race_again(requests, replies)

    def _kill_after(self, number: int) -> float | None:
        """Returns when to kill in a round: within 50 ms of the start, or while the server answers."""
        if number % self._kill_every != self._kill_every - 1:
            return None
        if number // self._kill_every % 2:
            return self.chance.uniform(-KILL_WITHIN_SECONDS, KILL_WITHIN_SECONDS)
        return self.chance.uniform(0, self.took)

    def rows(self) -> dict[str, Row]:
        """Returns all executions once none runs."""
        deadline = time.monotonic() + self.run.live_seconds
        while self.org.get("searchExecutions", status="RUNNING", limit=1).json()["count"]:
            assert time.monotonic() < deadline, "some still run"
            time.sleep(0.05)
        return {row["workflow_execution_id"]: row for row in self.org.pages("getOrganizationExecutions")}

    def evidence(self) -> Evidence:
        """Returns the evidence, with whole histories: a list shows the last events only."""
        rows = {id_: self.org.item(row["workflow_id"], id_) for id_, row in self.rows().items()}
        return Evidence(orders=tuple(self.orders), rows=rows, lines=self.run.calls(), lives=self.run.lives)


@contextmanager
def arena(run: Run, report: FaultReport, racers: int, kill_every: int = KILL_EVERY) -> Iterator[Arena]:
    """Yields an arena of a run of `RACED`. At the end of the block the run and the connections end."""
    try:
        found = Arena(run, Racers(run, racers), report, kill_every)
        try:
            yield found
        finally:
            found.racers.close()
            found.client.close()
        assert run.stop()["problems"] == []
    finally:
        run.close()


def _payload(order: Order, arena: Arena, n: int) -> dict[str, Any]:
    if not order.workload.is_named:
        return {"payload": {"source": "SAP", "n": n}}
    (open_wait,) = arena.org.item(arena.run.workflows[order.workload], order.execution_id)["waits"]
    return {"payload": {"source": "SAP", "n": n, "wait_token": open_wait["wait_token"]}}


def _resumes(arena: Arena, order: Order, process_id: str, count: int) -> list[bytes]:
    """Returns resumes that differ in their payload."""
    body = _payload(order, arena, 0)
    bodies = ({"payload": {**body["payload"], "n": n}} for n in range(count))
    return [post(arena.run, f"resumeWorkflow/{process_id}", each) for each in bodies]


def _asked(requests: Sequence[bytes], first: Sequence[Reply], again: Sequence[Reply], at: int) -> Asked:
    """Returns the answers to the callers of a race, by the numbers in their payloads."""
    numbers = [json.loads(request.partition(b"\r\n\r\n")[2])["payload"]["n"] for request in requests]
    unknown = [number for number, reply in zip(numbers, first, strict=True) if reply is NONE]
    answers = [*zip(numbers, first, strict=True), *zip(unknown, again, strict=True)]
    return Asked(at, [number for number, reply in answers if reply.said == "restarted"], unknown)


def race_resumes(arena: Arena, number: int, count: int) -> None:
    """Lets `count` resumes race: exactly one gets `restarted`."""
    process_id = f"race-{number}"
    order = arena.begin(number, SHAPES[number % len(SHAPES)], process_id)
    requests = shuffled(_resumes(arena, order, process_id, count), arena.chance)
    at = time.time_ns()
    first, again = arena.race(number, requests)
    order.asked["wait_1"] = _asked(requests, first, again, at)
    said = Counter(reply.said for reply in (*first, *again) if reply is not NONE)
    assert set(said) <= {"restarted", "already restarted"}, said
    if again:
        assert said["restarted"] <= 1, said
        return
    assert said == {"restarted": 1, "already restarted": count - 1}, said
    arena.report.checked(ONE_WINS.format(count, count - 1))


def check_what_followed(evidence: Evidence, report: FaultReport) -> None:
    """The step after the wait ran once, and with the winner's payload."""
    visits = evidence.visits()
    for order in evidence.orders:
        row = evidence.rows[order.execution_id]
        (won,) = (entry for entry in row["workflow_event_log"]["events"] if entry["type"] == "WAIT_RESUMED")
        n = won["output"]["n"]
        if order.workload is TO_THE_END:
            assert row["status"] == "COMPLETED", row
            (noted,) = (entry for entry in row["workflow_event_log"]["events"] if entry["type"] == "STEP_SUCCEEDED")
            assert noted["output"] == {"note_1": n}, (noted, n)
        elif order.workload is TO_A_CALL:
            assert row["status"] == "COMPLETED", row
            bodies = {json.loads(line["body"])["n"] for line in visits[Visit(order.number, "after")]}
            assert bodies == {n}, (bodies, n)
        else:
            assert (row["status"], won["state"]) == ("WAITING", "wait_1"), row
        report.checked("S5 the next step got the winner's payload")


def race_ends(arena: Arena, number: int) -> tuple[Order, list[Reply], list[Reply]]:
    """Lets 8 resumes and 8 terminates race, and returns the answers to both."""
    process_id = f"end-{number}"
    order = arena.begin(number, (TO_THE_END, TO_A_CALL)[number % 2], process_id)
    resumes = _resumes(arena, order, process_id, 8)
    body = {"payload": {"termination_reason": "enough"}}
    terminates = [post(arena.run, f"terminateWorkflow/{process_id}", body)] * 8
    requests = shuffled([*resumes, *terminates], arena.chance)
    at = time.time_ns()
    first, again = arena.race(number, requests)
    # A later call of each kind gets the result of the race.
    last = arena.racers.race([resumes[0]]), arena.racers.race([terminates[0]])
    lost = iter(again)
    settled = [next(lost) if reply is NONE else reply for reply in first]
    answers = list(zip(requests, settled, strict=True))
    named = [request for request in requests if request not in terminates]
    asked_first = [reply for request, reply in zip(requests, first, strict=True) if request not in terminates]
    asked_again = [
        settled_reply
        for request, reply, settled_reply in zip(requests, first, settled, strict=True)
        if request not in terminates and reply is NONE
    ]
    order.asked["wait_1"] = _asked(named, asked_first, asked_again, at)
    resumed = [reply for request, reply in answers if request not in terminates] + last[0]
    terminated = [reply for request, reply in answers if request in terminates] + last[1]
    return order, resumed, terminated


def check_ending(row: Row, resumed: Sequence[Reply], terminated: Sequence[Reply], *, is_certain: bool) -> None:
    """I9: one end, and every caller got the correct answer; the last of each kind is to a call after the race."""
    log = [entry["type"] for entry in row["workflow_event_log"]["events"]]
    has_passed = "WAIT_RESUMED" in log
    to_resumes = Counter(reply.said for reply in resumed)
    to_terminates = Counter(reply.said for reply in terminated)
    seen = f"{row['workflow_execution_id']} {row['status']}: {log}, {to_resumes}, {to_terminates}"
    assert to_resumes["restarted"] in ((int(has_passed),) if is_certain else (0, int(has_passed))), seen
    assert set(to_resumes) <= {"restarted", "already restarted", "TERMINATED"}, seen
    assert has_passed or set(to_resumes) == {"TERMINATED"}, seen
    if row["status"] == "COMPLETED":
        assert has_passed, seen
        assert set(to_terminates) == {"COMPLETED"}, seen
        assert resumed[-1].said == "already restarted", seen
        assert "TERMINATED" not in to_resumes, seen
        return
    assert row["status"] == "TERMINATED", seen
    assert to_terminates["terminated"] in ((1,) if is_certain else (0, 1)), seen
    assert set(to_terminates) <= {"terminated", "already terminated"}, seen
    assert terminated[-1].said == "already terminated", seen
    assert has_passed or not {"STEP_STARTED", "STEP_SUCCEEDED"} & set(log), seen
    assert "EXECUTION_COMPLETED" not in log, seen
