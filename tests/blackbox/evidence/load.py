"""Callers that keep working while the server is killed and restarted, and their acknowledgments.

Each order is triggered under its own idempotency key until the server acknowledges it, so that afterwards the orders
and the executions must be the same set. Then each of its waits is resumed, twice or more, like a double click.
The reads of a caller are recorded: later reads must continue the earlier ones.
"""

import itertools
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from blackbox.evidence.workloads import ONCE, RETRIED, Workload
from blackbox.harness.client import ClientLog, Organization
from blackbox.harness.launcher import Server, doctor, init
from blackbox.harness.sink import Sink

SEED = 20261124
LIVE_SECONDS = 120
"""Timeout for the end of an execution after the last fault."""
ENDED = ("COMPLETED", "FAILED", "TERMINATED")
PATIENCE_SECONDS = 120
"""How long a caller repeats a call that gets no answer."""

Row = dict[str, Any]
Line = dict[str, Any]


@dataclass
class Asked:
    """The answers to the resumes of one wait, by the numbers in their bodies."""

    invoked: int = 0
    """Nanoseconds at which the first resume left."""
    restarted: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)


@dataclass
class Order:
    """One execution that a caller requested."""

    number: int
    workload: Workload
    execution_id: str = ""
    asked: dict[str, Asked] = field(default_factory=dict)
    reads: list[Row] = field(default_factory=list)
    """The reads of its caller, in this order."""
    missing: int = 0
    """Reads after the acknowledgment that found nothing."""


