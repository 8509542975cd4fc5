"""What the web app knows of the server belongs to the description of the API and the step types as they are."""

import json
from typing import Any

import client_types
import pytest

from looply.definition import STEP_TYPES
from looply.server.application import API_ROUTES
from looply.server.http.call import REDIRECT


@pytest.fixture
def part() -> dict[str, Any]:
    return client_types.client_part(json.loads(client_types.DESCRIPTION.read_text("utf-8")))


def test_the_types_and_the_routes_of_the_client_are_fresh() -> None:
    assert list(client_types.stale_files()) == [], "run make docs"


def test_another_field_of_an_answer_makes_the_types_stale(part: dict[str, Any]) -> None:
    before = client_types.first_line(part)
    part["components"]["schemas"]["KeyRecord"]["properties"]["colour"] = {"type": "string"}
    assert client_types.first_line(part) != before


def test_the_client_can_make_every_current_call_of_the_api(part: dict[str, Any]) -> None:
    known = {path.lower() for path in part["paths"]}
    others = ("/v1/", "/metrics", "/v2/receive/")
    answering = [route for route in API_ROUTES if route.answer_type != REDIRECT]
    missing = [route.path for route in answering if route.path.lower() not in known]
    assert [path for path in missing if not path.startswith(others)] == []


def test_the_client_has_no_pages_among_its_calls(part: dict[str, Any]) -> None:
    text = client_types.routes_text(part)
    assert '  getKeys: "GET",' in text
    assert '  signIn: "POST /v2/session/signIn",' in text
    assert "getPageFile" not in text


def test_the_web_app_has_every_step_type_with_what_the_table_says_of_it() -> None:
    text = client_types.step_types_text()
    for step_type in STEP_TYPES.values():
        row = text.partition(f"  {step_type.name}: {{\n")[2].partition("  },")[0]
        assert f'group: "{step_type.group}",' in row, step_type.name
        assert f"isCall: {str(step_type.is_call).lower()}," in row, step_type.name
        assert f'mainExit: "{step_type.main_exit}",' in row, step_type.name
