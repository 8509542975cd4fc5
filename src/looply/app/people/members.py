"""Members of an organization, and people who are invited."""

from collections.abc import Sequence
from typing import Final

from looply.app.context.services import Services
from looply.catalog.people.invitations import InvitationDraft, NewInvitation
from looply.catalog.people.members import Member, Person
from looply.catalog.people.resets import NewReset
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal
from looply.permissions import Role, RoleSetting

_OWNERS: Final = "organization"
"""The permission without which nothing about owners can be changed: administrators make no owners."""


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[Member]:
    """Returns members and open invitations, newest first. Raises: BadRequest."""
    return await services.catalog.people.members.list_page(principal.organization_id, limit, before)


async def find_people(services: Services, principal: Principal, term: str) -> tuple[Person, ...]:
    """Returns active members whose name or address has `term` in it, 20 at most."""
    return await services.catalog.people.members.find_people(principal.organization_id, term)


async def list_administrators(services: Services, principal: Principal) -> tuple[Person, ...]:
    """Returns two people who administer the organization, or fewer."""
    return await services.catalog.people.members.list_administrators(principal.organization_id)


async def invite(services: Services, principal: Principal, drafts: Sequence[InvitationDraft]) -> list[NewInvitation]:
    """Invites people, or none when one is refused, and returns the tokens of their links.

    Raises: Refused; Forbidden (code `SCOPE`) for an owner by one who is none.
    """
    return await services.catalog.people.invitations.create(
        principal.organization_id, drafts, actor=principal.actor, may_make_owners=principal.may(_OWNERS)
    )


async def renew_invitation(services: Services, principal: Principal, invitation_id: str) -> NewInvitation:
    """Returns an open invitation with a new link. Raises: BadRequest, NotFound; Forbidden as `invite`."""
    return await services.catalog.people.invitations.renew(
        principal.organization_id, invitation_id, actor=principal.actor, may_make_owners=principal.may(_OWNERS)
    )


async def revoke_invitation(services: Services, principal: Principal, invitation_id: str) -> None:
    """Ends an open invitation. Raises: BadRequest, NotFound."""
    await services.catalog.people.invitations.revoke(principal.organization_id, invitation_id, actor=principal.actor)


async def change(
    services: Services, principal: Principal, user_id: str, *, role: Role | None, is_active: bool | None
) -> Member:
    """Changes the role of a member, or deactivates or activates them; it ends their sessions and streams.

    Raises: BadRequest, NotFound, Refused; Forbidden (code `SCOPE`) for an owner by one who is none; Conflict (code
    `LAST_OWNER`).
    """
    return await services.catalog.people.members.change(
        principal.organization_id,
        user_id,
        role=role,
        is_active=is_active,
        actor=principal.actor,
        may_make_owners=principal.may(_OWNERS),
    )


async def create_reset(
    services: Services, principal: Principal, user_id: str, *, removes_second_factor: bool
) -> NewReset:
    """Returns a link with which a member chooses a new password. Raises: BadRequest, NotFound, Forbidden, Conflict."""
    return await services.catalog.people.resets.create(
        principal.organization_id,
        user_id,
        removes_second_factor=removes_second_factor,
        actor=principal.actor,
        may_make_owners=principal.may(_OWNERS),
    )


async def role_settings(services: Services, principal: Principal) -> frozenset[RoleSetting]:
    """Returns what roles may do in the organization beside what they may do everywhere."""
    return await services.catalog.people.role_settings.get(principal.organization_id)


async def put_role_settings(services: Services, principal: Principal, settings: frozenset[RoleSetting]) -> None:
    """Replaces what roles may do in the organization beside what they may do everywhere."""
    await services.catalog.people.role_settings.put(principal.organization_id, settings, actor=principal.actor)
