"""Organizations, as the owner of a data folder manages them. No API key reaches beyond its own organization."""

from collections.abc import Sequence

import msgspec

from looply.app.context.services import Services
from looply.catalog.people.invitations import InvitationDraft
from looply.catalog.tenants.keys import KeyDraft
from looply.catalog.tenants.names import validate_name
from looply.catalog.tenants.organizations import Organization
from looply.permissions import SCOPES


class NewOrganization(msgspec.Struct, frozen=True, kw_only=True):
    """A new organization, the text of its first key, and the link that makes its first owner.

    Neither can be read again.
    """

    organization: Organization
    api_key: str
    owner_link: str


async def create(services: Services, names: Sequence[str]) -> list[NewOrganization]:
    """Creates organizations, each with a workspace, a key of all scopes and an invitation of an owner.

    None is created when a name is refused.

    Raises: Refused (code `INVALID_NAME`).
    """
    catalog = services.catalog
    organizations = []
    for name in [validate_name(name, "name") for name in names]:
        organization_id, workspace_id = await catalog.organizations.create(name)
        key = await catalog.keys.create(organization_id, workspace_id, KeyDraft("First key", SCOPES))
        # Bound to no address: the operator, who shows the link, knows who is to be the owner.
        (invitation,) = await catalog.people.invitations.create(
            organization_id, [InvitationDraft("", "owner")], actor=None, may_make_owners=True
        )
        organizations.append(
            NewOrganization(
                organization=await catalog.organizations.get(organization_id),
                api_key=key.text,
                owner_link=services.links.invitation(invitation.token),
            )
        )
    return organizations


async def list_all(services: Services) -> Sequence[Organization]:
    """Returns all organizations, in the order of their creation."""
    return await services.catalog.organizations.list_all()
