"""Canonical names of the systems that calls reach."""

from typing import Any

import pytest

from looply.connectors.outbound.targets import canonical_host, canonical_origin_of
from looply.connectors.registry import load_connectors


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "[::ffff:7f00:1]"]
)
def test_all_spellings_of_an_address_are_one_host(host: str) -> None:
    assert canonical_host(host) == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("S4.Example.COM.", "s4.example.com"),
        ("[2001:DB8:0::1]", "[2001:db8::1]"),
        ("1e100.example", "1e100.example"),
        ("999.1", "999.1"),
        ("4294967296", "4294967296"),
    ],
)
def test_a_name_and_what_is_no_address_keep_their_text(host: str, shown: str) -> None:
    assert canonical_host(host) == shown


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://S4.example/sap?sap-client=100", "https://s4.example:443"),
        ("http://s4.example:8080", "http://s4.example:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example:443"),
        ("ftp://s4.example/", ""),
        ("https://user:word@s4.example/", ""),
        ("https://s4.example:99999/", ""),
        ("http://[::1", ""),
        ("${x}", ""),
        ("", ""),
    ],
)
def test_the_origin_of_a_text_has_nothing_but_scheme_host_and_port(text: str, target: str) -> None:
    assert canonical_origin_of(text) == target


@pytest.mark.parametrize(
    ("kind", "settings", "target"),
    [
        ("http", {"base_url": "https://0x7f.1/api"}, "https://127.0.0.1:443"),
        ("sap", {"base_url": "https://S4.example:44300", "user": "u", "client": "100"}, "https://s4.example:44300#100"),
        ("sap", {"base_url": "https://s4.example:44300", "user": "u"}, "https://s4.example:44300"),
        ("smtp", {"host": "Mail.Example", "from": "a@b.example"}, "smtp://mail.example:587"),
        (
            "graph_mail",
            {"tenant_id": "T-1", "client_id": "c", "from": "a@b.example"},
            "https://graph.microsoft.com:443#t-1/mail",
        ),
        ("sap", {"base_url": "no url"}, ""),
        ("smtp", {"host": 5}, ""),
        ("unknown", {}, ""),
    ],
)
def test_a_connection_names_the_system_that_it_leads_to(kind: str, settings: dict[str, Any], target: str) -> None:
    assert load_connectors().target(kind, settings) == target
