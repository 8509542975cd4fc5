"""Amounts of SAP decide by their value, and numbers keep their digits from the door to every other system and back."""

import hashlib
import json
import random
import re
from typing import Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, graph, http, note, sap
from blackbox.harness.sink import Sink
from kit.sap_metadata import V2, V4

COUNT = 10_000
TEXTS_TYPE = {"content-type": "application/json;IEEE754Compatible=true"}


@pytest.fixture
def root(org: Organization, sink: Sink) -> str:
    """Connects the organization to a gateway with an OData service of each version, and returns its path."""
    settings = {"base_url": sink.address, "user": "looply"}
    body = {"name": "S4", "kind": "sap", "settings": settings, "secrets": {"password": "pw"}}
    assert org.post("createConnection", body).status_code == 200
    root = f"/sap/{org.organization_id}"
    sink.script(f"{root}/v2/$metadata", {"text": V2.decode(), "headers": {"content-type": "application/xml"}})
    sink.script(f"{root}/v4/$metadata", {"text": V4.decode(), "headers": {"content-type": "application/xml"}})
    for version in ("v2", "v4"):
        sink.script(f"{root}/{version}/", {"headers": {"x-csrf-token": "token-0001"}})
    return root


def amounts(seed: int) -> list[str]:
    """Returns random decimals of 31 digits, three of them after the point."""
    chance = random.Random(seed)
    units = [chance.randrange(10**30, 10**31) for _ in range(COUNT)]
    return [decimal_of(chance.choice((1, -1)) * one) for one in units]


def decimal_of(thousandths: int) -> str:
    return f"{'-' if thousandths < 0 else ''}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03}"


def limited(root: str, output: str | None = None) -> dict[str, Any]:
    """An approval that amounts over 1000 need."""
    more = {} if output is None else {"output": output}
    rule = {"variable": "${sap_1.output.data.d.TotalNetAmount}", "operator": "NumericGreaterThan", "value": 1000}
    decide = {"id": "if_1", "type": "conditional", "settings": {"rules": [rule]}}
    return graph(
        [sap(service_path=f"{root}/v2", entity="Orders('1')", **more), decide, note("yes", 1), note("no", 1)],
        ("WorkflowStartState", "sap_1"),
        ("sap_1", "if_1"),
        ("if_1", "yes", "yes"),
        ("if_1", "no", "no"),
    )


@pytest.mark.parametrize(("amount", "taken"), [("22899.420", "yes"), ("999.990", "no"), ("1000.001", "yes")])
def test_an_amount_that_sap_sends_as_a_text_takes_the_branch_of_its_value(
    org: Organization, sink: Sink, root: str, amount: str, taken: str
) -> None:
    order = {"__metadata": {"type": "API_PO.OrderType"}, "Order": "1", "TotalNetAmount": amount}
    sink.script(f"{root}/v2/Orders('1')", {"body": {"d": order}})
    item = org.run(limited(root), None, "COMPLETED")
    found = item["workflow_output_payload"]["payload"]["output"]
    assert [name for name in ("yes", "no") if name in found] == [taken]


def test_dates_that_sap_sends_are_used_in_expressions(org: Organization, sink: Sink, root: str) -> None:
    order = {"Order": "1", "OrderedOn": "/Date(1793836800000)/", "ChangedAt": "/Date(1793873730123+0000)/"}
    sink.script(f"{root}/v2/Orders('1')", {"body": {"d": order}})
    fourth = {"Id": "1", "OrderedOn": "2026-02-27", "ChangedAt": "2026-11-05T10:15:30.1230000Z"}
    sink.script(f"{root}/v4/Orders('1')", {"body": fourth})
    written = {
        "day": "${formatDateTime(sap_2.output.data.d.OrderedOn, 'dd.MM.yyyy')}",
        "due": "${addDays(sap_2.output.data.d.OrderedOn, 30, 'yyyy-MM-dd')}",
        "changed": "${formatDateTime(sap_2.output.data.d.ChangedAt, 'yyyy-MM-dd HH:mm:ss.fff')}",
        "leap": "${addDays(formatDateTime(sap_4.output.data.OrderedOn), 2, 'yyyy-MM-dd')}",
        "fourth": "${formatDateTime(sap_4.output.data.ChangedAt, 'yyyy-MM-dd HH:mm:ss.fff')}",
        "written": "${formatDateTime(sap_4.output.data.OrderedOn, 'dd.MM.yyyy')}",
        "late": "${greater(ticks(sap_2.output.data.d.ChangedAt), ticks(sap_2.output.data.d.OrderedOn))}",
    }
    steps = [
        sap("sap_2", service_path=f"{root}/v2", entity="Orders('1')"),
        sap("sap_4", service_path=f"{root}/v4", entity="Orders('1')"),
        *(note(name, value) for name, value in written.items()),
    ]
    found = org.run(definition(*steps), None, "COMPLETED")["workflow_output_payload"]["payload"]["output"]
    assert {name: found[name] for name in written} == {
        "day": "05.11.2026",
        "due": "2026-12-05",
        "changed": "2026-11-05 10:15:30.123",
        "leap": "2026-03-01",
        "fourth": "2026-11-05 10:15:30.123",
        "written": "27.02.2026",
        "late": True,
    }


