"""The port of datastores: named JSON documents of organizations, stored beside the executions that change them.

A change is guarded by the revision that it was computed on, and a step's change is part of the unit that stores the
step's outcome. A revision is never reused: a datastore that is created again continues above the highest revision of
the organization's deleted datastores, so that a change which was computed on the deleted one fails.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final, Protocol

import msgspec

from looply.errors import DatastoreMoved, DatastoresFull, StoreCorrupt
from looply.execution.facts.datastores import DatastoreWrite, StoredDatastore
from looply.instants import to_ms
from looply.jsontext import Json, encode_json, parse_stored
from looply.limits import Limits

_DIGEST_BYTES: Final = 16


class Datastore(msgspec.Struct, frozen=True, kw_only=True):
    """A datastore as it is stored: `body` is its JSON text, `digest` the hash over all other fields.

    `modified_by` is a key or an execution.
    """

    organization_id: str
    name: str
    revision: int
    body: bytes
    created_on: datetime
    modified_on: datetime
    modified_by: str
    digest: bytes = b""

    @property
    def value(self) -> Json:
        """The document. Raises: StoreCorrupt."""
        try:
            return parse_stored(self.body)
        except ValueError as error:
            raise StoreCorrupt(_damaged(self.name)) from error


class DatastoreSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A datastore in a list; `size` is the length of its document in bytes."""

    name: str
    revision: int
    size: int
    created_on: datetime
    modified_on: datetime
    modified_by: str


class NamedDatastore(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored under a name, and the revision that its next change will have."""

    stored: Datastore | None
    next_revision: int

    @property
    def known(self) -> StoredDatastore:
        """The datastore as operations see it. Raises: StoreCorrupt."""
        stored = self.stored
        if stored is None:
            return StoredDatastore(next_revision=self.next_revision)
        return StoredDatastore(
            revision=stored.revision,
            value=stored.value,
            next_revision=self.next_revision,
            created_on=stored.created_on,
        )


class DatastoreChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one datastore: applies only while `expected` is its revision (0: there is none).

    `after` is None when the datastore is deleted; then no later datastore of the organization has `revision`. A new one
    is refused where the organization has `limit` datastores already.
    """

    organization_id: str
    name: str
    expected: int
    revision: int
    after: Datastore | None
    limit: int


class Datastores(Protocol):
    """The datastores of all organizations."""

    async def find(self, organization_id: str, name: str) -> NamedDatastore:
        """Returns what is stored under a name. Raises: StoreCorrupt when the digest does not match the content."""
        ...

    async def list(self, organization_id: str, after: str, limit: int) -> Sequence[DatastoreSummary]:
        """Returns up to `limit` datastores of an organization by name (code points), those after `after`."""
        ...

    async def put(self, change: DatastoreChange) -> None:
        """Applies one change; durable when it returns. Raises: DatastoreMoved, DatastoresFull."""
        ...

    async def find_damaged(self) -> Sequence[str]:
        """Returns a text for each datastore, of any organization, that cannot be read as it was stored."""
        ...


def change_of(organization_id: str, write: DatastoreWrite, at: datetime, by: str, limits: Limits) -> DatastoreChange:
    """Returns a write as a change for stores."""
    after = None
    if write.value is not msgspec.UNSET:
        after = Datastore(
            organization_id=organization_id,
            name=write.name,
            revision=write.revision,
            body=encode_json(write.value),
            created_on=write.created_on or at,
            modified_on=at,
            modified_by=by,
        )
        after = msgspec.structs.replace(after, digest=digest_of(after))
    return DatastoreChange(
        organization_id=organization_id,
        name=write.name,
        expected=write.expected,
        revision=write.revision,
        after=after,
        limit=limits.datastores,
    )


def revision_error(change: DatastoreChange) -> DatastoreMoved:
    """Returns the error for a change that was computed on another revision."""
    return DatastoreMoved(f"the datastore {change.name!r} is no longer at revision {change.expected}")


def full_error(change: DatastoreChange) -> DatastoresFull:
    """Returns the error for a new datastore over the limit."""
    message = f"the datastore {change.name!r} would be one more than the limit datastores, {change.limit}; delete one"
    return DatastoresFull(message)


def digest_of(datastore: Datastore) -> bytes:
    """Returns the hash over everything that is stored of a datastore: a flipped bit anywhere changes it."""
    facts = (
        datastore.organization_id,
        datastore.name,
        datastore.revision,
        datastore.body,
        to_ms(datastore.created_on),
        to_ms(datastore.modified_on),
        datastore.modified_by,
    )
    return blake2b(msgspec.msgpack.encode(facts), digest_size=_DIGEST_BYTES).digest()


def verify_datastore(datastore: Datastore) -> Datastore:
    """Returns the datastore when it is what was stored. Raises: StoreCorrupt."""
    if digest_of(datastore) != datastore.digest:
        raise StoreCorrupt(_damaged(datastore.name))
    return datastore


def find_damage(datastore: Datastore) -> str:
    """Returns what is wrong with a stored datastore, empty when nothing is."""
    try:
        # The digest proves that the text is what was stored; whether it is JSON is checked as well.
        _ = verify_datastore(datastore).value
    except StoreCorrupt as error:
        return f"organization {datastore.organization_id}: {error.message}"
    return ""


def _damaged(name: str) -> str:
    return f"the datastore {name!r} is not what was stored; restore the store from a backup"
