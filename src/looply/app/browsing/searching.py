"""The search over everything that an organization has: at most a few objects of each kind, the best first."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from looply.app.browsing.name_match import has_term, match_candidates, validate_term
from looply.app.context.services import Services
from looply.app.executions.search import validate_filter
from looply.catalog.authored.listing import HeadPage, HeadQuery
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Filter

HitKind: TypeAlias = Literal["workflow", "card", "execution", "datastore", "connection"]

MOST: Final = 5
"""Objects of one kind in an answer."""

_LEAST_CHARACTERS: Final = 3
"""A shorter term is not searched for in executions, whose ids nearly all begin alike."""

_CONSIDERED: Final = 100
"""Objects with the term in their name from which the best are taken."""

_PAGE: Final = 500
_PAGES: Final = 10
_STARS: Final = 4


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One object. `version` is the newest one of a card; `detail` distinguishes objects with the same title."""

    kind: HitKind
    object_id: str
    title: str
    detail: str
    version: int = 0


async def search_all(services: Services, principal: Principal, term: str) -> Sequence[Hit]:
    """Returns at most `MOST` objects of each kind that the caller may read; none for an empty term.

    Of executions, those whose process id, execution id, current step or search value begins with the term; values of
    search fields only for callers who may read payloads. Raises: BadRequest (code `BAD_FILTER`) for a wrong term.
    """
    text = validate_term(term)
    if not text:
        return ()
    organization_id = principal.organization_id
    query = HeadQuery(limit=_CONSIDERED, matches=match_candidates(text))
    workflows = await services.catalog.workflow_lists.list_heads(organization_id, query)
    cards = await services.catalog.card_lists.list_heads(organization_id, query)
    return [
        *_best(text, _objects("workflow", workflows)),
        *_best(text, _objects("card", cards)),
        *(await _executions(services, principal, term.strip()) if principal.may("read.executions") else ()),
        *_best(text, await _datastores(services, organization_id, text)),
        *_best(text, await _connections(services, organization_id, text)),
    ]


def _best(term: str, candidates: Iterable[Hit]) -> list[Hit]:
    """Returns the best objects: equal names first, then names that begin with the term, else in their order."""

    def rank(each: Hit) -> int:
        title = each.title.casefold()
        return 0 if title == term else 1 if title.startswith(term) else 2

    return sorted(candidates, key=rank)[:MOST]


def _objects(kind: Literal["workflow", "card"], page: HeadPage) -> list[Hit]:
    return [
        Hit(
            kind=kind,
            object_id=head.object_id,
            title=head.name,
            detail=f"{'DRAFT' if head.is_draft else 'ACTIVE'}-{head.newest}",
            version=head.newest,
        )
        for head in page.items
    ]


async def _executions(services: Services, principal: Principal, term: str) -> list[Hit]:
    if len(term) < _LEAST_CHARACTERS or term.count("*") > _STARS:
        return []
    texts = (term,) if "*" in term else (term, f"{term}*")
    criteria = replace(validate_filter(Filter(terms=texts)), hides_values=not principal.may("read.payloads"))
    organization_id = principal.organization_id
    page = await services.engine.executions.list(organization_id, criteria, "", MOST, has_events=False)
    heads = [item.head for item in page.items]
    return [
        Hit(
            kind="execution",
            object_id=head.execution_id,
            title=head.process_id,
            detail=await services.library.name(organization_id, head.workflow_id, head.workflow_version),
        )
        for head in heads
    ]


async def _datastores(services: Services, organization_id: str, term: str) -> list[Hit]:
    found: list[Hit] = []
    after = ""
    for _ in range(_PAGES):
        page = await services.engine.datastores.list(organization_id, after, _PAGE)
        names = [each.name for each in page]
        found += [
            Hit(kind="datastore", object_id=name, title=name, detail="") for name in names if has_term(name, term)
        ]
        if len(names) < _PAGE:
            break
        after = names[-1]
    return found


async def _connections(services: Services, organization_id: str, term: str) -> list[Hit]:
    found: list[Hit] = []
    before: str | None = None
    for _ in range(_PAGES):
        page = await services.catalog.connections.list_page(organization_id, _PAGE, before)
        found += [
            Hit(kind="connection", object_id=each.name, title=each.name, detail=each.kind)
            for each in page.items
            if has_term(each.name, term)
        ]
        if not page.has_more:
            break
        before = page.items[-1].connection_id
    return found
