"""The client address of a request, also behind proxies."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

UNKNOWN: Final = "unknown"
"""The address of a connection that has none, such as a local socket."""

_NETWORK_BITS: Final = 64
"""Prefix length of an IPv6 network whose addresses usually belong to one caller."""


class ClientAddresses:
    """Finds the address of a request's caller.

    `trusted` are addresses and networks of proxies. From a trusted peer, `X-Forwarded-For` or `Forwarded` (RFC 7239) is
    read from the right to the first address that is not trusted. Entries that a caller adds are further left.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = tuple(ip_network(each) for each in trusted)

    def address(self, scope: Any) -> str:
        """Returns the address of the caller of an ASGI request as text."""
        client = scope.get("client")
        peer = _parse_address(client[0]) if client else None
        if peer is None:
            return UNKNOWN
        if self._is_trusted(peer):
            for text in reversed(_proxy_addresses(scope["headers"])):
                hop = _parse_address(text)
                if hop is None:
                    break
                peer = hop
                if not self._is_trusted(hop):
                    break
        return str(peer)

    def is_forwarded_https(self, scope: Any) -> bool:
        """Returns whether a trusted proxy says that its own connection is encrypted."""
        client = scope.get("client")
        peer = _parse_address(client[0]) if client else None
        if peer is None or not self._is_trusted(peer):
            return False
        return _header_items(scope["headers"], b"x-forwarded-proto")[-1:] == ["https"]

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def network_of(address: str) -> str:
    """Returns the key under which one caller is counted: an IPv4 address itself, for IPv6 its network of 64 bits."""
    parsed = _parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed) >> _NETWORK_BITS << _NETWORK_BITS, _NETWORK_BITS)))
    return address


def _proxy_addresses(headers: Sequence[tuple[bytes, bytes]]) -> list[str]:
    """Returns the addresses that proxies added, the nearest proxy last.

    The list is empty when both headers are present: a proxy writes one of them, and the caller could forge the other.
    """
    listed = _header_items(headers, b"x-forwarded-for")
    standard = _header_items(headers, b"forwarded")
    if listed and standard:
        return []
    return listed or [_for_parameter(element) for element in standard]


def _header_items(headers: Sequence[tuple[bytes, bytes]], header: bytes) -> list[str]:
    return [item.strip() for name, value in headers if name == header for item in value.decode("latin-1").split(",")]


def _for_parameter(element: str) -> str:
    """Returns the address of `for=192.0.2.1;proto=https`, empty when there is none."""
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value.strip().strip('"')
    return ""


def _parse_address(text: str) -> Address | None:
    """Parses an address with an optional port. An IPv4-mapped IPv6 address becomes the IPv4 address."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
