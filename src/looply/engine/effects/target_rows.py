"""The rows of systems that are not called as usual, as this process knows them.

They are read again each second where processes share a store, and known at once where this process changes one.
"""

from collections.abc import Collection

import structlog

from looply.engine.records.targets import TargetRow, Targets
from looply.errors import LooplyError
from looply.slots import Lane

_log = structlog.get_logger(__name__)


class TargetRows:
    """The rows by organization and target. Nothing is kept of systems that are called as usual."""

    def __init__(self, stored: Targets) -> None:
        self._stored = stored
        self._rows: dict[Lane, TargetRow] = {}
        # For each read of all rows that is under way, the lanes whose rows this process has changed since it began.
        self._reads: list[list[Lane]] = []
        self._owners: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def all(self) -> Collection[TargetRow]:
        """All rows, by organization and target."""
        return tuple(self._rows.values())

    def find(self, lane: Lane) -> TargetRow | None:
        """Returns the row of a system, None when it is called as usual."""
        return self._rows.get(lane)

    def has_any_of(self, organization_id: str) -> bool:
        """Returns whether any system of an organization is not called as usual."""
        return organization_id in self._owners

    async def refresh(self) -> None:
        """Reads all rows. Raises: LooplyError; then they stay as they were known.

        A row that this process changes while they are read stays as it is: what was read of it may be older.
        """
        changed: list[Lane] = []
        self._reads.append(changed)
        try:
            rows = {lane_of(row): row for row in await self._stored.all()}
        finally:
            self._reads = [each for each in self._reads if each is not changed]
        for lane in changed:
            rows.pop(lane, None)
            if (own := self._rows.get(lane)) is not None:
                rows[lane] = own
        self._set(rows)

    async def put(self, row: TargetRow) -> bool:
        """Stores a changed row; false when it could not be stored or another process was first, whose row is read."""
        try:
            if await self._stored.put(row):
                self._change({**self._rows, lane_of(row): row}, lane_of(row))
                return True
            await self.refresh()
        except LooplyError as error:
            _log.error("target_not_stored", organization_id=row.organization_id, target=row.target, error=error.message)
        return False

    async def drop(self, row: TargetRow) -> bool:
        """Removes a row; false as in `put`."""
        try:
            if await self._stored.drop(row):
                self._change({lane: each for lane, each in self._rows.items() if lane != lane_of(row)}, lane_of(row))
                return True
            await self.refresh()
        except LooplyError as error:
            _log.error("target_not_stored", organization_id=row.organization_id, target=row.target, error=error.message)
        return False

    def _change(self, rows: dict[Lane, TargetRow], lane: Lane) -> None:
        for changed in self._reads:
            changed.append(lane)
        self._set(rows)

    def _set(self, rows: dict[Lane, TargetRow]) -> None:
        self._rows = rows
        self._owners = frozenset(lane.owner for lane in rows)


def lane_of(row: TargetRow) -> Lane:
    """Returns the organization with the target that a row is about."""
    return Lane(row.organization_id, row.target)
