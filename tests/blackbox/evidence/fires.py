"""A schedule whose server is killed and restarted, and the required rows of its ledger."""

from collections.abc import Mapping, Sequence

import httpx2

from blackbox.evidence.load import Life, Row
from blackbox.evidence.workloads import EVERY_SECONDS
from blackbox.harness.client import Organization

EVERY_MS = EVERY_SECONDS * 1000
GRACE_MS = 2000
"""The maximum delay of a fire on a busy machine."""

TRIMMED_ROWS = 9000
"""A ledger with fewer rows begins with the schedule."""


def read_ledger(address: str, made: Mapping[str, str], workflow_id: str) -> list[Row]:
    """Returns the ledger of a schedule, oldest first."""
    found: list[Row] = []
    with httpx2.Client(base_url=address, timeout=120) as client:
        org, cursor = Organization(client, **made), {}
        while True:
            answer = org.get("getScheduleFires", workflow_id=workflow_id, limit=30, **cursor)
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            cursor = answer.json().get("lastKey")
            if cursor is None:
                return found[::-1]


def fires_once(rows: Sequence[Row], ledger: Sequence[Row], anchor_ms: int, lives: Sequence[Life]) -> int:
    """I10: every instant was decided once, none is missing, and each execution has the instant of the ledger.

    None is missed while a process lives, which the last one does until the schedule is paused; one is skipped only
    while the execution before it is open. Returns the number of checked fires. Raises: AssertionError.
    """
    starts = {row["workflow_execution_id"]: row["workflow_event_log"]["events"][0]["timestamp"] for row in rows}
    named = [item["workflow_execution_id"] for item in ledger if item["workflow_execution_id"] is not None]
    assert len(set(named)) == len(named), "an execution was started for two instants"
    assert set(named) <= set(starts), f"fired, and not stored: {sorted(set(named) - set(starts))}"
    assert ledger, "the ledger is empty"
    _all_decided(ledger, anchor_ms)
    ends = {row["workflow_execution_id"]: row["workflow_event_log"]["events"][-1]["timestamp"] for row in rows}
    skipped = _skipped(ledger, ends)
    if len(ledger) < TRIMMED_ROWS:
        assert set(named) == set(starts), f"fired for no instant: {sorted(set(starts) - set(named))}"
    fired = {item["nominal_on"]: item for item in ledger if item["workflow_execution_id"] is not None}
    for nominal, item in fired.items():
        start = starts[item["workflow_execution_id"]]
        assert nominal <= start, f"{item['workflow_execution_id']} for {nominal} started at {start}"
    for nominal in owed(anchor_ms, lives):
        is_decided = nominal in fired or nominal in skipped
        assert is_decided or nominal < ledger[0]["nominal_on"], f"nothing fired for {nominal}"
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


def _all_decided(ledger: Sequence[Row], anchor_ms: int) -> None:
    """Each row begins where the one before it ended; a missed one may cover several instants."""
    following = anchor_ms if len(ledger) < TRIMMED_ROWS else ledger[0]["nominal_on"]
    for item in ledger:
        assert item["outcome"] in ("STARTED", "CAUGHT_UP", "MISSED", "SKIPPED"), item
        assert (item["outcome"] in ("MISSED", "SKIPPED")) == (item["workflow_execution_id"] is None), item
        assert item["nominal_on"] == following + (item["count"] - 1) * EVERY_MS, f"{item} follows {following}"
        following = item["nominal_on"] + EVERY_MS


def _skipped(ledger: Sequence[Row], ends: Mapping[str, int]) -> set[int]:
    """Returns the instants that were skipped, after a check that the execution before each was open then."""
    found, former = set(), ""
    for item in ledger:
        if item["outcome"] == "SKIPPED":
            assert former, f"{item} is skipped, and nothing was started before it"
            assert ends[former] + GRACE_MS >= item["decided_on"], f"{item} is skipped, and {former} had ended"
            found.add(item["nominal_on"])
        former = item["workflow_execution_id"] or former
    return found


def _newest(instant_ms: int, anchor_ms: int) -> int:
    return instant_ms - (instant_ms - anchor_ms) % EVERY_MS
