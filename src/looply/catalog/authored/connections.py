"""Connections: address and credentials of one system, named in steps by `connection`.

Secrets are write-only: reads show their names, and `resolve` opens them for connectors at the moment of the call. All
secrets of a connection are one sealed value. It is bound to organization, connection and revision, so that neither the
value of another row nor an older one of the same row opens in its place, and to the settings that decide where and how
secrets are sent, so that editing the settings on the disk cannot redirect a secret.
"""

import re
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import Connection as Transaction
from sqlalchemy import RowMapping, delete, insert, select, update

from looply.catalog.storage.damage import AnyRow, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.read_cache import ReadCache
from looply.catalog.storage.tables import connections
from looply.catalog.tenants.names import lookup_name, not_found_error, validate_name, validate_object
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.errors import BadRequest, Conflict, NotFound, Problem, Refused
from looply.instants import from_ms, to_ms
from looply.jsontext import Json, encode_json, fingerprint, parse_stored
from looply.sealing import Sealers

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_CACHEABLE_BYTES = 64 * 1024


BindingOf: TypeAlias = Callable[[str, Mapping[str, Json]], Json]
"""Returns, as JSON, the data that the secrets of a connection with this kind and these settings are bound to."""


def bind_to_all(kind: str, settings: Mapping[str, Json]) -> Json:  # noqa: ARG001
    """Returns the binding of an unknown kind: secrets are bound to all settings."""
    return {"settings": dict(settings)}


class ConnectionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The connection that an administrator saves. A secret that is left out is kept, one that is None is removed."""

    name: str
    kind: str
    settings: dict[str, Any]
    secrets: Mapping[str, str | None] = {}

    def __repr__(self) -> str:
        return f"ConnectionDraft(name={self.name!r}, kind={self.kind!r}, secrets={sorted(self.secrets)})"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """The readable part of a connection, with the names of its secrets but no values."""

    connection_id: str
    organization_id: str
    workspace_id: str
    name: str
    kind: str
    settings: dict[str, Any]
    secret_names: tuple[str, ...]
    created_by: str | None
    modified_by: str | None
    created_on: datetime
    modified_on: datetime


class ResolvedConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection with opened secrets, for the connector that makes the call; it must never be stored or logged."""

    connection_id: str
    name: str
    kind: str
    settings: dict[str, Any]
    secrets: dict[str, str]
    revision: int = 0

    def __repr__(self) -> str:
        return f"ResolvedConnection(name={self.name!r}, kind={self.kind!r}, secrets={sorted(self.secrets)})"


class _Stored(NamedTuple):
    """The row of a connection, and the text that its secrets are sealed together with."""

    row: RowMapping
    associated: str


