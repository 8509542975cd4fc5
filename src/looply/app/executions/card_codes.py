"""Codes for cards whose link alone is not enough: sent to the recipient by mail, and given with the answer.

Theory of operation. Nothing is stored of a code but how often it was tried. A code is asked for with the link, which
gives a challenge: until when it holds, chance, and a proof of both. The code is six digits of a hash over the
challenge, keyed with the hidden seed of the execution, and goes to the recipient only. Who answers sends both. A
challenge that this server did not make has no code at all, so each code that can be guessed was announced to the
recipient by a mail. The core compares both with the seed, as it compares the token (`execution/approvals/cards.py`);
here, tries and mails are counted for each card, for all processes.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Final

import msgspec

from looply.app.context.services import Services
from looply.app.executions.sent_cards import Sender, find_by_token, require_recorded, submit
from looply.app.messages.mailing import Message
from looply.errors import Conflict, TooManyTries
from looply.execution.approvals.card_summary import summarize
from looply.execution.approvals.cards import open_wait_of, why_closed
from looply.execution.facts.address import card_code, is_challenge_open, make_challenge
from looply.execution.facts.commands import AlreadyAnswered, Recorded, Unfit
from looply.execution.facts.state import Card
from looply.jsontext import Json

VALID: Final = timedelta(minutes=10)
"""How long a code can be used: time for a slow mail, and too short for the tries of many windows."""
_NONCE_BYTES: Final = 8


class CodeSent(msgspec.Struct, frozen=True, kw_only=True):
    """A code is on its way to the recipient. `challenge` belongs to it, and says nothing of it."""

    challenge: str
    recipient: str
    expires_on: datetime


async def send_code(services: Services, token: str) -> CodeSent:
    """Sends a code to the recipient of a card, and returns the challenge that belongs to it.

    Raises: NotFound for a token that no execution made; Conflict (codes `CODE_NOT_NEEDED`, `CLOSED`, `CODE_NOT_SENT`);
    TooManyTries after some codes.
    """
    execution, card = await find_by_token(services, token)
    if card.confirm != "code":
        raise Conflict("this request is answered without a code", code="CODE_NOT_NEEDED")
    if open_wait_of(execution.state, card) is None:
        raise Conflict(why_closed(card), code="CLOSED")
    await _count(services, f"mailed code of {card.card_id}", "too many codes were sent for this request")
    started, until = execution.state.started, services.clock.now() + VALID
    challenge = make_challenge(started.seed, card.card_id, until, services.entropy.token(_NONCE_BYTES))
    code = card_code(started.seed, card.card_id, challenge)
    message = Message(
        kind="code",
        recipient=card.recipient,
        key=challenge,
        values={"code": code, "subject": summarize(card.body).subject, "expires": f"{until:%H:%M} UTC"},
    )
    app = card.app if card.channel == "email" else ""
    mailed = await services.mailer.send_for(started.organization_id, app, message)
    if mailed.state in ("OFF", "FAILED"):
        raise Conflict(f"the code could not be sent: {mailed.reason or 'no mail is set up'}", code="CODE_NOT_SENT")
    return CodeSent(challenge=challenge, recipient=card.recipient, expires_on=until)


async def answer_with_code(
    services: Services, token: str, data: dict[str, Json], *, challenge: str, code: str, revision: int = 0
) -> Recorded | AlreadyAnswered:
    """Records the answer of a holder of a link who gives a code, or returns the earlier one.

    The core compares the code. A try is counted before it does, so that concurrent ones do not all see the count before
    the first of them; only a reply that proves that the code was right takes the tries back.

    Raises: as `sent_cards.answer_by_link`; Refused (codes `CODE_EXPIRED`, `CODE_WRONG`); TooManyTries after some wrong
    codes.
    """
    execution, card = await find_by_token(services, token)
    is_open = is_challenge_open(execution.state.started.seed, card.card_id, challenge, services.clock.now())
    is_counted = card.confirm == "code" and is_open
    if is_counted:
        await _count(services, _tries(card), "too many wrong codes were given for this request")
    sender = Sender(challenge=challenge, code=code)
    reply = await submit(services, execution, token, data, revision=revision, sender=sender)
    if is_counted and isinstance(reply, Recorded | Unfit):
        await services.catalog.people.attempts.forgive(_tries(card), _tries(card))
    return require_recorded(reply)


def _tries(card: Card) -> str:
    return f"code of {card.card_id}"


async def _count(services: Services, subject: str, message: str) -> None:
    try:
        await services.catalog.people.attempts.begin(subject, subject)
    except TooManyTries as error:
        minutes = ceil(error.retry_after / timedelta(minutes=1))
        raise TooManyTries(f"{message}; repeat in {minutes} min", retry_after=error.retry_after) from error
