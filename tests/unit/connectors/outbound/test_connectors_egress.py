"""The egress policy: which addresses may be connected (SSR-01 to SSR-03, SSR-07)."""

import pytest

from looply.connectors.outbound.egress import EgressPolicy
from looply.errors import SettingsError

EVERYTHING = ("0.0.0.0/0", "::/0", "metadata.example")

LOOPBACK = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "::ffff:0:127.0.0.1",
    "2a00::5efe:7f00:1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]
NEVER = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%1",
    "febf::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "::ffff:168.63.129.16",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2002:6464:64c8::",
    "::ffff:0:169.254.169.254",
    "2a00::200:5efe:a9fe:a9fe",
]
NOT_PUBLIC = [
    "10.0.0.5",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "0.1.2.3",
    "fc00::1",
    "fdff::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "2001:2::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "64:ff9b::a00:5",
    "2002:a00:5::",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", [*LOOPBACK, *NEVER, *NOT_PUBLIC])
def test_addresses_that_are_not_public_are_refused_by_default(address: str) -> None:
    assert not EgressPolicy().permits(address, "evil.example", 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert EgressPolicy().permits(address, "api.example", 443)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_stay_refused_whatever_is_allowed(address: str) -> None:
    assert not EgressPolicy(EVERYTHING).permits(address, "metadata.example", 80)


@pytest.mark.parametrize("address", [*LOOPBACK, *NOT_PUBLIC])
def test_everything_else_can_be_allowed(address: str) -> None:
    assert EgressPolicy(EVERYTHING).permits(address, "inner.example", 443)


@pytest.mark.parametrize(
    ("entry", "address", "host", "port", "permitted"),
    [
        ("10.0.0.0/8", "10.0.0.5", "s4", 44300, True),
        ("10.0.0.0/8", "11.0.0.5", "s4", 22, False),
        ("10.0.0.0/8:44300", "10.0.0.5", "s4", 44300, True),
        ("10.0.0.0/8:44300", "10.0.0.5", "s4", 443, False),
        ("10.0.0.5", "10.0.0.5", "s4", 443, True),
        ("10.0.0.5:443", "10.0.0.6", "s4", 443, False),
        ("10.0.0.0/8", "::ffff:10.0.0.5", "s4", 443, True),
        ("fd12::/16", "fd12::1", "s4", 443, True),
        ("[fd12::/16]:443", "fd12::1", "s4", 443, True),
        ("[fd12::/16]:443", "fd12::1", "s4", 80, False),
        ("[::1]:8080", "::1", "localhost", 8080, True),
        ("::1", "::1", "localhost", 8080, True),
        ("S4.corp.example", "10.0.0.5", "s4.corp.example", 443, True),
        ("s4.corp.example", "10.0.0.5", "s4.corp.example.", 443, True),
        ("s4.corp.example", "10.0.0.5", "xs4.corp.example", 443, False),
        ("s4.corp.example:443", "10.0.0.5", "s4.corp.example", 8443, False),
        ("10.0.0.0/8", "64:ff9b::a00:5", "s4", 443, True),
        ("2002::/16", "2002:a00:5::", "s4", 443, False),
    ],
)
def test_entries_allow_what_they_name(entry: str, address: str, host: str, port: int, permitted: bool) -> None:
    assert EgressPolicy((entry,)).permits(address, host, port) is permitted


@pytest.mark.parametrize("port", [22, 25, 5432, 6379])
def test_ports_of_other_services_need_an_entry_that_names_them(port: int) -> None:
    assert not EgressPolicy().permits("8.8.8.8", "api.example", port)
    assert not EgressPolicy(("api.example", "8.0.0.0/8")).permits("8.8.8.8", "api.example", port)
    assert EgressPolicy((f"api.example:{port}",)).permits("8.8.8.8", "api.example", port)


def test_names_of_metadata_services_are_refused_before_they_are_looked_up() -> None:
    assert EgressPolicy(EVERYTHING).forbids_name("Metadata.Google.Internal.")
    assert not EgressPolicy().forbids_name("google.example")


def test_every_entry_that_cannot_be_read_is_reported() -> None:
    with pytest.raises(SettingsError) as caught:
        EgressPolicy(("10.0.0.0/8", "10.0.0.5/8", "host:99999", "http://host", "", "fd00::zz", "*"))
    assert [problem.path for problem in caught.value.problems] == [f"/egress_allow/{index}" for index in range(1, 7)]


def test_a_refusal_names_the_host_and_the_setting() -> None:
    refusal = EgressPolicy().refusal("inner.example", 8080)
    assert refusal.code == "EGRESS_DENIED"
    assert not refusal.sent
    assert "inner.example:8080" in str(refusal)
    assert "egress_allow" in str(refusal)


@pytest.mark.parametrize(("port", "is_permitted"), [(25, True), (587, True), (80, False), (8080, False), (22, False)])
def test_a_protocol_with_ports_of_its_own_reaches_no_others(port: int, *, is_permitted: bool) -> None:
    usual = frozenset({25, 465, 587, 2525})
    assert EgressPolicy().permits("8.8.8.8", "mail.example", port, usual) is is_permitted
    assert EgressPolicy(("8.8.8.8/32",)).permits("8.8.8.8", "mail.example", port, usual) is is_permitted
    assert EgressPolicy((f"mail.example:{port}",)).permits("8.8.8.8", "mail.example", port, usual)
