"""A schedule that is watched while its server dies and comes back, and what must hold of its firings.

An execution does not say for which instant it was started. While the server is there, the list of schedules tells it
of the last one; for one that nobody saw there, it is the newest instant before its start that is not another's.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence

import httpx2
from blackbox_client import Organization
from blackbox_load import Life, Row
from blackbox_workloads import EVERY_SECONDS

EVERY_MS = EVERY_SECONDS * 1000
GRACE_MS = 2000
"""So late may a firing be on a busy machine."""


class Fires:
    """What the server says of one schedule, asked all the time."""

    def __init__(self, address: str, made: Mapping[str, str], workflow_id: str) -> None:
        self._client = httpx2.Client(base_url=address, timeout=15)
        self._org = Organization(self._client, **made)
        self._workflow_id = workflow_id
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        self.seen: list[tuple[int, str]] = []
        """Pairs of a nominal instant (epoch milliseconds) and the execution that was started for it, as told."""

    def close(self) -> None:
        """Stops watching."""
        self._is_over.set()
        self._thread.join(30)
        self._client.close()

    def _watch(self) -> None:
        while not self._is_over.wait(0.1):
            try:
                answer = self._org.get("getSchedules")
            except httpx2.TransportError:
                continue
            if answer.status_code == 200:
                self._note(answer.json()["items"])

    def _note(self, items: Iterable[Row]) -> None:
        for item in items:
            if item["workflow_id"] == self._workflow_id and item["last_execution_id"] is not None:
                self.seen.append((item["last_on"], item["last_execution_id"]))


def fires_once(rows: Sequence[Row], seen: Iterable[tuple[int, str]], anchor_ms: int, lives: Sequence[Life]) -> int:
    """I10: one execution for each instant, one instant for each execution; none is missed but while no process lived,
    and then the last one is made up for. The last life ends when the schedule is paused.

    Returns how many firings were looked at. Raises: AssertionError.
    """
    fired = _instants(rows, _told(seen), anchor_ms)
    for nominal, execution_id in fired.items():
        alive = [life for life in lives if life.begun // 1_000_000 - EVERY_MS < nominal <= life.ended // 1_000_000]
        assert alive, f"{execution_id} fired for {nominal}, which was missed and was not the last one that was"
    for nominal in owed(anchor_ms, lives):
        assert nominal in fired, f"nothing fired for {nominal}"
    return len(fired)


def owed(anchor_ms: int, lives: Sequence[Life]) -> list[int]:
    """Returns the instants that must have fired: those of a life, from the last one before it was ready."""
    found = []
    for life in lives:
        if not life.ready:
            continue
        first = max(_newest(life.ready // 1_000_000, anchor_ms), anchor_ms)
        found += range(first, life.ended // 1_000_000 - GRACE_MS, EVERY_MS)
    return found


def _told(seen: Iterable[tuple[int, str]]) -> dict[str, int]:
    executions: dict[int, str] = {}
    nominals: dict[str, int] = {}
    for nominal, execution_id in seen:
        assert executions.setdefault(nominal, execution_id) == execution_id, f"two executions fired for {nominal}"
        assert nominals.setdefault(execution_id, nominal) == nominal, f"{execution_id} fired for two instants"
    return nominals


def _instants(rows: Sequence[Row], told: Mapping[str, int], anchor_ms: int) -> dict[int, str]:
    """Returns the executions by their instants. Raises: AssertionError when two can only have the same one."""
    starts = {row["workflow_execution_id"]: row["workflow_event_log"][0]["timestamp"] for row in rows}
    assert set(told) <= set(starts), f"fired, and not stored: {sorted(set(told) - set(starts))}"
    found: dict[int, str] = {}
    next_nominal = _newest(max(starts.values(), default=anchor_ms), anchor_ms) + EVERY_MS
    for execution_id, start in sorted(starts.items(), reverse=True):
        nominal = told.get(execution_id, min(_newest(start, anchor_ms), next_nominal - EVERY_MS))
        assert nominal not in found, f"{execution_id} and {found[nominal]} fired for {nominal}"
        assert nominal < next_nominal, f"{execution_id} fired for {nominal}, after the execution for {next_nominal}"
        assert nominal <= start <= nominal + EVERY_MS + GRACE_MS, f"{execution_id} for {nominal} started at {start}"
        found[nominal] = execution_id
        next_nominal = nominal
    return found


def _newest(instant_ms: int, anchor_ms: int) -> int:
    return instant_ms - (instant_ms - anchor_ms) % EVERY_MS
