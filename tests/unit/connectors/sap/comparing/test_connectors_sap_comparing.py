"""Calls of definitions are compared with the metadata of their service: names that it does not have are found."""

from collections.abc import Mapping
from typing import Any

import pytest

from kit.sap_metadata import V2, V4
from looply.connectors.sap.discovering.comparing import Comparison
from looply.connectors.sap.discovering.findings import MAX_PROBLEMS
from looply.connectors.sap.types.metadata import read_metadata
from looply.jsontext import Json

ITEMS = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="com.sap.items" Alias="SAP__self" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="Item">
 <Key><PropertyRef Name="Order"/><PropertyRef Name="Item"/></Key>
 <Property Name="Order" Type="Edm.String"/><Property Name="Item" Type="Edm.String"/>
 <Property Name="Guid" Type="Edm.Guid"/><Property Name="Net" Type="Edm.Decimal"/>
 <NavigationProperty Name="Texts" Type="Collection(SAP__self.Text)"/>
</EntityType>
<EntityType Name="Text"><Key><PropertyRef Name="Language"/></Key>
 <Property Name="Language" Type="Edm.String"/><Property Name="Line" Type="Edm.String"/></EntityType>
<EntityType Name="Loose" OpenType="true"><Property Name="Id" Type="Edm.String"/></EntityType>
<EntityType Name="Derived" BaseType="other.document.Base"><Property Name="Own" Type="Edm.String"/></EntityType>
<EntityType Name="Special" BaseType="SAP__self.Item"><Property Name="Reason" Type="Edm.String"/></EntityType>
<Function Name="Near"><Parameter Name="At" Type="Edm.String"/><ReturnType Type="Collection(SAP__self.Item)"/></Function>
<Action Name="Split" IsBound="true"><Parameter Name="item" Type="SAP__self.Item"/>
 <Parameter Name="Texts" Type="Collection(SAP__self.Text)"/></Action>
<EntityContainer Name="C"><EntitySet Name="Items" EntityType="SAP__self.Item"/>
 <EntitySet Name="Derived" EntityType="SAP__self.Derived"/>
 <EntitySet Name="Loose" EntityType="SAP__self.Loose"/>
 <FunctionImport Name="Near" Function="SAP__self.Near"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""

SERVICES = {"2": V2, "4": V4, "items": ITEMS}


def compare(service: str, **call_input: Json) -> tuple[Mapping[str, str], set[str]]:
    """Returns the names that a service does not have by their places, and what is not known."""
    comparison = Comparison(read_metadata(SERVICES[service]))
    comparison.compare(call_input)
    found = comparison.findings
    return {each.path: str(dict(each.values).get("name", "")) for each in found.problems}, found.unchecked


def params(service: str, entity: str, **options: str) -> tuple[Mapping[str, str], set[str]]:
    return compare(service, entity=entity, params={f"${name}": value for name, value in options.items()})


@pytest.mark.parametrize(
    ("service", "entity", "name"),
    [
        ("2", "Order('1')", "Order"),
        ("2", "Orders('1')/to_Items", "to_Items"),
        ("2", "Orders('1')/to_Item/Missing", "Missing"),
        ("2", "/Orders('a/b')/to_Items", "to_Items"),
        ("2", "Orders(Ordr='1')", "Ordr"),
        ("2", "Totals", "Totals"),
        ("4", "Me/Itemz", "Itemz"),
        ("4", "Sum(A=1)", "A"),
        ("4", "Orders('1')/SELF.Lower", "SELF.Lower"),
        ("items", "Near(Att='x')", "Att"),
        ("items", "Items(Order='1',Item='2')/SAP__self.Special/Reasons", "Reasons"),
        ("items", "Items(Order='1',Itm='2')", "Itm"),
    ],
)
def test_a_path_that_leads_nowhere_is_found(service: str, entity: str, name: str) -> None:
    assert compare(service, entity=entity) == ({"/entity": name}, set())


