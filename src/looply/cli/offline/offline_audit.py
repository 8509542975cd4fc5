"""`looply audit` on a store, without a server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from msgspec import to_builtins

from looply.app.context import audit
from looply.catalog.storage.pages import MAX_READ_ITEMS
from looply.catalog.trail.audit import AuditFilter
from looply.cli.offline.store import open_store
from looply.cli.terminal.options import Target
from looply.cli.terminal.terminal import Terminal
from looply.instants import from_ms
from looply.server.http.rows import audit_row


@asynccontextmanager
async def open_trail(terminal: Terminal, target: Target) -> AsyncIterator[Callable[..., Awaitable[dict[str, Any]]]]:
    """Yields a function with the parameters and the results of `getAudit`."""
    async with open_store(terminal, target) as store:

        async def ask(**query: Any) -> dict[str, Any]:
            if "after" in query:
                found = await audit.list_after(store.services, store.principal, query["after"], limit=MAX_READ_ITEMS)
            else:
                before = query.get("record_id")
                records = _audit_filter(query)
                found = await audit.list_page(
                    store.services, store.principal, records, before=before, limit=MAX_READ_ITEMS
                )
            page = {
                "items": [to_builtins(audit_row(each)) for each in found.items],
                "head": {"record_id": found.head.count, "hash": found.head.hash.hex()},
            }
            cursor = "after" if "after" in query else "record_id"
            return page if found.next is None else {**page, "lastKey": {cursor: found.next}}

        yield ask


def _audit_filter(query: dict[str, Any]) -> AuditFilter:
    since, until = query.get("from"), query.get("to")
    return AuditFilter(
        actor=query.get("actor") or "",
        action=query.get("action") or "",
        object_id=query.get("object") or "",
        recorded_from=None if since is None else from_ms(since),
        recorded_to=None if until is None else from_ms(until),
    )
