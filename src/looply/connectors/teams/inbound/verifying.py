"""Verifies that an activity comes from Microsoft, for this bot, in this tenant, and by the address that it names.

Source: Microsoft's page on authentication of the Bot Connector: issuer, audience, signature, expiry with 5 minutes of
leeway, the endorsement of the key for the channel, and the service address of the token.
"""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError

from looply.clock import Clock
from looply.connectors.teams.calls.settings import Account
from looply.connectors.teams.inbound.activities import Activity
from looply.connectors.teams.inbound.keys import KeyRing, SigningKey

ClaimsT = TypeVar("ClaimsT")

CHANNEL: Final = "msteams"
ALGORITHM: Final = "RS256"
LEEWAY_SECONDS: Final = 300.0
WINDOW: Final = timedelta(minutes=15)
"""An activity that was made longer ago is refused: an invoke is given up after 15 seconds, and what Teams sends again
comes within minutes."""
_LONGEST_TOKEN: Final = 8192
_LONGEST_LIFE_SECONDS: Final = 26 * 3600.0
"""Tokens of the Bot Connector live an hour; one that lives longer than a day is none of its own."""
_TOKEN: Final = re.compile(r"(?P<header>[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

Reason: TypeAlias = Literal[
    "no token",
    "no valid token",
    "wrong algorithm",
    "unknown key",
    "wrong signature",
    "wrong issuer",
    "wrong audience",
    "expired",
    "not yet valid",
    "not endorsed",
    "wrong channel",
    "wrong service address",
    "foreign tenant",
    "no valid timestamp",
    "old timestamp",
    "timestamp in the future",
    "no access of a person",
]


class NotVerified(Exception):
    """An activity, or the token of a tab, is not what it must be. The sender of an activity gets no `reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a token that are used, with their types. Times are seconds, whole or not."""

    iss: str
    aud: str
    exp: int | float
    nbf: int | float | None = None
    iat: int | float | None = None
    serviceurl: str = ""
    endorsements: frozenset[str] = frozenset()


class _Header(msgspec.Struct, frozen=True):
    alg: str = ""
    kid: str = ""


class Verifier:
    """Verifies the activities that are sent to one bot."""

    def __init__(self, account: Account, keys: KeyRing, clock: Clock) -> None:
        self._account = account
        self._keys = keys
        self._clock = clock

    async def verify_token(self, authorization: str) -> Claims:
        """Returns the claims of the token of an activity, before anything of the activity is read.

        It waits for the network only when the key is not known. Raises: NotVerified.
        """
        claims, key = await read_signed(authorization, self._keys, Claims)
        found = msgspec.structs.replace(claims, endorsements=key.endorsements)
        check_claims(found, self._account, self._clock.now())
        return found

    def verify_activity(self, claims: Claims, activity: Activity) -> datetime:
        """Checks that an activity is the one that its token is for, and made lately; returns until when it is taken.

        Raises: NotVerified.
        """
        check_activity(claims, activity, self._account)
        return check_age(claims, activity, self._clock.now())


async def read_signed(authorization: str, keys: KeyRing, kind: type[ClaimsT]) -> tuple[ClaimsT, SigningKey]:
    """Returns the claims of a token that one of the keys has signed, not checked further, and that key.

    It waits for the network only when the key is not known. Raises: NotVerified.
    """
    token, header = _read_header(authorization)
    if header.alg != ALGORITHM:
        raise NotVerified("wrong algorithm")
    key = await keys.find(header.kid)
    if key is None:
        raise NotVerified("unknown key")
    try:
        return msgspec.convert(jwt.decode(token, key.key, algorithms=[ALGORITHM]).claims, kind), key
    except (JoseError, ValueError, TypeError) as error:
        raise NotVerified("wrong signature" if isinstance(error, JoseError) else "no valid token") from error


def _read_header(authorization: str) -> tuple[str, _Header]:
    """Returns the token of an `Authorization` header, and its own header. Raises: NotVerified."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotVerified("no token")
    found = _TOKEN.fullmatch(token) if len(token) <= _LONGEST_TOKEN else None
    if found is None:
        # A token without a signature has an empty last part.
        raise NotVerified("no valid token")
    part = found["header"]
    try:
        return token, msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Header)
    except (ValueError, binascii.Error) as error:
        raise NotVerified("no valid token") from error


def check_claims(claims: Claims, account: Account, now: datetime) -> None:
    """Checks issuer, audience and time. Raises: NotVerified."""
    seconds = now.timestamp()
    if claims.iss != account.places.issuer:
        raise NotVerified("wrong issuer")
    if claims.aud.lower() != account.app_id:
        raise NotVerified("wrong audience")
    # Written so that a number that is none compares as refused.
    if not seconds - LEEWAY_SECONDS < claims.exp <= seconds + _LONGEST_LIFE_SECONDS:
        raise NotVerified("expired")
    if any(each is not None and not each - LEEWAY_SECONDS <= seconds for each in (claims.nbf, claims.iat)):
        raise NotVerified("not yet valid")


def check_activity(claims: Claims, activity: Activity, account: Account) -> None:
    """Checks channel, endorsement, service address and tenant. Raises: NotVerified.

    The address is not only the token's but one of this cloud: the token of the bot is sent to it.
    """
    if activity.channel_id != CHANNEL:
        raise NotVerified("wrong channel")
    if CHANNEL not in claims.endorsements:
        raise NotVerified("not endorsed")
    if not activity.service_url or _plain(claims.serviceurl) != _plain(activity.service_url):
        raise NotVerified("wrong service address")
    if not account.takes_service(activity.service_url):
        raise NotVerified("wrong service address")
    if {tenant.lower() for tenant in activity.tenants} != {account.tenant_id}:
        raise NotVerified("foreign tenant")


def check_age(claims: Claims, activity: Activity, now: datetime) -> datetime:
    """Checks when an activity was made, and returns until when it is taken. Raises: NotVerified.

    The token does not cover the time, so this ends the use of what was recorded, not that of a stolen token. An
    activity without a time, which Teams does not send, is taken as long as its token.
    """
    if not activity.timestamp:
        return datetime.fromtimestamp(claims.exp + LEEWAY_SECONDS, UTC)
    try:
        made = datetime.fromisoformat(activity.timestamp)
    except ValueError as error:
        raise NotVerified("no valid timestamp") from error
    if made.tzinfo is None:
        raise NotVerified("no valid timestamp")
    if made + WINDOW < now:
        raise NotVerified("old timestamp")
    if made > now + timedelta(seconds=LEEWAY_SECONDS):
        raise NotVerified("timestamp in the future")
    return made + WINDOW


def _plain(url: str) -> str:
    return url.rstrip("/").lower()
