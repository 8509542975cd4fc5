"""Who may call: the one key check of every route. The route says which scope it needs; nothing looks at the path."""

from typing import Any, Final

from looply.catalog import Catalog
from looply.catalog.keys import Principal
from looply.clock import Clock
from looply.errors import Forbidden
from looply.server.call import Access

KEY_HEADER: Final = b"x-api-key"

NOBODY: Final = Principal(organization_id="", workspace_id="", key_id="", name="", scopes=frozenset())
"""Who calls a public route; whatever header comes with the call is not looked at."""


async def principal_of(scope: Any, access: Access, catalog: Catalog, clock: Clock) -> Principal:
    """Returns whom the call's key stands for, once it may do what `access` says.

    Raises: Forbidden, the same one for a key that is missing, given twice, unknown, revoked or expired; with the code
    `SCOPE` for a good key that lacks the scope.
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
    if access not in principal.scopes:
        raise Forbidden("Forbidden", code="SCOPE")
    return principal
