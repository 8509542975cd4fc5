"""Master keys as the catalog knows them, and how the data keys of all organizations pass from one to the next.

Theory of operation. Each process is given its master keys by the key file or by the setting, the one to use first. The
catalog says which one is active: the one that wraps every data key. A rotation has three steps, and each is the same
wherever and however often it is done:

- distribute: the new key stands in the files of all processes, not at the first place. Nothing else changes.
- activate: the new key stands at the first place. The first process that sees it wraps all data keys anew, in one
  transaction, and gives it the next generation. Before and after that transaction every process can read everything,
  since each one has both keys.
- retire: the former key leaves the files. Nothing is wrapped with it any more.

A key that was followed by another one never becomes active again, so a process with an older file undoes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from looply.catalog.storage.tables import data_keys, master_keys, organizations
from looply.catalog.trail.audit import Change
from looply.clock import Entropy, to_ms
from looply.errors import KeyUnfit
from looply.master_keys import MasterKey
from looply.sealing import KEY_BYTES, SealBroken

_CHECK: Final = b"looply"


@dataclass(slots=True)
class Plan:
    """What is to be done so that the catalog fits the keys of this process."""

    first: MasterKey | None = None
    """The key of a catalog that has none yet."""
    added: list[MasterKey] = field(default_factory=list)
    activated: MasterKey | None = None
    retired: list[str] = field(default_factory=list)
    without_data_key: list[str] = field(default_factory=list)
    """Organizations without a data key."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.first or self.added or self.activated or self.retired or self.without_data_key)


def needs_key(connection: Connection) -> bool:
    """Returns whether the catalog holds anything that only its own master key opens."""
    has_key = select(master_keys.c.key_id).limit(1)
    has_wrapped = select(data_keys.c.number).limit(1)
    return any(connection.execute(query).first() is not None for query in (has_key, has_wrapped))


def check_keys(connection: Connection, available: Sequence[MasterKey], place: str) -> None:
    """Refuses keys of which none is the active one. Raises: KeyUnfit."""
    row = _active(_rows(connection))
    if row is None:
        return
    key = next((key for key in available if key.key_id == row["key_id"]), None)
    if key is None:
        have = ", ".join(key.key_id for key in available) or "none"
        raise KeyUnfit(
            f"{place} has not the master key {row['key_id']} of the stored secrets; it has {have}. Put the key that"
            " belongs to this store back; nothing was changed"
        )
    try:
        key.sealer().open(bytes(row["sealed_check"]), _check_context(key.key_id))
    except SealBroken as error:
        raise KeyUnfit(f"the master key {key.key_id} of {place} does not open what the catalog holds") from error


def make_plan(connection: Connection, available: Sequence[MasterKey]) -> Plan:
    """Returns what `apply_plan` would do with keys that `check_keys` takes."""
    rows = _rows(connection)
    active = _active(rows)
    found = Plan(without_data_key=_organizations_without_key(connection))
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
        if 0 < row["generation"] < active["generation"] and row["retired_on_ms"] is None and row["key_id"] not in has
    ]
    return found


def apply_plan(connection: Connection, available: Sequence[MasterKey], at: datetime, entropy: Entropy) -> None:
    """Carries out the plan within the transaction of a writer; doing it again changes nothing."""
    todo = make_plan(connection, available)
    if todo.first is not None:
        _add(connection, todo.first, 1, at)
    for key in todo.added:
        _add(connection, key, 0, at)
        _record(connection, "distribute", key.key_id, at)
    if todo.activated is not None:
        _activate(connection, todo.activated, available, at)
    for key_id in todo.retired:
        connection.execute(update(master_keys).where(master_keys.c.key_id == key_id).values(retired_on_ms=to_ms(at)))
        _record(connection, "retire", key_id, at)
    active = available[0] if todo.first is not None else active_key(connection, available)
    for organization_id in todo.without_data_key:
        store_data_key(connection, (organization_id, 1), entropy.token(KEY_BYTES), active, at)


