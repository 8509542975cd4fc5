"""What a step's author relies on: values stay within OData literals, and nothing that is stated is silently ignored."""

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, note, sap
from blackbox.harness.sink import Sink


@pytest.mark.parametrize(
    ("value", "key", "literal"),
    [
        ("4711", "4711", "4711"),
        ("O'Neil", "O''Neil", "O''Neil"),
        ("1')/Secret('2", "1'')%2FSecret(''2", "1'')/Secret(''2"),
        ("1%27)/Secret(%272", "1%2527)%2FSecret(%25272", "1%2527)/Secret(%25272"),
        ("a&b=c#d?e", "a&b=c%23d%3Fe", "a%26b%3Dc%23d%3Fe"),
    ],
)
def test_a_value_within_quotes_stays_the_key_of_its_entity(
    org: Organization, sink: Sink, value: str, key: str, literal: str
) -> None:
    root = f"/sap/{org.organization_id}"
    made = {"base_url": sink.address, "client": "100", "user": "U", "auth": "basic"}
    body = {"name": "S4", "kind": "sap", "settings": made, "secrets": {"password": "p"}}
    assert org.post("createConnection", body).status_code == 200
    step = sap(
        service_path=root,
        entity="Order('${payload.output.po}')",
        params={"$filter": "Name eq '${payload.output.po}'"},
        fail_on=["4xx", "5xx"],
    )
    item = org.run(definition(step), {"po": value})
    assert item["status"] == "COMPLETED", item["workflow_incidents"]
    asked = sink.lines(root)[-1]["target"].removeprefix(f"{root}/")
    assert asked == f"Order('{key}')?$filter=Name%20eq%20'{literal}'&sap-client=100"


def test_settings_of_a_workflow_are_optional(org: Organization) -> None:
    answers = org.create(definition(note()))
    settings = {"max_concurrency": 3, "on_failure": answers, "timeout": "P30D", "retention": "P1Y", "log": "none"}
    made = definition(note(), workflow_settings=settings)
    checked = org.post("validateWorkflow", {"definition": made}).json()
    assert (checked["errors"], checked["warnings"]) == ([], [])
