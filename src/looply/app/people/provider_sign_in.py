"""Sign-in of people whom a provider of OpenID Connect names: which account is theirs, and which role they have."""

from typing import Final

import structlog

from looply.app.context.services import Services
from looply.app.openid.flow import Flow, SignInFailed
from looply.app.openid.provider import Provider
from looply.app.openid.tokens import Identity
from looply.app.people.signing_in import Caller, start_session
from looply.catalog.people.invitations import NewAccount
from looply.errors import Conflict, NotFound, Refused, SignInRefused, TooManyTries
from looply.execution.facts.values.approval_terms import is_same_person
from looply.permissions import ROLES, Role
from looply.setting_values.sign_in_providers import ProviderSettings

_log = structlog.get_logger(__name__)

LEAST_ROLE: Final[Role] = "approver"
"""The role of a person of none of the groups, in an organization for which the provider's table has groups."""


async def finish_sign_in(
    services: Services, provider: Provider, flow: Flow, code: str, redirect_uri: str, caller: Caller
) -> str:
    """Returns the token of a new session of the person whom the provider names for `code`.

    Raises: SignInFailed with a code for the page of sign-in.
    """
    attempts = services.catalog.people.attempts
    # Counted by address alone: there is no account yet.
    attempt = f"sign-in {flow.state}"
    try:
        await attempts.begin(attempt, caller.address)
    except TooManyTries as error:
        raise SignInFailed("TOO_MANY_TRIES", error.message) from error
    identity = await provider.finish(flow, code, redirect_uri)
    settings = provider.settings
    try:
        user_id = await _find_account(services, settings, identity, flow.invitation)
        await _apply_groups(services, settings, identity, user_id)
        token = await start_session(services, user_id, settings.id, caller)
    except (SignInRefused, Conflict) as error:
        raise SignInFailed("NOT_A_MEMBER", error.message) from error
    await attempts.forgive(attempt, caller.address)
    return token


async def _find_account(services: Services, settings: ProviderSettings, identity: Identity, invitation: str) -> str:
    """Returns the account of an identity: the linked one, that with the proved address, or a new one.

    An identity is linked with an account when the provider vouches for the address, or by the link of an invitation.
    """
    people = services.catalog.people
    name = (identity.issuer, identity.subject)
    user_id = await people.identities.find(*name)
    if user_id is None and identity.email is not None and identity.is_email_proved:
        user = await people.users.find_by_email(identity.email)
        if user is not None:
            await people.identities.link(*name, user.user_id)
            user_id = user.user_id
    if invitation:
        return await _accept(services, identity, invitation, user_id)
    if user_id is not None and not settings.just_in_time:
        return user_id
    who = user_id or _new_account(identity, must_be_proved=True)
    if not settings.just_in_time:
        raise SignInFailed("NOT_A_MEMBER", "the person has no account, and new ones come by invitation only")
    try:
        return await people.admissions.admit(name, who, _first_roles(settings, identity))
    except Refused as error:
        raise SignInFailed("PROVIDER_ANSWER_INVALID", error.message) from error


async def _accept(services: Services, identity: Identity, token: str, user_id: str | None) -> str:
    """Accepts the invitation of a link for an identity, and returns the account."""
    people = services.catalog.people
    try:
        invitation = await people.invitations.find(token)
        account = _new_account(identity, must_be_proved=False)
        if invitation.email and not is_same_person(invitation.email, account.email):
            raise SignInFailed("INVITATION_OF_ANOTHER", "the provider names another address than the invitation")
        if user_id is None and await people.users.find_by_email(account.email) is not None:
            raise SignInFailed(
                "EMAIL_NOT_VERIFIED", "the address has an account, and the provider does not vouch for it"
            )
        accepted = await people.invitations.accept(token, user_id or account, (identity.issuer, identity.subject))
    except NotFound as error:
        raise SignInFailed("INVITATION_NOT_FOUND", error.message) from error
    except Refused as error:
        raise SignInFailed("INVITATION_OF_ANOTHER", error.message) from error
    return accepted.user_id


def _new_account(identity: Identity, *, must_be_proved: bool) -> NewAccount:
    if identity.email is None:
        raise SignInFailed("EMAIL_MISSING", "the provider names no mail address")
    if must_be_proved and not identity.is_email_proved:
        raise SignInFailed("EMAIL_NOT_VERIFIED", "the provider does not vouch for the address")
    return NewAccount(name=identity.name, email=identity.email, password_hash=None)


def _first_roles(settings: ProviderSettings, identity: Identity) -> dict[str, Role]:
    """Returns the organizations of which a person becomes a member without an invitation, each with the role."""
    roles = {name: role for name, role in roles_of_groups(settings, identity).items() if role != LEAST_ROLE}
    if settings.organization_id:
        roles.setdefault(settings.organization_id, "viewer")
    return roles


async def _apply_groups(services: Services, settings: ProviderSettings, identity: Identity, user_id: str) -> None:
    """Gives the person the roles of their groups, in organizations of which they are a member."""
    if identity.groups is None:
        if settings.groups:
            _log.warning("groups_missing", provider=settings.id, claim=settings.groups_claim)
        return
    for organization_id, role in roles_of_groups(settings, identity).items():
        if role == LEAST_ROLE and settings.just_in_time and organization_id == settings.organization_id:
            role = "viewer"  # noqa: PLW2901 - the role with which they were admitted
        try:
            await services.catalog.people.members.set_groups(organization_id, user_id, identity.groups, role)
        except NotFound:
            continue


def roles_of_groups(settings: ProviderSettings, identity: Identity) -> dict[str, Role]:
    """Returns the role of a person in each organization of the provider's table: the highest one of their groups.

    It is `approver` for a person of none of the groups, and nothing where the provider does not name groups.
    """
    if identity.groups is None:
        return {}
    roles: dict[str, Role] = {}
    for row in settings.groups:
        role = row.role if row.group in identity.groups else LEAST_ROLE
        former = roles.get(row.organization_id, LEAST_ROLE)
        roles[row.organization_id] = min(role, former, key=list(ROLES).index)
    return roles