class Connections:
    """The connections of an organization; those of another one are not found.

    Methods raise NotFound (code `CONNECTION_NOT_FOUND`), Conflict (code `CONNECTION_EXISTS`) for a name in use, and
    BadRequest or Refused that name the wrong field.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, sealers: Sealers, binding: BindingOf) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._sealers = sealers
        self._binding = binding
        # As they are stored: no secret is kept open.
        self._recent: ReadCache[_Stored] = ReadCache(database, clock, _is_small)

    async def create(
        self, organization_id: str, workspace_id: str, draft: ConnectionDraft, *, actor: str | None = None
    ) -> Connection:
        """Creates a connection and returns it."""
        values = _values(draft)
        change = Change(organization_id, actor, self._clock.now())
        connection_id = str(self._ids.next(change.at))
        secrets = {name: value for name, value in draft.secrets.items() if value is not None}

        def store(transaction: Transaction) -> Connection:
            require_workspace(transaction, organization_id, workspace_id)
            _check_free(transaction, organization_id, values["connection_name"])
            identity = {"connection_id": connection_id, "organization_id": organization_id, "revision": 1}
            times = {"created_ms": to_ms(change.at), "modified_ms": to_ms(change.at)}
            transaction.execute(
                insert(connections).values(
                    **values,
                    **identity,
                    **times,
                    **self._seal(identity, draft, secrets),
                    workspace_id=workspace_id,
                    created_by=actor,
                )
            )
            _record(change, transaction, "create", connection_id, draft)
            return _connection(_get(transaction, organization_id, values["connection_name"]))

        return await self._database.write(store)

    async def update(
        self, organization_id: str, name: str, draft: ConnectionDraft, *, actor: str | None = None
    ) -> Connection:
        """Updates the connection `name` from `draft`, including its name, and returns it; omitted secrets are kept.

        Raises: Refused (code `SECRETS_NEEDED`) when a secret would be kept and the kind changes, or a setting that
        decides where or how secrets are sent; SealBroken when a secret that is kept does not open.
        """
        values = _values(draft)
        change = Change(organization_id, actor, self._clock.now())

        def store(transaction: Transaction) -> Connection:
            row = _get(transaction, organization_id, name)
            if values["connection_name"] != row["connection_name"]:
                _check_free(transaction, organization_id, values["connection_name"])
            identity = {**_identity(row), "revision": row["revision"] + 1}
            sealed = self._seal(identity, draft, self._merge_secrets(row, draft))
            transaction.execute(
                update(connections)
                .where(connections.c.connection_id == row["connection_id"])
                .values(
                    **values,
                    **sealed,
                    revision=identity["revision"],
                    modified_by=actor,
                    modified_ms=max(to_ms(change.at), row["modified_ms"] + 1),
                )
            )
            _record(change, transaction, "update", row["connection_id"], draft)
            return _connection(_get(transaction, organization_id, values["connection_name"]))

        return await self._database.write(store)

    async def delete(self, organization_id: str, name: str, *, actor: str | None = None) -> None:
        """Deletes the connection and its secrets; steps that name it fail from now on."""
        change = Change(organization_id, actor, self._clock.now())

        def store(transaction: Transaction) -> None:
            row = _get(transaction, organization_id, name)
            transaction.execute(delete(connections).where(connections.c.connection_id == row["connection_id"]))
            change.record(transaction, "connection.delete", row["connection_id"], name=row["connection_name"])

        await self._database.write(store)

    async def get(self, organization_id: str, name: str) -> Connection:
        """Returns the connection without the values of its secrets."""
        row = await self._database.read(lambda transaction: _get(transaction, organization_id, name))
        return _connection(require_readable(row, connections))

    async def resolve(self, organization_id: str, name: str) -> ResolvedConnection:
        """Returns the connection with its secrets, for connectors only.

        A change takes effect at once: see `ReadCache`.

        Raises: SealBroken when the secrets were sealed with another key or for another row.
        """

        async def load() -> _Stored:
            row = await self._database.read(lambda transaction: _get(transaction, organization_id, name))
            return self._stored(require_readable(row, connections))

        return self._resolved(await self._recent.get((organization_id, name), load))

    async def resolve_by_id(self, connection_id: str) -> tuple[str, ResolvedConnection]:
        """Returns the organization of a connection and the connection with its secrets, as `resolve` does.

        For what other systems send to the address of a connection: the sender is verified by its settings.
        """
        query = select(connections).where(connections.c.connection_id == connection_id.lower())
        row = await self._database.read(lambda transaction: transaction.execute(query).mappings().first())
        if row is None:
            message = f"no connection has the id {connection_id!r}; copy the address from the page of the connection"
            raise NotFound(message, code="CONNECTION_NOT_FOUND")
        return row["organization_id"], self._resolved(self._stored(require_readable(row, connections)))

    async def preview(self, organization_id: str, name: str, draft: ConnectionDraft) -> ResolvedConnection:
        """Returns what `update` would store, with its secrets, for a test; nothing is stored. Raises: as `update`."""
        values = _values(draft)
        row = await self._database.read(lambda transaction: _get(transaction, organization_id, name))
        return ResolvedConnection(
            connection_id=row["connection_id"],
            name=row["connection_name"],
            kind=values["kind"],
            settings=values["settings"],
            secrets=self._merge_secrets(row, draft),
            revision=row["revision"],
        )

    async def list_page(self, organization_id: str, limit: int, before: str | None = None) -> Page[Connection]:
        """Returns connections, newest first, older than the connection id `before` if it is given.

        Raises: BadRequest when the limit is not positive.
        """
        size = validate_limit(limit)
        query = select(connections).where(connections.c.organization_id == organization_id)
        if before is not None:
            query = query.where(connections.c.connection_id < before.lower())
        query = query.order_by(connections.c.connection_id.desc()).limit(size + 1)
        rows = await self._database.read(lambda transaction: transaction.execute(query).mappings().all())
        return make_page(rows, size, _connection)

    def _stored(self, row: RowMapping) -> _Stored:
        return _Stored(row, _associated_text(_identity(row), self._binding(row["kind"], row["settings"])))

    def _resolved(self, stored: _Stored) -> ResolvedConnection:
        row = stored.row
        return ResolvedConnection(
            connection_id=row["connection_id"],
            name=row["connection_name"],
            kind=row["kind"],
            # The row may be shared.
            settings=deepcopy(row["settings"]),
            secrets=self._open_secrets(stored),
            revision=row["revision"],
        )

    def _merge_secrets(self, row: RowMapping, draft: ConnectionDraft) -> dict[str, str]:
        """Returns the secrets after an update. Opens none if it keeps none, so that new secrets repair a lost key."""
        kept = [name for name in require_readable(row, connections)["secret_names"] if name not in draft.secrets]
        if kept and (changed := self._bound_changes(row, draft)):
            _refuse_kept(kept, changed)
        before = self._open_secrets(self._stored(row)) if kept else {}
        after = {**{name: before[name] for name in kept}, **draft.secrets}
        return {name: value for name, value in after.items() if value is not None}

    def _bound_changes(self, row: RowMapping, draft: ConnectionDraft) -> list[str]:
        """Returns the names of changed fields to which the secrets are bound: `kind`, else names of settings."""
        if draft.kind != row["kind"]:
            return ["kind"]
        before, after = row["settings"], draft.settings
        if self._binding(draft.kind, before) == self._binding(draft.kind, after):
            return []
        names = sorted(name for name in {*before, *after} if before.get(name, ...) != after.get(name, ...))
        bound = [
            name
            for name in names
            if self._binding(draft.kind, _replace_setting(before, name, after)) != self._binding(draft.kind, before)
        ]
        return bound or names

    def _seal(self, identity: Mapping[str, Any], draft: ConnectionDraft, secrets: dict[str, str]) -> dict[str, Any]:
        sealer = self._sealers.of(identity["organization_id"])
        associated = _associated_text(identity, self._binding(draft.kind, draft.settings))
        return {"secret_names": sorted(secrets), "sealed_secrets": sealer.seal(encode_json(secrets), associated)}

    def _open_secrets(self, stored: _Stored) -> dict[str, str]:
        row = stored.row
        sealed, sealer = bytes(row["sealed_secrets"]), self._sealers.of(row["organization_id"])
        secrets: dict[str, str] = parse_stored(sealer.open(sealed, stored.associated))
        return secrets


def _is_small(stored: _Stored) -> bool:
    row = stored.row
    return len(encode_json(row["settings"])) + len(row["sealed_secrets"]) <= _CACHEABLE_BYTES


def _replace_setting(settings: Mapping[str, Json], name: str, changed: Mapping[str, Json]) -> dict[str, Json]:
    """Returns `settings` with the value of `name`, or its absence, from `changed`."""
    rest = {key: value for key, value in settings.items() if key != name}
    return {**rest, name: changed[name]} if name in changed else rest


def _refuse_kept(names: Collection[str], changed: Collection[str]) -> None:
    """Raises: Refused (code `SECRETS_NEEDED`)."""
    message = f"must be entered again, or removed with null, because {', '.join(changed)} of the connection changes"
    hint = "a credential is sent only to the system, and in the way, for which it was entered"
    problems = tuple(Problem(path=_pointer(name), message=message, hint=hint) for name in names)
    raise Refused(f"secrets {', '.join(names)} {message}", code="SECRETS_NEEDED", problems=problems)


def _identity(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in ("organization_id", "connection_id", "revision")}


def _associated_text(identity: Mapping[str, Any], binding: Json) -> str:
    named = f"{identity['organization_id']}|connection|{identity['connection_id']}|{identity['revision']}"
    return f"{named}|{fingerprint(binding).hex()}"


def _values(draft: ConnectionDraft) -> dict[str, Any]:
    if _KIND.fullmatch(draft.kind) is None:
        finding = "must be a name of letters, digits and _ that begins with a letter"
        raise Refused.at("/kind", finding, code="INVALID_KIND")
    for name, value in draft.secrets.items():
        _check_secret(name, value)
    return {
        "connection_name": validate_name(draft.name, "name"),
        "kind": draft.kind,
        "settings": validate_object(draft.settings, "settings"),
    }


def _check_secret(name: str, value: Any) -> None:
    validate_name(name, "secrets")
    finding = ""
    if value is not None and not isinstance(value, str):
        finding = "must be a string, or null to remove it"
    elif value is not None and _LONE_SURROGATE.search(value) is not None:
        finding = "must not hold lone surrogates"
    if finding:
        problems = (Problem(path=_pointer(name), message=finding),)
        raise BadRequest(f"secret {name} {finding}", code="INVALID_SECRET", problems=problems)


def _pointer(name: str) -> str:
    return "/secrets/" + name.replace("~", "~0").replace("/", "~1")


def _check_free(transaction: Transaction, organization_id: str, name: str) -> None:
    query = select(connections.c.connection_id).where(
        connections.c.organization_id == organization_id, connections.c.connection_name == name
    )
    if transaction.execute(query).first() is not None:
        raise Conflict(f"a connection {name} exists already; choose another name", code="CONNECTION_EXISTS")


def _record(change: Change, transaction: Transaction, verb: str, connection_id: str, draft: ConnectionDraft) -> None:
    details = {"name": draft.name, "kind": draft.kind, "secrets_written": sorted(draft.secrets)}
    change.record(transaction, f"connection.{verb}", connection_id, **details)


def _get(transaction: Transaction, organization_id: str, name: str) -> RowMapping:
    query = select(connections).where(
        connections.c.organization_id == organization_id,
        connections.c.connection_name == lookup_name(name, "connection"),
    )
    row = transaction.execute(query).mappings().first()
    if row is None:
        raise not_found_error("connection", name, by="name")
    return row


def _connection(row: AnyRow) -> Connection:
    names = ("connection_id", "organization_id", "workspace_id", "kind", "settings", "created_by", "modified_by")
    return Connection(
        **{name: row[name] for name in names},
        name=row["connection_name"],
        secret_names=tuple(row["secret_names"]),
        created_on=from_ms(row["created_ms"]),
        modified_on=from_ms(row["modified_ms"]),
    )
