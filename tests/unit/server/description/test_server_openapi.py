"""The OpenAPI document: it has every route, is valid, and describes the actual answers."""

from typing import Any

import jsonschema_rs
import pytest
from server_kit import ASKING, Caller

from looply.permissions import FOR_KEYS, PERMISSIONS
from looply.server.http.boundary import Boundary
from looply.server.http.call import Route
from looply.server.http.problems import STATUSES


@pytest.fixture
async def document(mine: Caller) -> dict[str, Any]:
    answer = await mine.client.get("/openapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {"components": document["components"], **schema}


async def test_every_route_of_the_server_is_described_with_its_security_scheme(
    document: dict[str, Any], app: Boundary
) -> None:
    people = {name: [{"Session": []}] for name in PERMISSIONS.keys() - FOR_KEYS}
    security = {"public": [], "metrics": [{"MetricsToken": []}], **people}

    def schemes(route: Route) -> list[dict[str, list[str]]] | None:
        return [{"Session": []}, {"TeamsTab": []}] if route.takes_tabs else security.get(route.access)

    described = {
        (method.upper(), path): operation.get("security")
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {(route.method, route.path): schemes(route) for route in app.routes}
    assert any(route.takes_tabs for route in app.routes)


async def test_every_operation_has_a_unique_id_and_a_summary(document: dict[str, Any]) -> None:
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for operation in operations:
        assert operation["summary"]
        assert operation["responses"].keys() & {"200", "302"}
        shape = operation["responses"]["400"]["content"]["application/json"]["schema"]
        assert shape == {"$ref": "#/components/schemas/ErrorAnswer"}


async def test_every_status_that_an_error_can_have_is_described_somewhere(document: dict[str, Any]) -> None:
    described = {
        status
        for methods in document["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
    }
    assert {str(status) for status in STATUSES.values()} - {"500"} <= described


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for item in node for found in references(item)] if isinstance(node, list) else []

    for reference in references(document):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target is not None


async def test_answers_fit_their_schemas(mine: Caller, document: dict[str, Any]) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    one = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    version = {"workflow_id": workflow_id, "workflow_version": "1"}
    for path, query in (
        ("/v2/workflows/getWorkflowExecutionById", one),
        ("/v2/workflows/getWorkflowExecutionHistory", {"workflow_id": workflow_id}),
        ("/v2/workflows/getOrganizationExecutions", {}),
        ("/v2/workflows/searchExecutions", {}),
        ("/v2/workflows/getWorkflowById", version),
        ("/v2/workflows/getWorkflowSchemaById", version),
        ("/v2/workflows/exportWorkflow", version),
        ("/v2/workflows/getOrganizationWorkflows", {}),
        ("/v2/workflows/getKeys", {}),
        ("/v2/workflows/getProfiles", {"workflow_id": workflow_id}),
        ("/v2/workflows/getConnections", {}),
        ("/v2/workflows/getOpenCards", {}),
        ("/v2/workflows/getExpressionFunctions", {}),
        ("/v1/adaptive-cards/getOrganizationCards", {}),
        ("/healthz/ready", {}),
    ):
        answer = await mine.get(path, **query)
        assert answer.status_code == 200, answer.text
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema_rs.validator_for(resolve(document, schema)).validate(answer.json())


async def test_answers_to_editors_fit_their_schemas(mine: Caller, document: dict[str, Any]) -> None:
    for name, body in (
        ("evaluateExpression", {"expression": "utcNow()"}),
        ("evaluateExpression", {"expression": "nothing("}),
        ("evaluateExpression", {"card": {"t": "${1 / 0}"}, "data": [1]}),
        ("evaluateExpression", {"template": "${" * 9000}),
        ("completeExpression", {"expression": "", "position": 0, "data": {"a": 1}}),
        ("validateExpression", {"expression": "a + b", "data": {"a": 1}}),
        ("validateExpression", {"template": "${1 +}"}),
    ):
        answer = await mine.post(name, body)
        assert answer.status_code == 200, answer.text
        operation = document["paths"][f"/v2/workflows/{name}"]["post"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema_rs.validator_for(resolve(document, schema)).validate(answer.json())
        shape = operation["requestBody"]["content"]["application/json"]["schema"]
        jsonschema_rs.validator_for(resolve(document, shape)).validate(body)


async def test_errors_fit_their_schema(mine: Caller, document: dict[str, Any]) -> None:
    schema = resolve(document, {"$ref": "#/components/schemas/ErrorAnswer"})
    for answer in (await mine.post("createWorkflow", {"definition": {}}), await mine.get("getWorkflowById")):
        jsonschema_rs.validator_for(schema).validate(answer.json())


async def test_the_schema_of_a_definition_is_part_of_it(document: dict[str, Any]) -> None:
    schema = resolve(document, {"$ref": "#/components/schemas/WorkflowDefinition"})
    assert jsonschema_rs.validator_for(schema).is_valid(ASKING)


async def test_a_value_in_a_query_that_is_not_of_the_described_type_is_refused(
    mine: Caller, document: dict[str, Any], app: Boundary
) -> None:
    taken: list[str] = []
    for route in app.routes:
        if route.access == "own":
            continue  # a key is refused before its query is read
        parameters = document["paths"][route.path][route.method.lower()]["parameters"]
        needed = {each["name"]: "01900000-0000-7000-8000-0000000000ff" for each in parameters if each["required"]}
        path = route.path.format(**{name: needed[name] for name in route.path_values})
        for parameter in parameters:
            schema = parameter["schema"].get("items", parameter["schema"])
            if parameter["in"] != "query" or schema["type"] not in ("integer", "boolean"):
                continue
            query = {
                each["name"]: needed[each["name"]] for each in parameters if each["in"] == "query" and each["required"]
            }
            for text in ("x", "1.5", "-1"):
                given = {**query, parameter["name"]: text}
                answer = await mine.client.request(
                    route.method, path, params=given, headers=mine.headers(), **({"json": {}} if route.body else {})
                )
                if answer.status_code != 400:
                    taken.append(f"{route.path} {parameter['name']}={text!r}: {answer.status_code}")
    assert taken == []


async def test_the_additional_fields_of_a_conflict_are_described(mine: Caller, document: dict[str, Any]) -> None:
    workflow_id = await mine.create(ASKING)
    for each in (workflow_id, await mine.create(ASKING)):
        await mine.trigger(each, process_id="P1")
    ambiguous = await mine.post("terminateWorkflow/P1")
    await mine.post("updateWorkflow", await draft_of(mine, workflow_id))
    other = {**ASKING, "workflow_name": "Other"}
    drafted = await mine.post("importWorkflow", {"workflow_id": workflow_id, "definition": other})
    described = document["components"]["schemas"]["ConflictAnswer"]
    schema = resolve(document, {"$ref": "#/components/schemas/ConflictAnswer"})
    for answer, code in ((ambiguous, "AMBIGUOUS"), (drafted, "DRAFT_OPEN")):
        assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
        assert answer.json().keys() <= described["properties"].keys()
        jsonschema_rs.validator_for(schema).validate(answer.json())


async def draft_of(caller: Caller, workflow_id: str) -> dict[str, Any]:
    """Returns the body that creates the next draft of version 1."""
    found = await caller.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")
    key = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": found.json()["item"]["modified_on"]}
    return {**key, "definition": {**ASKING, "workflow_name": "Next"}}