@pytest.mark.parametrize(
    ("service", "entity"),
    [
        ("2", ""),
        ("2", "$metadata"),
        ("2", "Orders/$count"),
        ("2", "Orders('${payload.output.po}')/to_Item('1')/NetAmount/$value"),
        ("2", "Orders(Order='${payload.output.po}')"),
        ("2", "Orders('1')/$links/to_Item"),
        ("2", "Total"),
        ("4", "Me/Items"),
        ("4", "Orders('1')/SELF.Raise"),
        ("4", "Orders('1')/com.example.orders.Raise"),
        ("4", "Orders('1')/Raise/Items"),
        ("items", "Items(Order='1',Item='2')/Texts(Language='EN')/Line"),
        ("items", "Items(Guid=0050568d-1111-2222-3333-444455556666)"),
        ("items", "Near(At='x')(Order='1',Item='2')/SAP__self.Special/Reason"),
        ("items", "Loose('1')/Anything"),
        ("items", "Loose(Any='1')"),
        ("items", "Derived('1')/OfTheBase"),
    ],
)
def test_what_a_service_has_is_no_finding(service: str, entity: str) -> None:
    assert compare(service, entity=entity) == ({}, set())


@pytest.mark.parametrize("entity", ["Items('1')", "Items(Order='1')"])
def test_a_key_that_has_grown_is_found(entity: str) -> None:
    comparison = Comparison(read_metadata(ITEMS))
    comparison.compare({"entity": entity})
    (found,) = comparison.findings.problems
    assert (found.path, found.code) == ("/entity", "SAP_KEY_INCOMPLETE")
    assert found.message == "the key of Item is Order, Item; Item is missing"


def test_the_name_that_was_probably_meant_is_said() -> None:
    comparison = Comparison(read_metadata(V2))
    comparison.compare({"entity": "Orders", "params": {"$select": "TotalNetAmnt"}})
    (found,) = comparison.findings.problems
    assert (found.message, found.hint) == (
        "OrderType has no field and no navigation property 'TotalNetAmnt'",
        "did you mean 'TotalNetAmount'?",
    )


@pytest.mark.parametrize(
    ("entity", "options", "name"),
    [
        ("Orders", {"select": "Order,Amnt"}, "Amnt"),
        ("Orders", {"select": "to_Item/Itm"}, "Itm"),
        ("Orders", {"expand": "to_Item,to_Text"}, "to_Text"),
        ("Orders", {"orderby": "Order desc, Amnt asc"}, "Amnt"),
        ("Orders", {"filter": "Ordr eq '1'"}, "Ordr"),
        ("Orders", {"filter": "substringof('Amnt',Ordr) and Price/Value gt 10M"}, "Ordr"),
        ("Orders", {"filter": "OrderedOn ge datetime'2026-01-01T00:00:00' and (Price/Vale lt 3)"}, "Vale"),
        ("Orders('1')/to_Item", {"select": "Order"}, "Order"),
    ],
)
def test_fields_of_query_options_of_version_2_are_found(entity: str, options: dict[str, str], name: str) -> None:
    place = f"/params/${next(iter(options))}"
    assert params("2", entity, **options) == ({place: name}, set())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"expand": "Items($select=NetAmount,Net)"}, "Net"),
        ({"expand": "Related($expand=Items($filter=contains(Nett,'a;b,(c')))"}, "Nett"),
        ({"filter": "Items/any(i:i/NetAmount gt 5 and i/Net lt 3)"}, "Net"),
        ({"filter": "Related/all(r:r/Items/any(i:i/Net eq 1) and r/Id ne 'x')"}, "Net"),
        ({"filter": "OrderedOn eq 2026-01-01 and Created gt 2026-01-01T00:00:00Z"}, "Created"),
        ({"filter": "$it/Ide eq '1'"}, "Ide"),
        ({"orderby": "Items/$count desc,length(Id) asc,Ide"}, "Ide"),
        ({"filter": 'Id in ["a","b;Gone \\"c"] AND Ide EQ TRUE'}, "Ide"),
        ({"expand": 'Items($filter=NetAmount in ["a;b"] and Net eq 1)'}, "Net"),
        ({"expand": "Items($compute=NetAmount mul 2 as Twice;$select=Twice),Related($select=Twice)"}, "Twice"),
    ],
)
def test_fields_of_query_options_of_version_4_are_found(options: dict[str, str], name: str) -> None:
    place = f"/params/${next(iter(options))}"
    assert params("4", "Orders", **options) == ({place: name}, {place} if "$compute" in str(options) else set())


