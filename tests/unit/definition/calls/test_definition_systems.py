"""The name of a system that a step calls without naming a connection."""

from typing import Any

import pytest

from looply.definition.calls.systems import system_fields, system_name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"system_id": "S4H", "client": "100"}, "S4H#100"),
        ({"system_id": "S4H", "client": 100}, "S4H#100"),
        ({"system_id": "S4H"}, "S4H#"),
        ({"system_id": "S#4", "client": "1"}, "S#4#1"),
        ({"system_id": "", "client": "100"}, ""),
        ({"system_id": 4, "client": "100"}, ""),
        ({"client": "100"}, ""),
    ],
)
def test_a_system_is_named_by_its_id_and_its_client(values: Any, name: str) -> None:
    assert system_name(values) == name


@pytest.mark.parametrize("fields", [{"system_id": "S4H", "client": "100"}, {"system_id": "S#4", "client": ""}])
def test_the_fields_of_a_name_are_those_that_made_it(fields: Any) -> None:
    assert system_fields(system_name(fields)) == fields


@pytest.mark.parametrize("text", ["", "S4H", "#100"])
def test_a_text_that_names_no_system_has_no_fields(text: str) -> None:
    assert system_fields(text) == {}
