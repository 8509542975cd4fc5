"""The session protocol of SAP Gateway, as a conversation without a network."""

import pytest

from looply.connectors.credentials.sessions import MAX_SESSIONS, Session, SessionCache
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest, HttpResponse
from looply.connectors.sap.calls.paths import entity_path, service_path
from looply.connectors.sap.calls.protocol import (
    MAX_RENEWALS,
    Exchange,
    Opened,
    Opening,
    Outcome,
    call,
    fetch_token,
    token_places,
)
from looply.errors import BadInput

ROOT = parse_url("https://s4/sap/opu/odata/sap/PO/")
PLACES = token_places(ROOT, "sap-client=100", "A")
REQUIRED = HttpResponse(status=403, reason="", headers=(("x-csrf-token", "Required"),))
DONE = HttpResponse(status=204, reason="")


def request(method: str) -> HttpRequest:
    return HttpRequest(method=method, url=parse_url("https://s4/sap/opu/odata/sap/PO/A('1')"))


def session(token: str, cookies: dict[str, str] | None = None, number: int = 1) -> Session:
    return Session(token, cookies or {}, is_open=True, number=number)


def converse(method: str, kept: Session, *replies: HttpResponse | Opened) -> tuple[list[Exchange | Opening], Outcome]:
    conversation = call(request(method), kept)
    requested = [next(conversation)]
    for reply in replies:
        try:
            requested.append(conversation.send(reply))
        except StopIteration as end:
            return requested, end.value
    raise AssertionError("the conversation needs more replies")


def fetch(*responses: HttpResponse, kept: Session = Session()) -> tuple[list[HttpRequest], Opened]:  # noqa: B008 - frozen
    reads = fetch_token(PLACES, kept)
    requested = [next(reads)]
    for response in responses:
        try:
            requested.append(reads.send(response))
        except StopIteration as end:
            return requested, end.value
    raise AssertionError("the reads need more responses")


def response(status: int, token: str = "", cookie: str = "", body: bytes = b"") -> HttpResponse:
    headers = [("x-csrf-token", token)] if token else []
    cookies = [("set-cookie", cookie)] if cookie else []
    return HttpResponse(status=status, reason="", headers=(*headers, *cookies), content=body)


def test_a_read_is_one_exchange_that_uses_and_keeps_the_session() -> None:
    answer = HttpResponse(status=200, reason="", headers=(("set-cookie", "b=2; path=/"),))
    requested, outcome = converse("GET", Session("t", {"a": "1"}), answer)
    assert [each.request.headers for each in requested if isinstance(each, Exchange)] == [{"cookie": "a=1"}]
    assert outcome.session == Session("t", {"a": "1", "b": "2"})


def test_a_change_first_needs_a_session_and_sends_its_token_with_its_cookies() -> None:
    requested, outcome = converse("POST", Session(), Opened(session("t1", {"sid": "s1"})), DONE)
    assert requested[0] == Opening(Session())
    assert isinstance(requested[1], Exchange)
    assert requested[1].request.headers == {"cookie": "sid=s1", "x-csrf-token": "t1"}
    assert (outcome.response, outcome.session) == (DONE, Session("t1", {"sid": "s1"}))


def test_a_kept_token_is_used_again() -> None:
    requested, outcome = converse("PATCH", session("t1", {"sid": "s1"}), DONE)
    assert isinstance(requested[0], Exchange)
    assert requested[0].request.headers["x-csrf-token"] == "t1"
    assert outcome.session.token == "t1"


def test_a_session_that_has_ended_is_replaced_without_its_cookies() -> None:
    newer = Opened(session("new", {"sid": "s2"}, number=2))
    requested, outcome = converse("PATCH", session("old", {"sid": "s1"}), REQUIRED, newer, DONE)
    opening, again = requested[1:]
    assert isinstance(opening, Opening)
    assert (opening.stale, opening.stale.number) == (Session(), 1)
    assert isinstance(again, Exchange)
    assert again.request.headers == {"cookie": "sid=s2", "x-csrf-token": "new"}
    assert outcome.session == Session("new", {"sid": "s2"})


def test_a_session_is_replaced_twice_and_then_the_refusal_is_returned_and_none_is_kept() -> None:
    renewals = [reply for number in range(MAX_RENEWALS) for reply in (Opened(session("t", number=number)), REQUIRED)]
    requested, outcome = converse("PATCH", session("old"), REQUIRED, *renewals)
    assert sum(isinstance(each, Opening) for each in requested) == MAX_RENEWALS == 2
    assert (outcome.response, outcome.session, outcome.session.is_open) == (REQUIRED, Session(), False)


def test_a_403_that_requires_no_token_is_returned() -> None:
    denied = HttpResponse(status=403, reason="Forbidden")
    requested, outcome = converse("POST", session("t"), denied)
    assert (len(requested), outcome.response) == (1, denied)


def test_a_session_that_cannot_be_opened_ends_the_call() -> None:
    failed = HttpResponse(status=503, reason="")
    _, outcome = converse("POST", Session(), Opened(Session(), failed))
    assert (outcome.response, outcome.is_fetch_failure) == (failed, True)


