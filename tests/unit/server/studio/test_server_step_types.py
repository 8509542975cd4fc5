"""`getStepTypes`: what editors need to know of each type of step."""

from typing import Any

import jsonschema_rs
import pytest
from server_kit import Caller

from looply.definition import STEP_TYPES
from looply.definition.schemas.form_schemas import title_of


async def read(mine: Caller) -> dict[str, Any]:
    answer = await mine.get("getStepTypes")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_type_is_listed_with_its_exits_its_schemas_and_a_valid_example(mine: Caller) -> None:
    found = await read(mine)
    assert [item["type"] for item in found["items"]] == list(STEP_TYPES)
    assert found["count"] == 21
    for item in found["items"]:
        schema = jsonschema_rs.validator_for(item["settings_schema"])
        assert schema.is_valid(item["example"].get("settings", {})), item["type"]
        jsonschema_rs.validator_for(item["output_schema"])
        assert item["example"]["type"] == item["type"]
        assert all(exit_["label"] and exit_["when"] for exit_ in item["exits"])


async def test_the_exits_are_those_that_a_definition_may_have(mine: Caller) -> None:
    exits = {item["type"]: [exit_["name"] for exit_ in item["exits"]] for item in (await read(mine))["items"]}
    assert exits["conditional"] == ["yes", "no", "error"]
    assert exits["approval"] == ["approved", "rejected", "timeout", "error"]
    assert exits["trigger"] == ["next"]
    assert exits["terminate"] == []
    branching = {item["type"] for item in (await read(mine))["items"] if item["has_branches"]}
    assert branching == {"branchConditional", "advancedConditional", "parallel"}


async def test_the_main_exit_is_where_an_inserted_step_continues(mine: Caller) -> None:
    main = {item["type"]: item["main_exit"] for item in (await read(mine))["items"]}
    assert (main["httpRequest"], main["conditional"], main["approval"]) == ("next", "yes", "approved")
    assert (main["branchConditional"], main["parallel"]) == ("first", "join")
    assert (main["terminate"], main["redirect"]) == ("", "")


@pytest.mark.parametrize("name", STEP_TYPES)
async def test_every_field_of_a_form_has_a_title_and_every_setting_a_description(mine: Caller, name: str) -> None:
    item = next(item for item in (await read(mine))["items"] if item["type"] == name)
    for field, schema in item["settings_schema"]["properties"].items():
        assert schema["title"], field
        assert schema.get("description") or "$ref" in schema, field


async def test_the_channels_are_those_of_the_installation(mine: Caller) -> None:
    assert (await read(mine))["channels"] == ["inbox"]


async def test_operations_of_connectors_come_with_their_schemas(mine: Caller) -> None:
    operations = {each["operation"]: each for each in (await read(mine))["operations"]}
    assert set(operations) == {"sap.odata", "http.request", "email.send"}
    sap = operations["sap.odata"]
    assert (sap["connector"], sap["step_type"], sap["connection_kind"]) == ("sap", "sapRequest", "sap")
    assert operations["email.send"]["repeat"] == "never"
    jsonschema_rs.validator_for(sap["input_schema"])


async def test_a_caller_that_has_the_list_receives_304(mine: Caller) -> None:
    first = await mine.get("getStepTypes")
    again = await mine.client.get(
        "/v2/workflows/getStepTypes", headers=mine.headers({"if-none-match": first.headers["etag"]})
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_kinds_of_connection_come_with_forms_for_their_settings_and_secrets(mine: Caller) -> None:
    answer = await mine.get("getConnectorKinds")
    kinds = {each["kind"]: each for each in answer.json()["items"]}
    assert set(kinds) == {"http", "sap", "smtp", "graph_mail", "teams"}
    sap = kinds["sap"]
    assert (sap["connector"], sap["can_test"], sap["can_discover"]) == ("sap", True, True)
    assert kinds["http"]["can_discover"] is False
    draft = {"base_url": "https://s4.example", "client": "100", "user": "LOOPLY"}
    assert jsonschema_rs.validator_for(sap["settings_schema"]).is_valid(draft)
    assert sap["settings_schema"]["properties"]["base_url"]["title"] == "Address"
    assert not jsonschema_rs.validator_for(sap["settings_schema"]).is_valid({"client": 3})
    jsonschema_rs.validator_for(sap["secrets_schema"])


def test_titles_are_words() -> None:
    assert [title_of(name) for name in ("service_path", "max_visits", "url", "dst")] == [
        "Service path",
        "Max visits",
        "URL",
        "When the clocks change",
    ]
