"""`looply execution list` on the store of a stopped server."""

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins

from looply.app.executions.search import search
from looply.catalog.storage.pages import MAX_READ_ITEMS
from looply.cli.offline.store import open_store
from looply.cli.terminal.options import Target
from looply.cli.terminal.terminal import Terminal
from looply.server.executions.records import execution_page
from looply.server.executions.search import filter_of
from looply.server.http.call import Query


async def list_executions(
    terminal: Terminal, target: Target, query: Mapping[str, Any], limit: int
) -> list[dict[str, Any]]:
    """Returns executions as the API lists them; `query` has the parameters of its search, None for those not given.

    Raises: BadRequest, Refused for a search that the API refuses too; NotFound, Conflict for the name of a workflow.
    """
    found: list[dict[str, Any]] = []
    async with open_store(terminal, target) as store:
        given = {name: value for name, value in query.items() if value is not None}
        if "workflow_id" in given:
            given["workflow_id"] = await store.workflow_id(given["workflow_id"])
        criteria, after = filter_of(Query({name: _texts(value) for name, value in given.items()})), ""
        while True:
            size = min(limit - len(found), MAX_READ_ITEMS)
            rows = await search(store.services, store.principal, criteria, after=after, limit=size)
            found += (to_builtins(item) for item in execution_page(rows, store.services.limits, is_search=True).items)
            after = rows.after
            if not after or len(found) >= limit:
                return found


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value if isinstance(value, list) else [value]))
