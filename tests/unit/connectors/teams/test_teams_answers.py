"""What each answer of Microsoft means, and what is never read of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from looply.connectors.port import HttpResponse
from looply.connectors.teams.calls.answers import Failure, error_code, limit_attempts, read_failure
from looply.connectors.teams.calls.sending import loss_of
from looply.errors import Rejected, Timeout, Unavailable

NOW = datetime(2026, 7, 1, tzinfo=UTC)
WRITES_BLOCKED = json.dumps({"subCode": "MessageWritesBlocked", "errorCode": 209})


def answer(status: int, code: str = "", message: str = "", **headers: str) -> HttpResponse:
    body: Any = {"error": {"code": code, "message": message}} if code else None
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    content = b"" if body is None else json.dumps(body).encode()
    return HttpResponse(status=status, reason="", headers=named, content=content)


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, "BadArgument", "broken"),
        (400, "MessageSizeTooBig", "too_large"),
        (401, "BotNotRegistered", "unusable"),
        (403, "ConversationBlockedByUser", "blocked"),
        (403, "BotDisabledByAdmin", "blocked"),
        (403, "ForbiddenOperationException", "blocked"),
        (403, "", "blocked"),
        (403, "BotNotInConversationRoster", "not_installed"),
        (403, "InvalidBotApiHost", "elsewhere"),
        (404, "ActivityNotFoundInConversation", "gone"),
        (404, "ConversationNotFound", "no_conversation"),
        (404, "", "no_conversation"),
        (412, "PreconditionFailed", "again"),
        (413, "", "too_large"),
        (429, "", "throttled"),
        (500, "ServiceError", "again"),
        (502, "", "again"),
        (503, "", "again"),
        (504, "", "again"),
        (405, "", "broken"),
    ],
)
def test_each_answer_has_one_meaning(status: int, code: str, meaning: str) -> None:
    found = read_failure(answer(status, code), NOW)
    assert found is not None
    assert (found.meaning, found.code, found.status) == (meaning, code or f"HTTP_{status}", status)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_is_no_failure(status: int) -> None:
    assert read_failure(answer(status), NOW) is None


def test_a_code_within_a_text_within_the_answer_is_read_and_numbers_of_codes_are_named() -> None:
    found = read_failure(answer(403, "ServiceError", WRITES_BLOCKED), NOW)
    assert found == Failure(meaning="blocked", code="MessageWritesBlocked", status=403)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "Wed, 01 Jul 2026 00:00:30 GMT"}, 30),
        ({"retry_after": "999999999"}, 3600),
        ({"retry_after": "soon"}, 0),
        ({}, 0),
    ],
)
def test_a_delay_is_read_in_seconds_or_as_a_date_and_bounded(headers: dict[str, str], seconds: int) -> None:
    found = read_failure(answer(429, **headers), NOW)
    assert found is not None
    assert found.after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[1]",
        b'{"error": "text"}',
        b'{"error": {"code": "a b\\u0000"}}',
        b'{"error": {"code": true}}',
        b'{"error": {"message": "{not json"}}',
        b'{"error": {"code": "' + b"x" * 100 + b'"}}',
        b'{"error": {"code": "Large", "message": "' + b"x" * 70_000 + b'"}}',
        b"\xff",
    ],
)
def test_an_answer_that_is_no_error_of_theirs_has_no_code(content: bytes) -> None:
    assert error_code(HttpResponse(status=400, reason="", content=content)) == ""


def test_an_error_of_theirs_is_broken_after_three_attempts_and_a_busy_server_never() -> None:
    theirs = Failure(meaning="again", code="ServiceError", status=500)
    busy = Failure(meaning="again", code="HTTP_503", status=503)
    assert [limit_attempts(theirs, count).meaning for count in (1, 2, 3)] == ["again", "again", "broken"]
    assert limit_attempts(busy, 100) == busy


@pytest.mark.parametrize(
    ("error", "meanings"),
    [
        (Timeout("late", sent=True), ("unknown", "again")),
        (Unavailable("cut", sent=True), ("unknown", "again")),
        (Unavailable("refused"), ("again", "again")),
        (Rejected("not allowed", code="EGRESS_DENIED"), ("unusable", "unusable")),
        (Rejected("no TLS", code="TLS_CERTIFICATE"), ("unusable", "unusable")),
    ],
)
def test_a_call_without_an_answer_is_unknown_only_where_it_may_have_had_an_effect_of_its_own(
    error: Any, meanings: tuple[str, str]
) -> None:
    found = (loss_of(error, happens_once=True).meaning, loss_of(error, happens_once=False).meaning)
    assert found == meanings