@pytest.mark.parametrize(
    ("service", "options"),
    [
        (
            "2",
            {"select": "*", "expand": "to_Item", "filter": "Order eq 'Gone' or not (Days lt 5 and Rate ne null)"},
        ),
        (
            "2",
            {"filter": "year(OrderedOn) eq 2026 and Count add 5L gt 7 and Rate eq 1.5E+2", "top": "5", "format": "x"},
        ),
        ("2", {"select": "Order,to_Item/*", "expand": "to_Item"}),
        ("4", {"filter": "Id EQ 'x' AND Days GT 1 OR NOT (Count IN (1,2)) and Items/ANY(i:i/NetAmount Eq NULL)"}),
        ("4", {"orderby": "Id DESC,Days Asc", "select": "Id,SELF.Raise,SELF.*", "filter": 'Id in ["Gone","x"]'}),
        ("4", {"select": "*,Id", "expand": "*,Items/$ref,Related/$count", "search": "Gone", "skiptoken": "Gone"}),
        ("4", {"filter": "Items/$count gt 2 and Items/any() and Id in ('a','b') and Days eq @p and $root/Me/X eq 1"}),
        ("4", {"filter": "isof(SELF.Order) and cast(Days,Edm.Int64) gt 3 and Colour.Kind'Red' eq Colour.Kind'Red'"}),
    ],
)
def test_functions_literals_and_words_are_no_fields(service: str, options: dict[str, str]) -> None:
    found, unchecked = params(service, "Orders", **options)
    assert (set(found.values()) - {""}, unchecked) == (set(), set())


def test_values_are_not_compared_and_names_by_expressions_are_counted() -> None:
    values = {
        "$filter": "Order eq '${payload.output.po}' and Days gt ${payload.output.days} and startswith(Order,${x})",
        "$orderby": "Order",
    }
    assert compare("2", entity="Orders", params=values) == ({}, set())
    names = {"$filter": "${field} eq 1", "$select": "Order,${field}", "$orderby": "${field}", "$expand": "${"}
    found = compare("2", entity="Orders", params=names)
    assert found == ({}, {f"/params/{name}" for name in names})
    assert compare("2", entity="${payload.output.set}", params={"$select": "Gone"}) == ({}, {"/entity"})
    assert compare("2", entity="Orders", params="${payload.output.params}") == ({}, {"/params"})
    assert compare("2", entity="Orders(${payload.output.name}='1')") == ({}, {"/entity"})
    assert compare("items", entity="Items(${payload.output.key})", raw=True) == ({}, {"/entity"})
    assert compare("2", next="${sapRequest_1.output.next}") == ({}, {"/next"})
    assert compare("2", batch="${payload.output.parts}") == ({}, {"/batch"})
    assert compare("4", entity="Orders", params={"$compute": "Days mul 2 as Twice", "$select": "Twice"}) == (
        {},
        {"/params/$select"},
    )


def test_an_option_of_extreme_length_is_left_out() -> None:
    long = "Gone eq 1 or " * 8000
    assert params("4", "Orders", filter=long) == ({}, {"/params/$filter"})
    # A text that does not end is read once.
    assert params("4", "Orders", filter='"' + '\\"' * 30_000) == ({}, set())


def test_fields_of_bodies_are_compared_also_those_within_others() -> None:
    own: dict[str, Json] = {"Order": "1", "Amnt": 1, "__metadata": {"type": "API_PO.OrderType"}}
    body: Json = {**own, "Price": {"Vale": 1}, "to_Item": {"results": [{"Item": "10", "Itm": "1"}]}}
    assert compare("2", entity="Orders", method="POST", body=body) == (
        {"/body/Amnt": "Amnt", "/body/Price/Vale": "Vale", "/body/to_Item/results/0/Itm": "Itm"},
        set(),
    )
    assert compare("2", entity="Orders", method="POST", body={"d": body}) == (
        {"/body/d/Amnt": "Amnt", "/body/d/Price/Vale": "Vale", "/body/d/to_Item/results/0/Itm": "Itm"},
        set(),
    )
    body = {"@odata.context": "#x", "Related@odata.bind": [], "Itemz@odata.bind": [], "Items": "${payload.output}"}
    assert compare("4", entity="Orders", method="POST", body=body) == (
        {"/body/Itemz@odata.bind": "Itemz"},
        {"/body/Items"},
    )
    assert compare("4", entity="Orders", method="POST", body="${payload.output}") == ({}, {"/body"})
    listed: Json = {"value": [{"Language": "EN", "Lines": "x"}]}
    assert compare("items", entity="Items(Order='1',Item='1')/Texts", method="PUT", body=listed) == (
        {"/body/value/0/Lines": "Lines"},
        set(),
    )
    assert compare("2", entity="Orders", body_type="raw", body="<x/>") == ({}, set())
    assert compare("2", entity="Orders('1')/$links/to_Item", method="POST", body={"uri": "x"}) == ({}, set())


