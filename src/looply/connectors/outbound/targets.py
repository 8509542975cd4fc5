"""Canonical names of the systems that calls reach: `https://s4.example.com:44300`, however an author spells them.

These names group calls. They are no permission: which addresses may be reached, `egress.py` decides.
"""

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx2

from looply.connectors.outbound.urls import origin, parse_url
from looply.errors import BadInput

_KEPT: Final = 2048
_NUMBER: Final = r"(?:0x[0-9a-f]*|[0-9]+)"
_NUMERIC: Final = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}")
"""What resolvers read as an IPv4 address (inet_aton): `127.1`, `0x7f.1`, `2130706433`."""


def canonical_host(host: str) -> str:
    """Returns a host name in lower case without its last dot, and an address in its usual form.

    An IPv6 address that maps an IPv4 one is that one; other IPv6 addresses are in brackets.
    """
    name = host.lower().rstrip(".").strip("[]")
    if _NUMERIC.fullmatch(name):
        try:
            return str(IPv4Address(socket.inet_aton(name)))
        except OSError:
            return name
    try:
        address = ip_address(name)
    except ValueError:
        return name
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped) if address.ipv4_mapped else f"[{address}]"
    return str(address)


def canonical_origin(url: httpx2.URL) -> str:
    """Returns scheme, canonical host and port of a URL, the port also when it is the scheme's own."""
    scheme, host, port = origin(url)
    return f"{scheme}://{canonical_host(host)}:{port}"


def canonical_origin_of(text: str) -> str:
    """Returns the canonical origin of an absolute http or https URL; empty for any other text.

    Only scheme, host and port are read: whatever else the URL has, it can be a secret.
    """
    try:
        parts = urlsplit(text.strip(" "))
    except ValueError:
        return ""
    return _origin_of(parts.scheme, parts.netloc)


@lru_cache(_KEPT)
def _origin_of(scheme: str, netloc: str) -> str:
    try:
        return canonical_origin(parse_url(f"{scheme}://{netloc}/"))
    except BadInput:
        return ""
