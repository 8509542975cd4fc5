"""Connections: address and credentials of one system, named in steps by `connection`.

Secrets are written and never read back: reads show their names, `resolve` opens them for connectors at the moment of
the call. All secrets of a connection are one sealed value, bound to organization, connection and revision, so that
neither another row's value nor an older one of the same row opens in its place, and to where and how its kind sends
them: settings that are edited on the disk send a secret nowhere else.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection as Transaction
from sqlalchemy import RowMapping, delete, insert, select, update

from looply.catalog.storage.damage import AnyRow, readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, cut, validate_limit
from looply.catalog.storage.tables import connections
from looply.catalog.tenants.names import lookup_name, not_found, validate_name, validate_object
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids, from_ms, to_ms
from looply.errors import BadRequest, Conflict, Problem, Refused
from looply.jsontext import Json, encode_json, fingerprint, parse_stored
from looply.sealing import Sealers

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


BindingOf: TypeAlias = Callable[[str, Mapping[str, Json]], Json]
"""Returns, as JSON, what the secrets of a connection with this kind and these settings are bound to."""


def bind_to_all(kind: str, settings: Mapping[str, Json]) -> Json:  # noqa: ARG001
    """Returns the binding of a kind of which nothing is known: every setting binds."""
    return {"settings": dict(settings)}


class ConnectionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator saves. A secret that is left out keeps its value, one that is None is removed."""

    name: str
    kind: str
    settings: dict[str, Any]
    secrets: Mapping[str, str | None] = {}

    def __repr__(self) -> str:
        return f"ConnectionDraft(name={self.name!r}, kind={self.kind!r}, secrets={sorted(self.secrets)})"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as everybody may read it: the names of its secrets, never a value."""

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
    """A connection with its secrets opened, for the connector that makes the call; it is never stored or logged."""

    connection_id: str
    name: str
    kind: str
    settings: dict[str, Any]
    secrets: dict[str, str]

    def __repr__(self) -> str:
        return f"ResolvedConnection(name={self.name!r}, kind={self.kind!r}, secrets={sorted(self.secrets)})"


class Connections:
    """The connections of an organization; what belongs to another one is not found.

    Methods raise NotFound (code `CONNECTION_NOT_FOUND`), Conflict (code `CONNECTION_EXISTS`) for a name in use, and
    BadRequest or Refused that say which field is wrong.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, sealers: Sealers, binding: BindingOf) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._sealers = sealers
        self._binding = binding

    async def create(
        self, organization_id: str, workspace_id: str, draft: ConnectionDraft, *, actor: str | None = None
    ) -> Connection:
        """Returns a new connection."""
        values = _values(draft)
        change = Change(organization_id, actor, self._clock.now())
        connection_id = str(self._ids.next(change.at))
        secrets = {name: value for name, value in draft.secrets.items() if value is not None}

        def store(transaction: Transaction) -> Connection:
            require_workspace(transaction, organization_id, workspace_id)
            _check_free(transaction, organization_id, values["connection_name"])
            place = {"connection_id": connection_id, "organization_id": organization_id, "revision": 1}
            times = {"created_on_ms": to_ms(change.at), "modified_on_ms": to_ms(change.at)}
            transaction.execute(
                insert(connections).values(
                    **values,
                    **place,
                    **times,
                    **self._sealed(place, draft, secrets),
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
        """Returns the connection `name` with what `draft` says, its name included; left out secrets are kept.

        Raises: Refused (code `SECRETS_NEEDED`) when a secret would be kept and the kind changes, or a setting that
        decides where or how secrets are sent; SealBroken when one is to be kept and does not open.
        """
        values = _values(draft)
        change = Change(organization_id, actor, self._clock.now())

        def store(transaction: Transaction) -> Connection:
            row = _get(transaction, organization_id, name)
            if values["connection_name"] != row["connection_name"]:
                _check_free(transaction, organization_id, values["connection_name"])
            place = {**_place(row), "revision": row["revision"] + 1}
            sealed = self._sealed(place, draft, self._merged(row, draft))
            transaction.execute(
                update(connections)
                .where(connections.c.connection_id == row["connection_id"])
                .values(
                    **values,
                    **sealed,
                    revision=place["revision"],
                    modified_by=actor,
                    modified_on_ms=max(to_ms(change.at), row["modified_on_ms"] + 1),
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
        return _connection(readable(row, connections))

    async def resolve(self, organization_id: str, name: str) -> ResolvedConnection:
        """Returns the connection with its secrets, for connectors only.

        Raises: SealBroken when the secrets were sealed with another key or for another place.
        """
        row = readable(
            await self._database.read(lambda transaction: _get(transaction, organization_id, name)), connections
        )
        return ResolvedConnection(
            connection_id=row["connection_id"],
            name=row["connection_name"],
            kind=row["kind"],
            settings=row["settings"],
            secrets=self._opened(row),
        )

    async def list_page(self, organization_id: str, limit: int, before: str | None = None) -> Page[Connection]:
        """Returns connections, newest first, those older than the connection id `before` when it is given.

        Raises: BadRequest when the limit is not positive.
        """
        size = validate_limit(limit)
        query = select(connections).where(connections.c.organization_id == organization_id)
        if before is not None:
            query = query.where(connections.c.connection_id < before.lower())
        query = query.order_by(connections.c.connection_id.desc()).limit(size + 1)
        rows = await self._database.read(lambda transaction: transaction.execute(query).mappings().all())
        return cut(rows, size, _connection)

    def _merged(self, row: RowMapping, draft: ConnectionDraft) -> dict[str, str]:
        """Returns the secrets after an update. Nothing is opened when nothing is kept, so a lost key can be mended."""
        kept = [name for name in readable(row, connections)["secret_names"] if name not in draft.secrets]
        if kept and (changed := self._bound_changes(row, draft)):
            _refuse_kept(kept, changed)
        before = self._opened(row) if kept else {}
        after = {**{name: before[name] for name in kept}, **draft.secrets}
        return {name: value for name, value in after.items() if value is not None}

    def _bound_changes(self, row: RowMapping, draft: ConnectionDraft) -> list[str]:
        """Returns what an update changes of what the secrets are bound to: `kind`, else names of settings."""
        if draft.kind != row["kind"]:
            return ["kind"]
        before, after = row["settings"], draft.settings
        if self._binding(draft.kind, before) == self._binding(draft.kind, after):
            return []
        names = sorted(name for name in {*before, *after} if before.get(name, ...) != after.get(name, ...))
        bound = [
            name
            for name in names
            if self._binding(draft.kind, _with(before, name, after)) != self._binding(draft.kind, before)
        ]
        return bound or names

    def _sealed(self, place: Mapping[str, Any], draft: ConnectionDraft, secrets: dict[str, str]) -> dict[str, Any]:
        sealer = self._sealers.of(place["organization_id"])
        associated = _associated(place, self._binding(draft.kind, draft.settings))
        return {"secret_names": sorted(secrets), "sealed_secrets": sealer.seal(encode_json(secrets), associated)}

    def _opened(self, row: RowMapping) -> dict[str, str]:
        place, binding = _place(row), self._binding(row["kind"], row["settings"])
        sealed, sealer = bytes(row["sealed_secrets"]), self._sealers.of(row["organization_id"])
        secrets: dict[str, str] = parse_stored(sealer.open(sealed, _associated(place, binding)))
        return secrets


def _with(settings: Mapping[str, Json], name: str, changed: Mapping[str, Json]) -> dict[str, Json]:
    """Returns settings with one of them as it is in `changed`."""
    rest = {key: value for key, value in settings.items() if key != name}
    return {**rest, name: changed[name]} if name in changed else rest


def _refuse_kept(kept: Collection[str], changed: Collection[str]) -> None:
    """Raises: Refused (code `SECRETS_NEEDED`)."""
    message = f"must be entered again, or removed with null, since {', '.join(changed)} of the connection changes"
    hint = "a credential goes only where, and as, it was entered for"
    problems = tuple(Problem(path=_pointer(name), message=message, hint=hint) for name in kept)
    raise Refused(f"secrets {', '.join(kept)} {message}", code="SECRETS_NEEDED", problems=problems)


def _place(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in ("organization_id", "connection_id", "revision")}


def _associated(place: Mapping[str, Any], binding: Json) -> str:
    named = f"{place['organization_id']}|connection|{place['connection_id']}|{place['revision']}"
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
        raise not_found("connection")
    return row


def _connection(row: AnyRow) -> Connection:
    names = ("connection_id", "organization_id", "workspace_id", "kind", "settings", "created_by", "modified_by")
    return Connection(
        **{name: row[name] for name in names},
        name=row["connection_name"],
        secret_names=tuple(row["secret_names"]),
        created_on=from_ms(row["created_on_ms"]),
        modified_on=from_ms(row["modified_on_ms"]),
    )
