"""The call that lists permissions, scopes and roles."""

from typing import Final

import msgspec

from looply.permissions import BY_SETTING, PERMISSIONS, ROLES, SCOPES, Permission, Role, RoleSetting, Scope
from looply.server.http.call import Call, Response, read_route
from looply.server.http.wire import SUCCESS


class RoleBySetting(msgspec.Struct, frozen=True, kw_only=True):
    """A role that has a permission where a setting of the organization is on."""

    role: Role
    setting: RoleSetting


class PermissionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One permission: what it allows, and the scopes of keys and the roles of people that include it.

    `roles_by_setting` are roles that have it where the setting of the organization is on.
    """

    permission: Permission
    allows: str
    scopes: list[Scope]
    roles: list[Role]
    roles_by_setting: list[RoleBySetting]


class PermissionList(msgspec.Struct, frozen=True, kw_only=True):
    """All permissions. `own` are the permissions of the caller."""

    message: str
    count: int
    items: list[PermissionRecord]
    own: list[Permission]


async def get_permissions(call: Call) -> Response:
    """Lists the permissions."""
    own = [permission for permission in PERMISSIONS if call.principal.may(permission)]
    items = permission_rows()
    return Response(PermissionList(message=SUCCESS, count=len(items), items=items, own=own))


def permission_rows() -> list[PermissionRecord]:
    """Returns all permissions on the wire."""
    return [
        PermissionRecord(
            permission=permission,
            allows=text,
            scopes=[name for name in SCOPES if permission in SCOPES[name]],
            roles=[name for name in ROLES if permission in ROLES[name]],
            roles_by_setting=[
                RoleBySetting(role=role, setting=setting)
                for setting, (role, given) in BY_SETTING.items()
                if given == permission
            ],
        )
        for permission, text in PERMISSIONS.items()
    ]


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getPermissions",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_permissions,
        summary="List the permissions, the scopes and roles that include them, and the permissions of the caller",
        tag="Keys",
        answer=PermissionList,
    ),
)
