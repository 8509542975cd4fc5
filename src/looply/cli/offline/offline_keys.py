"""`looply key` on the data folder of a stopped server."""

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from looply.app.administration import keys
from looply.catalog.storage.pages import MAX_READ_ITEMS
from looply.catalog.tenants.keys import ApiKey, KeyDraft
from looply.cli.offline.store import open_store
from looply.cli.terminal.options import Target
from looply.cli.terminal.terminal import Terminal
from looply.server.http.rows import key_row, new_key_row


async def create(terminal: Terminal, target: Target, draft: KeyDraft) -> dict[str, Any]:
    """Returns a new key with its text; the draft may name workflows in place of their ids.

    Raises: Refused, BadRequest; NotFound, Conflict for a name.
    """
    async with open_store(terminal, target) as store:
        if draft.workflow_ids is not None:
            named = [await store.workflow_id(each) for each in draft.workflow_ids]
            draft = replace(draft, workflow_ids=named)
        new = await keys.create(store.services, store.principal, draft)
    shown: dict[str, Any] = to_builtins(new_key_row(new.key, new.text))
    return shown


async def list_keys(terminal: Terminal, target: Target) -> list[dict[str, Any]]:
    """Returns all keys, newest first."""
    found: list[ApiKey] = []
    async with open_store(terminal, target) as store:
        before, has_more = None, True
        while has_more:
            page = await keys.list_page(store.services, store.principal, MAX_READ_ITEMS, before)
            found.extend(page.items)
            before, has_more = (found[-1].key_id if found else None), page.has_more
    return [to_builtins(key_row(key)) for key in found]


async def revoke(terminal: Terminal, target: Target, key_id: str, *, cascade: bool) -> dict[str, Any]:
    """Returns the response of `revokeKey`. Raises: BadRequest, NotFound."""
    async with open_store(terminal, target) as store:
        revoked = await keys.revoke(store.services, store.principal, key_id, cascade=cascade)
    made = [to_builtins(key_row(key)) for key in revoked.made_by_it]
    return {"item": to_builtins(key_row(revoked.key)), "made_by_it": made}
