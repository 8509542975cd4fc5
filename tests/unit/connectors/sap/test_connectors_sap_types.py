"""Values of OData by the metadata of their service: read with all digits, and written back as they were."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.sap_metadata import V2, V4
from looply.connectors.sap.types.elements import MAX_BYTES, MAX_DEPTH, UnreadableMetadata
from looply.connectors.sap.types.metadata import read_metadata
from looply.connectors.sap.types.model import TypeRef
from looply.connectors.sap.types.reading import Reading
from looply.connectors.sap.types.targets import find_target
from looply.connectors.sap.types.values import UnreadableValue, read_instant, read_value, write_value
from looply.connectors.sap.types.writing import needs_types, write_body
from looply.limits import DEFAULT_LIMITS

TWO, FOUR = read_metadata(V2), read_metadata(V4)
BIG = "1234567890123456789012345678.120"
BILLION_LAUGHS = b'<!DOCTYPE a [<!ENTITY b "x">]><edmx:Edmx Version="4.0" xmlns:edmx="e">&b;</edmx:Edmx>'


def read(metadata: Any, path: str, data: Any) -> Any:
    reading = Reading(metadata)
    made = reading.answer(data, path)
    assert reading.unknown == []
    return made


@pytest.mark.parametrize(
    ("path", "name", "is_list"),
    [
        ("Orders", "API_PO.OrderType", True),
        ("Orders('1/2')", "API_PO.OrderType", False),
        ("Orders('1')/to_Item", "API_PO.ItemType", True),
        ("Orders('1')/Amount", "Edm.Decimal", False),
        ("Total", "Edm.Decimal", False),
        ("Release", "API_PO.Price", False),
    ],
)
def test_a_path_of_version_2_leads_to_a_type(path: str, name: str, is_list: bool) -> None:
    found = find_target(TWO, path).ref
    assert found is not None
    assert (found.name, found.is_list) == (name, is_list)


@pytest.mark.parametrize(
    ("path", "name", "is_list"),
    [
        ("Orders", "com.example.orders.Order", True),
        ("Orders('1')/Items", "com.example.orders.Item", True),
        ("Orders('1')/Amount", "Edm.Decimal", False),
        ("Me", "com.example.orders.Order", False),
        ("Sum()", "Edm.Decimal", False),
        ("Orders('1')/com.example.orders.Raise", "com.example.orders.Order", False),
        ("Orders/com.example.orders.Order", "com.example.orders.Order", True),
    ],
)
def test_a_path_of_version_4_leads_to_a_type(path: str, name: str, is_list: bool) -> None:
    found = find_target(FOUR, path).ref
    assert found is not None
    assert (found.name, found.is_list) == (name, is_list)


@pytest.mark.parametrize("path", ["", "Nothing", "Orders/$count", "Orders('1')/Amount/$value", "$metadata"])
def test_other_paths_lead_to_no_type(path: str) -> None:
    assert find_target(TWO, path).ref is None


def test_an_answer_of_version_2_has_numbers_and_dates() -> None:
    order = {
        "__metadata": {"id": "1", "type": "API_PO.OrderType", "etag": 'W/"1"'},
        "Order": "4500000101",
        "Amount": "22899.420",
        "Count": "9223372036854775807",
        "Rate": "1.5E+2",
        "Days": 30,
        "OrderedOn": "/Date(1793836800000)/",
        "ChangedAt": "/Date(1793874600123+0060)/",
        "ChangeTime": "PT14H05M00S",
        "Price": {"__metadata": {"type": "API_PO.Price"}, "Value": "0.12345678901234567890"},
        "to_Item": {"results": [{"Item": "10", "NetAmount": "99.50"}]},
    }
    made = read(TWO, "Orders", {"d": {"results": [order], "__count": "1"}})
    assert made["d"]["__count"] == 1
    assert made["d"]["results"] == [
        {
            **order,
            "Amount": 22899.42,
            "Count": 9223372036854775807,
            "Rate": 150.0,
            "OrderedOn": "2026-11-05T00:00:00.000Z",
            "ChangedAt": "2026-11-05T10:30:00.123Z",
            "ChangeTime": "14:05:00",
            "Price": {"__metadata": {"type": "API_PO.Price"}, "Value": Decimal("0.12345678901234567890")},
            "to_Item": {"results": [{"Item": "10", "NetAmount": 99.5}]},
        }
    ]


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("Orders('1')", {"d": {"Order": "1", "Amount": BIG}}, {"d": {"Order": "1", "Amount": Decimal(BIG)}}),
        ("Orders('1')/Amount", {"d": {"Amount": BIG}}, {"d": {"Amount": Decimal(BIG)}}),
        ("Total", {"d": {"Total": "7.50"}}, {"d": {"Total": 7.5}}),
        ("Release", {"d": {"Release": {"Value": "7"}}}, {"d": {"Release": {"Value": 7}}}),
        ("Orders('1')", {"d": {"Order": "1", "Amount": None}}, {"d": {"Order": "1", "Amount": None}}),
        (
            "Orders('1')/to_Item",
            {"d": {"results": [{"NetAmount": "1.10"}], "__next": "x?$skiptoken=2"}},
            {"d": {"results": [{"NetAmount": 1.1}], "__next": "x?$skiptoken=2"}},
        ),
    ],
)
def test_version_2_wraps_values_in_several_ways(path: str, data: Any, expected: Any) -> None:
    assert read(TWO, path, data) == expected


def test_an_answer_of_version_4_has_numbers_and_instants() -> None:
    order = {
        "@odata.etag": 'W/"1"',
        "Id": "4500000101",
        "Amount": "99999999999999.990",
        "Count": "9223372036854775807",
        "Days": 30,
        "ChangedAt": "2026-11-05T11:30:00+01:00",
        "OrderedOn": "2026-11-05",
        "Rates": ["0.1", BIG],
        "Items": [{"NetAmount": "99.50"}],
    }
    made = read(FOUR, "Orders", {"@odata.context": "$metadata#Orders", "@odata.count": "1", "value": [order]})
    assert made["@odata.count"] == 1
    assert made["value"] == [
        {
            **order,
            "Amount": Decimal("99999999999999.990"),
            "Count": 9223372036854775807,
            "ChangedAt": "2026-11-05T10:30:00.000Z",
            "Rates": [0.1, Decimal(BIG)],
            "Items": [{"NetAmount": 99.5}],
        }
    ]
    assert read(FOUR, "Sum()", {"@odata.context": "x", "value": "7.50"}) == {"@odata.context": "x", "value": 7.5}
    assert read(FOUR, "Orders('1')", {"Id": "1", "Amount": "1.000"}) == {"Id": "1", "Amount": 1.0}


def test_a_member_that_states_its_own_type_needs_no_declaration() -> None:
    data = {"Total@odata.type": "#Decimal", "Total": "1.25", "Id": "1"}
    assert read(FOUR, "Orders('1')", data)["Total"] == 1.25


def test_a_number_in_a_text_without_a_declared_type_is_reported() -> None:
    reading = Reading(TWO)
    assert reading.answer({"d": {"Order": "1", "New": "22899.420"}}, "Orders('1')")["d"]["New"] == "22899.420"
    assert reading.unknown == ["/d/New"]


@pytest.mark.parametrize("text", ["INF", "NaN", "", "abc"])
def test_what_is_no_number_stays_a_text(text: str) -> None:
    assert read_value(TypeRef("Edm.Double"), text, DEFAULT_LIMITS) == text


@pytest.mark.parametrize("text", ["9" * 65, f"0.{'7' * 1001}", "1.2345678901234567e400"])
def test_a_number_of_too_many_digits_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(UnreadableValue, match="/d/Amount"):
        read(TWO, "Orders('1')", {"d": {"Order": "1", "Amount": text}})


def test_a_body_is_written_as_the_service_reads_it() -> None:
    body = {
        "Order": "1",
        "Amount": Decimal(BIG),
        "Count": 7,
        "Rate": 1.5,
        "Days": 30,
        "OrderedOn": "2026-11-05",
        "ChangedAt": "2026-11-05T10:30:00.123Z",
        "ChangeTime": "14:05:00",
        "Price": {"Value": 5},
        "to_Item": [{"Item": "10", "NetAmount": 99.5}],
        "Unknown": 1.5,
    }
    written = write_body(TWO, "Orders", body)
    assert not written.is_ieee754
    assert written.body == {
        **body,
        "Amount": BIG,
        "Count": "7",
        "Rate": "1.5",
        "OrderedOn": "/Date(1793836800000)/",
        "ChangedAt": "/Date(1793874600123+0000)/",
        "ChangeTime": "PT14H05M00S",
        "Price": {"Value": "5.00000"},
        "to_Item": [{"Item": "10", "NetAmount": "99.50"}],
    }


def test_a_body_of_version_4_has_texts_and_says_so() -> None:
    body = {"Amount": Decimal(BIG), "Count": 7, "Days": 30, "Items": [{"NetAmount": 1}], "OrderedOn": "2026-11-05"}
    written = write_body(FOUR, "Orders", body)
    assert written.is_ieee754
    assert written.body == {**body, "Amount": BIG, "Count": "7", "Items": [{"NetAmount": "1.00"}]}
    assert write_body(FOUR, "Orders('1')/com.example.orders.Raise", {"By": 2}).body == {"By": "2.00"}
    assert write_body(FOUR, "Orders('1')", {"Days": 3}).is_ieee754 is False


@given(st.integers(min_value=-(10**31), max_value=10**31))
def test_a_decimal_returns_to_its_service_with_the_same_digits(units: int) -> None:
    text = f"{'-' if units < 0 else ''}{abs(units) // 1000}.{abs(units) % 1000:03}"
    for metadata, version in ((TWO, 2), (FOUR, 4)):
        ref = metadata.member("API_PO.OrderType" if version == 2 else "com.example.orders.Order", "Amount")
        assert ref is not None
        assert write_value(ref, read_value(ref, text, DEFAULT_LIMITS), metadata.version) == text


@given(st.datetimes().map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)))
def test_an_instant_returns_to_its_service_as_it_was(moment: Any) -> None:
    text = f"{moment.isoformat(timespec='milliseconds')}Z"
    written = write_value(TypeRef("Edm.DateTime"), text, 2)
    assert written.startswith("/Date(")
    assert read_instant(written) == text


def test_only_values_whose_form_depends_on_a_type_need_the_metadata() -> None:
    assert needs_types({"a": [{"b": 1}]})
    assert needs_types({"a": "2026-11-05"})
    assert not needs_types({"a": "05", "b": True, "c": None, "d": "2026"})
    assert not needs_types(None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BILLION_LAUGHS, "document type"),
        (b"<html><body/></html>", "first element"),
        (b"<edmx:Edmx", "well-formed"),
        (b"", "well-formed"),
        (b"{}", "well-formed"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a/>', "encoding"),
        (b"<a>" * (MAX_DEPTH + 1), "nested"),
        (b" " * (MAX_BYTES + 1), "bytes"),
    ],
)
def test_what_is_no_metadata_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMetadata, match=reason):
        read_metadata(text)
