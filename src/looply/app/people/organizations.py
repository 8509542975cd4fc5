"""Organizations and workspaces that people make and choose while the server runs."""

from looply.app.context.services import Services
from looply.app.people.signing_in import session_of
from looply.catalog.people.members import Membership, insert_member
from looply.catalog.tenants.organizations import Organization, Workspace
from looply.catalog.tenants.principal import Principal


async def create(services: Services, principal: Principal, name: str) -> Organization:
    """Creates an organization of which the caller is the owner. Raises: BadRequest, Refused; SignInRequired."""
    person, _ = session_of(principal)
    organizations = services.catalog.organizations
    organization_id, _ = await organizations.create(
        name,
        actor=person.user_id,
        also=lambda connection, change: insert_member(connection, change, person.user_id, "owner"),
    )
    return await organizations.get(organization_id)


async def choose(services: Services, principal: Principal, organization_id: str, workspace_id: str | None) -> str:
    """Moves the caller's session to another organization or workspace, and returns its new token.

    Raises: BadRequest; NotFound for an organization of which the caller is no active member.
    """
    person, session = session_of(principal)
    return await services.catalog.people.sessions.choose_organization(
        session.session_id, person.user_id, organization_id, workspace_id
    )


async def list_own(services: Services, principal: Principal) -> tuple[Membership, ...]:
    """Returns the organizations of which the caller is an active member."""
    person, _ = session_of(principal)
    return await services.catalog.people.members.memberships(person.user_id)


async def create_workspace(services: Services, principal: Principal, name: str) -> Workspace:
    """Creates a workspace. Raises: BadRequest, Refused."""
    return await services.catalog.organizations.create_workspace(principal.organization_id, name, actor=principal.actor)


async def list_workspaces(services: Services, principal: Principal) -> tuple[Workspace, ...]:
    """Returns the workspaces of the organization, in the order of creation."""
    return await services.catalog.organizations.list_workspaces(principal.organization_id)
