"""Sign-in of people with a password, one-time links, and what they change of their own account."""

import msgspec
import structlog

from looply.app.context.services import Services
from looply.app.people.mails import mail_own_reset
from looply.catalog.people.invitations import Invitation, NewAccount
from looply.catalog.people.passwords import validate_password
from looply.catalog.people.resets import ResetOwner
from looply.catalog.people.sessions import SessionDraft
from looply.catalog.people.users import User
from looply.catalog.tenants.principal import Person, Principal, Session
from looply.definition.settings.mail import person_of
from looply.errors import Refused, SignInRefused, SignInRequired

LOCAL = "local"
"""The means of sign-in with a password of this installation."""

_log = structlog.get_logger(__name__)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The browser that calls: its address, by which attempts are counted, and the name that it gives itself.

    `request_id` is that of the call, for the log.
    """

    address: str
    user_agent: str
    request_id: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a person enters to sign in. `code` is that of the second factor, empty where there is none."""

    email: str
    password: str
    code: str = ""

    def __repr__(self) -> str:
        return f"Credentials(email={self.email!r}, password='***')"


async def sign_in(services: Services, credentials: Credentials, caller: Caller) -> str:
    """Returns the token of a new session.

    Raises: SignInRefused, the same for an unknown address, a wrong password, a wrong code, a person who is no active
    member, and where people sign in by a provider only; TooManyTries.
    """
    user = await _verify(services, credentials, caller)
    if user is None or not services.sign_in.may_use_password(user.email):
        raise _refusal(caller)
    return await start_session(services, user.user_id, LOCAL, caller)


async def start_session(services: Services, user_id: str, means: str, caller: Caller) -> str:
    """Returns the token of a new session of a person who has proved who they are by `means`.

    Raises: SignInRefused for a person who is no active member of any organization.
    """
    draft = SessionDraft(user_id=user_id, sign_in=means, address=caller.address, user_agent=caller.user_agent)
    token = await services.catalog.people.sessions.start(draft)
    if token is None:
        raise _refusal(caller)
    return token


async def find_invitation(services: Services, token: str) -> tuple[Invitation, bool]:
    """Returns an open invitation, and whether its address has an account already. Raises: NotFound."""
    invitation = await services.catalog.people.invitations.find(token)
    user = await services.catalog.people.users.find_by_email(invitation.email) if invitation.email else None
    return invitation, user is not None


async def accept_invitation(services: Services, token: str, name: str, credentials: Credentials, caller: Caller) -> str:
    """Makes the holder of an invitation a member, and returns the token of their new session.

    A person with an account proves it by their password; for another one an account with the password is created. An
    invitation that is bound to no address takes that of the credentials.
    Raises: NotFound (code `INVITATION_NOT_FOUND`); Refused (codes `WEAK_PASSWORD`, `INVALID_NAME`, `INVALID_EMAIL`,
    `INVITATION_OF_ANOTHER`); SignInRefused, TooManyTries for a person with an account.
    """
    people = services.catalog.people
    invitation = await people.invitations.find(token)
    email = invitation.email or credentials.email
    if credentials.email and person_of(credentials.email) != person_of(email):
        message = "the invitation is for another address; accept it with the address to which it was sent"
        raise Refused(message, code="INVITATION_OF_ANOTHER")
    if not services.sign_in.may_use_password(email):
        message = "people of this installation sign in by a provider; open the link again and choose it"
        raise Refused(message, code="PASSWORDS_OFF")
    credentials = msgspec.structs.replace(credentials, email=email)
    if await people.users.find_by_email(email) is not None:
        user = await _verify(services, credentials, caller)
        if user is None:
            raise _refusal(caller)
        accepted = await people.invitations.accept(token, user.user_id)
    else:
        validate_password(credentials.password, (name, email))
        password_hash = await services.passwords.hash(credentials.password)
        account = NewAccount(name=name, email=email, password_hash=password_hash)
        accepted = await people.invitations.accept(token, account)
    return await start_session(services, accepted.user_id, LOCAL, caller)


