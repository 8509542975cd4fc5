"""The call that lists permissions and scopes."""

from typing import Final

import msgspec

from looply.permissions import PERMISSIONS, SCOPES, Permission, Scope
from looply.server.http.call import Call, Response, read_route
from looply.server.http.wire import SUCCESS


class PermissionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One permission: what it allows, and the scopes of keys that include it."""

    permission: Permission
    allows: str
    scopes: list[Scope]


class PermissionList(msgspec.Struct, frozen=True, kw_only=True):
    """All permissions. `own` are the permissions of the calling key."""

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
            permission=permission, allows=text, scopes=[name for name in SCOPES if permission in SCOPES[name]]
        )
        for permission, text in PERMISSIONS.items()
    ]


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getPermissions",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_permissions,
        summary="List the permissions, the scopes that include them, and the permissions of the calling key",
        tag="Keys",
        answer=PermissionList,
    ),
)
