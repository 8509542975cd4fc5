"""Invitations and links for new passwords by mail, where the installation has a mail server.

They go through the mail server of the installation alone: who may edit connections of an organization must not be able
to read a link with which another person's password is changed.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from looply.app.context.services import Services
from looply.app.messages.mailing import Mailed, Message
from looply.catalog.people.invitations import NewInvitation
from looply.catalog.people.resets import NewReset

_AT_ONCE: Final = 3
"""Mail servers serve few conversations of one sender at the same time."""


async def mail_invitations(services: Services, new_invitations: Sequence[NewInvitation]) -> list[Mailed]:
    """Returns what became of the mail of each invitation, in the same order.

    When the first one fails, the others are not tried: a caller waits for the answer.
    """
    if not services.mailer.has_server or not new_invitations:
        return [Mailed(state="OFF")] * len(new_invitations)
    first = await _mail_invitation(services, new_invitations[0])
    if first.state != "SENT":
        return [first, *(Mailed(state="FAILED", reason=first.reason) for _ in new_invitations[1:])]
    turns = asyncio.Semaphore(_AT_ONCE)

    async def mail(invitation: NewInvitation) -> Mailed:
        async with turns:
            return await _mail_invitation(services, invitation)

    return [first, *await asyncio.gather(*(mail(each) for each in new_invitations[1:]))]


async def mail_reset(services: Services, user_id: str, new_reset: NewReset) -> Mailed:
    """Returns what became of the mail with a link for a new password. Raises: BadRequest, NotFound."""
    if not services.mailer.has_server:
        return Mailed(state="OFF")
    return await _mail_link(services, (await services.catalog.people.users.get(user_id)).email, new_reset)


def mail_own_reset(services: Services, user_id: str, email: str) -> None:
    """Begins to send a person the link that they have asked for; the request is stored already.

    The caller does not wait, so that nothing shows whether an address has an account.
    """
    if services.mailer.has_server and services.sign_in.may_use_password(email):
        services.later.begin("mail_own_reset", partial(_mail_own_reset, services, user_id, email))


async def _mail_own_reset(services: Services, user_id: str, email: str) -> None:
    made = await services.catalog.people.resets.create_own(user_id)
    if made is not None:
        await _mail_link(services, email, made)


async def _mail_link(services: Services, email: str, new_reset: NewReset) -> Mailed:
    message = Message(
        kind="reset",
        recipient=email,
        key=_key("reset", new_reset.token),
        link=services.links.reset(new_reset.token),
        values={"expires": _instant(new_reset.expires_on)},
    )
    return await services.mailer.send(message)


async def _mail_invitation(services: Services, new_invitation: NewInvitation) -> Mailed:
    invitation = new_invitation.invitation
    if not invitation.email:
        return Mailed(state="OFF")
    message = Message(
        kind="invitation",
        recipient=invitation.email,
        key=_key("invitation", new_invitation.token),
        link=services.links.invitation(new_invitation.token),
        values={
            "organization": invitation.organization_name,
            "role": invitation.role,
            "expires": _instant(invitation.expires_on),
        },
    )
    return await services.mailer.send(message)


def _key(kind: str, token: str) -> str:
    """Returns the name of a mail, from which nothing leads back to the token."""
    return f"{kind} {hashlib.sha256(token.encode()).hexdigest()}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
