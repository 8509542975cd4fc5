"""The versions of one workflow or card, each with how many changes lead to it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from looply.app.context.services import Services
from looply.catalog.authored.listing import VersionLine
from looply.definition.diff import Change
from looply.jsontext import Json, parse_stored

Diff: TypeAlias = Callable[[dict[str, Any], dict[str, Any]], Sequence[Change]]


class ListedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a list. `by` changed or activated it last, None for the operator; `note` is of its activation.

    `change_count` is None for the first version, and where one of the two cannot be read.
    """

    version: int
    name: str
    status: Literal["DRAFT", "ACTIVE"]
    by: str | None
    created_on: datetime
    modified_on: datetime
    change_count: int | None
    note: str


class ListedVersions(msgspec.Struct, frozen=True, kw_only=True):
    """One page of versions, newest first. `has_more`: another page follows."""

    items: tuple[ListedVersion, ...]
    has_more: bool


async def count_changes(services: Services, lines: Sequence[VersionLine], limit: int, diff: Diff) -> ListedVersions:
    """Returns the page of the first `limit` versions; `lines` has one more when there is one, to compare with.

    Raises: Overloaded.
    """
    return await services.background.run(lambda: _compare(lines, limit, diff))


def _compare(lines: Sequence[VersionLine], limit: int, diff: Diff) -> ListedVersions:
    contents = [_parse(line.content) for line in lines]
    former = [*contents[1:], None]
    items = tuple(
        _listed(line, None if before is None or after is None else len(diff(before, after)))
        for line, before, after in zip(lines, former, contents, strict=True)
    )
    return ListedVersions(items=items[:limit], has_more=len(lines) > limit)


def _parse(text: str) -> dict[str, Any] | None:
    """Returns a stored document, None when it cannot be read."""
    try:
        found: Json = parse_stored(text.encode())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _listed(line: VersionLine, change_count: int | None) -> ListedVersion:
    return ListedVersion(
        version=line.version,
        name=line.name,
        status=line.status,
        by=line.by,
        created_on=line.created_on,
        modified_on=line.modified_on,
        change_count=change_count,
        note=line.note,
    )
