"""A sign-in that has begun: it is bound to its browser and ends soon, and leads to pages of this server alone."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from looply.app.openid.flow import HOME, VALID, Flow, SignInFailed, begin_flow, read_flow, same_origin_path

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def begun(to: str = "/app/inbox", secret: str = "a" * 64) -> Flow:
    return begin_flow(secret=secret, provider_id="keycloak", to=to, invitation="", now=NOW)


def test_the_cookie_carries_a_sign_in_to_its_answer() -> None:
    flow = begun()
    assert read_flow(flow.encode(), flow.state, NOW + VALID - timedelta(seconds=1)) == flow


def test_state_nonce_and_verifier_differ_and_do_not_show_the_secret() -> None:
    flow = begun()
    texts = {flow.state, flow.nonce, flow.verifier}
    assert len(texts) == 3
    assert all(len(text) == 43 for text in texts)
    assert begun(secret="b" * 64).state != flow.state
    assert "a" * 64 not in repr(flow)


@pytest.mark.parametrize("state", ["", "x", "x" * 43, "\u00e9" * 43, "\ud800"])
def test_an_answer_with_another_state_is_refused(state: str) -> None:
    with pytest.raises(SignInFailed, match="SIGN_IN_EXPIRED"):
        read_flow(begun().encode(), state, NOW)


@pytest.mark.parametrize("cookie", [None, "", "x", "%%%", "e30", "bnVsbA", "\u00e9", "A" * 10_000])
def test_a_browser_that_began_nothing_is_refused(cookie: str | None) -> None:
    with pytest.raises(SignInFailed, match="SIGN_IN_EXPIRED"):
        read_flow(cookie, begun().state, NOW)


@pytest.mark.parametrize("at", [NOW + VALID, NOW + timedelta(days=400), NOW - timedelta(seconds=1)])
def test_a_late_answer_is_refused(at: datetime) -> None:
    flow = begun()
    with pytest.raises(SignInFailed, match="too late"):
        read_flow(flow.encode(), flow.state, at)


def test_an_instant_that_no_calendar_has_is_refused() -> None:
    flow = replace(begun(), begun_ms=10**18)
    with pytest.raises(SignInFailed, match="too late"):
        read_flow(flow.encode(), flow.state, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/app/", "/app/"),
        ("/app/inbox/abc?view=open#due", "/app/inbox/abc?view=open#due"),
        ("/app/../app/x", "/app/x"),
        ("/app/?q=//evil", "/app/?q=//evil"),
        ("/app/a%20b", "/app/a%20b"),
        ("", None),
        ("app", None),
        ("//evil.example", None),
        ("///evil.example", None),
        ("/\\evil.example", None),
        ("\\\\evil.example", None),
        ("/%2f/evil.example", None),
        ("/%2fevil.example", None),
        ("/%5cevil.example", None),
        ("/%252fevil.example", None),
        ("/.//evil.example", None),
        ("/app/..//evil.example", None),
        ("/%2e//evil.example", None),
        ("https://evil.example", None),
        ("javascript:alert(1)", None),
        ("/\t/evil.example", None),
        ("/\n/evil.example", None),
        ("/app\r\nset-cookie: x=1", None),
        ("/app/%0d%0aset-cookie", None),
        ("/\u2044evil.example", None),
        (" //evil.example", None),
        ("/" + "x" * 2000, None),
    ],
)
def test_only_paths_of_this_server_are_taken(text: str, expected: str | None) -> None:
    assert same_origin_path(text) == expected
    assert begun(to=text).to == (expected or HOME)


def test_a_cookie_that_leads_elsewhere_leads_to_the_start_page() -> None:
    flow = replace(begun(), to="//evil.example")
    assert read_flow(flow.encode(), flow.state, NOW).to == HOME
