"""`permissions.md`: what each permission allows, which scopes and roles include it, and which calls need it."""

from typing import Final

from looply.permissions import BY_SETTING, PERMISSIONS, ROLES, SCOPES, Permission, Role
from looply.server.application import API_ROUTES
from reference_pages.markdown import code, page, table

_INTRO: Final = """
A caller may do what its permissions say. Every call of the [HTTP API](http-api.md) needs one permission, or is public.
A key has scopes, and a person has a role in an organization: both are names for sets of permissions; see
[API keys](../how-to/keys.md) and [people](../how-to/people.md).
`getPermissions` returns these tables as data, with the permissions of the caller.
"""

_AFTER: Final = """
`manage` includes neither `admin` nor `override`, so that changing workflows, administering keys and
overriding decisions can be the duties of three people. A key with `admin` can create keys of every scope except
`override`; only a key that has that scope can grant it, or the operator of the store, with `looply key create`.
A key may also be given single permissions (`createKey` with `permissions`), but not those of people alone.
"""

_SETTINGS: Final = """
A setting in place of an x is one of the organization (`putRoleSettings`): where it is on, the role has the permission.
All settings are off in a new organization.
"""


def permissions_page() -> str:
    """Returns the page of the table of permissions."""
    head = ("permission", "allows to", *(code(scope) for scope in SCOPES))
    rows = [
        (code(permission), text, *("x" if permission in SCOPES[scope] else "" for scope in SCOPES))
        for permission, text in PERMISSIONS.items()
    ]
    calls = [(code(permission), _calls(permission)) for permission in PERMISSIONS]
    return page(
        "Permissions",
        _INTRO,
        table(head, rows),
        _AFTER,
        "## Roles of people",
        table(("permission", *(code(role) for role in ROLES)), [_roles(permission) for permission in PERMISSIONS]),
        _SETTINGS,
        "## Calls by permission",
        table(("permission", "calls"), [row for row in calls if row[1]]),
    )


def _roles(permission: Permission) -> tuple[str, ...]:
    return (code(permission), *(_mark(permission, role) for role in ROLES))


def _mark(permission: Permission, role: Role) -> str:
    if permission in ROLES[role]:
        return "x"
    return next((code(setting) for setting, given in BY_SETTING.items() if given == (role, permission)), "")


def _calls(permission: str) -> str:
    return ", ".join(dict.fromkeys(code(route.name) for route in API_ROUTES if route.access == permission))
