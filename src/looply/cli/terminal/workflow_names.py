"""Names of workflows where commands take ids: the id that belongs to a name."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from looply.errors import Conflict, NotFound
from looply.suggest import did_you_mean


async def find_workflow(name: str, versions: AsyncIterator[Mapping[str, Any]]) -> str:
    """Returns the id of the workflow whose newest version has that name; of an id, the id as it is stored.

    `versions` are those of all workflows, as the API lists them; they are read for a name only. Raises: NotFound (code
    `WORKFLOW_NOT_FOUND`); Conflict (code `AMBIGUOUS_NAME`) with the ids, when several workflows have the name.
    """
    with suppress(ValueError):
        return str(UUID(name))
    newest: dict[str, tuple[int, str]] = {}
    async for item in versions:
        version = (int(item["workflow_version"]), str(item["workflow_name"]))
        newest[item["workflow_id"]] = max(newest.get(item["workflow_id"], version), version)
    found = sorted(workflow_id for workflow_id, (_, known) in newest.items() if known == name)
    if len(found) > 1:
        message = f"{len(found)} workflows are named {name!r}; give one of their ids: {', '.join(found)}"
        raise Conflict(message, code="AMBIGUOUS_NAME")
    if not found:
        hint = did_you_mean(name, (known for _, known in newest.values()))
        message = f"no workflow has the id or the name {name[:200]!r}{f'; {hint}' if hint else ''}"
        raise NotFound(message, code="WORKFLOW_NOT_FOUND")
    return found[0]
