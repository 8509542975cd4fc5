"""`adaptiveCard`: sends a card to people, updates it, or deletes it; and waits for their answers."""

from collections.abc import Iterable

from looply.definition import SOURCES, AdaptiveCardSettings
from looply.definition.settings.mail import has_line_break, person_of
from looply.definition.settings.step_settings import FallbackSettings
from looply.execution.approvals.card_answers import card_output
from looply.execution.approvals.turns import fallback_timers
from looply.execution.document.document import scope_of_step
from looply.execution.document.evaluation import StepError, reads_secret
from looply.execution.facts.address import card_id
from looply.execution.facts.events import CardClosed, CardWanted, Computed, Event, Resumed
from looply.execution.facts.state import Card, cards_of
from looply.execution.facts.values.card_copy import CardCopy, FallbackTerm
from looply.execution.steps.visit import Visit
from looply.execution.steps.wait import open_wait
from looply.expressions import CardTemplate, Template
from looply.jsontext import Json

_RECIPIENT_CHARACTERS = 320  # the longest mail address of RFC 5321


def enter(visit: Visit) -> tuple[Event, ...]:
    """Returns the events of the step's action; sending a card and opening its wait are in one unit."""
    settings = visit.step.settings
    assert isinstance(settings, AdaptiveCardSettings)
    match settings.action:
        case "send":
            return _send(visit, settings)
        case "update":
            return _update(visit, settings)
        case _:
            return _delete(visit, settings)


def _send(visit: Visit, settings: AdaptiveCardSettings) -> tuple[Event, ...]:
    recipients = _recipients(visit, settings)
    execution_id = visit.state.started.execution_id
    sent = CardWanted(
        **visit.common(),
        copies=tuple(
            CardCopy(card_id=card_id(execution_id, visit.address, part), recipient=recipient, part=part)
            for part, recipient in enumerate(recipients)
        ),
        body=card_body(visit, settings.card),
        channel=settings.channel,
        app=settings.app or "",
        may_answer=read_may_answer(visit, settings.may_answer),
        confirm=settings.confirm,
    )
    if settings.wait is None:
        return (sent, Computed(**visit.common(), output=card_output((), recipients, "")))
    match settings.wait.count:
        case "first":
            count = 1
        case "all":
            count = len(recipients)
        case number:
            count = int(number)
    if not recipients:
        raise StepError("there are no recipients whose answer could be awaited", code="BAD_INPUT")
    if count > len(recipients):
        message = f"wait.for asks for {count} answers, but there are {len(recipients)} recipients"
        raise StepError(message, code="BAD_INPUT")
    fallback = read_fallback(visit, settings.fallback)
    timers = fallback_timers(fallback, visit.address, visit.state.now)
    opened = open_wait(visit, SOURCES, settings.wait.timeout, count, recipients, fallback)
    if any(isinstance(event, Resumed) for event in opened):
        cards = tuple(copy.card_id for copy in sent.copies)
        return (sent, *opened, CardClosed(**visit.common(), cards=cards, reason="ANSWERED"))
    return (sent, *opened, *timers)


def _update(visit: Visit, settings: AdaptiveCardSettings) -> tuple[Event, ...]:
    cards = _target_cards(visit, settings)
    sent = CardWanted(
        **visit.common(),
        copies=tuple(CardCopy(card_id=card.card_id, recipient=card.recipient, part=card.part) for card in cards),
        body=card_body(visit, settings.card),
        revision=max(card.revision for card in cards) + 1,
        target=settings.target or "",
    )
    return (sent, Computed(**visit.common(), output=card_output((), [card.recipient for card in cards], "")))


def _delete(visit: Visit, settings: AdaptiveCardSettings) -> tuple[Event, ...]:
    cards = _target_cards(visit, settings)
    closed = CardClosed(**visit.common(), cards=tuple(card.card_id for card in cards), reason="DELETED")
    return (closed, Computed(**visit.common(), output=card_output((), [card.recipient for card in cards], "")))


def _target_cards(visit: Visit, settings: AdaptiveCardSettings) -> list[Card]:
    target = settings.target or ""
    scope = scope_of_step(visit.workflow, visit.state, visit.address.scope, target)
    following = visit.state.next_visit(scope or "", target)
    cards = cards_of(visit.state, following._replace(visit=following.visit - 1).text)
    if not cards:
        raise StepError(f"step '{target}' has sent no card that could be changed", code="BAD_INPUT")
    return cards


