"""The data keys of organizations, which seal their secrets in the catalog and in histories (envelope encryption).

Each organization has its own random keys, numbered from 1. They are stored wrapped with the installation's master key
(`looply.catalog.tenants.rotation`) and kept unwrapped in memory, so that no call reads the catalog for them. The newest
one seals; a sealed value names the key that opens it. A key that has sealed many values gets a successor, long before
random nonces of 96 bits could collide (2**32 values, SP 800-38D §8.3).
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Connection, RowMapping, func, select, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import data_keys
from looply.catalog.tenants import rotation
from looply.clock import Clock, Entropy, SystemEntropy
from looply.errors import KeyUnfit
from looply.master_keys import MasterKey, MasterKeys
from looply.sealing import KEY_BYTES, SealBroken, Sealer, Seals, data_key_header, data_key_number

MAX_SEALS: Final = 2**30
"""Values that one data key seals, plus those that processes have not counted yet."""

_COUNTED_AT_ONCE: Final = 2**16
"""Seals of each key that a process may lose from the count when it crashes."""

_SYSTEM_ENTROPY: Final = SystemEntropy()
_log = structlog.get_logger(__name__)


class DataKeys:
    """The data keys of all organizations of a catalog. `open` must be called first.

    Sealing and opening are thread-safe. `most_seals` is the number of values that one key may seal.
    """

    def __init__(
        self, masters: MasterKeys, clock: Clock, entropy: Entropy = _SYSTEM_ENTROPY, *, most_seals: int = MAX_SEALS
    ) -> None:
        self._masters = masters
        self._clock = clock
        self._entropy = entropy
        self._database: CatalogDatabase | None = None
        self._keys: dict[str, dict[int, Sealer]] = {}
        self._unopened: set[tuple[str, int]] = set()
        self._counts = _SealCounts(most_seals)

    async def open(self, database: CatalogDatabase, *, reads_only: bool = False) -> None:
        """Loads the keys of a catalog, and creates a master key for a catalog that has no sealed data yet.

        `reads_only` does not change the catalog.
        Raises: KeyUnfit when the keys of this process do not belong to the catalog; SettingsError.
        """
        self._database = database
        available = self._masters.load()
        if not available:
            if reads_only or await database.read(rotation.needs_key):
                raise _missing_key_error(self._masters.source)
            available = self._masters.create()
        await self._apply(database, available, reads_only=reads_only)

    async def refresh(self) -> None:
        """Applies a changed key file, and stores the counts of seals. To be called every few seconds.

        Raises: as `open`, once for each change of the file; the keys in memory remain in use.
        """
        assert self._database is not None
        if self._masters.has_changed():
            available = self._masters.load()
            if not available:
                raise _missing_key_error(self._masters.source)
            await self._apply(self._database, available)
        if await self._counts.store_due(self._database, self._create_successor):
            await self._load_all(self._database)

    async def states(self) -> list[dict[str, Any]]:
        """Returns the master keys and their states, as `rotation.key_states`."""
        assert self._database is not None
        return await self._database.read(rotation.key_states)

    @property
    def unopened(self) -> Sequence[tuple[str, int]]:
        """The data keys, by organization and number, that no master key opened when they were loaded last."""
        return sorted(self._unopened)

    def of(self, organization_id: str) -> Seals:
        """Returns the `Seals` of an organization."""
        return _OrganizationSealer(self, organization_id)

    def add(self, connection: Connection, organization_id: str, at: datetime) -> None:
        """Creates the first key of an organization within the transaction that creates the organization.

        Raises: KeyUnfit when this process does not have the active master key.
        """
        value = self._entropy.token(KEY_BYTES)
        active = rotation.active_key(connection, self._masters.load())
        rotation.store_data_key(connection, (organization_id, 1), value, active, at)
        self._keep(organization_id, 1, value)

    def newest(self, organization_id: str) -> tuple[int, Sealer]:
        """Returns the number of the key that seals now, and the key. Raises: SealBroken without a key."""
        keys = self._keys.get(organization_id) or self._look_up(organization_id)
        number = max(keys, default=0)
        if not number:
            raise SealBroken("the organization has no data key, so its secrets cannot be sealed")
        self._counts.add(organization_id, number)
        return number, keys[number]

    def get_key(self, organization_id: str, number: int) -> Sealer:
        """Returns the key with a number. Raises: SealBroken when it does not exist or does not open."""
        found = self._keys.get(organization_id, {}).get(number)
        found = found or self._look_up(organization_id).get(number)
        if found is None:
            raise SealBroken(
                f"a sealed value needs the data key {number} of its organization, which is missing or does not open"
            )
        return found

    def _look_up(self, organization_id: str) -> dict[int, Sealer]:
        """Returns an organization's keys, read again when another process may have created one."""
        database = self._database
        if database is not None and database.is_shared:
            query = select(data_keys).where(data_keys.c.organization_id == organization_id)
            rows = database.read_now(lambda connection: connection.execute(query).mappings().all())
            self._load(rows, self._masters.load())
        return self._keys.get(organization_id, {})

    async def _apply(
        self, database: CatalogDatabase, available: tuple[MasterKey, ...], *, reads_only: bool = False
    ) -> None:
        def is_applied(connection: Connection) -> bool:
            rotation.check_keys(connection, available, self._masters.source)
            return reads_only or rotation.make_plan(connection, available).is_empty

        def apply(connection: Connection) -> None:
            rotation.check_keys(connection, available, self._masters.source)
            rotation.apply_plan(connection, available, self._clock.now(), self._entropy)

        if not await database.read(is_applied):
            await database.write(apply)
        await self._load_all(database)

    async def _load_all(self, database: CatalogDatabase) -> None:
        rows = await database.read(lambda connection: connection.execute(select(data_keys)).mappings().all())
        self._load(rows, self._masters.load())

    def _load(self, rows: Iterable[RowMapping], available: tuple[MasterKey, ...]) -> None:
        for row in rows:
            organization_id, number = row["organization_id"], row["number"]
            if number in self._keys.get(organization_id, {}):
                continue
            try:
                value = rotation.unwrap(row, available)
            except SealBroken as error:
                # Only the values that this key has sealed are affected.
                self._unopened.add((organization_id, number))
                _log.error("data_key_closed", organization_id=organization_id, number=number, error=error.message)
                continue
            self._keep(organization_id, number, value)

    def _keep(self, organization_id: str, number: int, value: bytes) -> None:
        before = self._keys.get(organization_id, {})
        self._unopened.discard((organization_id, number))
        self._keys[organization_id] = {**before, number: Sealer(value, self._entropy, data_key_header(number))}

    def _create_successor(self, connection: Connection, organization_id: str, number: int) -> None:
        """Creates the successor of a key within the transaction of `connection`.

        It is loaded after the transaction: a key that was not stored must not seal anything.
        """
        active = rotation.active_key(connection, self._masters.load())
        value = self._entropy.token(KEY_BYTES)
        rotation.store_data_key(connection, (organization_id, number + 1), value, active, self._clock.now())


