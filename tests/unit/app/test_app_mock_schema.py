"""The schema of a mock payload is bounded, however large and deep the payload is."""

import pytest

from looply.app.authoring.mock_schema import SCHEMA_BYTES, mock_schema
from looply.jsontext import Json, encode_json, parse_json


def nest(levels: int, key: str | None = "a") -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value] if key is None else {key: value}
    return value


@pytest.mark.parametrize("levels", [67, 99, 100, 199, 200])
@pytest.mark.parametrize("key", ["a", "required", None])
def test_the_schema_of_a_deep_payload_can_be_read_back(levels: int, key: str | None) -> None:
    schema = mock_schema(nest(levels, key))
    assert parse_json(encode_json(schema)) == schema


def test_the_schema_of_a_payload_with_many_fields_is_small() -> None:
    schema = mock_schema({"rows": [{f"name_{index}_{row}": 1 for index in range(50)} for row in range(2000)]})
    assert len(encode_json(schema)) <= SCHEMA_BYTES
    assert schema["properties"]["rows"]["type"] == "array"


def test_the_schema_of_a_wide_object_declares_its_type() -> None:
    assert mock_schema({f"name_{index}": 1 for index in range(100_000)}) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
    }


def test_a_field_called_required_is_kept_and_none_is_required() -> None:
    schema = mock_schema({"po": "1", "required": ["x"], "items": [{"a": 1}, {"b": None}]})
    assert schema["properties"]["required"] == {"type": "array", "items": {"type": "string"}}
    assert schema["properties"]["items"]["items"]["properties"] == {"a": {"type": "integer"}, "b": {"type": "null"}}
    assert "required" not in schema
