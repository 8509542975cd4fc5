"""Rotation of master keys: the states of master keys in the catalog, and rewrapping of all data keys.

Theory of operation. Each process gets an ordered list of master keys from the key file or from the setting. The catalog
records which one is active: the one that wraps every data key. A rotation has three steps; each is idempotent, and any
process may run it:

- distribute: the new key is added to the lists of all processes, not as the first one. Nothing else changes.
- activate: the new key becomes the first one. The first process that sees this rewraps all data keys with it, in one
  transaction, and gives it the next generation. Before and after that transaction every process can read everything,
  because each one has both keys.
- retire: the former key is removed from the lists. No data key is wrapped with it any more.

A key that has a successor never becomes active again, so a process with an older file undoes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from looply.catalog.storage.tables import data_keys, master_keys, organizations
from looply.catalog.trail.audit import Change
from looply.clock import Entropy
from looply.errors import KeyUnfit
from looply.instants import to_ms
from looply.master_keys import MasterKey
from looply.sealing import KEY_BYTES, SealBroken

_CHECK: Final = b"looply"


@dataclass(slots=True)
class RotationPlan:
    """The changes that adapt the catalog to the keys of this process."""

    first: MasterKey | None = None
    """The first key of a catalog without keys."""
    added: list[MasterKey] = field(default_factory=list)
    activated: MasterKey | None = None
    retired: list[str] = field(default_factory=list)
    without_data_key: list[str] = field(default_factory=list)
    """Organizations without a data key."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to change."""
        return not (self.first or self.added or self.activated or self.retired or self.without_data_key)


def needs_key(connection: Connection) -> bool:
    """Returns whether the catalog has anything that only its own master key opens."""
    has_key = select(master_keys.c.key_id).limit(1)
    has_wrapped = select(data_keys.c.number).limit(1)
    return any(connection.execute(query).first() is not None for query in (has_key, has_wrapped))


def check_keys(connection: Connection, available: Sequence[MasterKey], source: str) -> None:
    """Checks that the active key is available and opens its check value. Raises: KeyUnfit."""
    row = _active(_rows(connection))
    if row is None:
        return
    key = next((key for key in available if key.key_id == row["key_id"]), None)
    if key is None:
        have = ", ".join(key.key_id for key in available) or "none"
        raise KeyUnfit(
            f"{source} does not have the master key {row['key_id']} of the stored secrets; it has {have}. Restore the"
            " key that belongs to this store; nothing was changed"
        )
    try:
        key.sealer().open(bytes(row["sealed_check"]), _check_context(key.key_id))
    except SealBroken as error:
        raise KeyUnfit(f"the master key {key.key_id} of {source} does not open the keys of the catalog") from error


def make_plan(connection: Connection, available: Sequence[MasterKey]) -> RotationPlan:
    """Returns the changes that `apply_plan` would make with keys that `check_keys` accepts."""
    rows = _rows(connection)
    active = _active(rows)
    found = RotationPlan(without_data_key=_organizations_without_key(connection))
    if active is None:
        found.first = available[0]
        found.added = list(available[1:])
        return found
    found.added = [key for key in available if key.key_id not in rows]
    if available[0].key_id not in rows or rows[available[0].key_id]["generation"] == 0:
        found.activated = available[0]
    has = {key.key_id for key in available}
    found.retired = [
        row["key_id"]
        for row in rows.values()
        if 0 < row["generation"] < active["generation"] and row["retired_ms"] is None and row["key_id"] not in has
    ]
    return found


def apply_plan(connection: Connection, available: Sequence[MasterKey], at: datetime, entropy: Entropy) -> None:
    """Makes and applies the plan within a write transaction; applying it again changes nothing."""
    todo = make_plan(connection, available)
    if todo.first is not None:
        _add(connection, todo.first, 1, at)
    for key in todo.added:
        _add(connection, key, 0, at)
        _record(connection, "distribute", key.key_id, at)
    if todo.activated is not None:
        _activate(connection, todo.activated, available, at)
    for key_id in todo.retired:
        connection.execute(update(master_keys).where(master_keys.c.key_id == key_id).values(retired_ms=to_ms(at)))
        _record(connection, "retire", key_id, at)
    active = available[0] if todo.first is not None else active_key(connection, available)
    for organization_id in todo.without_data_key:
        store_data_key(connection, (organization_id, 1), entropy.token(KEY_BYTES), active, at)


def active_key(connection: Connection, available: Sequence[MasterKey]) -> MasterKey:
    """Returns the active key. Raises: KeyUnfit when this process does not have it."""
    row = _active(_rows(connection))
    for key in available:
        if row is not None and key.key_id == row["key_id"]:
            return key
    raise KeyUnfit("this process does not have the active master key; distribute a key before it is activated")


