"""The second factor: codes of an authenticator application (TOTP, RFC 6238), six digits for 30 seconds each."""

import base64
import hmac
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from looply.catalog.people.users import get_user_row, update_user
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Entropy
from looply.errors import Conflict, Refused
from looply.instants import to_ms
from looply.sealing import Sealers

STEP_SECONDS: Final = 30
"""The time step of RFC 6238 that authenticator apps use; some read no other one."""
DIGITS: Final = 6
"""The digits of a code that authenticator apps show; some read no other number."""
SECRET_BYTES: Final = 20
"""The length that RFC 4226 §4 recommends: 160 bits."""
_DRIFT_STEPS: Final = 1
"""Steps before and after the current one whose code is accepted: clocks of phones differ."""


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Returns the code of a time step (RFC 4226 §5.3 with SHA-1, which all applications know)."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, now: datetime, used: int | None) -> int | None:
    """Returns the time step whose code it is, None for a wrong code and for one of a step up to `used`."""
    text = "".join(code.split())
    if not text.isascii():
        return None
    return next(
        (step for step in _steps(now) if step > (used or 0) and hmac.compare_digest(code_of(secret, step), text)), None
    )


def _steps(now: datetime) -> Iterator[int]:
    current = to_ms(now) // (STEP_SECONDS * 1000)
    yield from range(current - _DRIFT_STEPS, current + _DRIFT_STEPS + 1)


def setup_uri(secret: bytes, email: str, issuer: str = "Looply") -> str:
    """Returns the text that an authenticator application reads from a QR code."""
    return f"otpauth://totp/{quote(issuer)}:{quote(email)}?secret={secret_text(secret)}&issuer={quote(issuer)}"


def secret_text(secret: bytes) -> str:
    """Returns a secret as people type it: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


class SecondFactors:
    """The second factors of all people. The secret is sealed with a key of the organization in which it was set up."""

    def __init__(self, database: CatalogDatabase, clock: Clock, entropy: Entropy, sealers: Sealers) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._sealers = sealers

    def new_secret(self) -> bytes:
        """Returns a secret that is not stored yet."""
        return self._entropy.token(SECRET_BYTES)

    async def enable(self, organization_id: str, user_id: str, secret: bytes, code: str) -> None:
        """Stores a secret once a code of it shows that the application has it.

        Raises: Refused (code `WRONG_CODE`); Conflict (code `SECOND_FACTOR_EXISTS`).
        """
        change = Change(organization_id, user_id, self._clock.now())
        step = matching_step(secret, code, change.at, None)
        if step is None:
            raise Refused.at("/code", "is not the code of now; check the clock of the device", code="WRONG_CODE")
        sealed = self._sealers.of(organization_id).seal(secret, _context(user_id))

        def store(connection: Connection) -> None:
            if get_user_row(connection, user_id)["totp_sealed"] is not None:
                raise Conflict("the account has a second factor; remove it first", code="SECOND_FACTOR_EXISTS")
            values = {"totp_sealed": sealed, "totp_organization_id": organization_id, "totp_step": step}
            update_user(connection, user_id, change.at, **values)
            change.record(connection, "user.enable_second_factor", user_id)

        await self._database.write(store)

    async def disable(self, organization_id: str, user_id: str) -> None:
        """Removes the second factor of a person; without one nothing changes."""
        change = Change(organization_id, user_id, self._clock.now())

        def store(connection: Connection) -> None:
            if get_user_row(connection, user_id)["totp_sealed"] is not None:
                update_user(connection, user_id, change.at, totp_sealed=None, totp_step=None)
                change.record(connection, "user.disable_second_factor", user_id)

        await self._database.write(store)

    async def verify(self, user_id: str, code: str) -> bool:
        """Returns whether the code is right, or the person has no second factor. No code is right a second time."""

        row = await self._database.read(lambda connection: get_user_row(connection, user_id))
        if row["totp_sealed"] is None:
            return True

        def check(connection: Connection) -> bool:
            row = get_user_row(connection, user_id)
            if row["totp_sealed"] is None:
                return True
            seals = self._sealers.of(row["totp_organization_id"])
            secret = seals.open(bytes(row["totp_sealed"]), _context(user_id))
            now = self._clock.now()
            step = matching_step(secret, code, now, row["totp_step"])
            if step is not None:
                update_user(connection, user_id, now, totp_step=step)
            return step is not None

        return await self._database.write(check)


def _context(user_id: str) -> str:
    return f"{user_id}|second factor"