def test_an_amount_whose_type_cannot_be_read_stops_before_it_decides(org: Organization, sink: Sink, root: str) -> None:
    sink.script(f"{root}/v2/$metadata", {"status": 404})
    sink.script(f"{root}/v2/Orders('1')", {"body": {"d": {"Order": "1", "TotalNetAmount": "22899.420"}}})
    item = org.run(limited(root), None, "FAILED")
    assert [found["code"] for found in item["workflow_incidents"]] == ["SAP_METADATA"]


def test_ten_thousand_decimals_are_the_same_after_every_part_of_their_way(
    org: Organization, sink: Sink, root: str
) -> None:
    sent, second, fourth, plain = (amounts(seed) for seed in range(4))
    raw_list = f"[{','.join(sent)}]"
    sink.script(f"{root}/v2/Orders", {"body": {"d": {"results": [{"Amount": text} for text in second]}}})
    rows = {"@odata.context": "x", "value": [{"Amount": text} for text in fourth]}
    sink.script(f"{root}/v4/Orders", {"body": rows, "headers": TEXTS_TYPE})
    sink.script(f"{root}/plain", {"text": f"[{','.join(plain)}]"})
    for name in ("v2/Copies", "v4/Copies"):
        sink.script(f"{root}/{name}", {"status": 204, "text": ""})
    sink.script(f"{root}/taken", {"status": 204, "text": ""})
    workflow = definition(
        note("kept", "${select(payload.output.amounts, x, x + 0)}"),
        note("sum", "${sum(payload.output.kept)}"),
        http(f"{sink.address}{root}/taken", "sent", "POST", body="${payload.output.kept}"),
        http(f"{sink.address}{root}/plain", "plain"),
        sap("read_2", service_path=f"{root}/v2", entity="Orders"),
        sap("read_4", service_path=f"{root}/v4", entity="Orders"),
        sap("write_2", service_path=f"{root}/v2", entity="Copies", method="POST", body="${read_2.output.data.d}"),
        sap(
            "write_4",
            service_path=f"{root}/v4",
            entity="Copies",
            method="POST",
            body={"Related": "${read_4.output.data.value}"},
        ),
    )
    workflow_id = org.create(workflow)
    body = f'{{"amounts":{raw_list}}}'.encode()
    response = org.post(f"triggerworkflow/{workflow_id}", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text
    execution_id = response.json()["looply_execution_id"]
    org.until(workflow_id, execution_id, "COMPLETED")
    shown = org.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id).text
    for expected in (sent, second, fourth, plain):
        assert set(expected) <= set(re.findall(r"-?[0-9]+\.[0-9]{3}(?![0-9])", shown))
    total = sum(int(text.replace(".", "")) for text in sent)
    assert f'"sum":{decimal_of(total)}' in shown
    assert digest(sink, f"{root}/taken") == hashed(raw_list)
    assert digest(sink, f"{root}/v2/Copies") == hashed(compact({"results": [{"Amount": text} for text in second]}))
    assert digest(sink, f"{root}/v4/Copies") == hashed(compact({"Related": [{"Amount": text} for text in fourth]}))


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def digest(sink: Sink, path: str) -> str:
    (line,) = sink.lines(path)
    return line["hash"]
