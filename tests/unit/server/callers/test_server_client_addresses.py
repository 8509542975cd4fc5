"""The address under which a request is counted, with and without proxies."""

from typing import Any

import pytest

from looply.server.callers.client_addresses import UNKNOWN, ClientAddresses, network_of

TRUSTED = ("10.0.0.0/8", "2001:db8::1")


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return {"client": (peer, 1) if peer is not None else None, "headers": pairs}


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", (("x-forwarded-for", "203.0.113.9"),), "192.0.2.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", (("x-forwarded-for", "203.0.113.9"),), "203.0.113.9"),
        ("10.0.0.1", (("x-forwarded-for", "1.1.1.1, 203.0.113.9"),), "203.0.113.9"),
        ("10.0.0.1", (("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.9.9.9"),), "203.0.113.9"),
        ("10.0.0.1", (("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")), "203.0.113.9"),
        ("10.0.0.1", (("x-forwarded-for", "10.9.9.9, 10.8.8.8"),), "10.9.9.9"),
        ("10.0.0.1", (("x-forwarded-for", "1.1.1.1, nonsense, 10.9.9.9"),), "10.9.9.9"),
        ("10.0.0.1", (("x-forwarded-for", "1.1.1.1, "),), "10.0.0.1"),
        ("10.0.0.1", (("x-forwarded-for", "203.0.113.9:5000"),), "203.0.113.9"),
        ("10.0.0.1", (("x-forwarded-for", "[2001:db8:9::7]:5000"),), "2001:db8:9::7"),
        ("10.0.0.1", (("forwarded", 'for="[2001:db8:9::7]:5000";proto=https'),), "2001:db8:9::7"),
        ("10.0.0.1", (("forwarded", "for=1.1.1.1, By=10.0.0.1;For=203.0.113.9"),), "203.0.113.9"),
        ("10.0.0.1", (("forwarded", "for=_hidden"),), "10.0.0.1"),
        ("10.0.0.1", (("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "203.0.113.9")), "10.0.0.1"),
        ("2001:db8::1", (("x-forwarded-for", "203.0.113.9"),), "203.0.113.9"),
        ("::ffff:10.0.0.1", (("x-forwarded-for", "::ffff:203.0.113.9"),), "203.0.113.9"),
        (None, (("x-forwarded-for", "203.0.113.9"),), UNKNOWN),
        ("", (), UNKNOWN),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_has(
    peer: str | None, headers: tuple[tuple[str, str], ...], address: str
) -> None:
    assert ClientAddresses(TRUSTED).address(scope(peer, *headers)) == address


def test_without_trusted_proxies_the_connection_alone_counts() -> None:
    assert ClientAddresses().address(scope("10.0.0.1", ("x-forwarded-for", "203.0.113.9"))) == "10.0.0.1"


def test_callers_of_ipv6_are_distinguished_by_their_network() -> None:
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of(UNKNOWN) == UNKNOWN
