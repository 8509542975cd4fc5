"""Sessions that a protocol keeps with other systems, in memory: a CSRF token and the cookies that it is bound to."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

from looply.clock import Clock
from looply.connectors.credentials.single_flight import SingleFlight

MAX_SESSIONS = 1000
# SAP ends an idle security session after 30 minutes (http/security_session_timeout); stay well below.
MAX_AGE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Session:
    """A token and the cookies that came with it. Neither is shown by `repr`."""

    token: str = field(default="", repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_open: bool = field(default=False, compare=False)
    """Whether a token was asked for; a service that needs none gives none."""
    number: int = field(default=0, compare=False)
    """Counts the sessions that were opened with all systems; an older one never replaces a newer one."""

    def without_token(self) -> "Session":
        """Returns what is left of a session that the other system has ended."""
        return Session(number=self.number)

    def cookie_header(self) -> str:
        """Returns the value of the `Cookie` header, empty when there is no cookie."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def with_set_cookies(self, set_cookies: tuple[str, ...]) -> "Session":
        """Returns the session after a response's `Set-Cookie` headers. Attributes other than expiry are ignored.

        Paths and domains are not checked: a session is used for one origin only.
        """
        cookies = dict(self.cookies)
        for line in set_cookies:
            pair, *attributes = line.split(";")
            name, separator, value = pair.strip().partition("=")
            if not separator or not name:
                continue
            if any(_is_end(attribute) for attribute in attributes):
                cookies.pop(name, None)
            else:
                cookies[name] = value
        return replace(self, cookies=cookies)


def _is_end(attribute: str) -> bool:
    name, _, value = attribute.strip().lower().partition("=")
    return (name == "max-age" and value.strip().lstrip("-0") == "") or (name == "expires" and "1970" in value)


class SessionCache:
    """Keeps the most recently used sessions of the process, at most `MAX_SESSIONS`, each for at most `MAX_AGE`.

    A key is made of the address and the credentials of a connection, so a call never gets a session that its own
    credentials could not have opened, and changed credentials start a new one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: OrderedDict[bytes, tuple[float, Session]] = OrderedDict()
        self._recognized: OrderedDict[bytes, None] = OrderedDict()
        self._numbers = count(1)
        self.opening: SingleFlight[Any] = SingleFlight()
        """Shares the reads that open sessions, by key."""

    def find(self, key: bytes) -> Session:
        """Returns the session of a key, an empty one when there is none or it is too old."""
        stored = self._sessions.get(key)
        if stored is None:
            return Session()
        since, session = stored
        if self._clock.monotonic() - since > MAX_AGE.total_seconds():
            del self._sessions[key]
            return Session()
        self._sessions.move_to_end(key)
        return session

    def note_recognized(self, key: bytes) -> None:
        """Notes that a service recognizes repeated calls."""
        self._recognized[key] = None
        while len(self._recognized) > MAX_SESSIONS:
            self._recognized.popitem(last=False)

    def is_recognized(self, key: bytes) -> bool:
        """Returns whether an answer of the service said that it recognizes repeated calls."""
        return key in self._recognized

    def next_number(self) -> int:
        """Returns the number of a session that is opened now."""
        return next(self._numbers)

    def keep(self, key: bytes, session: Session) -> None:
        """Stores a session, unless a newer one is stored; its age counts from the first time its token was stored."""
        stored = self._sessions.get(key)
        if stored is not None and stored[1].number > session.number:
            return
        known = stored is not None and stored[1].token == session.token
        since = stored[0] if stored is not None and known else self._clock.monotonic()
        self._sessions[key] = (since, session)
        self._sessions.move_to_end(key)
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