class _SealCounts:
    """Counts how often each data key has sealed in this process since the counts were last stored. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._at_once = min(_COUNTED_AT_ONCE, max(1, most // 16))
        self._counts: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def add(self, organization_id: str, number: int) -> None:
        """Counts one seal of a key."""
        with self._lock:
            self._counts[organization_id, number] += 1

    async def store_due(
        self, database: CatalogDatabase, create_successor: Callable[[Connection, str, int], None]
    ) -> bool:
        """Stores the counts that have grown enough, and returns whether there were any.

        `create_successor` is called for an organization's newest key when it has sealed its maximum.
        """
        with self._lock:
            due = {key: count for key, count in self._counts.items() if count >= self._at_once}
        if not due:
            return False
        await database.write(lambda connection: self._store(connection, due, create_successor))
        with self._lock:
            self._counts.subtract(due)
        return True

    def _store(
        self,
        connection: Connection,
        due: dict[tuple[str, int], int],
        create_successor: Callable[[Connection, str, int], None],
    ) -> None:
        for (organization_id, number), count in due.items():
            is_key = data_keys.c.organization_id == organization_id, data_keys.c.number == number
            connection.execute(update(data_keys).where(*is_key).values(seals=data_keys.c.seals + count))
            total = connection.execute(select(data_keys.c.seals).where(*is_key)).scalar() or 0
            newest = select(func.max(data_keys.c.number)).where(data_keys.c.organization_id == organization_id)
            if total >= self._most and connection.execute(newest).scalar() == number:
                create_successor(connection, organization_id, number)


class _OrganizationSealer:
    """Seals with the newest key of an organization, and opens with the key that a value names."""

    __slots__ = ("_keys", "_organization_id")

    def __init__(self, keys: DataKeys, organization_id: str) -> None:
        self._keys = keys
        self._organization_id = organization_id

    def seal(self, plaintext: bytes, associated: str) -> bytes:
        """Returns `plaintext` sealed; see `Seals.seal`."""
        _, sealer = self._keys.newest(self._organization_id)
        return sealer.seal(plaintext, associated)

    def open(self, sealed: bytes, associated: str) -> bytes:
        """Returns the plaintext of a sealed value; see `Seals.open`."""
        return self._keys.get_key(self._organization_id, data_key_number(sealed)).open(sealed, associated)


def _missing_key_error(source: str) -> KeyUnfit:
    return KeyUnfit(
        f"{source} is missing, and the store holds secrets that were sealed with it. Restore the key from where it is"
        " kept apart from the backups, or set LOOPLY_ENCRYPTION_KEY; nothing was changed",
        code="KEY_MISSING",
    )