def card_body(visit: Visit, card: CardTemplate | None) -> Json:
    """Returns the body of a card. Raises: StepError when it is not a card, too large, or would show a secret."""
    if card is None:
        raise StepError("the step has no card to send; set its card", code="BAD_INPUT")
    if reads_secret(card, visit.state, visit.address.scope):
        raise _secret_error("the card")
    body = card.expand(visit.evaluation("card"))
    if not isinstance(body, dict) or body.get("type") != "AdaptiveCard":
        raise StepError("the card's content must be an object of type AdaptiveCard", code="BAD_INPUT")
    visit.check_size(body, "the card", visit.limits.body_bytes)
    return body


def _recipients(visit: Visit, settings: AdaptiveCardSettings) -> tuple[str, ...]:
    if settings.recipients is not None and reads_secret(settings.recipients, visit.state, visit.address.scope):
        raise _secret_error("the recipients")
    value = settings.recipients.evaluate(visit.evaluation("recipients")) if settings.recipients is not None else None
    return read_people(visit, value)


def read_may_answer(visit: Visit, people: Template | None) -> tuple[str, ...]:
    """Returns the only people who may answer in a conversation of several; empty where all of them may.

    Raises: StepError when there are none in a list that is given, which would let all of them answer.
    """
    if people is None:
        return ()
    if reads_secret(people, visit.state, visit.address.scope):
        raise _secret_error("may_answer")
    found = read_people(visit, people.evaluate(visit.evaluation("may_answer")), "may_answer")
    if not found:
        raise StepError("may_answer names no person; leave it out to let all of them answer", code="BAD_INPUT")
    return found


def read_fallback(visit: Visit, fallback: Iterable[FallbackSettings]) -> tuple[FallbackTerm, ...]:
    """Returns the other channels of the cards of a visit. Raises: StepError when a time is no text."""
    return tuple(
        FallbackTerm(after=_duration_of(visit, one.after), channel=one.channel, app=one.app, rule=one.rule)
        for one in fallback
    )


def _duration_of(visit: Visit, template: Template) -> str:
    if reads_secret(template, visit.state, visit.address.scope):
        raise _secret_error("fallback")
    value = template.evaluate(visit.evaluation("fallback"))
    if not isinstance(value, str):
        raise StepError(f"fallback must be an ISO 8601 duration such as PT15M, not {value!r}", code="BAD_INPUT")
    return value


def read_people(visit: Visit, value: Json, name: str = "recipients") -> tuple[str, ...]:
    """Returns the people that a value names, each once: a text, a list of texts, or a list of such lists.

    Of several spellings of one person's address the first is used.
    Raises: StepError when one is not a text, or when there are too many.
    """
    found: list[Json] = []
    for item in value if isinstance(value, list) else [value]:
        found.extend(item if isinstance(item, list) else [item])
    for recipient in found:
        if not isinstance(recipient, str) or not recipient.strip() or len(recipient) > _RECIPIENT_CHARACTERS:
            shown = repr(recipient)[: 2 * _RECIPIENT_CHARACTERS]
            message = f"{name} must be texts of 1 to {_RECIPIENT_CHARACTERS} characters, not {shown}"
            raise StepError(message, code="BAD_INPUT")
        if has_line_break(recipient):
            raise StepError(f"{name} has {recipient!r}, with a control character", code="BAD_INPUT")
    unique = _unique_people(found)
    if len(unique) > visit.limits.recipients:
        message = f"there are {len(unique)} {name}; the limit recipients is {visit.limits.recipients}"
        raise StepError(message, code="LIMIT")
    return unique


def _unique_people(people: Iterable[str]) -> tuple[str, ...]:
    named: dict[str, str] = {}
    for recipient in people:
        named.setdefault(person_of(recipient), recipient.strip())
    return tuple(named.values())


def _secret_error(what: str) -> StepError:
    message = f"{what} would show a value that is marked secret; leave the value out, or remove its mark"
    return StepError(message, code="SECRET_IN_CARD")
