"""Calls on organizations and their workspaces, and on what roles may do in them."""

from typing import Final

import msgspec

from looply.app.people import members, organizations
from looply.catalog.tenants.organizations import Organization, Workspace
from looply.clock import to_ms
from looply.permissions import RoleSetting
from looply.server.http.call import Call, Response, Route, manage_route, read_route
from looply.server.http.wire import SUCCESS

_TAG: Final = "Organizations"


class OrganizationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An organization and its first workspace."""

    organization_id: str
    organization_name: str
    workspace_id: str
    created_on: int


class WorkspaceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace of the organization."""

    workspace_id: str
    workspace_name: str
    created_on: int


class RoleSettingsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What roles may do in the organization beside what they may do everywhere."""

    viewers_read_payloads: bool
    developers_repair: bool
    developers_activate: bool


class OrganizationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The organization."""

    message: str
    item: OrganizationRecord


class WorkspaceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace."""

    message: str
    item: WorkspaceRecord


class WorkspaceList(msgspec.Struct, frozen=True, kw_only=True):
    """The workspaces, in the order of creation."""

    message: str
    count: int
    items: list[WorkspaceRecord]


class RoleSettingsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The settings."""

    message: str
    item: RoleSettingsRecord


class NameBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name."""

    name: str


class RoleSettingsBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings; they replace what was stored."""

    viewers_read_payloads: bool
    developers_repair: bool
    developers_activate: bool


async def create_organization(call: Call) -> Response:
    """Creates an organization."""
    made = await organizations.create(call.services, call.principal, call.body.name)
    return Response(OrganizationAnswer(message=SUCCESS, item=_organization_row(made)))


async def create_workspace(call: Call) -> Response:
    """Creates a workspace."""
    made = await organizations.create_workspace(call.services, call.principal, call.body.name)
    return Response(WorkspaceAnswer(message=SUCCESS, item=_workspace_row(made)))


async def get_workspaces(call: Call) -> Response:
    """Lists the workspaces."""
    found = await organizations.list_workspaces(call.services, call.principal)
    items = [_workspace_row(each) for each in found]
    return Response(WorkspaceList(message=SUCCESS, count=len(items), items=items))


async def get_role_settings(call: Call) -> Response:
    """Returns what roles may do in the organization."""
    found = await members.role_settings(call.services, call.principal)
    return Response(RoleSettingsAnswer(message=SUCCESS, item=_settings_row(found)))


async def put_role_settings(call: Call) -> Response:
    """Replaces what roles may do in the organization."""
    body: RoleSettingsBody = call.body
    requested: dict[RoleSetting, bool] = {
        "viewers_read_payloads": body.viewers_read_payloads,
        "developers_repair": body.developers_repair,
        "developers_activate": body.developers_activate,
    }
    is_on = frozenset(setting for setting, value in requested.items() if value)
    await members.put_role_settings(call.services, call.principal, is_on)
    return Response(RoleSettingsAnswer(message=SUCCESS, item=_settings_row(is_on)))


def _organization_row(organization: Organization) -> OrganizationRecord:
    return OrganizationRecord(
        organization_id=organization.organization_id,
        organization_name=organization.organization_name,
        workspace_id=organization.workspace_id,
        created_on=to_ms(organization.created_on),
    )


def _workspace_row(workspace: Workspace) -> WorkspaceRecord:
    return WorkspaceRecord(
        workspace_id=workspace.workspace_id,
        workspace_name=workspace.workspace_name,
        created_on=to_ms(workspace.created_on),
    )


def _settings_row(is_on: frozenset[RoleSetting]) -> RoleSettingsRecord:
    return RoleSettingsRecord(
        viewers_read_payloads="viewers_read_payloads" in is_on,
        developers_repair="developers_repair" in is_on,
        developers_activate="developers_activate" in is_on,
    )


ROUTES: Final[tuple[Route, ...]] = (
    manage_route(
        path="/v2/workflows/createOrganization",
        access="organization",
        needs_confirmation=True,
        handle=create_organization,
        summary="Create an organization, whose owner is the caller",
        tag=_TAG,
        body=NameBody,
        answer=OrganizationAnswer,
        refusals=(422,),
    ),
    manage_route(
        path="/v2/workflows/createWorkspace",
        access="organization",
        handle=create_workspace,
        summary="Create a workspace in the organization",
        tag=_TAG,
        body=NameBody,
        answer=WorkspaceAnswer,
        refusals=(422,),
    ),
    read_route(
        path="/v2/workflows/getWorkspaces",
        access="own",
        handle=get_workspaces,
        summary="List the workspaces of the organization",
        tag=_TAG,
        answer=WorkspaceList,
    ),
    read_route(
        path="/v2/workflows/getRoleSettings",
        access="members",
        handle=get_role_settings,
        summary="Read what roles may do in the organization beside what they may do everywhere",
        tag=_TAG,
        answer=RoleSettingsAnswer,
    ),
    manage_route(
        path="/v2/workflows/putRoleSettings",
        access="members",
        needs_confirmation=True,
        handle=put_role_settings,
        summary="Change what roles may do in the organization beside what they may do everywhere",
        description="Open sessions have the changed permissions from their next call on.",
        tag=_TAG,
        body=RoleSettingsBody,
        answer=RoleSettingsAnswer,
    ),
)
