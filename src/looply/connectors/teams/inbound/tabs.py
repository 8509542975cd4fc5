"""Verifies the token by which the page of a tab says who looks at it: Entra has signed it for this application.

Source: Microsoft's pages on single sign-on of tabs and on claims of access tokens, version 2.0: issuer, audience,
signature, expiry, tenant, and the scope `access_as_user`, which distinguishes a token of a person who uses the
application from one of a program, and from an ID token.
"""

from datetime import datetime
from typing import Final

import msgspec

from looply.clock import Clock
from looply.connectors.teams.calls.settings import Account
from looply.connectors.teams.inbound.keys import KeyRing
from looply.connectors.teams.inbound.verifying import LEEWAY_SECONDS, NotVerified, read_signed
from looply.instants import from_ms

SCOPE: Final = "access_as_user"
_LONGEST_LIFE_SECONDS: Final = 26 * 3600.0
"""Access tokens of Entra live about an hour, with continuous evaluation up to 28; none of a tab needs those."""


class TabTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the token of a tab must fit. `audiences` are in lower case."""

    issuer: str
    audiences: frozenset[str]
    tenant_id: str


class TabPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The person whom a valid token names: by the id of Entra, and by the name with which they sign in there."""

    tenant_id: str
    entra_id: str
    user_name: str
    expires_on: datetime


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that are used, with their types. Times are seconds, whole or not."""

    iss: str
    aud: str
    exp: int | float
    nbf: int | float | None = None
    iat: int | float | None = None
    tid: str = ""
    oid: str = ""
    scp: str = ""
    preferred_username: str = ""


class TabVerifier:
    """Verifies the tokens of the tabs of one application. `keys` are those of its tenant."""

    def __init__(self, terms: TabTerms, keys: KeyRing, clock: Clock) -> None:
        self._terms = terms
        self._keys = keys
        self._clock = clock

    async def verify(self, authorization: str) -> TabPerson:
        """Returns the person whom a header `Authorization` names.

        It waits for the network only when the key is not known. Raises: NotVerified.
        """
        claims, _ = await read_signed(authorization, self._keys, _Claims)
        _check(claims, self._terms, self._clock.now())
        return TabPerson(
            tenant_id=self._terms.tenant_id,
            entra_id=claims.oid.lower(),
            user_name=claims.preferred_username,
            expires_on=from_ms(int(claims.exp * 1000)),
        )


def issuer_of(account: Account) -> str:
    """Returns the issuer of the tokens of the tenant of a bot."""
    return f"{account.places.login.rstrip('/')}/{account.tenant_id}/v2.0"


def terms_of(account: Account, public_host: str) -> TabTerms:
    """Returns the terms of the tabs of a bot. `public_host` is the host of this installation, empty if not known.

    Tokens of version 2.0 name the application by its id; `webApplicationInfo.resource` of the app package, which Entra
    may name too, has the host besides.
    """
    audiences = {account.app_id, *([f"api://{public_host.lower()}/{account.app_id}"] if public_host else [])}
    return TabTerms(
        issuer=issuer_of(account),
        audiences=frozenset(audiences),
        tenant_id=account.tenant_id,
    )


def keys_url_of(account: Account) -> str:
    """Returns the address at which the tenant of a bot describes its keys."""
    return f"{issuer_of(account)}/.well-known/openid-configuration"


def _check(claims: _Claims, terms: TabTerms, now: datetime) -> None:
    seconds = now.timestamp()
    if claims.iss != terms.issuer:
        raise NotVerified("wrong issuer")
    if claims.aud.lower() not in terms.audiences:
        raise NotVerified("wrong audience")
    # Written so that a number that is none compares as refused.
    if not seconds - LEEWAY_SECONDS < claims.exp <= seconds + _LONGEST_LIFE_SECONDS:
        raise NotVerified("expired")
    if any(each is not None and not each - LEEWAY_SECONDS <= seconds for each in (claims.nbf, claims.iat)):
        raise NotVerified("not yet valid")
    if claims.tid.lower() != terms.tenant_id:
        raise NotVerified("foreign tenant")
    if SCOPE not in claims.scp.split() or not claims.oid:
        raise NotVerified("no access of a person")
