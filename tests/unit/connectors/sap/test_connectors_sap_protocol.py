"""The session protocol of SAP Gateway, as a conversation without a network."""

import pytest

from looply.connectors.credentials.sessions import MAX_SESSIONS, Session, SessionCache
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest, HttpResponse
from looply.connectors.sap.paths import entity_path, service_path
from looply.connectors.sap.protocol import Exchange, Outcome, call, service_root
from looply.errors import BadInput

ROOT = service_root(parse_url("https://s4/sap/opu/odata/sap/PO/?sap-client=100"))
REQUIRED = HttpResponse(status=403, reason="", headers=(("x-csrf-token", "Required"),))
DONE = HttpResponse(status=204, reason="")


def request(method: str) -> HttpRequest:
    return HttpRequest(method=method, url=parse_url("https://s4/sap/opu/odata/sap/PO/A('1')"))


def token(value: str, cookie: str = "") -> HttpResponse:
    cookies = (("set-cookie", cookie),) if cookie else ()
    return HttpResponse(status=200, reason="", headers=(("x-csrf-token", value), *cookies))


def converse(method: str, session: Session, *responses: HttpResponse) -> tuple[list[Exchange], Outcome]:
    conversation = call(request(method), ROOT, session)
    exchanges = [next(conversation)]
    for response in responses:
        try:
            exchanges.append(conversation.send(response))
        except StopIteration as end:
            return exchanges, end.value
    raise AssertionError("the conversation needs more responses")


def test_a_read_is_one_exchange_that_uses_and_keeps_the_session() -> None:
    answer = HttpResponse(status=200, reason="", headers=(("set-cookie", "b=2; path=/"),))
    exchanges, outcome = converse("GET", Session("t", {"a": "1"}), answer)
    assert [exchange.request.headers for exchange in exchanges] == [{"cookie": "a=1"}]
    assert outcome.session == Session("t", {"a": "1", "b": "2"})


def test_a_change_first_fetches_a_token_with_its_cookies() -> None:
    exchanges, outcome = converse("POST", Session(), token("t1", "sid=s1; HttpOnly"), DONE)
    assert [(exchange.request.method, exchange.is_effect) for exchange in exchanges] == [("GET", False), ("POST", True)]
    assert exchanges[0].request.headers["x-csrf-token"] == "Fetch"
    assert exchanges[1].request.headers == {"cookie": "sid=s1", "x-csrf-token": "t1"}
    assert (outcome.response, outcome.session) == (DONE, Session("t1", {"sid": "s1"}))


def test_a_kept_token_is_used_again() -> None:
    exchanges, outcome = converse("PATCH", Session("t1", {"sid": "s1"}), DONE)
    assert exchanges[0].request.headers["x-csrf-token"] == "t1"
    assert outcome.session.token == "t1"


def test_a_session_that_has_ended_is_replaced_once() -> None:
    exchanges, outcome = converse("PATCH", Session("old", {"sid": "s1"}), REQUIRED, token("new", "sid=s2"), DONE)
    assert [exchange.is_effect for exchange in exchanges] == [True, False, True]
    assert "cookie" not in exchanges[1].request.headers
    assert exchanges[2].request.headers == {"cookie": "sid=s2", "x-csrf-token": "new"}
    assert outcome.session == Session("new", {"sid": "s2"})


def test_a_second_refusal_is_returned_and_no_session_is_kept() -> None:
    exchanges, outcome = converse("PATCH", Session("old"), REQUIRED, token("new"), REQUIRED)
    assert len(exchanges) == 3
    assert (outcome.response, outcome.session) == (REQUIRED, Session())


def test_a_403_that_requires_no_token_is_returned() -> None:
    denied = HttpResponse(status=403, reason="Forbidden")
    exchanges, outcome = converse("POST", Session("t"), denied)
    assert (len(exchanges), outcome.response) == (1, denied)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 503])
def test_a_token_that_cannot_be_fetched_ends_the_call(status: int) -> None:
    failed = HttpResponse(status=status, reason="")
    exchanges, outcome = converse("POST", Session(), failed)
    assert [exchange.is_effect for exchange in exchanges] == [False]
    assert outcome.is_fetch_failure
    exchanges, outcome = converse("POST", Session("old"), REQUIRED, failed)
    assert outcome.is_fetch_failure


def test_a_service_that_gives_no_token_is_called_without() -> None:
    exchanges, outcome = converse("POST", Session(), HttpResponse(status=200, reason=""), DONE)
    assert "x-csrf-token" not in exchanges[1].request.headers
    assert outcome.response == DONE


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
