"""Quotas: how many open executions and how many stored bytes each organization has, and which may start no more.

Theory of operation. Counting is a scan, so no start counts: each process counts at intervals, in the background, and
until the next count it adds what it has started since and subtracts what has ended in it. Where one process owns the
store, the number of open executions is exact as soon as it was counted once, which the first start waits for. Where
several processes share it, each learns of the others' executions with its next count. Stored bytes are measured slice
by slice. Nothing here is stored.

Only starts are refused: what is open can be read, answered, resumed, repaired, terminated and pruned at any figure.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, Literal, TypeAlias

import structlog

from looply.engine.records.figures.survey import Survey, Usage
from looply.errors import QuotaExhausted
from looply.execution import ExecutionState
from looply.limits import Limits

_log = structlog.get_logger(__name__)

Quota: TypeAlias = Literal["open_executions", "stored_bytes"]
QUOTAS: Final[tuple[Quota, ...]] = ("open_executions", "stored_bytes")
"""The quotas, by the limits that bound them."""

SLICE: Final = 20_000
"""The most rows that one slice measures."""
_RETRY_AFTER: Final = timedelta(seconds=60)
"""What a caller whose quota is used up is asked to wait."""

_ADVICE: Final[Mapping[Quota, str]] = {
    "open_executions": "wait until some have ended, terminate some, or ask the operator for a higher limit",
    "stored_bytes": "prune executions that have ended, or ask the operator for a higher limit",
}


class Quotas:
    """What each organization uses, as this process knows it, against its limits."""

    def __init__(self, survey: Survey, limits: Limits) -> None:
        self._survey = survey
        self._most = Usage(limits.open_executions, limits.stored_bytes)
        self._counting = asyncio.Lock()
        self.is_counted = False
        """Whether open executions were counted once."""
        self._open: Mapping[str, int] = {}
        self._changed: dict[str, int] = {}
        """By organization: started here, less what ended here, since the last count began."""
        self._starting: dict[str, int] = {}
        """By organization: starts that were admitted and are not stored yet."""
        self._bytes: Mapping[str, int] = {}
        self._measured: Counter[str] = Counter()
        self._after = ""
        self._reached: set[tuple[str, Quota]] = set()

    def usage(self, organization_id: str) -> Usage:
        """Returns what an organization uses, including the starts that are being stored."""
        count = self._open.get(organization_id, 0) + self._changed.get(organization_id, 0)
        count += self._starting.get(organization_id, 0)
        return Usage(max(count, 0), self._bytes.get(organization_id, 0))

    async def wait_until_counted(self) -> None:
        """Returns when open executions were counted once. Raises: StoreUnreachable, StoreLost."""
        async with self._counting:
            if not self.is_counted:
                await self._count()

    def check(self, organization_id: str) -> None:
        """Raises: QuotaExhausted when the organization may start nothing."""
        usage, limits = self.usage(organization_id), self._most
        if usage.open_executions < limits.open_executions and usage.stored_bytes < limits.stored_bytes:
            return
        for quota, value, most in zip(QUOTAS, usage, limits, strict=True):
            if value >= most:
                unit = "open executions" if quota == "open_executions" else "bytes stored in executions"
                message = f"the organization has {value} {unit}, and the limit {quota} is {most}: it starts no more"
                raise QuotaExhausted(f"{message}; {_ADVICE[quota]}", retry_after=_RETRY_AFTER)

    def begin(self, organization_id: str) -> None:
        """Counts a start as open from now on, until `end`."""
        _add(self._starting, organization_id, 1)

    def end(self, organization_id: str) -> None:
        """Reverts what `begin` counted: the start was stored, and counts as open, or it was not."""
        _add(self._starting, organization_id, -1)

    def count_change(self, before: ExecutionState | None, after: ExecutionState) -> None:
        """Counts what a durable unit of this process has opened or ended."""
        was_open = before is not None and before.is_open
        _add(self._changed, after.started.organization_id, after.is_open - was_open)

    async def count(self) -> None:
        """Counts the open executions of all organizations. Raises: StoreUnreachable, StoreLost."""
        async with self._counting:
            await self._count()
        self._report()

    async def measure(self) -> None:
        """Measures the stored bytes of all organizations, all slices. Raises: StoreUnreachable, StoreLost."""
        while not await self.measure_slice():
            pass

    async def measure_slice(self) -> bool:
        """Measures one slice of the stored bytes; returns whether it was the last one, and the figures are new."""
        sizes, after = await self._survey.measure_bytes(self._after, SLICE)
        self._measured.update(sizes)
        self._after = after
        if after:
            return False
        self._bytes, self._measured = self._measured, Counter()
        self._report()
        return True

    def usages(self) -> Mapping[str, Usage]:
        """Returns what each organization uses; one without an entry uses nothing."""
        organizations = self._open.keys() | self._changed.keys() | self._bytes.keys()
        return {organization_id: self.usage(organization_id) for organization_id in organizations}

    def list_reached(self) -> Iterator[tuple[str, Quota]]:
        """Yields each organization that may start nothing, with each quota that it has used up."""
        for organization_id, usage in self.usages().items():
            for quota in QUOTAS:
                if getattr(usage, quota) >= getattr(self._most, quota):
                    yield organization_id, quota

    async def _count(self) -> None:
        # A unit that is stored while the store counts may be counted twice, until the next count.
        before = dict(self._changed)
        self._open = await self._survey.open_counts()
        for organization_id, count in before.items():
            _add(self._changed, organization_id, -count)
        self.is_counted = True

    def _report(self) -> None:
        """Logs which organizations have used up a quota, and which are below it again."""
        reached = set(self.list_reached())
        for organization_id, quota in sorted(reached - self._reached):
            used, most = getattr(self.usage(organization_id), quota), getattr(self._most, quota)
            _log.warning("quota_reached", organization_id=organization_id, quota=quota, used=used, limit=most)
        for organization_id, quota in sorted(self._reached - reached):
            _log.info("quota_left", organization_id=organization_id, quota=quota)
        self._reached = reached


def _add(counts: dict[str, int], key: str, count: int) -> None:
    """Adds to a count, and removes one that is zero."""
    if count == 0:
        return
    if total := counts.get(key, 0) + count:
        counts[key] = total
    else:
        counts.pop(key, None)
