"""What the code of a connector raises ends where it is called, also an error of a class that only its library knows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from looply.connectors.foreign import ConnectorDefect, guard_foreign, load_foreign
from looply.connectors.port import Operation
from looply.errors import BadInput

NOW = datetime(2026, 7, 1, tzinfo=UTC)


class LibraryError(Exception):
    """An error of a connector's own library, which is of no family that the product could name."""


def fail(*_: object) -> Any:
    raise LibraryError("of the library")


class Shape(msgspec.Struct):
    """Any input."""


def operation(**changes: Any) -> Operation:
    made = Operation(name="test.count", title="Count", input=Shape, output=Shape, repeat="never", call=fail)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changed", "call", "result", "event"),
    [
        ({"repeat": fail}, lambda broken: broken.repeat_of({}), "never", "repeat_rule_broke"),
        ({"command": fail}, lambda broken: broken.command_of({}, {}), "", "command_rule_broke"),
        ({"judge": fail}, lambda broken: broken.verdict_on({}, {"status": 200}, NOW), None, "judge_broke"),
    ],
)
def test_a_rule_that_raises_an_error_of_its_library_has_the_careful_result_and_a_log_line(
    changed: Mapping[str, Any], call: Any, result: object, event: str
) -> None:
    with capture_logs() as logged:
        assert call(operation(**changed)) == result
    assert [(line["event"], line["operation"]) for line in logged] == [(event, "test.count")]


def test_an_error_of_our_own_tree_is_raised_as_it_is_and_without_a_log_line() -> None:
    with capture_logs() as logged, pytest.raises(BadInput), guard_foreign("test_broke"):
        raise BadInput("the value is none")
    assert logged == []


def test_an_error_that_the_caller_understands_is_raised_as_it_is() -> None:
    with pytest.raises(TimeoutError), guard_foreign("test_broke", passes=(TimeoutError,)):
        raise TimeoutError


def test_any_other_error_becomes_a_defect_that_names_its_cause() -> None:
    with pytest.raises(ConnectorDefect, match="log line") as caught, guard_foreign("test_broke"):
        fail()
    assert isinstance(caught.value.__cause__, LibraryError)


def test_an_entry_point_whose_import_raises_an_error_of_its_library_cannot_be_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raising_plugin.py").write_text("class Own(Exception): pass\nraise Own('no license')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = EntryPoint("plugin", "raising_plugin:CONNECTOR", "looply.connectors")
    with pytest.raises(ConnectorDefect, match="cannot be loaded: Own: no license"):
        load_foreign(entry)
