"""Which pages may make changes by a cookie, and on which connections a cookie may be used."""

import pytest

from looply.server.callers.origins import (
    Origin,
    Protection,
    find_foreign_sign,
    origin_of_url,
    page_origins,
    protection_of,
    read_origin,
)

PUBLIC = "https://looply.example.com"
JSON = "application/json"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://looply.example.com", Origin("https", "looply.example.com", 443)),
        ("HTTPS://Looply.Example.com:443", Origin("https", "looply.example.com", 443)),
        ("http://localhost:8080", Origin("http", "localhost", 8080)),
        ("http://[::1]:8080", Origin("http", "[::1]", 8080)),
        ("null", None),
        ("", None),
        ("https://", None),
        ("https:///", None),
        ("file://", None),
        ("ftp://looply.example.com", None),
        ("https://looply.example.com/", None),
        ("https://looply.example.com/path", None),
        ("https://user@looply.example.com", None),
        ("https://looply.example.com@evil.example", None),
        ("https://looply.example.com:", None),
        ("https://looply.example.com:99999", None),
        ("https://looply.example.com\u0000.evil.example", None),
        ("https://looply.example.com https://evil.example", None),
        ("https://l\u00f6\u00f6ply.example.com", None),
    ],
)
def test_an_origin_is_read_as_a_whole_or_not_at_all(text: str, expected: Origin | None) -> None:
    assert read_origin(text) == expected


def test_an_origin_is_shown_as_browsers_send_it() -> None:
    for text in ("https://looply.example.com", "http://localhost:8080", "http://[::1]:8080"):
        assert str(read_origin(text)) == text


def test_the_origin_of_a_url_leaves_its_path_out() -> None:
    assert origin_of_url("https://looply.example.com/base/") == read_origin(PUBLIC)
    assert origin_of_url("https://[broken") is None
    assert origin_of_url("") is None


@pytest.mark.parametrize(
    ("is_encrypted", "host", "expected"),
    [
        (True, "looply.example.com", "tls"),
        (True, "localhost:8443", "tls"),
        (False, "localhost:8080", "loopback"),
        (False, "LOCALHOST", "loopback"),
        (False, "127.0.0.1:8080", "loopback"),
        (False, "[::1]:8080", "loopback"),
        (False, "looply.example.com", None),
        (False, "localhost.example.com", None),
        (False, "127.0.0.1.example.com", None),
        (False, "localhost@evil.example", None),
        (False, "10.0.0.7:8080", None),
        (False, "", None),
    ],
)
def test_a_cookie_is_used_where_others_cannot_read_it(
    is_encrypted: bool, host: str, expected: Protection | None
) -> None:
    assert protection_of(is_encrypted=is_encrypted, host=host) == expected


@pytest.mark.parametrize(
    ("protection", "host", "expected"),
    [
        ("tls", "looply.example.com", {"https://looply.example.com"}),
        ("tls", "looply.example.com:443", {"https://looply.example.com"}),
        ("tls", "LOOPLY.example.com", {"https://looply.example.com"}),
        # A proxy that connects to the server by its address, without the Host header of the browser.
        ("tls", "127.0.0.1:8080", {"https://127.0.0.1:8080", "https://looply.example.com"}),
        # The port is that of a tunnel or of a container.
        ("loopback", "localhost:9000", {"http://localhost:9000"}),
        ("loopback", "127.0.0.1:8080", {"http://127.0.0.1:8080"}),
        ("loopback", "[::1]:8080", {"http://[::1]:8080"}),
        ("tls", "evil.example", set()),
        ("tls", "looply.example.com:8443", set()),
        ("tls", "looply.example.com.evil.example", set()),
        ("tls", "", set()),
        ("tls", "looply.example.com, evil.example", set()),
        ("loopback", "evil.example", set()),
    ],
)
def test_pages_are_of_the_host_of_the_call_when_that_is_the_server(
    protection: Protection, host: str, expected: set[str]
) -> None:
    assert {str(each) for each in page_origins(PUBLIC, protection, host)} == expected


def test_without_a_public_url_pages_are_of_loopback_alone() -> None:
    assert page_origins("", "tls", "looply.example.com") == frozenset()
    assert page_origins("", "tls", "localhost:8443") == {Origin("https", "localhost", 8443)}


@pytest.mark.parametrize(
    ("origin", "fetch_site", "media_type", "reason"),
    [
        (PUBLIC, "same-origin", JSON, None),
        (PUBLIC, None, f"{JSON}; charset=utf-8", None),
        (None, None, "APPLICATION/JSON", None),
        (PUBLIC, "same-site", JSON, "Sec-Fetch-Site: same-site"),
        (PUBLIC, "cross-site", JSON, "Sec-Fetch-Site: cross-site"),
        (PUBLIC, "none", JSON, "Sec-Fetch-Site: none"),
        ("https://evil.example", "same-origin", JSON, "https://evil.example"),
        ("http://looply.example.com", None, JSON, "trusted_proxies"),
        ("https://looply.example.com:8443", None, JSON, "https://looply.example.com:8443"),
        ("null", None, JSON, "null"),
        (PUBLIC, "same-origin", "text/plain", "application/json"),
        (PUBLIC, "same-origin", "application/x-www-form-urlencoded", "application/json"),
        (PUBLIC, "same-origin", "text/plain;application/json", "application/json"),
        (PUBLIC, "same-origin", None, "application/json"),
    ],
)
def test_a_change_of_another_page_is_recognized(
    origin: str | None, fetch_site: str | None, media_type: str | None, reason: str | None
) -> None:
    origins = page_origins(PUBLIC, "tls", "looply.example.com")
    found = find_foreign_sign(origins, origin=origin, fetch_site=fetch_site, media_type=media_type)
    assert (found is None) if reason is None else (found is not None and reason in found)


def test_another_program_on_the_same_machine_is_another_page() -> None:
    origins = page_origins("", "loopback", "localhost:8080")
    assert find_foreign_sign(origins, origin="http://localhost:3000", fetch_site=None, media_type=JSON) is not None
    assert find_foreign_sign(origins, origin="http://127.0.0.1:8080", fetch_site=None, media_type=JSON) is not None
    assert find_foreign_sign(origins, origin="http://localhost:8080", fetch_site=None, media_type=JSON) is None
