"""Who may call: the one key check of every route. The route says what it needs; nothing looks at the path."""

import hmac
from typing import Any, Final, Literal

from looply.catalog import Catalog
from looply.catalog.tenants.keys import Principal
from looply.clock import Clock
from looply.errors import Forbidden
from looply.permissions import Permission
from looply.settings import Secret

KEY_HEADER: Final = b"x-api-key"
_BEARER: Final = b"bearer "

NOBODY: Final = Principal(organization_id="", workspace_id="", key_id="", name="", permissions=frozenset())
"""Who calls a public route; whatever header comes with the call is not looked at."""


async def principal_of(scope: Any, access: Permission | Literal["public"], catalog: Catalog, clock: Clock) -> Principal:
    """Returns whom the call's key stands for, once it has the permission `access`.

    Raises: Forbidden, the same one for a key that is missing, given twice, unknown, revoked or expired; with the code
    `SCOPE` for a good key whose scopes do not permit it.
    """
    if access == "public":
        return NOBODY
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
    """Checks the header `Authorization: Bearer TOKEN`. Raises: Forbidden, always where there is no token.

    It opens what is about the process and all its organizations, so no key of one of them does.
    """
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if token is None or len(given) != 1 or given[0][: len(_BEARER)].lower() != _BEARER:
        raise Forbidden("Forbidden")
    if not hmac.compare_digest(given[0][len(_BEARER) :].strip(), token.reveal().encode()):
        raise Forbidden("Forbidden")
