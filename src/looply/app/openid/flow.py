"""A sign-in at a provider that has begun: what a browser keeps until it comes back.

Theory of operation. The browser keeps one random text in a cookie; state, nonce and code verifier are computed from it.
So the answer of the provider is bound to the browser that asked, and every server of an installation can take it.
No other site can set the cookie of an https address, and the person of the browser gains nothing by changing it.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote

import msgspec
from can_ada import parse

from looply.instants import from_ms, to_ms

VALID: Final = timedelta(minutes=10)
"""How long a person may take at the provider."""

HOME: Final = "/app/"

_MAX_PATH: Final = 1000
_MAX_COOKIE: Final = 3000
_BASE: Final = "https://looply.invalid"
_MAX_ESCAPES: Final = 5

FailureCode: TypeAlias = Literal[
    "SIGN_IN_EXPIRED",
    "UNKNOWN_PROVIDER",
    "PROVIDER_UNREACHABLE",
    "PROVIDER_REFUSED",
    "PROVIDER_ANSWER_INVALID",
    "FOREIGN_TENANT",
    "EMAIL_NOT_VERIFIED",
    "EMAIL_MISSING",
    "INVITATION_NOT_FOUND",
    "INVITATION_OF_ANOTHER",
    "NOT_A_MEMBER",
    "TOO_MANY_TRIES",
]
"""Why a sign-in at a provider failed, as the page of sign-in receives it."""


class SignInFailed(Exception):
    """A sign-in at a provider failed. `reason` is for the log."""

    def __init__(self, code: FailureCode, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code: FailureCode = code
        self.reason = reason


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that has begun. `secret` is random; `to` is a path of this server; `invitation` the token of a link."""

    secret: str
    provider_id: str
    to: str
    invitation: str
    begun_ms: int

    def __repr__(self) -> str:
        return f"Flow(provider_id={self.provider_id!r}, to={self.to!r})"

    @property
    def state(self) -> str:
        """The text that the provider returns, by which the answer is bound to the browser."""
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """The text that the ID token contains, by which it is bound to this sign-in."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """The code verifier (RFC 7636), by which the code is of use for this server alone."""
        return self._derive("verifier")

    def encode(self) -> str:
        """Returns the value of the cookie."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    def has_ended(self, now: datetime) -> bool:
        """Returns whether the sign-in began too long ago."""
        return not timedelta(0) <= now - from_ms(self.begun_ms) < VALID

    def _derive(self, purpose: str) -> str:
        digest = hmac.digest(self.secret.encode(), purpose.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def begin_flow(*, secret: str, provider_id: str, to: str, invitation: str, now: datetime) -> Flow:
    """Returns a sign-in that begins. `secret` is random; a `to` that leads elsewhere becomes the start page."""
    path = same_origin_path(to) or HOME
    return Flow(secret=secret, provider_id=provider_id, to=path, invitation=invitation, begun_ms=to_ms(now))


def read_flow(cookie: str | None, state: str, now: datetime) -> Flow:
    """Returns the sign-in that an answer of a provider belongs to.

    Raises: SignInFailed (code `SIGN_IN_EXPIRED`) for an answer to another browser, to an earlier sign-in of this one,
    or one that comes too late.
    """
    text = (cookie or "")[:_MAX_COOKIE]
    try:
        # The decoder ignores padding that is not needed.
        flow = msgspec.json.decode(base64.urlsafe_b64decode(f"{text}=="), type=Flow)
    except ValueError as error:
        raise SignInFailed("SIGN_IN_EXPIRED", "the browser has begun no sign-in") from error
    if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "replace")):
        raise SignInFailed("SIGN_IN_EXPIRED", "the answer belongs to another sign-in")
    try:
        has_ended = flow.has_ended(now)
    except (ValueError, OverflowError):
        has_ended = True
    if has_ended:
        raise SignInFailed("SIGN_IN_EXPIRED", "the answer came too late")
    return msgspec.structs.replace(flow, to=same_origin_path(flow.to) or HOME)


def same_origin_path(text: str) -> str | None:
    """Returns a path of this server, with query and fragment, as a browser reads it; None when it leads elsewhere.

    Other programs decode escapes before they read a path, so an escaped `//evil` or backslash is refused as well.
    """
    if not text.startswith("/") or len(text) > _MAX_PATH or not text.isascii() or not text.isprintable():
        return None
    decoded = text.partition("?")[0].partition("#")[0]
    for _ in range(_MAX_ESCAPES):
        if decoded.startswith("//") or "\\" in decoded or not decoded.isprintable():
            return None
        decoded = unquote(decoded)
    try:
        url = parse(f"{_BASE}{text}")
    except ValueError:
        return None
    # `/.//evil` is read as `//evil`, which a browser would take for the name of another server.
    if url.origin != _BASE or url.pathname.startswith("//"):
        return None
    return f"{url.pathname}{url.search}{url.hash}"
