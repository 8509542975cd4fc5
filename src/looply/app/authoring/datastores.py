"""Datastores: named JSON documents of an organization, which every workflow of it can read and change."""

import asyncio
from collections.abc import Sequence

from looply.app.context.audit import record
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition.settings.datastores import canonical_name, name_finding
from looply.engine.records.datastores import Datastore, DatastoreSummary, change_of
from looply.errors import Conflict, DatastoreMoved, DatastoresFull, NotFound, Problem, Refused
from looply.execution.facts.datastores import DatastoreWrite, StoredDatastore, over_limits
from looply.jsontext import Json


async def list_page(
    services: Services, principal: Principal, limit: int, after: str
) -> tuple[Sequence[DatastoreSummary], bool]:
    """Returns up to `limit` datastores by name, those after `after`, and whether more follow."""
    found = await services.engine.datastores.list(principal.organization_id, after, limit + 1)
    return found[:limit], len(found) > limit


async def get(services: Services, principal: Principal, name: str) -> Datastore:
    """Returns a datastore. Raises: NotFound (code `DATASTORE_NOT_FOUND`)."""
    if not name_finding(name):
        found = await services.engine.datastores.find(principal.organization_id, canonical_name(name))
        if found.stored is not None:
            return found.stored
    raise _not_found(name)


async def put(
    services: Services, principal: Principal, name: str, value: Json, *, if_revision: int | None = None
) -> Datastore:
    """Replaces the document of a datastore, creates it if needed, and returns it. Durable when it returns.

    `if_revision` is the revision that the datastore must have before, 0 if it must not exist.
    Raises: Refused (codes `INVALID_NAME`, `LIMIT`); Conflict (codes `CONFLICT`, `DATASTORES_FULL`).
    """
    if reason := name_finding(name):
        raise Refused(reason, code="INVALID_NAME", problems=(Problem(path="/name", message=reason),))
    # In a thread, because it walks through the document.
    if reason := await asyncio.to_thread(over_limits, value, services.limits):
        raise Refused(f"the value {reason}", code="LIMIT", problems=(Problem(path="/value", message=reason),))
    name = canonical_name(name)

    def next_write(known: StoredDatastore) -> DatastoreWrite:
        return DatastoreWrite(
            name=name,
            expected=known.revision,
            revision=known.next_revision,
            value=value,
            created_on=known.created_on,
        )

    while True:
        known = await _check_revision(services, principal, name, if_revision)
        stored = await _write(services, principal, next_write(known))
        if stored is not None:
            await record(services, principal, "datastore.put", stored.name, revision=stored.revision)
            return stored


async def delete(services: Services, principal: Principal, name: str, *, if_revision: int | None = None) -> None:
    """Deletes a datastore; durable when it returns.

    Raises: NotFound (code `DATASTORE_NOT_FOUND`); Conflict (code `CONFLICT`) when it has another revision.
    """
    stored = await get(services, principal, name)
    while True:
        known = await _check_revision(services, principal, stored.name, if_revision)
        if not known.revision:
            raise _not_found(name)
        write = DatastoreWrite(name=stored.name, expected=known.revision, revision=known.next_revision)
        change = change_of(principal.organization_id, write, services.clock.now(), principal.by, services.limits)
        try:
            await services.engine.datastores.put(change)
        except DatastoreMoved:
            continue
        await record(services, principal, "datastore.delete", stored.name, revision=known.revision)
        return


async def _check_revision(
    services: Services, principal: Principal, name: str, if_revision: int | None
) -> StoredDatastore:
    """Returns the current revision. Raises: Conflict (code `CONFLICT`) when it is not `if_revision`."""
    known = (await services.engine.datastores.find(principal.organization_id, name)).known
    if if_revision is not None and if_revision != known.revision:
        is_there = f"is at revision {known.revision}" if known.revision else "does not exist, which is revision 0"
        raise Conflict(f"the datastore {is_there}; if_revision asks for {if_revision}")
    return known


async def _write(services: Services, principal: Principal, write: DatastoreWrite) -> Datastore | None:
    """Writes a datastore and returns it, None when a concurrent write has changed it before. Raises: Conflict."""
    change = change_of(principal.organization_id, write, services.clock.now(), principal.by, services.limits)
    try:
        await services.engine.datastores.put(change)
    except DatastoreMoved:
        return None
    except DatastoresFull as error:
        raise Conflict(error.message, code=error.code) from error
    return change.after


def _not_found(name: str) -> NotFound:
    message = f"datastore {name[:50]!r} not found; list the datastores for their names"
    return NotFound(message, code="DATASTORE_NOT_FOUND")
