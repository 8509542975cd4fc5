"""The secrets that sign calls of webhooks: made here, sealed, and replaced with a day in which both sign.

Their form is that of Standard Webhooks: `whsec_`, then the base64 of 24 to 64 bytes.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Final

import msgspec

from looply.clock import Entropy
from looply.errors import Refused
from looply.instants import from_ms, to_ms
from looply.jsontext import encode_json, parse_stored
from looply.sealing import SealBroken, Sealers

PREFIX: Final = "whsec_"
FORMER_SIGNS: Final = timedelta(days=1)
"""As long a former secret signs beside its successor."""
_MADE_BYTES: Final = 32
_FEWEST_BYTES: Final = 24
_MAX_BYTES: Final = 64


class NewSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that was just stored, shown only once; until `former_until` the former one signs too."""

    secret: str
    former_until: datetime | None

    def __repr__(self) -> str:
        return f"NewSecret(secret='***', former_until={self.former_until!r})"


class _Secrets(msgspec.Struct, frozen=True, kw_only=True):
    secret: str
    former: str = ""
    former_until_ms: int = 0


class Signing:
    """Seals the secrets of notifications for the row that each belongs to."""

    def __init__(self, sealers: Sealers, entropy: Entropy) -> None:
        self._sealers = sealers
        self._entropy = entropy

    def first(self, organization_id: str, notification_id: str, channel: str) -> bytes | None:
        """Returns a first secret, sealed; None for a channel that signs nothing."""
        if channel != "webhook":
            return None
        return self._seal(organization_id, notification_id, _Secrets(secret=self._make()))

    def replace(
        self, organization_id: str, notification_id: str, sealed: bytes | None, proposed: str | None, now: datetime
    ) -> tuple[NewSecret, bytes]:
        """Returns the secret that takes the place of a sealed one, and the bytes to store.

        A former one that does not open is left out. Raises: Refused (code `BAD_SECRET`).
        """
        secret = self._make() if proposed is None else _check(proposed)
        try:
            former = next(iter(self.open(organization_id, notification_id, sealed, now)), "")
        except SealBroken:
            former = ""
        until = now + FORMER_SIGNS if former and former != secret else None
        both = _Secrets(
            secret=secret,
            former=former if until is not None else "",
            former_until_ms=0 if until is None else to_ms(until),
        )
        return NewSecret(secret=secret, former_until=until), self._seal(organization_id, notification_id, both)

    def open(self, organization_id: str, notification_id: str, sealed: bytes | None, now: datetime) -> tuple[str, ...]:
        """Returns the secrets that sign at an instant, the newest first. Raises: SealBroken."""
        if sealed is None:
            return ()
        seals = self._sealers.of(organization_id)
        content = seals.open(bytes(sealed), _context(organization_id, notification_id))
        found = msgspec.convert(parse_stored(content), _Secrets)
        has_former = bool(found.former) and now < from_ms(found.former_until_ms)
        return (found.secret, found.former) if has_former else (found.secret,)

    def _make(self) -> str:
        return PREFIX + base64.b64encode(self._entropy.token(_MADE_BYTES)).decode()

    def _seal(self, organization_id: str, notification_id: str, secrets: _Secrets) -> bytes:
        content = encode_json(msgspec.to_builtins(secrets))
        return self._sealers.of(organization_id).seal(content, _context(organization_id, notification_id))


def key_of(secret: str) -> bytes:
    """Returns the key that a secret is the text of. Raises: ValueError for a text of another form."""
    if not secret.startswith(PREFIX):
        raise ValueError
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _check(secret: str) -> str:
    try:
        size = len(key_of(secret))
    except (ValueError, binascii.Error):
        size = 0
    if not _FEWEST_BYTES <= size <= _MAX_BYTES:
        message = f"must be {PREFIX} with the base64 of {_FEWEST_BYTES} to {_MAX_BYTES} bytes; leave it out to get one"
        raise Refused.at("/secret", message, code="BAD_SECRET")
    return secret


def _context(organization_id: str, notification_id: str) -> str:
    return f"{organization_id}|{notification_id}|signing"
