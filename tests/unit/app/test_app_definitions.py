"""Checks of definitions and calls before the engine receives them. Tests of the whole path are in tests/unit/server."""

from datetime import timedelta
from typing import Any, cast

import pytest

from looply.app.authoring.definitions import strip_identity
from looply.app.authoring.mock_schema import mock_schema
from looply.app.context.addressing import MAX_PROCESS_ID, validate_process_id
from looply.app.context.embedding import embed_cards
from looply.app.context.links import Links
from looply.app.executions.terminate import DEFAULT_REASON, reason_of
from looply.app.executions.trigger import parse_wait
from looply.catalog.authored.cards import Cards, CardVersion
from looply.errors import BadRequest, NotFound


class KnownCards:
    """Cards by id and version; None is the newest ACTIVE one."""

    def __init__(self, known: dict[tuple[str, int | None], dict[str, Any]]) -> None:
        self._known = known

    async def get(self, organization_id: str, key: tuple[str, int | None]) -> CardVersion:
        if key not in self._known:
            raise NotFound("card not found")
        return cast("CardVersion", type("Card", (), {"card_payload": self._known[key]}))

    async def latest_active(self, organization_id: str, card_id: str) -> CardVersion:
        return await self.get(organization_id, (card_id, None))


def cards(known: dict[tuple[str, int | None], dict[str, Any]]) -> Cards:
    return cast("Cards", KnownCards(known))


def card_step(**settings: Any) -> dict[str, Any]:
    return {"id": "card_1", "type": "adaptiveCard", "settings": settings}


async def test_a_named_card_is_embedded_and_the_definition_is_not_modified() -> None:
    definition = {"workflow_steps": [card_step(card_id="a"), card_step(card_id="a", card_version=2)]}
    before = str(definition)
    embedded, problems = await embed_cards(cards({("a", None): {"v": 1}, ("a", 2): {"v": 2}}), "o", definition)
    assert problems == ()
    assert [step["settings"]["card"] for step in embedded["workflow_steps"]] == [{"v": 1}, {"v": 2}]
    assert str(definition) == before


@pytest.mark.parametrize("settings", [{"card_id": "b"}, {"card_id": "a", "card_version": 9}])
async def test_a_missing_card_is_a_problem_at_its_path(settings: dict[str, Any]) -> None:
    definition = {"workflow_steps": [{"id": "x"}, card_step(**settings)]}
    _, problems = await embed_cards(cards({("a", None): {}}), "o", definition)
    assert [problem.path for problem in problems] == ["/workflow_steps/1/settings/card_id"]


@pytest.mark.parametrize(
    ("version", "given"), [("2", '"2"'), (True, "true"), (1.5, "1.5"), ([], "[]"), ("x" * 99, '"' + "x" * 39)]
)
async def test_a_card_version_that_is_not_a_number_is_a_problem_that_shows_what_was_given(
    version: Any, given: str
) -> None:
    definition = {"workflow_steps": [card_step(card_id="a", card_version=version)]}
    _, problems = await embed_cards(cards({("a", None): {}}), "o", definition)
    assert [problem.message for problem in problems] == [f"card_version must be a whole number such as 1, not {given}"]


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"workflow_steps": 7},
        {"workflow_steps": [None, 7, {"type": "adaptiveCard"}]},
        {"workflow_steps": [card_step(card_id=7)]},
        {"workflow_steps": [card_step(card_id="a", card={"own": 1})]},
    ],
)
async def test_a_definition_without_card_ids_is_returned_unchanged(definition: dict[str, Any]) -> None:
    assert await embed_cards(cards({}), "o", definition) == (definition, ())


def test_an_imported_definition_loses_the_ids_of_its_export() -> None:
    exported = {"workflow_id": "x", "workflow_version": 3, "workflow_name": "n"}
    assert strip_identity(exported) == {"workflow_name": "n"}


def test_a_mock_schema_accepts_the_payload_and_requires_nothing() -> None:
    payload = {"required": ["a"], "items": [{"a": 1}, {"a": "x", "b": None}], "properties": {"required": "yes"}}
    schema = mock_schema(payload)
    assert schema["properties"]["items"]["items"]["properties"]["a"] == {"type": ["integer", "string"]}
    assert schema["properties"]["required"]["type"] == "array"
    assert "required" not in schema
    assert "required" not in schema["properties"]["items"]["items"]
    assert schema["properties"]["properties"]["properties"]["required"] == {"type": "string"}


def test_a_mock_schema_is_derived_from_the_deepest_payload() -> None:
    payload: Any = 1
    for level in range(199):
        payload = [payload] if level % 2 else {"a": payload}
    assert mock_schema(payload)["properties"]["a"]["type"] == "array"


@pytest.mark.parametrize(
    "text", ["P1", "4500000001/10"[:10], "x" * MAX_PROCESS_ID, "a b", "...", "Größe 4", "%", "日本"]
)
def test_a_good_process_id_is_kept(text: str) -> None:
    assert validate_process_id(text) == text


@pytest.mark.parametrize(
    "value", ["", " a", "a ", "a/b", ".", "..", "\t", "a\x7f", "\ufffd", "\u00a0a", "x" * 129, 1, None]
)
def test_a_bad_process_id_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest):
        validate_process_id(value)


def test_a_process_id_is_measured_after_nfc() -> None:
    assert validate_process_id("u\u0308" * MAX_PROCESS_ID) == "\u00fc" * MAX_PROCESS_ID
    with pytest.raises(BadRequest):
        validate_process_id("u\u0308" * 1_000_000)


@pytest.mark.parametrize(("text", "seconds"), [("PT10S", 10), ("PT0S", 0), ("PT1M", 60), ("PT0.5S", 0.5)])
def test_a_wait_is_a_duration_of_at_most_a_minute(text: str, seconds: float) -> None:
    assert parse_wait(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["PT60.001S", "P1D", "P1M", "10", "", "PT999999999H"])
def test_any_other_wait_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_wait(text)


def test_a_termination_without_a_reason_has_the_default_one() -> None:
    for body in ({}, {"payload": {}}, {"payload": {"termination_reason": ""}, "x": 1}):
        assert reason_of(body, has_body=True) == DEFAULT_REASON
    assert reason_of(None, has_body=False) == DEFAULT_REASON


@pytest.mark.parametrize("body", [None, [], "x", {"payload": None}, {"payload": {"termination_reason": 1}}])
def test_a_termination_with_something_else_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest):
        reason_of(body, has_body=True)


def test_links_are_made_below_the_public_address() -> None:
    assert Links("https://looply.example/").inbox("t") == "https://looply.example/inbox/t"