class Load:
    """Threads of callers against one server."""

    def __init__(
        self, server: Server, key: str, workflows: dict[Workload, str], log: ClientLog, sink: Sink, ledger: str
    ) -> None:
        self._server = server
        self._headers = {"x-api-key": key}
        self._workflows = workflows
        self._log = log
        self._sink = sink
        self._ledger = ledger
        self._numbers = itertools.count()
        self._is_over = threading.Event()
        self._is_abandoned = False
        self._await_seconds = 0.0
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.orders: list[Order] = []
        self.statuses: dict[int, int] = defaultdict(int)

    def begin(self, seed: int = SEED, count: int = 8, *, await_seconds: float = 0) -> None:
        """Starts the callers. Each waits up to `await_seconds` for the end of an order before it makes the next."""
        self._await_seconds = await_seconds
        self._threads = [threading.Thread(target=self._call, args=(seed + number,)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Lets every caller finish its order; the server must be running."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE_SECONDS)
            assert not thread.is_alive(), "a caller does not get through"
        if self._failures:
            raise self._failures[0]

    def abandon(self) -> None:
        """Stops the callers; raises nothing."""
        self._is_over.set()
        self._is_abandoned = True
        for thread in self._threads:
            thread.join(LIVE_SECONDS)

    def _tries(self) -> Iterator[None]:
        """Yields the attempts of a call until the timeout. Raises: AssertionError when it expires."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not self._is_abandoned:
            yield
        raise AssertionError("a call gets no answer")

    def _call(self, seed: int) -> None:
        try:
            self._ask(random.Random(seed))
        except BaseException as error:  # raised by `end`, in the thread of the test
            self._failures.append(error)

    def _ask(self, chance: random.Random) -> None:
        workloads = list(self._workflows)
        with self._server.connect(timeout=15, headers=self._headers) as client:
            while not self._is_over.is_set():
                order = Order(next(self._numbers), chance.choice(workloads))
                self.orders.append(order)
                self._script(order)
                self._trigger(client, order)
                self._read(client, order)
                for wait in order.workload.waits:
                    self._resume(client, order, wait, chance)
                    self._read(client, order)
                self._await_end(client, order)
                time.sleep(0.05 + chance.random() * 0.1)

    def _script(self, order: Order) -> None:
        workload = order.workload
        if workload.refusals or workload.delay:
            replies = [*({"status": 503},) * workload.refusals, {"status": 200, "delay": workload.delay}]
            for step in workload.calls(order.number):
                self._sink.script(f"{self._ledger}/{order.number}/{step}", *replies)

    def _trigger(self, client: httpx2.Client, order: Order) -> None:
        headers = {"idempotency-key": f"order-{order.number}"}
        path = f"/v2/workflows/triggerworkflow/{self._workflows[order.workload]}"
        for _ in self._tries():
            outcome, answer = self._log.call(client, path, {"n": order.number}, headers)
            if outcome == "ok":
                order.execution_id = answer["looply_execution_id"]
                return
            self._note(outcome, answer)

    def _read(self, client: httpx2.Client, order: Order) -> None:
        """Reads once; a server that is down returns nothing."""
        query = {
            "workflow_id": self._workflows[order.workload],
            "workflow_execution_id": order.execution_id,
        }
        try:
            answer = client.get("/v2/workflows/getWorkflowExecutionById", params=query)
        except httpx2.TransportError:
            return
        if answer.status_code == 404:
            order.missing += 1
        elif answer.status_code == 200:
            order.reads.append(answer.json()["item"])

    def _await_end(self, client: httpx2.Client, order: Order) -> None:
        deadline = time.monotonic() + self._await_seconds
        pause = 0.05
        while time.monotonic() < deadline and not (order.reads and order.reads[-1]["status"] in ENDED):
            time.sleep(pause)
            # Reads are not the load: those of callers that only wait would be most of what the servers do.
            pause = min(pause * 1.5, 0.25)
            self._read(client, order)

    def _token(self, client: httpx2.Client, order: Order, wait: str) -> dict[str, str]:
        """Returns the token of the wait for a resume, for a workload that uses tokens."""
        if not order.workload.is_named:
            return {}
        for _ in self._tries():
            if order.reads:
                break
            assert not order.missing, f"{order.execution_id} was acknowledged and is not found"
            time.sleep(0.02)
            self._read(client, order)
        return {"wait_token": order.reads[0]["workflow_output_payload"]["waits"][wait]}

    def _resume(self, client: httpx2.Client, order: Order, wait: str, chance: random.Random) -> None:
        path = f"/v2/workflows/resumeWorkflow/{order.execution_id}"
        token = self._token(client, order, wait)
        if chance.random() < 0.5:
            time.sleep(chance.random() * 0.1)
        asked = order.asked[wait] = Asked(invoked=time.time_ns())
        for number in (1, 1, 2) if chance.random() < 0.25 else (1, 2):
            body = {"payload": {"source": "SAP", "n": number, **token}}
            for _ in self._tries():
                outcome, answer = self._log.call(client, path, body, {})
                if outcome == "ok":
                    if answer["message"] == "restarted":
                        asked.restarted.append(number)
                    break
                if outcome == "unknown":
                    asked.unknown.append(number)
                self._note(outcome, answer)

    def _note(self, outcome: str, answer: Any) -> None:
        if isinstance(answer, dict):
            self.statuses[answer["status_code"]] += 1
            assert answer["status_code"] == 503, answer
        # Refusals cost CPU of the server while it starts.
        time.sleep(0.1 if outcome == "refused" else 0.02)


@dataclass
class Life:
    """One process of the server, in nanoseconds: the command was given, it was ready (0: never), it was killed."""

    begun: int
    ready: int = 0
    ended: int = 0


class Run:
    """A server of its own with workflows, its callers, and the evidence of the run."""

    live_seconds = LIVE_SECONDS

    def __init__(self, folder: Path, sink: Sink, name: str, workloads: Sequence[Workload] = (RETRIED, ONCE)) -> None:
        self.sink = sink
        # One sink serves many tests: no other script uses this path.
        self.ledger = f"/run/{name}"
        self.lives: list[Life] = []
        self._install(folder)
        self.log = ClientLog(folder.with_name("calls.jsonl"))
        try:
            self.workflows = self._create(workloads)
        except BaseException:
            self.server.close()
            self.log.close()
            raise
        self.load = Load(self.server, self.made["api_key"], self.workflows, self.log, sink, self.ledger)

    def kill(self, *, until_ready: bool = True) -> None:
        """Kills the server and starts it again."""
        self.lives[-1].ended = time.time_ns()
        self.server.kill()
        self._start(until_ready=until_ready)

    def rows(self) -> dict[str, Row]:
        """Returns all executions with their events, once each has ended."""
        deadline = time.monotonic() + self.live_seconds
        with self.server.connect(timeout=120) as client:
            org = Organization(client, **self.made)
            while True:
                for status in ("RUNNING", "WAITING"):
                    while (left := org.get("searchExecutions", status=status, limit=1)).json()["count"]:
                        assert time.monotonic() < deadline, f"still {status}: {left.text}"
                        time.sleep(0.05)
                rows = org.pages("getOrganizationExecutions")
                # An execution that pauses repeatedly may have been in the other state at each read.
                if all(row["status"] not in ("RUNNING", "WAITING") for row in rows):
                    break
                assert time.monotonic() < deadline, "some are still RUNNING or WAITING"
        assert len(rows) == len({row["workflow_execution_id"] for row in rows}), "a list shows an execution twice"
        return {row["workflow_execution_id"]: row for row in rows}

    def calls(self) -> list[Line]:
        """Returns the ledger's lines of this run."""
        return self.sink.lines(f"{self.ledger}/")

    def stop(self) -> dict[str, Any]:
        """Stops the server and returns the document of `looply doctor` on its folder."""
        self.lives[-1].ended = time.time_ns()
        assert self.server.stop() == 0
        return doctor(self.server.folder)

    def close(self) -> None:
        """Ends the processes that still run."""
        self.server.close()
        self.load.abandon()
        self.log.close()

    def _install(self, folder: Path) -> None:
        """Creates the server, and starts it."""
        self.made = init(folder)
        self.server = Server(folder, [f"127.0.0.1:{self.sink.port}"])
        self._start()

    def _create(self, workloads: Sequence[Workload]) -> dict[Workload, str]:
        place = f"{self.sink.address}{self.ledger}"
        with self.server.connect(timeout=120) as client:
            org = Organization(client, **self.made)
            return {workload: org.create(workload.define(place)) for workload in workloads}

    def _start(self, *, until_ready: bool = True) -> None:
        self.lives.append(Life(time.time_ns()))
        self.server.start(until_ready=until_ready)
        if until_ready:
            self.lives[-1].ready = time.time_ns()
