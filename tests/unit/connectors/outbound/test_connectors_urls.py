"""URLs: one parser, strict (SSR-06), and OData-friendly parameters."""

import httpx2
import pytest

from looply.connectors.outbound.urls import join_url, origin, parse_base_url, parse_url, resolve_redirect, with_params
from looply.errors import BadInput


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "/path",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "http:/example.com",
        "http://",
        "http:///x",
        "http://a@127.0.0.1/",
        "http://user:pass@example.com/",
        "http://ok.com#@127.0.0.1/",
        "http://127.0.0.1\\@ok.com/",
        "http://ok.com\\.evil.com/",
        "http://ok.com/a\tb",
        "http://ok.com/a\rb",
        "http://ok.com/a\nb",
        "http://ok .com/",
        "http://ok.com\x00/",
        "http://ok.com/\u2028",
        "http://ok.com:80:22/",
        "http://ok.com:0/",
        "http://ok.com:65536/",
        "http://ok.com:-1/",
        "http://ok.com:http/",
        "http://ok.com%00.evil.com/",
        "http://ok.com%2f/",
        "http://[fe80::1%25lo]/",
        "http://[::1",
        "http://[::g]/",
        "http://256.1.1.1/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://example.com/#part",
        "http://" + "a" * 254 + "/",
        "http://-a.example/",
    ],
)
def test_urls_that_could_be_read_in_two_ways_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_url(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("HTTPS://Example.COM:443/a", "https://example.com/a"),
        (" http://example.com ", "http://example.com"),
        ("http://example.com/a b?c=d e", "http://example.com/a%20b?c=d%20e"),
        ("http://example.com/a/../b", "http://example.com/b"),
        ("http://example.com/%20?x=%27", "http://example.com/%20?x=%27"),
        ("http://b\u00fccher.example/", "http://xn--bcher-kva.example/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("http://example.com/@x?u=a@b", "http://example.com/@x?u=a@b"),
    ],
)
def test_urls_are_normalized(text: str, normal: str) -> None:
    assert str(parse_url(text)) == normal


def test_an_error_does_not_show_the_query() -> None:
    with pytest.raises(BadInput) as caught:
        parse_url("http://example.com/?token=hunter2hunter2#x")
    assert "hunter2" not in str(caught.value)


def test_parameters_are_added_in_order_and_lists_repeat() -> None:
    url = with_params(parse_url("http://h/p?a=1"), {"b": [1, 2], "c": None, "d": True, "e f": "x&y=z+1"})
    assert str(url) == "http://h/p?a=1&b=1&b=2&d=true&e%20f=x%26y%3Dz%2B1"


def test_odata_options_stay_readable() -> None:
    url = with_params(parse_url("http://h/p"), {"$filter": "Supplier eq '17300001'", "$select": "A,to_Item/B"})
    assert str(url) == "http://h/p?$filter=Supplier%20eq%20'17300001'&$select=A,to_Item/B"


@pytest.mark.parametrize("value", [{"a": 1}, [[1]], "\ud800"])
def test_parameters_that_are_no_texts_are_refused(value: object) -> None:
    with pytest.raises(BadInput):
        with_params(parse_url("http://h/p"), {"a": value})


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("", "https://h/api"),
        ("orders", "https://h/api/orders"),
        ("/orders?x=1", "https://h/api/orders?x=1"),
        ("?x=1", "https://h/api?x=1"),
        ("https:evil.example", "https://h/api/https:evil.example"),
    ],
)
def test_paths_are_joined_below_the_base_url(path: str, url: str) -> None:
    assert str(join_url(parse_base_url("https://h/api"), path)) == url


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.example/", "../admin", "a/%2E./../b", "a/%2e%2e/b", "\\\\evil.example", "a#b", "a/..%2fb"),
        *("a/..%5cb", "a/%252e%252e/b", "a/..;/b", "a/..;x=1/b", "..%2F..%2Fadmin"),
    ],
)
def test_paths_that_lead_away_are_refused(path: str) -> None:
    with pytest.raises(BadInput):
        join_url(parse_base_url("https://h/api"), path)


def test_a_base_url_has_no_query() -> None:
    with pytest.raises(BadInput):
        parse_base_url("https://h/api?x=1")


def test_an_origin_has_the_port_of_its_scheme() -> None:
    assert origin(parse_url("https://H./x")) == ("https", "h", 443)
    assert origin(parse_url("https://h:443/")) == origin(httpx2.URL("https://h/"))
    assert origin(parse_url("http://h/")) != origin(parse_url("https://h/"))


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b?c", "http://h/b?c"),
        ("b", "http://h/a/b"),
        ("//other.example/x", "http://other.example/x"),
        ("https://other.example/x#part", "https://other.example/x"),
    ],
)
def test_locations_are_resolved(location: str, target: str) -> None:
    assert str(resolve_redirect(parse_url("http://h/a/x"), location)) == target


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "gopher://h/", "http://u@h/", "http://h\\@x/", "http://[::1", "/a b"],
)
def test_locations_that_are_no_acceptable_url_are_refused(location: str) -> None:
    with pytest.raises(BadInput):
        resolve_redirect(parse_url("http://h/a/x"), location)
