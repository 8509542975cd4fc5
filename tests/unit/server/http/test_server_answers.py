"""The declared answers of routes: every field has a type, except for listed free JSON."""

from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest
from answer_shapes import check_answer, misfits
from msgspec import UNSET, UnsetType

from looply.server.application import API_ROUTES
from looply.server.http.call import JSON, Response, Route
from looply.server.http.wire import Finding, Message

FREE = {
    "AdviceItem.body": "what another call is sent with",
    "AuditItem.details": "each kind of act has its own",
    "CardRecord.card_payload": "an Adaptive Card, as its author wrote it",
    "ChangeItem.after": "a value of a definition or a card",
    "ChangeItem.before": "a value of a definition or a card",
    "ConnectionRecord.settings": "settings of the kind of connection, which a plug-in defines",
    "ConnectorKindRecord.secrets_schema": "a JSON Schema",
    "ConnectorKindRecord.settings_schema": "a JSON Schema",
    "DataNode.sample": "data of a sample",
    "DatastoreRecord.value": "the document of an author",
    "DiscoveryAnswer.item": "what a system offers, which the kind of connection defines",
    "EvaluateAnswer.value": "the value of an expression",
    "InvokeAnswer.value": "a card or an error, as Microsoft's protocol has them",
    "EventDataItem.input": "data of an execution",
    "EventDataItem.output": "data of an execution",
    "ExampleRecord.value": "the value of an expression",
    "ExecutionRecord.workflow_input_payload": "data of an execution",
    "ExecutionRecord.workflow_output_payload": "data of an execution",
    "ExportAnswer.definition": "a definition, as its author wrote it; `WorkflowDefinition` describes it",
    "InboxRecord.card": "an Adaptive Card, as it is rendered",
    "LetterRecord.payload": "what a caller sent",
    "MomentItem.document": "data of an execution",
    "OperationRecord.input_schema": "a JSON Schema",
    "OperationRecord.output_schema": "a JSON Schema",
    "PinnedOutput.output": "data of a sample",
    "PreferencesAnswer.preferences": "what pages store",
    "ProfileRecord.values": "values of an author",
    "RenamedAnswer.definition": "a definition, as its author wrote it",
    "SamplePayload.body": "a payload",
    "SchemaRecord.workflow_mock_payload": "a payload",
    "SchemaRecord.workflow_schema": "a JSON Schema",
    "StepTypeRecord.example": "settings of a type of steps",
    "StepTypeRecord.output_schema": "a JSON Schema",
    "StepTypeRecord.settings_schema": "a JSON Schema",
    "TemplateCard.card_payload": "an Adaptive Card",
    "TemplateItem.definition": "a definition; `WorkflowDefinition` describes it",
    "TemplateSample.body": "a payload",
    "StepTryRecord.input": "data of a sample or an execution",
    "StepTryRecord.output": "data of a sample or an execution",
    "TriggerAnswer.output": "data of an execution",
    "TriggerSummary.schedule": "settings of a trigger",
    "VisitRecord.input": "data of an execution",
    "VisitRecord.output": "data of an execution",
    "WorkflowDetails.workflow_connections": "parts of a definition",
    "WorkflowDetails.workflow_steps": "parts of a definition",
    "WorkflowRecord.workflow_connections": "parts of a definition, which a draft may have incomplete",
    "WorkflowRecord.workflow_integrations": "parts of a definition",
    "WorkflowRecord.workflow_schema": "a JSON Schema",
    "WorkflowRecord.workflow_settings": "parts of a definition",
    "WorkflowRecord.workflow_steps": "parts of a definition, which a draft may have incomplete",
}
"""Fields of answers that are free JSON, and why."""

FREE_IN_ENTRIES = ("input", "output")
"""Fields of entries of the event log that are data of an execution."""


def shapes_in(hint: Any) -> set[type[msgspec.Struct]]:
    """Returns the Structs that a type names."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return {hint}
    return {shape for each in get_args(hint) for shape in shapes_in(each)}


def answer_shapes() -> set[type[msgspec.Struct]]:
    """Returns every Struct that an answer of the API may hold."""
    found: set[type[msgspec.Struct]] = set()
    pending = {route.answer for route in API_ROUTES if route.answer_type == JSON}
    while pending:
        shape = pending.pop()
        found.add(shape)
        held = {each for hint in get_type_hints(shape).values() for each in shapes_in(hint)}
        pending |= held - found
    return found


def is_free(hint: Any) -> bool:
    """Returns whether a type leaves its content open."""
    if hint is Any or hint in (dict, list):
        return True
    return get_origin(hint) is not Literal and any(is_free(each) for each in get_args(hint))


def test_every_route_of_the_api_that_answers_json_declares_a_type() -> None:
    loose = [route.path for route in API_ROUTES if route.answer_type == JSON and not shapes_in(route.answer)]
    assert loose == []


def test_every_field_of_an_answer_has_a_type_unless_it_is_free_for_a_reason() -> None:
    loose = {
        f"{shape.__name__}.{name}"
        for shape in answer_shapes()
        for name, hint in get_type_hints(shape).items()
        if is_free(hint) and not (shape.__name__.endswith("Entry") and name in FREE_IN_ENTRIES)
    }
    assert loose == set(FREE)


class Sample(msgspec.Struct):
    findings: list[Finding]
    count: int | None = None
    message: str | UnsetType = UNSET
    kind: Literal["a", "b"] = "a"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (Sample(findings=[]), None),
        (Sample(findings=[Finding(path="", message="is wrong")], count=1, message="x", kind="b"), None),
        ({"findings": []}, ""),
        (Sample(findings=[{"path": "", "message": "is wrong"}]), "/findings/0"),  # type: ignore[list-item]
        (Sample(findings=[Finding(path=1, message="")]), "/findings/0/path"),  # type: ignore[arg-type]
        (Sample(findings=[], count="1"), "/count"),  # type: ignore[arg-type]
        (Sample(findings=[], count=True), "/count"),
        (Sample(findings=[], message=None), "/message"),  # type: ignore[arg-type]
        (Sample(findings=[], kind="c"), "/kind"),  # type: ignore[arg-type]
    ],
)
def test_the_check_of_answers_finds_fields_that_differ_from_the_declared_type(body: Any, place: str | None) -> None:
    assert [found.partition(":")[0] for found in misfits(body, Sample)] == ([] if place is None else [place])


def test_the_check_of_answers_refuses_another_type_than_the_declared_one() -> None:
    async def nothing(call: Any) -> Response:
        return Response(Message())

    route = Route(method="GET", path="/x", access="public", handle=nothing, summary="", answer=Message)
    check_answer(route, Response(Message()))
    with pytest.raises(AssertionError, match="is no Message"):
        check_answer(route, Response({"message": "success"}))