async def request_reset(services: Services, email: str, caller: Caller) -> None:
    """Notes that a person asks for a link with which to choose a new password; an administrator sees it.

    Where the installation has a mail server, the person gets the link by mail, after this returns. It does the same for
    an unknown address. Raises: TooManyTries after too many requests.
    """
    people = services.catalog.people
    # Counted apart from sign-ins, so that a request does not keep the person from one.
    await people.attempts.begin(f"reset of {email}", caller.address)
    user = await people.users.find_by_email(email)
    if user is not None:
        await people.users.request_reset(user.user_id)
        mail_own_reset(services, user.user_id, user.email)


async def find_reset(services: Services, token: str) -> ResetOwner:
    """Returns the person of a link with which to choose a new password. Raises: NotFound (code `RESET_NOT_FOUND`)."""
    return await services.catalog.people.resets.find(token)


async def reset_password(services: Services, token: str, password: str) -> None:
    """Changes the password of a link's person and ends all their sessions.

    Raises: NotFound (code `RESET_NOT_FOUND`); Refused (code `WEAK_PASSWORD`).
    """
    resets = services.catalog.people.resets
    owner = await resets.find(token)
    validate_password(password, (owner.name, owner.email))
    await resets.use(token, await services.passwords.hash(password))


async def change_password(services: Services, principal: Principal, old: str, new: str, caller: Caller) -> str:
    """Changes the password of the caller, ends their other sessions, and returns the new token of this one.

    Raises: SignInRefused for a wrong old password; Refused (code `WEAK_PASSWORD`); TooManyTries.
    """
    person, session = session_of(principal)
    await _verify_own(services, person, old, caller)
    validate_password(new, (person.name, person.email), "new")
    password_hash = await services.passwords.hash(new)
    return await services.catalog.people.sessions.change_password(session.session_id, person.user_id, password_hash)


async def confirm(services: Services, principal: Principal, password: str, caller: Caller) -> str:
    """Lets the caller do dangerous acts for 10 minutes, and returns the new token of the session.

    Raises: SignInRefused for a wrong password; TooManyTries.
    """
    person, session = session_of(principal)
    await _verify_own(services, person, password, caller)
    return await services.catalog.people.sessions.confirm(session.session_id)


async def enable_second_factor(services: Services, principal: Principal, secret: bytes, code: str) -> None:
    """Gives the caller's account a second factor. Raises: Refused (code `WRONG_CODE`); Conflict."""
    person, _ = session_of(principal)
    await services.catalog.people.second_factors.enable(principal.organization_id, person.user_id, secret, code)


async def disable_second_factor(services: Services, principal: Principal) -> None:
    """Removes the second factor of the caller's account."""
    person, _ = session_of(principal)
    await services.catalog.people.second_factors.disable(principal.organization_id, person.user_id)


def session_of(principal: Principal) -> tuple[Person, Session]:
    """Returns the person and the session of a caller. Raises: SignInRequired for a key."""
    if principal.person is None or principal.session is None:
        raise SignInRequired("the call is for people who have signed in, and came with an API key; sign in first")
    return principal.person, principal.session


async def _verify(services: Services, credentials: Credentials, caller: Caller) -> User | None:
    """Returns the account whose credentials these are, None when they are wrong. Raises: TooManyTries.

    An unknown address costs as much as a wrong password: both are compared with a hash.
    """
    people = services.catalog.people
    await people.attempts.begin(credentials.email, caller.address)
    found = await people.users.find_credentials(credentials.email)
    user, stored = found or (None, None)
    if not await services.passwords.verify(credentials.password, stored) or user is None:
        return None
    if not await people.second_factors.verify(user.user_id, credentials.code):
        return None
    await people.attempts.forgive(credentials.email, caller.address)
    return user


async def _verify_own(services: Services, person: Person, password: str, caller: Caller) -> None:
    people = services.catalog.people
    await people.attempts.begin(person.email, caller.address)
    stored = await people.users.password_hash(person.user_id)
    if not await services.passwords.verify(password, stored):
        raise SignInRefused("the password is wrong")
    await people.attempts.forgive(person.email, caller.address)


def _refusal(caller: Caller) -> SignInRefused:
    _log.warning("sign_in_refused", address=caller.address, request_id=caller.request_id)
    return SignInRefused(
        "the sign-in was refused: check address and password, and the code if the account has a second factor"
    )
