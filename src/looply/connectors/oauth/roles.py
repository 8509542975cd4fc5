"""The rights that a token of Entra names.

The token came from Entra itself, and what it names is only displayed: nothing is verified.
"""

import base64

import msgspec


class _Roles(msgspec.Struct, frozen=True):
    roles: list[str] = []


def roles_of(token: str) -> frozenset[str]:
    """Returns the rights of the application that a token names; empty for a text that is no token of this kind."""
    parts = token.split(".")
    if len(parts) != 3:
        return frozenset()
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(f"{parts[1]}=="), type=_Roles)
    except ValueError:
        return frozenset()
    return frozenset(claims.roles)
