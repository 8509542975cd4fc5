"""The keys that sign activities: read in the background, and used as long as they are known.

Theory of operation. A token names its key. A key that is known is used at once, however old the keys are: when they
are due, one task reads them again while tokens are checked with those that are there. Only a key that is not known
makes its caller wait, at most `FETCH_SECONDS`, and the same read serves all callers. Unknown keys are looked for at
most every `UNKNOWN_SECONDS`, so that forged tokens cost nothing.

Source: Microsoft's page on authentication of the Bot Connector, which asks for keys to be read every 24 hours.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from looply.clock import Clock
from looply.connectors.credentials.single_flight import SingleFlight
from looply.connectors.outbound.routes import Route
from looply.connectors.outbound.urls import origin, parse_url
from looply.connectors.port import HttpRequest, HttpSender
from looply.errors import OperationError, Rejected

_log = structlog.get_logger(__name__)

REFRESH_SECONDS: Final = 24 * 3600.0
"""Keys that were read are read again after a day."""
UNKNOWN_SECONDS: Final = 300.0
"""Between two looks for a key that is not known."""
FAILED_SECONDS: Final = 10.0
"""Between two reads as long as none has succeeded."""
FETCH_SECONDS: Final = 5.0
"""How long a read of keys may take."""
_MOST_KEYS: Final = 200
_LEAST_BITS: Final = 2048
"""Shorter keys of RSA are not used (NIST SP 800-131A)."""


class SigningKey(msgspec.Struct, frozen=True):
    """A key, and the channels for which it may sign. An empty set is of a key that may sign for none."""

    key: RSAKey
    endorsements: frozenset[str]


class _Description(msgspec.Struct, frozen=True):
    issuer: str
    jwks_uri: str


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class KeyRing:
    """The keys of one issuer, at the address of its description. `sender` gives the sender of one read."""

    def __init__(
        self,
        openid_url: str,
        sender: Callable[[timedelta], HttpSender],
        clock: Clock,
        route: Route | None = None,
    ) -> None:
        self._openid_url = openid_url
        self._sender = sender
        self._clock = clock
        self._route = route
        self._keys: Mapping[str, SigningKey] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._flight: SingleFlight[None] = SingleFlight()
        self._refresh: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> SigningKey | None:
        """Returns a key by its id; None when the issuer has none such, or its keys could not be read.

        It waits only for a key that is not known, and then at most `FETCH_SECONDS`.
        """
        if (found := self._keys.get(kid)) is not None:
            self._begin_refresh()
            return found
        if self._is_recent(self._tried_at, UNKNOWN_SECONDS if self._read_at is not None else FAILED_SECONDS):
            return None
        await self._try_read()
        return self._keys.get(kid)

    async def read(self) -> int:
        """Reads the keys now and returns how many may sign for a channel. Raises: OperationError."""
        await self._flight.share(b"keys", self._read)
        return sum(1 for each in self._keys.values() if each.endorsements)

    async def close(self) -> None:
        """Ends a read that runs; closing twice is legal."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.gather(self._refresh, return_exceptions=True)
            self._refresh = None

    def _begin_refresh(self) -> None:
        is_running = self._refresh is not None and not self._refresh.done()
        is_fresh = self._is_recent(self._read_at, REFRESH_SECONDS)
        if not is_running and not is_fresh and not self._is_recent(self._tried_at, UNKNOWN_SECONDS):
            self._refresh = asyncio.create_task(self._try_read())

    async def _try_read(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                await self._flight.share(b"keys", self._read)
        except (OperationError, TimeoutError) as error:
            # The keys that are known stay valid.
            _log.warning("teams_keys_not_read", reason=getattr(error, "code", "TIMEOUT"))

    async def _read(self) -> None:
        self._tried_at = self._clock.monotonic()
        sender = self._sender(timedelta(seconds=FETCH_SECONDS))
        described = await self._get(sender, self._openid_url, _Description)
        if origin(parse_url(described.jwks_uri))[0] != parse_url(self._openid_url).scheme:
            raise Rejected("the keys are not at an encrypted address, as their description is", code="BAD_RESPONSE")
        found = await self._get(sender, described.jwks_uri, _Keys)
        self._keys = _import_keys(found.keys)
        self._read_at = self._clock.monotonic()

    async def _get(self, sender: HttpSender, url: str, shape: type[Any]) -> Any:
        request = HttpRequest(
            method="GET", url=parse_url(url), headers={"accept": "application/json"}, route=self._route
        )
        response = await sender.send(request)
        try:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            return msgspec.json.decode(response.content, type=shape)
        except ValueError as error:
            message = f"the keys of activities cannot be read at {request.url.host}: status {response.status}"
            raise Rejected(message, code="BAD_RESPONSE", sent=True, status=str(response.status)) from error

    def _is_recent(self, at: float | None, seconds: float) -> bool:
        return at is not None and self._clock.monotonic() - at < seconds


def _import_keys(documents: list[dict[str, Any]]) -> Mapping[str, SigningKey]:
    """Returns the RSA keys by id. One that cannot be read, or is too short, is left out."""
    found = {}
    for each in documents[:_MOST_KEYS]:
        kid, endorsements = each.get("kid"), each.get("endorsements")
        if each.get("kty") != "RSA" or not isinstance(kid, str) or each.get("use", "sig") != "sig":
            continue
        try:
            is_strong = len(base64.urlsafe_b64decode(f"{each['n']}==").lstrip(b"\0")) * 8 >= _LEAST_BITS
            key = RSAKey.import_key({name: str(each[name]) for name in ("kty", "n", "e")}) if is_strong else None
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if key is not None:
            channels = endorsements if isinstance(endorsements, list) else []
            found[kid] = SigningKey(key, frozenset(str(channel) for channel in channels))
    return found
