"""ID tokens: their signature, their claims, and the person that they name (OpenID Connect Core 1.0, 2 and 3)."""

from datetime import datetime
from typing import Any, Final

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from looply.app.openid.flow import SignInFailed
from looply.definition.settings.mail import read_address
from looply.setting_values.sign_in_providers import ProviderSettings

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures by a key that the provider alone has: neither `none`, nor those by a key that this server knows too."""

LEEWAY_SECONDS: Final = 60
"""How far the clocks of the provider and of this server may differ."""

_MAX_GROUPS: Final = 1000
_MAX_NAME: Final = 100


class UnknownKey(Exception):
    """The provider has signed with a key that was not known when its keys were read."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an ID token must fit. `issuer` is that of the provider's own description."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that are used, with their types; `raw` has all."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    nbf: int | float | None = None
    azp: str | None = None
    at_hash: str | None = None
    email: str | None = None
    email_verified: bool | str | None = None
    name: str | None = None
    preferred_username: str | None = None
    tid: str | None = None
    oid: str | None = None
    raw: dict[str, Any] = {}


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A person at a provider, named by `issuer` and `subject`, which never change.

    `email` is None when the provider names none. `is_email_proved`: the provider vouches that the address is theirs.
    `groups` is None when the provider did not name them.
    """

    issuer: str
    subject: str
    email: str | None
    is_email_proved: bool
    name: str
    groups: tuple[str, ...] | None


def read_id_token(token: str, keys: KeySet, terms: Terms, now: datetime) -> Claims:
    """Returns the claims of a token whose signature and claims are valid.

    Raises: UnknownKey; SignInFailed (code `PROVIDER_ANSWER_INVALID`).
    """
    try:
        decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        claims = msgspec.convert(decoded.claims, Claims)
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": terms.issuer},
            "aud": {"essential": True, "value": terms.client_id},
            "sub": {"essential": True},
        }
        params = {"nonce": terms.nonce, "client_id": terms.client_id, "access_token": terms.access_token}
        checked = CodeIDToken(decoded.claims, decoded.header, options, params)
        checked.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except InvalidKeyIdError as error:
        raise UnknownKey(str(error)) from error
    except (JoseError, ValueError, TypeError) as error:
        raise SignInFailed("PROVIDER_ANSWER_INVALID", f"the ID token is not valid: {error}") from error
    return msgspec.structs.replace(claims, raw=dict(decoded.claims))


def identity_of(provider: ProviderSettings, claims: Claims) -> Identity:
    """Returns the person whom valid claims name.

    Raises: SignInFailed (codes `FOREIGN_TENANT`, `EMAIL_NOT_VERIFIED` for an explicit `email_verified: false`,
    `PROVIDER_ANSWER_INVALID`).
    """
    issuer, subject = claims.iss, claims.sub
    if provider.tenant:
        if claims.tid != provider.tenant:
            raise SignInFailed("FOREIGN_TENANT", f"the tenant is {str(claims.tid)[:50]!r}")
        # Within a tenant `sub` differs from application to application.
        issuer, subject = claims.tid, claims.oid or ""
    if not subject or len(subject) > 255 or len(issuer) > 300:
        raise SignInFailed("PROVIDER_ANSWER_INVALID", "the ID token names no person, or with more than 255 characters")
    is_verified = claims.email_verified
    if isinstance(is_verified, str):  # some providers send booleans as texts
        is_verified = is_verified.lower() == "true"
    if is_verified is False:
        raise SignInFailed("EMAIL_NOT_VERIFIED", "the provider says that the address is not verified")
    email = _address(claims.email)
    if email is None and provider.tenant:
        email = _address(claims.preferred_username)
    name = (claims.name or claims.preferred_username or email or subject).strip()[:_MAX_NAME]
    return Identity(
        issuer=issuer,
        subject=subject,
        email=email,
        is_email_proved=email is not None and (is_verified is True or bool(provider.tenant)),
        name="".join(each for each in name if each.isprintable()) or subject[:_MAX_NAME],
        groups=_groups(claims.raw.get(provider.groups_claim)),
    )


def _address(text: str | None) -> str | None:
    read = read_address(text) if text else None
    return None if read is None or read[0] else read[1]


def _groups(claim: Any) -> tuple[str, ...] | None:
    if not isinstance(claim, list):
        return None
    return tuple(dict.fromkeys(each for each in claim[:_MAX_GROUPS] if isinstance(each, str)))
