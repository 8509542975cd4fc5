"""API keys.

A key's text is `lk_`, a public prefix of 8 characters, `_` and 32 random bytes in base64url. The prefix and the SHA-256
of the whole text are stored: with 256 random bits, a slow hash would add no security.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, false, insert, select, update

from looply.catalog.storage.damage import AnyRow, mark_damaged, require_readable
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.pages import Page, make_page, validate_limit
from looply.catalog.storage.read_cache import ReadCache
from looply.catalog.storage.tables import api_keys, workflow_versions
from looply.catalog.tenants.names import not_found_error, validate_id, validate_name
from looply.catalog.tenants.organizations import require_workspace
from looply.catalog.tenants.principal import Principal
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Entropy, Ids
from looply.errors import BadRequest, Refused
from looply.instants import from_ms, instant_or_none, ms_or_none, to_ms
from looply.jsontext import Json
from looply.permissions import FOR_KEYS, SCOPES, Permission, permissions_of

# The promised time for a revocation to take effect in every process; on a shared catalog it takes effect at once.
CACHE_SECONDS = 5.0
CACHE_ENTRIES = 4096

MAX_BOUND = 30
"""Workflows that a key may be bound to: as many as a search may name."""

_MARK = "lk_"
_PREFIX_CHARACTERS = 8
_NO_DIGEST = bytes(32)


class KeyDraft(msgspec.Struct, frozen=True):
    """The properties of a new key; without `expires_on` it does not expire.

    With `workflow_ids` it is bound: only these workflows and their executions are visible to its holder. It has the
    permissions of its scopes, and `permissions`.
    """

    name: str
    scopes: Collection[str]
    expires_on: datetime | None = None
    workflow_ids: Collection[str] | None = None
    permissions: Collection[str] = ()

    @property
    def granted(self) -> frozenset[str]:
        """All permissions of the key, those of its scopes included."""
        return permissions_of(self.scopes) | frozenset(self.permissions)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key in lists; `prefix` is the public part by which its owner recognizes it.

    `permissions` are those that it has beside those of its scopes. The last use is known to the minute.
    """

    key_id: str
    organization_id: str
    workspace_id: str
    name: str
    prefix: str
    scopes: frozenset[str]
    permissions: frozenset[Permission]
    workflow_ids: frozenset[str] | None
    created_by: str | None
    created_on: datetime
    expires_on: datetime | None
    revoked_on: datetime | None
    last_used_on: datetime | None
    last_used_from: str | None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was just created. `text` is shown only once and is not stored."""

    text: str
    key: ApiKey

    def __repr__(self) -> str:
        return f"NewKey(text='***', key={self.key!r})"


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """A revoked key, and the keys that were created with it, directly or through other keys, newest first.

    The keys of `made_by_it` were valid before; with `cascade` they are revoked, too.
    """

    key: ApiKey
    made_by_it: tuple[ApiKey, ...]


class _Known(msgspec.Struct, frozen=True):
    principal: Principal
    expires_on: datetime | None


class ApiKeys:
    """The API keys of all organizations.

    `authenticate` is the only method without an organization, which follows from the key. Keys that were found are
    cached by their hash until the catalog changes, for 5 seconds at most, so that most calls read no rows.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._known: ReadCache[_Known | None] = ReadCache(
            database, clock, lambda known: known is not None, seconds=CACHE_SECONDS, entries=CACHE_ENTRIES
        )

    async def create(
        self, organization_id: str, workspace_id: str, draft: KeyDraft, *, actor: str | None = None
    ) -> NewKey:
        """Creates a key and returns it with its text, which is not stored.

        Raises: BadRequest or Refused for a wrong name, unknown scopes or permissions, none at all, an expiry that is
        not in the future, or unknown workflows; NotFound for a workspace of another organization.
        """
        change = Change(organization_id, actor, self._clock.now())
        checked, scopes, permissions = validate_name(draft.name, "name"), *_validate_grants(draft)
        if draft.expires_on is not None and draft.expires_on <= change.at:
            raise _invalid_key_error("expires_on", "must be in the future")
        bound = None if draft.workflow_ids is None else _validate_binding(draft.workflow_ids, draft.granted)
        key_id = str(self._ids.next(change.at))

        def store(connection: Connection) -> NewKey:
            require_workspace(connection, organization_id, workspace_id)
            if bound is not None:
                _check_workflows(connection, organization_id, bound)
            prefix = self._free_prefix(connection)
            text = f"{_MARK}{prefix}_{base64.urlsafe_b64encode(self._entropy.token(32)).rstrip(b'=').decode()}"
            connection.execute(
                insert(api_keys).values(
                    key_id=key_id,
                    organization_id=organization_id,
                    workspace_id=workspace_id,
                    key_name=checked,
                    prefix=prefix,
                    key_sha256=_digest(text),
                    scopes=sorted(scopes),
                    permissions=sorted(permissions),
                    workflow_ids=bound,
                    created_by=actor,
                    created_ms=to_ms(change.at),
                    expires_ms=ms_or_none(draft.expires_on),
                )
            )
            details: dict[str, Json] = {"name": checked, "prefix": prefix, "scopes": sorted(scopes)}
            if permissions:
                details["permissions"] = sorted(permissions)
            if bound is not None:
                details["workflow_ids"] = bound
            change.record(connection, "key.create", key_id, **details)
            return NewKey(text=text, key=_key(_get(connection, organization_id, key_id)))

        return await self._database.write(store)

    async def authenticate(self, text: str, now: datetime) -> Principal | None:
        """Returns the principal of a key; None when the key is malformed, unknown, wrong, expired or revoked.

        Guarantees: all these cases cost the same: one hash, one look-up and one comparison in constant time.
        A revocation takes effect at once in all processes that share the catalog; on a file it takes effect at once in
        this process, within 5 seconds in others.
        Raises: as a read; a key is never accepted because the database is unreachable.
        """
        digest = _digest(text)
        known = await self._known.get(digest, lambda: self._look_up(text, digest))
        if known is None or (known.expires_on is not None and known.expires_on <= now):
            return None
        return known.principal

    async def revoke(
        self, organization_id: str, key_id: str, *, cascade: bool = False, actor: str | None = None
    ) -> Revocation:
        """Revokes a key, and returns it with the valid keys that were created with it.

        With `cascade` these are revoked in the same transaction. Revoking a key again does not change it.
        Raises: BadRequest for an id that is no UUID; NotFound (code `KEY_NOT_FOUND`).
        """
        change = Change(organization_id, actor, self._clock.now())
        checked = validate_id(key_id, "key")

        def store(connection: Connection) -> Revocation:
            if _get(connection, organization_id, checked)["revoked_ms"] is None:
                _revoke(connection, change, checked)
            made = _live_descendants(connection, organization_id, checked, to_ms(change.at))
            for descendant in made if cascade else ():
                _revoke(connection, change, descendant, made_by=checked)
            descendants = tuple(
                _key(mark_damaged(_get(connection, organization_id, descendant))) for descendant in made
            )
            return Revocation(
                key=_key(mark_damaged(_get(connection, organization_id, checked))), made_by_it=descendants
            )

        return await self._database.write(store)

    async def get(self, organization_id: str, key_id: str) -> ApiKey:
        """Returns the key without its text.

        Raises: BadRequest for an id that is no UUID; NotFound (code `KEY_NOT_FOUND`).
        """
        checked = validate_id(key_id, "key")
        row = await self._database.read(lambda connection: _get(connection, organization_id, checked))
        return _key(require_readable(row, api_keys))

    async def get_maker(self, organization_id: str, key_id: str) -> str | None:
        """Returns the id of the person who created a key, directly or by other keys; None when the operator did.

        Raises: BadRequest for an id that is no UUID; NotFound (code `KEY_NOT_FOUND`).
        """
        checked = validate_id(key_id, "key")

        def find(connection: Connection) -> str | None:
            maker: str | None = _get(connection, organization_id, checked)["created_by"]
            while maker is not None:
                columns = api_keys.c
                made = columns.organization_id == organization_id, columns.key_id == maker
                row = connection.execute(select(columns.created_by).where(*made)).first()
                if row is None:
                    return maker
                maker = row[0]
            return None

        return await self._database.read(find)

    async def list_page(self, organization_id: str, limit: int, before: str | None = None) -> Page[ApiKey]:
        """Returns keys, newest first, including revoked ones, older than the key id `before` if it is given.

        Raises: BadRequest when the limit is not positive.
        """
        size = validate_limit(limit)
        query = select(api_keys).where(api_keys.c.organization_id == organization_id)
        if before is not None:
            query = query.where(api_keys.c.key_id < validate_id(before, "key"))
        query = query.order_by(api_keys.c.key_id.desc()).limit(size + 1)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return make_page(rows, size, _key)

    async def _look_up(self, text: str, digest: bytes) -> _Known | None:
        query = select(api_keys).where(api_keys.c.prefix == _prefix(text))
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        is_equal = hmac.compare_digest(digest, _NO_DIGEST if row is None else bytes(row["key_sha256"]))
        if row is None or not is_equal or row["revoked_ms"] is not None:
            return None
        key = _key(require_readable(row, api_keys))
        return _Known(_principal(key), key.expires_on)

    def _free_prefix(self, connection: Connection) -> str:
        while True:
            prefix = base64.b32encode(self._entropy.token(5)).decode().lower()
            if connection.execute(select(api_keys.c.key_id).where(api_keys.c.prefix == prefix)).first() is None:
                return prefix


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _prefix(text: str) -> str:
    """Returns the public prefix of a key's text; for a malformed text a prefix that no key has."""
    prefix = text[len(_MARK) : len(_MARK) + _PREFIX_CHARACTERS]
    return prefix if prefix.isascii() and prefix.isalnum() else ""


