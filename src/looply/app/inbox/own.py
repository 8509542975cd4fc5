"""The caller as a person, and the cards that are theirs."""

import re
from typing import Final

from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.app.executions.sent_cards import card_not_found
from looply.catalog.tenants.principal import Person, Principal
from looply.engine.ports.lists import Execution
from looply.errors import NotFound, OutOfScope
from looply.execution.facts.state import Card
from looply.execution.facts.values.approval_terms import is_same_person

_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NOT_YOURS: Final = "it was sent to another person, or its execution was deleted; list your requests again"
VIA_INBOX: Final = "INBOX"
VIA_TAB: Final = "TEAMS_TAB"
_CARD: Final = re.compile(f"({_ID}):({_ID})", re.ASCII)


def own_person(principal: Principal) -> Person:
    """Returns the person who makes the call. Raises: Forbidden (code `SCOPE`) for a key, which has no inbox."""
    if principal.person is None:
        raise OutOfScope("own")
    return principal.person


def way_of(principal: Principal) -> str:
    """Returns the channel by which a person acts, as histories record it: the inbox, or its tab in Teams."""
    return VIA_TAB if principal.session is not None and principal.session.connection_id else VIA_INBOX


async def find_own_card(services: Services, principal: Principal, text: str) -> tuple[Execution, Card]:
    """Returns a card that was sent to the caller, open or closed, with its execution.

    Raises: NotFound (code `CARD_NOT_FOUND`), the same error for a card of another person.
    """
    person, found = own_person(principal), _CARD.fullmatch(text.lower())
    if found is None:
        raise card_not_found(NOT_YOURS)
    try:
        execution = await get_owned(services, principal.organization_id, found[1])
    except NotFound as error:
        raise card_not_found(NOT_YOURS) from error
    card = execution.state.cards.get(found[2])
    if card is None or not is_same_person(card.recipient, person.email):
        raise card_not_found(NOT_YOURS)
    return execution, card
