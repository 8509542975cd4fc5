"""The list of cards: one row each, with how many workflows use it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from looply.app.browsing.name_match import match_candidates, validate_term
from looply.app.browsing.version_list import ListedVersions, count_changes
from looply.app.context.services import Services
from looply.catalog.authored.listing import HeadQuery, ObjectHead
from looply.catalog.tenants.principal import Principal
from looply.definition.diff import Change, diff_documents


class CardEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `used_by` is how many workflows name the card."""

    head: ObjectHead
    used_by: int


class CardEntries(msgspec.Struct, frozen=True, kw_only=True):
    """One page; the fields are those of `HeadPage`."""

    items: Sequence[CardEntry]
    after: str
    is_truncated: bool


async def list_cards(
    services: Services, principal: Principal, *, term: str, is_draft: bool, after: str, limit: int
) -> CardEntries:
    """Returns cards, newest created first; those that match the term, and have a draft if asked for.

    Raises: BadRequest for a term that is too long.
    """
    organization_id = principal.organization_id
    matches = match_candidates(validate_term(term), is_draft=is_draft)
    query = HeadQuery(limit=limit, after=after, matches=matches)
    page = await services.catalog.card_lists.list_heads(organization_id, query)
    uses = await services.catalog.uses.count_workflows(organization_id, "card", [each.object_id for each in page.items])
    entries = [CardEntry(head=head, used_by=uses.get(head.object_id, 0)) for head in page.items]
    return CardEntries(items=entries, after=page.after, is_truncated=page.is_truncated)


async def list_versions(
    services: Services, principal: Principal, card_id: str, before: int | None, limit: int
) -> ListedVersions:
    """Returns the versions of a card below number `before`, newest first. Raises: NotFound, Overloaded."""
    lines = await services.catalog.card_lists.list_versions(principal.organization_id, card_id, limit + 1, before)
    return await count_changes(services, lines, limit, diff_cards)


def diff_cards(before: dict[str, Any], after: dict[str, Any]) -> Sequence[Change]:
    """Returns the changes that turn one template of a card into another."""
    return diff_documents(before, after, "card")