def _validate_grants(draft: KeyDraft) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the scopes and the permissions of a new key. Raises: Refused (code `INVALID_KEY`)."""
    scopes, permissions = frozenset(draft.scopes), frozenset(draft.permissions)
    if not scopes and not permissions:
        raise _invalid_key_error("scopes", f"must name at least one of {', '.join(SCOPES)}")
    for field, named, known in (("scopes", scopes, [*SCOPES]), ("permissions", permissions, sorted(FOR_KEYS))):
        if unknown := named - {*known}:
            finding = f"names {', '.join(sorted(unknown))}; allowed are {', '.join(known)}"
            raise _invalid_key_error(field, finding)
    return scopes, permissions


def _invalid_key_error(field: str, finding: str) -> Refused:
    return Refused.at(f"/{field}", finding, code="INVALID_KEY")


def _get(connection: Connection, organization_id: str, key_id: str) -> RowMapping:
    query = select(api_keys).where(api_keys.c.organization_id == organization_id, api_keys.c.key_id == key_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise not_found_error("key", key_id)
    return row


def _revoke(connection: Connection, change: Change, key_id: str, **details: Json) -> None:
    connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(revoked_ms=to_ms(change.at)))
    change.record(connection, "key.revoke", key_id, **details)


def _live_descendants(connection: Connection, organization_id: str, key_id: str, now_ms: int) -> list[str]:
    """Returns the valid keys that were created with a key, directly or through others (also revoked), newest first."""
    found: dict[str, bool] = {}
    creators = [key_id]
    while creators:
        query = select(api_keys).where(
            api_keys.c.organization_id == organization_id, api_keys.c.created_by.in_(creators)
        )
        rows = connection.execute(query).mappings().all()
        creators = [row["key_id"] for row in rows if row["key_id"] not in found]
        for row in rows:
            is_expired = row["expires_ms"] is not None and row["expires_ms"] <= now_ms
            found[row["key_id"]] = row["revoked_ms"] is None and not is_expired
    return sorted((descendant for descendant, is_live in found.items() if is_live), reverse=True)


def _validate_binding(workflow_ids: Collection[str], granted: frozenset[str]) -> list[str]:
    """Returns the ids of workflows in their stored form. Raises: Refused (code `INVALID_KEY`)."""
    if not 1 <= len(workflow_ids) <= MAX_BOUND:
        raise _invalid_key_error("workflow_ids", f"must name 1 to {MAX_BOUND} workflows; left out, the key is for all")
    if granted & SCOPES["admin"]:
        message = "cannot bind a key with the scope admin or its permissions, which are about the organization"
        raise _invalid_key_error("workflow_ids", message)
    try:
        return sorted({validate_id(each, "workflow") for each in workflow_ids})
    except BadRequest as error:
        raise _invalid_key_error("workflow_ids", f"names an {error.message}") from error


def _check_workflows(connection: Connection, organization_id: str, workflow_ids: Collection[str]) -> None:
    """Raises: Refused when a workflow does not exist or belongs to another organization, which must look the same."""
    columns = workflow_versions.c
    query = select(columns.workflow_id).where(
        columns.organization_id == organization_id, columns.workflow_id.in_(workflow_ids), columns.deleted == false()
    )
    found = set(connection.execute(query).scalars().all())
    if missing := sorted(set(workflow_ids) - found):
        raise _invalid_key_error(
            "workflow_ids", f"names {', '.join(missing)}, which are no workflows of the organization"
        )


def _principal(key: ApiKey) -> Principal:
    return Principal(
        organization_id=key.organization_id,
        workspace_id=key.workspace_id,
        key_id=key.key_id,
        name=key.name,
        permissions=permissions_of(key.scopes) | key.permissions,
        workflow_ids=key.workflow_ids,
    )


def _key(row: AnyRow) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        organization_id=row["organization_id"],
        workspace_id=row["workspace_id"],
        name=row["key_name"],
        prefix=row["prefix"],
        scopes=frozenset(row["scopes"]),
        permissions=frozenset(row["permissions"] or ()),
        workflow_ids=None if row["workflow_ids"] is None else frozenset(row["workflow_ids"]),
        created_by=row["created_by"],
        created_on=from_ms(row["created_ms"]),
        expires_on=instant_or_none(row["expires_ms"]),
        revoked_on=instant_or_none(row["revoked_ms"]),
        last_used_on=instant_or_none(row["last_used_ms"]),
        last_used_from=row["last_used_from"],
    )
