"""What an answer of Microsoft means for a message that was to be sent, updated or deleted.

Nothing of an answer is quoted but its code, which has neither secrets nor names in it.

Source: Microsoft's page on status codes of bot conversations, and that on rate limits of bots.
"""

import re
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgspec

from looply.connectors.port import HttpResponse
from looply.connectors.verdicts import retry_after_seconds
from looply.errors import BadRequest
from looply.jsontext import Json, parse_json

Meaning: TypeAlias = Literal[
    "again",
    "throttled",
    "blocked",
    "not_installed",
    "gone",
    "no_conversation",
    "elsewhere",
    "unusable",
    "too_large",
    "unknown",
    "broken",
]
"""What became of a call that did not succeed.

`again`: it was not carried out, and may succeed soon. `throttled`: not before a delay. `blocked`: the person or an
administrator does not let the bot write, until an event of that person says otherwise. `not_installed`: the bot is in
no conversation with that person, and can be installed for them. `gone`: the message was deleted. `no_conversation`:
the conversation no longer exists, and a new one can be made. `elsewhere`: the conversation is in another cloud.
`unusable`: the connection is, for every
message: its secret, its application or its route. `too_large`: the card is. `unknown`: it
may have been carried out. `broken`: the call itself is wrong; repeating it does not help.
"""

MOST_ATTEMPTS: Final = 3
"""After as many answers 500 a message counts as broken."""

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TOO_LARGE: Final = frozenset({"MessageSizeTooBig", "RequestEntityTooLarge"})
NOT_INSTALLED: Final = frozenset({"BotNotInConversationRoster", "BotNotInstalled", "AppNotInstalled"})
"""Codes of a bot that is in no conversation with the person."""
_GONE: Final = frozenset({"ActivityNotFoundInConversation", "ActivityNotFound", "MessageNotFound"})
_AGAIN: Final = frozenset({408, 412, 425, 502, 503, 504})
# A code within a text within the answer: 209 is how Teams numbers "message writes are blocked".
_NUMBERED: Final = {"209": "MessageWritesBlocked"}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call did not succeed. `code` is Microsoft's, or ours; `status` 0 where there was no answer."""

    meaning: Meaning
    code: str
    status: int = 0
    after: timedelta = timedelta()
    """How long to wait at least; zero: as long as the caller likes."""


class Undelivered(Exception):
    """A call to Microsoft did not succeed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.meaning}: {failure.code} ({failure.status})")
        self.failure = failure


def read_failure(response: HttpResponse, now: datetime) -> Failure | None:
    """Returns what an answer of the Bot Connector means; None for a success."""
    status = response.status
    if 200 <= status < 300:
        return None
    code = error_code(response)
    meaning, after = _meaning(status, code), timedelta()
    if status == 429 or meaning == "again":
        headers: Json = {name: value for name in ("retry-after", "date") if (value := response.header(name))}
        after = timedelta(seconds=min(retry_after_seconds(headers, now), _LONGEST_SECONDS))
    return Failure(meaning=meaning, code=code or f"HTTP_{status}", status=status, after=after)


_LONGEST_SECONDS: Final = 3600.0
"""A longer delay than an hour is not obeyed: no limit of Teams counts over a longer time."""


def _meaning(status: int, code: str) -> Meaning:
    if status == 429:
        return "throttled"
    if status == 413 or code in _TOO_LARGE:
        return "too_large"
    if status == 401:
        return "unusable"
    if status in _AGAIN:
        return "again"
    if status == 403:
        if code == "InvalidBotApiHost":
            return "elsewhere"
        return "not_installed" if code in NOT_INSTALLED else "blocked"
    if status == 404:
        return "gone" if code in _GONE else "no_conversation"
    return "again" if status >= 500 else "broken"


def limit_attempts(failure: Failure, attempts: int) -> Failure:
    """Returns a failure after this many attempts, the last among them: an error of theirs does not recur for ever."""
    is_theirs = failure.meaning == "again" and failure.status >= 500 and failure.status not in _AGAIN
    return msgspec.structs.replace(failure, meaning="broken") if is_theirs and attempts >= MOST_ATTEMPTS else failure


def error_code(response: HttpResponse) -> str:
    """Returns the code of an error, also of one that is a text within its message; empty without one."""
    return _code_in(_parsed(response.content), 0)


def _code_in(document: Json, depth: int) -> str:
    if not isinstance(document, dict) or depth > 3:
        return ""
    given_error = document.get("error")
    error: dict[str, Json] = given_error if isinstance(given_error, dict) else document
    inner = _inner(error, depth)
    for given in (inner, _text(error.get("code")), _text(document.get("errorCode"))):
        if given:
            return _NUMBERED.get(given, given)
    return ""


def _inner(error: Json, depth: int) -> str:
    """Returns the code of an error that is JSON within the text of another one, which is the more precise."""
    message = error.get("message")
    if isinstance(message, str) and message.lstrip().startswith("{"):
        return _code_in(_parsed(message.encode("utf-8", "replace")), depth + 1)
    return _code_in(error.get("innerHttpError"), depth + 1) if depth < 1 else ""


def _text(value: Json) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) else ""


def _parsed(content: bytes) -> Json:
    if not content or len(content) > _MOST_BYTES:
        return None
    try:
        return parse_json(content)
    except BadRequest:
        return None


_MOST_BYTES: Final = 65_536
"""A longer answer to an error is not read."""
