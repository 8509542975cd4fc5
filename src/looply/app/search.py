"""Searches for executions, newest first: by their columns, by search fields, by terms that may stand anywhere."""

import asyncio
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Final

import msgspec

from looply.app.executions import Rows, named_rows
from looply.app.services import Services
from looply.catalog.keys import Principal
from looply.engine.port import Filter, Page
from looply.engine.searching import is_like
from looply.errors import Problem, Refused
from looply.execution.searching import SEARCH_CHARACTERS, search_text
from looply.execution.state import Status

_COMBINATIONS: Final = 30
_TEXTS: Final = 30
_STARS: Final = 4
_FIELDS: Final = 10
_NAMED: Final = 100
"""Workflows that the names of terms may mean."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions are wanted; values of one field are OR-ed, empty means any.

    Process ids, terms and the texts of search fields may hold `*`, which stands for any text.
    """

    workflow_ids: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    versions: tuple[int, ...] = ()
    trigger_types: tuple[str, ...] = ()
    process_ids: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    terms: tuple[str, ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    parents: tuple[str, ...] = ()
    """Ids of the executions that started them."""


async def search(services: Services, principal: Principal, wanted: Search, *, after: str, limit: int) -> Rows:
    """Returns executions that fit; a page may be short and still be followed by another.

    Raises: Refused (code `SEARCH_TOO_WIDE`) when it combines, or names, more than can be read at once.
    """
    organization_id = principal.organization_id
    filters = _filters(wanted, await _named(services, organization_id, _checked("term", wanted.terms)))
    if len(filters) > _COMBINATIONS:
        message = (
            f"the search combines {len(filters)} workflows, versions, trigger types and parents; "
            f"at most {_COMBINATIONS}"
        )
        raise Refused(message, code="SEARCH_TOO_WIDE")
    pages = await asyncio.gather(*(services.engine.list(organization_id, each, after, limit) for each in filters))
    return await named_rows(services, organization_id, _merged(pages, limit))


def _filters(wanted: Search, term_workflows: tuple[str, ...]) -> list[Filter]:
    if len(wanted.fields) > _FIELDS:
        message = f"the search names {len(wanted.fields)} search fields; at most {_FIELDS}"
        raise Refused(message, code="SEARCH_TOO_WIDE")
    process_ids = tuple(unicodedata.normalize("NFC", each) for each in _checked("process_id", wanted.process_ids))
    fields = tuple((name, tuple(map(search_text, _checked(f"field.{name}", texts)))) for name, texts in wanted.fields)
    return [
        Filter(
            workflow_id=workflow_id,
            parent=parent,
            statuses=wanted.statuses,
            workflow_version=version,
            trigger_type=trigger_type,
            process_ids=process_ids,
            created_from=wanted.created_from,
            created_to=wanted.created_to,
            terms=tuple(map(search_text, wanted.terms)),
            term_workflows=term_workflows,
            fields=fields,
        )
        for workflow_id, version, trigger_type, parent in product(
            dict.fromkeys(wanted.workflow_ids) or ("",),
            dict.fromkeys(wanted.versions) or (None,),
            dict.fromkeys(wanted.trigger_types) or ("",),
            dict.fromkeys(wanted.parents) or ("",),
        )
    ]


def _checked(name: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) > _TEXTS:
        raise _too_wide(name, f"{len(texts)} texts; at most {_TEXTS}")
    for text in texts:
        if text.count("*") > _STARS:
            raise _too_wide(name, f"a text with more than {_STARS} `*`")
        if len(text) > SEARCH_CHARACTERS and "*" in text:
            raise _too_wide(name, f"a text with `*` and more than {SEARCH_CHARACTERS} characters")
    return tuple(dict.fromkeys(texts))


def _too_wide(name: str, what: str) -> Refused:
    problem = Problem(path=f"/{name}", message=f"holds {what}")
    return Refused(f"the search by {name} holds {what}", code="SEARCH_TOO_WIDE", problems=(problem,))


async def _named(services: Services, organization_id: str, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the workflows of which a version has a term as its name, whatever the case of its letters."""
    if not terms:
        return ()
    folded = [term.casefold() for term in terms]
    names = await services.catalog.workflows.names(organization_id)
    found = sorted({each for each, name in names if any(is_like(name.casefold(), term) for term in folded)})
    if len(found) > _NAMED:
        raise _too_wide("term", f"a text that {len(found)} workflows have as their name; at most {_NAMED}")
    return tuple(found)


def _merged(pages: Sequence[Page], limit: int) -> Page:
    """Returns the newest items of several pages as one page."""
    if len(pages) == 1:
        return pages[0]
    # Below the end of a page that goes on there may be items of it that were not read yet.
    floor = max((page.after for page in pages), default="")
    items = sorted((item for page in pages for item in page.items), key=lambda item: item.head.execution_id)
    ready = [item for item in reversed(items) if item.head.execution_id >= floor]
    after = ready[limit - 1].head.execution_id if len(ready) > limit else floor
    return Page(items=ready[:limit], after=after, truncated=any(page.truncated for page in pages))
