"""ETags of the rows of a list, as later steps send them in `If-Match`; the expressions are those of the how-to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kit.servers.sap_gateway import SERVICE_2, SERVICE_4, StrictGateway
from looply.connectors.sap.calls.etags import entity_etag
from looply.expressions import Evaluation, parse_template
from looply.limits import DEFAULT_LIMITS

ROW_2 = "${item.__metadata.etag}"
ROW_4 = "${item['@odata.etag']}"
FOUND_2 = "${first(where(sapRequest_1.output.data.d.results, row, row.Order == payload.output.po)).__metadata.etag}"
FOUND_4 = "${first(where(sapRequest_1.output.data.value, row, row.Order == payload.output.po))['@odata.etag']}"
PAGE = Path(__file__).parents[4] / "docs/how-to/call-sap.md"


def filled(expression: str, data: dict[str, Any]) -> Any:
    chance = iter([bytes(16)])
    now = datetime(2026, 7, 1, tzinfo=UTC)
    return parse_template(expression).evaluate(Evaluation(data, now, lambda: next(chance), DEFAULT_LIMITS))


@pytest.mark.parametrize(
    ("service", "rows", "row", "found"),
    [(SERVICE_2, ("d", "results"), ROW_2, FOUND_2), (SERVICE_4, ("value",), ROW_4, FOUND_4)],
)
async def test_the_etag_of_a_row_of_any_page_is_what_its_change_needs(
    service: str, rows: tuple[str, ...], row: str, found: str, perform: Any, gateway: StrictGateway
) -> None:
    for number in range(5):
        gateway.add(str(number), Version=number + 7)
    listed = await perform(service_path=service, entity="Orders", pages={})
    items = listed["data"]
    for name in rows:
        items = items[name]
    for item in items:
        change = {
            "service_path": service,
            "entity": f"Orders('{item['Order']}')",
            "method": "PATCH",
            "headers": {"If-Match": filled(row, {"item": item})},
            "body": {"Status": "05"},
        }
        assert (await perform(**change))["status"] == "204"
        # The document has changed since it was read: nothing is overwritten.
        assert (await perform(**change))["status"] == "412"
    by_number = {"sapRequest_1": {"output": listed}, "payload": {"output": {"po": "3"}}}
    assert filled(found, by_number) == 'W/"10"'
    assert {order["Version"] for order in gateway.orders.values()} == {8, 9, 10, 11, 12}


@pytest.mark.parametrize("expression", [ROW_2, ROW_4, FOUND_2, FOUND_4])
def test_the_how_to_shows_these_expressions(expression: str) -> None:
    assert expression in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"d": {"__metadata": {"etag": "1"}}}, "1"),
        ({"@odata.etag": "1"}, "1"),
        ({"@etag": "1"}, "1"),  # OData 4.01 may leave the prefix out (Part 2 §4.5)
        ({"value": [{"@odata.etag": "1"}]}, None),
        ({"d": {"results": [{"__metadata": {"etag": "1"}}]}}, None),
        ({"@odata.etag": 1}, None),
        ("text", None),
    ],
)
def test_an_entity_has_an_etag_and_a_list_has_none_of_its_own(data: Any, expected: str | None) -> None:
    assert entity_etag(data) == expected