def store_data_key(connection: Connection, key: tuple[str, int], value: bytes, master: MasterKey, at: datetime) -> None:
    """Stores a data key under its organization and number, wrapped with a master key."""
    organization_id, number = key
    connection.execute(
        insert(data_keys).values(
            organization_id=organization_id,
            number=number,
            wrapped=master.sealer().seal(value, wrapping_context(organization_id, number)),
            master_key_id=master.key_id,
            seals=0,
            created_ms=to_ms(at),
        )
    )


def unwrap(row: RowMapping, available: Sequence[MasterKey]) -> bytes:
    """Returns a data key, unwrapped. Raises: SealBroken when no master key of this process opens it."""
    for key in available:
        if key.key_id == row["master_key_id"]:
            return key.sealer().open(bytes(row["wrapped"]), wrapping_context(row["organization_id"], row["number"]))
    raise SealBroken(f"a data key is wrapped with the master key {row['master_key_id']}, which this process lacks")


def wrapping_context(organization_id: str, number: int) -> str:
    """Returns the associated text of a wrapped data key."""
    return f"{organization_id}|data key|{number}"


def key_states(connection: Connection) -> list[dict[str, Any]]:
    """Returns [{`key_id`, `state`, `data_keys`}] of all present and former master keys, the newest last.

    `state` is `distributed`, `active`, `former` or `retired`; `data_keys` is the number of data keys that it wraps.
    """
    rows = _rows(connection)
    active = _active(rows)
    counts = select(data_keys.c.master_key_id, func.count()).group_by(data_keys.c.master_key_id)
    wrapped = {row[0]: row[1] for row in connection.execute(counts)}
    ordered = sorted(rows.values(), key=lambda row: (row["generation"] == 0, row["generation"], row["added_ms"]))
    return [
        {"key_id": row["key_id"], "state": _state(row, active), "data_keys": wrapped.get(row["key_id"], 0)}
        for row in ordered
    ]


def _state(row: RowMapping, active: RowMapping | None) -> str:
    if row["generation"] == 0:
        return "distributed"
    if active is not None and row["key_id"] == active["key_id"]:
        return "active"
    return "former" if row["retired_ms"] is None else "retired"


def _activate(connection: Connection, key: MasterKey, available: Sequence[MasterKey], at: datetime) -> None:
    """Rewraps all data keys with `key`. A damaged one is not changed: it is not usable either way."""
    for row in connection.execute(select(data_keys)).mappings().all():
        try:
            value = unwrap(row, available)
        except SealBroken:
            continue
        is_key = data_keys.c.organization_id == row["organization_id"], data_keys.c.number == row["number"]
        wrapped = key.sealer().seal(value, wrapping_context(row["organization_id"], row["number"]))
        connection.execute(update(data_keys).where(*is_key).values(wrapped=wrapped, master_key_id=key.key_id))
    following = select(func.max(master_keys.c.generation) + 1).scalar_subquery()
    connection.execute(update(master_keys).where(master_keys.c.key_id == key.key_id).values(generation=following))
    _record(connection, "activate", key.key_id, at)


def _add(connection: Connection, key: MasterKey, generation: int, at: datetime) -> None:
    connection.execute(
        insert(master_keys).values(
            key_id=key.key_id,
            sealed_check=key.sealer().seal(_CHECK, _check_context(key.key_id)),
            generation=generation,
            added_ms=to_ms(at),
        )
    )


def _record(connection: Connection, verb: str, key_id: str, at: datetime) -> None:
    """Records a step in the audit of every organization, because it concerns the secrets of each."""
    for organization_id in connection.execute(select(organizations.c.organization_id)).scalars().all():
        Change(organization_id, None, at).record(connection, f"master_key.{verb}", key_id)


def _rows(connection: Connection) -> Mapping[str, RowMapping]:
    return {row["key_id"]: row for row in connection.execute(select(master_keys)).mappings()}


def _active(rows: Mapping[str, RowMapping]) -> RowMapping | None:
    used = [row for row in rows.values() if row["generation"] > 0]
    return max(used, key=lambda row: int(row["generation"]), default=None)


def _organizations_without_key(connection: Connection) -> list[str]:
    has = select(data_keys.c.organization_id)
    query = select(organizations.c.organization_id).where(organizations.c.organization_id.not_in(has))
    return list(connection.execute(query.order_by(organizations.c.organization_id)).scalars())


def _check_context(key_id: str) -> str:
    return f"master key|{key_id}"
