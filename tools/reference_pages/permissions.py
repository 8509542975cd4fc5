"""`permissions.md`: what each permission allows, which scopes include it, and which calls need it."""

from typing import Final

from looply.permissions import PERMISSIONS, SCOPES
from looply.server.application import API_ROUTES
from reference_pages.markdown import code, page, table

_INTRO: Final = """
A caller may do what its permissions say. Every call of the [HTTP API](http-api.md) needs one permission, or is public.
A key is made with scopes, which are names for sets of permissions; see [manage keys](../how-to/keys.md).
`getPermissions` gives this table as data, with the permissions of the key that asks.
"""

_AFTER: Final = """
`manage` includes neither `admin` nor `override`, so that whoever changes workflows, whoever administers keys and
whoever may override decisions can be three people. A key with `admin` can make keys of every scope but `override`;
that one is given only by a key that has it, or by the owner of the store with `looply key create --data DIR`.
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
