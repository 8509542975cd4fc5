"""The egress policy: which addresses calls may reach. It checks the address that is connected, never a text.

Theory of operation. Looply resolves a name itself, checks each address here, and connects to a permitted address
(`network.py`). So spellings (`127.1`, `0x7f.1`), names that resolve to internal addresses and names whose answer
changes between two look-ups (DNS rebinding) are all covered. An IPv6 address that embeds an IPv4 address (mapped,
NAT64, 6to4, Teredo, ISATAP ...) must be allowed for itself and for all embedded addresses, since a translator on the
path would deliver to these. `ipaddress.is_global` is not used: it returns true for several of them.

Never reachable, whatever is configured: link-local addresses and the metadata services of clouds, which give out
the machine's own credentials. Reachable when `egress_allow` names them: all other addresses that are not public.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from looply.errors import Problem, Rejected, SettingsError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, and the metadata service of nearly every cloud
        "100.100.100.200/32",  # Alibaba Cloud
        "168.63.129.16/32",  # Azure's wire server
        "192.0.0.192/32",  # Oracle Cloud
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # Amazon's instance services
        "fd20:ce::254/128",  # Google Cloud
    )
)
_NEVER_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"})

# IANA IPv4 Special-Purpose Address Registry, with multicast (RFC 5771) and the reserved rest (RFC 1112).
_NOT_PUBLIC_4: tuple[IPv4Network, ...] = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Only 2000::/3 is global unicast (RFC 4291); these parts of it are not: protocol assignments with Teredo,
# documentation (RFC 3849, RFC 9637).
_GLOBAL_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = (IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_LAST_32_BITS = (
    _NAT64,
    IPv6Network("64:ff9b:1::/48"),  # RFC 8215
    IPv6Network("::/96"),  # IPv4-compatible, RFC 4291
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
)
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214 §6.1

# Services with text protocols, to which a crafted HTTP request can be a command, and services that are not for
# workflows. An entry of `egress_allow` with the port opens it.
_UNSAFE_PORTS = frozenset(
    {7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 53, 69, 79, 110, 111, 113, 119, 123, 135, 137, 139, 143, 161}
    | {179, 389, 445, 465, 512, 513, 514, 515, 548, 554, 587, 636, 873, 993, 995, 1433, 1521, 2049, 2375, 2376, 2379}
    | {3306, 3389, 5432, 5672, 5900, 6000, 6379, 6667, 9042, 9092, 11211, 27017}
)

_BRACKETED = re.compile(r"\[(?P<network>[0-9a-f:./]+)\](?::(?P<port>[0-9]{1,5}))?")
_IPV4 = re.compile(r"(?P<network>[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?P<host>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class _Rule:
    network: Network | None
    host: str | None
    port: int | None

    def covers(self, address: Address, host: str, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        return host == self.host if self.network is None else address in self.network


@dataclass(frozen=True)
class EgressPolicy:
    """Public addresses, and those that `egress_allow` adds: `CIDR`, `CIDR:port`, `host`, `host:port`.

    An IPv6 network with a port is written in brackets: `[fd12::/16]:443`. A host entry allows whatever that exact
    name resolves to, except what is never allowed.

    Raises: SettingsError with every entry that cannot be read.
    """

    allow: tuple[str, ...] = ()
    _rules: tuple[_Rule, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rules, problems = [], []
        for index, entry in enumerate(self.allow):
            try:
                rules.append(_parse_rule(entry))
            except ValueError as error:
                hint = "write CIDR, CIDR:port, host or host:port; an IPv6 network with a port as [fd12::/16]:443"
                problems.append(Problem(path=f"/egress_allow/{index}", message=f"{entry!r}: {error}", hint=hint))
        if problems:
            summary = "; ".join(problem.message for problem in problems)
            raise SettingsError(f"egress_allow cannot be read: {summary}", problems=tuple(problems))
        object.__setattr__(self, "_rules", tuple(rules))

    def forbids_name(self, host: str) -> bool:
        """Returns whether a name is refused before it is resolved."""
        return _normalize_name(host) in _NEVER_NAMES

    def permits_name(self, host: str, port: int) -> bool:
        """Returns whether an entry of `egress_allow` names this host, and its port where that is an unsafe one."""
        name = _normalize_name(host)
        rules = [rule for rule in self._rules if rule.host == name and rule.port in (None, port)]
        is_safe = port not in _UNSAFE_PORTS or any(rule.port == port for rule in rules)
        return bool(rules) and is_safe and not self.forbids_name(host)

    def permits(self, address: str, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> bool:
        """Returns whether a connection to `port` of `address`, which `host` resolved to, is permitted.

        `usual_ports` are those of the protocol; all others are unsafe for it. Without them the protocol is HTTP. An
        entry of `egress_allow` with the port permits an unsafe one.
        """
        target = _unmap_ipv4(ip_address(address))
        name = _normalize_name(host)
        embedded = (target, *_embedded_ipv4(target))
        if any(inner in network for inner in embedded for network in _NEVER):
            return False
        is_unsafe = port not in usual_ports if usual_ports else port in _UNSAFE_PORTS
        if is_unsafe and not any(rule.port == port and rule.covers(target, name, port) for rule in self._rules):
            return False
        return all(_is_public(inner) or self._has_rule(inner, name, port) for inner in embedded)

    def refusal(self, host: str, port: int) -> Rejected:
        """Returns the one error for every refused destination and every name that does not exist.

        It is the same for all, so that it does not disclose which internal names and addresses exist.
        """
        return Rejected(
            f"the destination {host}:{port} does not exist or is not allowed; an administrator can allow addresses "
            "that are not public and unusual ports with the setting egress_allow (never link-local or cloud metadata "
            "addresses)",
            code="EGRESS_DENIED",
        )

    def _has_rule(self, address: Address, host: str, port: int) -> bool:
        return any(rule.covers(address, host, port) for rule in self._rules)


def _parse_rule(entry: str) -> _Rule:
    text = entry.strip().lower()
    match = _BRACKETED.fullmatch(text) or _IPV4.fullmatch(text)
    if match is not None:
        return _Rule(ip_network(match["network"]), None, _port(match["port"]))
    if text.count(":") > 1:
        return _Rule(ip_network(text), None, None)
    match = _NAME.fullmatch(text)
    if match is None:
        raise ValueError("neither an address, a network nor a host name")
    return _Rule(None, match["host"], _port(match["port"]))


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is no port")
    return port


def _normalize_name(host: str) -> str:
    return host.lower().rstrip(".")


def _unmap_ipv4(address: Address) -> Address:
    """Returns the IPv4 address that the kernel connects to for `::ffff:a.b.c.d`, else the address itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _embedded_ipv4(address: Address) -> Iterator[IPv4Address]:
    """Yields the IPv4 addresses that an IPv6 address embeds."""
    if not isinstance(address, IPv6Address):
        return
    value = int(address)
    if value in (0, 1):  # :: and ::1 are addresses of their own
        return
    last = IPv4Address(value & 0xFFFF_FFFF)
    if any(address in network for network in _LAST_32_BITS) or (value >> 32) & 0xFFFF_FFFF in _ISATAP:
        yield last
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _NAT64:  # the embedded address decides
        return True
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_PUBLIC_6)
