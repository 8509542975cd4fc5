"""`permissions.md`: what each permission allows, which scopes include it, and which calls need it."""

from typing import Final

from looply.permissions import PERMISSIONS, SCOPES
from looply.server.application import API_ROUTES
from reference_pages.markdown import code, page, table

_INTRO: Final = """
A caller may do what its permissions say. Every call of the [HTTP API](http-api.md) needs one permission, or is public.
A key has scopes, which are names for sets of permissions; see [API keys](../how-to/keys.md).
`getPermissions` returns this table as data, with the permissions of the calling key.
"""

_AFTER: Final = """
`manage` includes neither `admin` nor `override`, so that changing workflows, administering keys and
overriding decisions can be the duties of three people. A key with `admin` can create keys of every scope except
`override`; only a key that has that scope can grant it, or the owner of the store with `looply key create --data DIR`.
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
        "## Calls by permission",
        table(("permission", "calls"), [row for row in calls if row[1]]),
    )


def _calls(permission: str) -> str:
    return ", ".join(dict.fromkeys(code(route.name) for route in API_ROUTES if route.access == permission))