def test_a_token_is_looked_for_in_four_places() -> None:
    requested, opened = fetch(response(405), response(404), response(404), response(200, "t1", "sid=s1; HttpOnly"))
    shown = [(each.method, str(each.url).removeprefix("https://s4/sap/opu/odata/sap/")) for each in requested]
    assert shown == [
        ("HEAD", "PO/?sap-client=100"),
        ("GET", "PO/?sap-client=100"),
        ("GET", "PO?sap-client=100"),
        ("GET", "PO/A?$top=0&sap-client=100"),
    ]
    assert {each.headers["x-csrf-token"] for each in requested} == {"Fetch"}
    assert (opened.session, opened.session.is_open, opened.failure) == (Session("t1", {"sid": "s1"}), True, None)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 500, 503])
def test_a_token_is_taken_from_a_response_of_any_status(status: int) -> None:
    requested, opened = fetch(response(status, "t1"))
    assert (len(requested), opened.session.token) == (1, "t1")


@pytest.mark.parametrize("status", [302, 401, 407, 429, 503])
def test_a_response_that_other_places_would_only_repeat_ends_the_search(status: int) -> None:
    requested, opened = fetch(failed := response(status))
    assert (len(requested), opened.failure, opened.session.is_open) == (1, failed, False)


def test_a_read_that_breaks_ends_the_search_and_is_what_is_reported() -> None:
    requested, opened = fetch(response(501), failed := response(500, body=b"short dump"))
    assert (len(requested), opened.failure) == (2, failed)


def test_the_response_with_a_body_is_what_is_reported() -> None:
    _, opened = fetch(response(405), reported := response(404, body=b"no service"), response(404), response(403))
    assert opened.failure == reported


def test_a_service_that_gives_no_token_needs_none() -> None:
    _, opened = fetch(response(200), response(200, "Required"))
    assert (opened.session.token, opened.session.is_open, opened.failure) == ("", True, None)
    requested, _ = converse("POST", Session(), opened, DONE)
    assert isinstance(requested[1], Exchange)
    assert "x-csrf-token" not in requested[1].request.headers


def test_an_older_session_never_replaces_a_newer_one(clock: object) -> None:
    cache = SessionCache(clock)
    cache.keep(b"k", session("new", number=2))
    cache.keep(b"k", session("old", number=1))
    cache.keep(b"k", Session("", {"a": "1"}))
    assert cache.find(b"k").token == "new"


def test_cookies_that_end_are_dropped() -> None:
    session = Session("t", {"a": "1", "b": "2", "c": "3"})
    after = session.with_set_cookies(
        ("a=; Max-Age=0", "b=x; expires=Thu, 01 Jan 1970 00:00:00 GMT", "c=4; Max-Age=60", "=x", "y")
    )
    assert after.cookies == {"c": "4"}


def test_a_session_is_kept_for_a_while_and_by_its_key(clock: object) -> None:
    cache = SessionCache(clock)
    cache.keep(b"k", Session("t"))
    assert cache.find(b"k").token == "t"
    assert cache.find(b"other") == Session()
    clock.seconds += 800
    cache.keep(b"k", Session("t", {"a": "1"}))
    clock.seconds += 200
    assert cache.find(b"k") == Session()


def test_the_cache_keeps_the_most_recently_used(clock: object) -> None:
    cache = SessionCache(clock)
    for number in range(MAX_SESSIONS):
        cache.keep(str(number).encode(), Session("t"))
    cache.find(b"0")
    cache.keep(b"new", Session("t"))
    assert cache.find(b"0").token == "t"
    assert cache.find(b"1") == Session()


def test_a_session_does_not_show_its_values() -> None:
    assert "secret" not in repr(Session("secret", {"sid": "secret"}))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("A_PurchaseOrder('4500000101')", "A_PurchaseOrder('4500000101')"),
        ("/A_PurchaseOrder('4500000101')/to_Item/", "A_PurchaseOrder('4500000101')/to_Item"),
        ("Mat('/ABC/X?1#2')", "Mat('%2FABC%2FX%3F1%232')"),
        ("Mat('O''Neil & Co')", "Mat('O''Neil%20&%20Co')"),
        ("Mat('50%')", "Mat('50%25')"),
        ("Mat('a%2Fb')", "Mat('a%2Fb')"),
        ("Mat('..')", "Mat('..')"),
        ("Mat('\u00e4')", "Mat('%C3%A4')"),
        ("A(Key='1',Sub='2')", "A(Key='1',Sub='2')"),
        ("", ""),
    ],
)
def test_entities_are_encoded_and_keys_stay_keys(text: str, path: str) -> None:
    assert entity_path(text) == path


@pytest.mark.parametrize(
    "text",
    [
        "A?$filter=x",
        "A#x",
        "../B",
        "A/../../B",
        "A/%2e%2E/B",
        "A\\B",
        "A('x",
        "A('1')\n",
        "A('1\x00')",
        "A('1')?$x=('1')",
    ],
)
def test_entities_that_are_more_than_a_path_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        entity_path(text)


def test_a_service_path_is_normalized() -> None:
    assert service_path("sap//opu/odata/sap/PO/") == "/sap/opu/odata/sap/PO"
    assert service_path("/sap/opu/odata/IWFND/CATALOGSERVICE;v=2") == "/sap/opu/odata/IWFND/CATALOGSERVICE;v=2"
    for wrong in ("", "/", "/sap/../admin", "/sap?x=1"):
        with pytest.raises(BadInput):
            service_path(wrong)
