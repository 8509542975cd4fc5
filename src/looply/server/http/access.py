"""Authentication: the one key check of every route. The route declares its permission; the path plays no part."""

import hmac
from typing import Any, Final, Literal

from looply.catalog import Catalog
from looply.catalog.tenants.principal import Principal
from looply.clock import Clock
from looply.errors import Forbidden
from looply.permissions import Permission
from looply.settings import Secret

KEY_HEADER: Final = b"x-api-key"
_BEARER: Final = b"bearer "

ANONYMOUS: Final = Principal(organization_id="", workspace_id="", key_id="", name="", permissions=frozenset())
"""The principal of every call of a public route. The server ignores credentials that come with such a call."""


async def authenticate(scope: Any, access: Permission | Literal["public"], catalog: Catalog, clock: Clock) -> Principal:
    """Returns the principal of the call's key, once the key has the permission `access`.

    Raises: Forbidden, the same error for a key that is missing, given twice, unknown, revoked or expired; with the code
    `SCOPE` for a valid key whose scopes do not permit the call.
    """
    if access == "public":
        return ANONYMOUS
    text: str | None = None
    for name, value in scope["headers"]:
        if name == KEY_HEADER:
            if text is not None:
                raise Forbidden("Forbidden")
            text = value.decode("latin-1")
    principal = await catalog.keys.authenticate(text, clock.now()) if text else None
    if principal is None:
        raise Forbidden("Forbidden")
    principal.require(access)
    return principal


def check_token(scope: Any, token: Secret | None) -> None:
    """Checks the header `Authorization: Bearer TOKEN`. Raises: Forbidden; always when the process has no token.

    The token gives access to data about the process and all organizations, which no organization's key gives.
    """
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if token is None or len(given) != 1 or given[0][: len(_BEARER)].lower() != _BEARER:
        raise Forbidden("Forbidden")
    if not hmac.compare_digest(given[0][len(_BEARER) :].strip(), token.reveal().encode()):
        raise Forbidden("Forbidden")