def test_a_value_has_the_fields_of_the_type_that_it_names() -> None:
    def found(body: Json) -> tuple[Mapping[str, str], set[str]]:
        return compare("items", entity="Items", method="POST", body=body)

    for name in ("@odata.type", "@type"):
        assert found({name: "#com.sap.items.Special", "Reason": "x", "Order": "1"}) == ({}, set())
        assert found({name: "#SAP__self.Special", "Reasons": "x"}) == ({"/body/Reasons": "Reasons"}, set())
        assert found({name: "#another.document.Special", "Extra": 1}) == ({}, set())
        assert found({name: "${payload.output.type}", "Extra": 1}) == ({}, {f"/body/{name}"})
    assert found({"Reason": "x"}) == ({"/body/Reason": "Reason"}, set())
    body: Json = {"__metadata": {"type": "API_PO.Other"}, "Extra": 1}
    assert compare("2", entity="Orders", method="POST", body=body) == ({}, set())


def test_parameters_of_functions_and_actions_are_compared() -> None:
    assert compare("4", entity="Orders('1')/SELF.Raise", body={"By": 1, "Bye": 2}) == ({"/body/Bye": "Bye"}, set())
    assert compare("4", entity="Orders/$filter(Days eq 1)/$each/SELF.Raise", body={"By": 1}) == ({}, set())
    texts: Json = {"Texts": [{"Language": "EN", "Text": "x"}]}
    assert compare("items", entity="Items(Order='1',Item='1')/SAP__self.Split", body=texts) == (
        {"/body/Texts/0/Text": "Text"},
        set(),
    )
    given: Json = {"Order": "'1'", "sap-client": "100", "$format": "json", "saml2": "disabled", "spnego": "disabled"}
    assert compare("2", entity="Release", method="POST", params=given) == ({"/params/Order": "Order"}, set())


def test_parts_of_batches_and_probes_are_compared() -> None:
    batch: Json = [
        {"id": "1", "method": "POST", "entity": "Orders", "body": {"Ide": "1"}},
        {"id": "2", "method": "POST", "entity": "$1/Items", "body": {"Net": 1}},
        {"id": "3", "entity": "Gone"},
        "${payload.output.part}",
    ]
    found = {"/batch/0/body/Ide": "Ide", "/batch/1/body/Net": "Net", "/batch/2/entity": "Gone"}
    assert compare("4", batch=batch) == (found, {"/batch/3"})
    probe: Json = {"entity": "Orders", "params": {"$filter": "Ide eq '1'"}}
    assert compare("4", entity="Orders", method="POST", body={"Id": "1"}, probe=probe) == (
        {"/probe/params/$filter": "Ide"},
        set(),
    )
    assert compare("4", entity="Orders", method="POST", probe="${payload.output.probe}") == ({}, {"/probe"})


def test_the_findings_of_one_call_and_the_levels_of_options_are_limited() -> None:
    comparison = Comparison(read_metadata(V4))
    comparison.compare({"entity": "Orders", "body": {f"Gone{number}": 1 for number in range(500)}})
    assert len(comparison.findings.problems) == MAX_PROBLEMS
    # A name that is read often is one finding, and hides no other.
    many = "Gone eq 1 or " * 500 + "Lost eq 1"
    comparison.compare({"entity": "Orders", "params": {"$filter": many}})
    assert [dict(each.values)["name"] for each in comparison.findings.problems] == ["Gone", "Lost"]
    deep = "Related($expand=" * 5000 + "Gone" + ")" * 5000
    comparison.compare({"entity": "Orders", "params": {"$expand": deep}})
    assert (comparison.findings.problems, comparison.findings.unchecked) == ([], {"/params/$expand"})


@pytest.mark.parametrize("strange", [None, 1, [], {}, "x", "${x}", "'", "a(b", "((((", "/$/)"])
def test_inputs_of_any_shape_are_compared(strange: Any) -> None:
    for name in ("entity", "params", "body", "batch", "probe", "next"):
        compare("4", **{"entity": "Orders", name: strange})
        compare("4", batch=[{"entity": "Orders", name: strange}], probe={"entity": strange, "params": strange})
    for option in ("$select", "$expand", "$filter", "$orderby"):
        found, unchecked = compare("4", entity="Orders", params={option: strange})
        assert unchecked <= {f"/params/{option}"}
        assert set(found) <= {f"/params/{option}"}