def active_key(connection: Connection, available: Sequence[MasterKey]) -> MasterKey:
    """Returns the active key. Raises: KeyUnfit when this process has not been given it."""
    row = _active(_rows(connection))
    for key in available:
        if row is not None and key.key_id == row["key_id"]:
            return key
    raise KeyUnfit("this process has not been given the active master key; distribute a key before it is activated")


def store_data_key(
    connection: Connection, place: tuple[str, int], value: bytes, master: MasterKey, at: datetime
) -> None:
    """Stores a data key under its organization and number, wrapped with a master key."""
    organization_id, number = place
    connection.execute(
        insert(data_keys).values(
            organization_id=organization_id,
            number=number,
            wrapped=master.sealer().seal(value, wrapping_context(organization_id, number)),
            master_key_id=master.key_id,
            seals=0,
            created_on_ms=to_ms(at),
        )
    )


def unwrap(row: RowMapping, available: Sequence[MasterKey]) -> bytes:
    """Returns a data key. Raises: SealBroken when no key of this process opens it."""
    for key in available:
        if key.key_id == row["master_key_id"]:
            return key.sealer().open(bytes(row["wrapped"]), wrapping_context(row["organization_id"], row["number"]))
    raise SealBroken(f"a data key is wrapped with the master key {row['master_key_id']}, which this process has not")


def wrapping_context(organization_id: str, number: int) -> str:
    """Returns the text that a wrapped data key is bound to."""
    return f"{organization_id}|data key|{number}"


def key_states(connection: Connection) -> list[dict[str, Any]]:
    """Returns [{`key_id`, `state`, `data_keys`}] of all master keys that there were, the newest last.

    `state` is `distributed`, `active`, `former` or `retired`; `data_keys` says how many are wrapped with it.
    """
    rows = _rows(connection)
    active = _active(rows)
    counts = select(data_keys.c.master_key_id, func.count()).group_by(data_keys.c.master_key_id)
    wrapped = {row[0]: row[1] for row in connection.execute(counts)}
    ordered = sorted(rows.values(), key=lambda row: (row["generation"] == 0, row["generation"], row["added_on_ms"]))
    return [
        {"key_id": row["key_id"], "state": _state(row, active), "data_keys": wrapped.get(row["key_id"], 0)}
        for row in ordered
    ]


def _state(row: RowMapping, active: RowMapping | None) -> str:
    if row["generation"] == 0:
        return "distributed"
    if active is not None and row["key_id"] == active["key_id"]:
        return "active"
    return "former" if row["retired_on_ms"] is None else "retired"


def _activate(connection: Connection, key: MasterKey, available: Sequence[MasterKey], at: datetime) -> None:
    """Wraps all data keys with `key`. One that is damaged stays as it is: it opens nothing either way."""
    for row in connection.execute(select(data_keys)).mappings().all():
        try:
            value = unwrap(row, available)
        except SealBroken:
            continue
        place = data_keys.c.organization_id == row["organization_id"], data_keys.c.number == row["number"]
        wrapped = key.sealer().seal(value, wrapping_context(row["organization_id"], row["number"]))
        connection.execute(update(data_keys).where(*place).values(wrapped=wrapped, master_key_id=key.key_id))
    following = select(func.max(master_keys.c.generation) + 1).scalar_subquery()
    connection.execute(update(master_keys).where(master_keys.c.key_id == key.key_id).values(generation=following))
    _record(connection, "activate", key.key_id, at)


def _add(connection: Connection, key: MasterKey, generation: int, at: datetime) -> None:
    connection.execute(
        insert(master_keys).values(
            key_id=key.key_id,
            sealed_check=key.sealer().seal(_CHECK, _check_context(key.key_id)),
            generation=generation,
            added_on_ms=to_ms(at),
        )
    )


def _record(connection: Connection, verb: str, key_id: str, at: datetime) -> None:
    """Records a step in the audit of every organization: each one's secrets depend on it."""
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
