"""`looply datastore` on the store of a stopped server."""

from typing import Any

from msgspec import to_builtins

from looply.app.authoring import datastores
from looply.cli.offline.store import open_store
from looply.cli.terminal.options import Target
from looply.cli.terminal.terminal import Terminal
from looply.engine.records.datastores import Datastore, DatastoreSummary
from looply.jsontext import Json
from looply.server.http.rows import datastore_record, datastore_row

_PAGE = 200


async def list_all(terminal: Terminal, target: Target) -> list[dict[str, Any]]:
    """Returns all datastores by name, as the API lists them."""
    found: list[DatastoreSummary] = []
    async with open_store(terminal, target) as store:
        has_more = True
        while has_more:
            after = found[-1].name if found else ""
            page, has_more = await datastores.list_page(store.services, store.principal, _PAGE, after)
            found.extend(page)
    return [to_builtins(datastore_row(line)) for line in found]


async def get(terminal: Terminal, target: Target, name: str) -> dict[str, Any]:
    """Returns a datastore with its document. Raises: NotFound."""
    async with open_store(terminal, target) as store:
        return _shown(await datastores.get(store.services, store.principal, name))


async def put(terminal: Terminal, target: Target, name: str, value: Json, if_revision: int | None) -> dict[str, Any]:
    """Returns the datastore with its new document. Raises: Refused, Conflict."""
    async with open_store(terminal, target) as store:
        stored = await datastores.put(store.services, store.principal, name, value, if_revision=if_revision)
        return _shown(stored)


async def delete(terminal: Terminal, target: Target, name: str, if_revision: int | None) -> None:
    """Deletes a datastore. Raises: NotFound, Conflict."""
    async with open_store(terminal, target) as store:
        await datastores.delete(store.services, store.principal, name, if_revision=if_revision)


def _shown(datastore: Datastore) -> dict[str, Any]:
    shown: dict[str, Any] = to_builtins(datastore_record(datastore))
    return shown
