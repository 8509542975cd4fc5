"""JSON Pointers, suggestions and retry patterns."""

from datetime import timedelta

import pytest

from looply.definition import RetryPolicy, matches_status
from looply.definition.values.pointer import join_pointer, points_into, split_pointer, value_at
from looply.errors import did_you_mean
from looply.jsontext import Json


def test_a_pointer_is_escaped_and_split_again() -> None:
    pointer = join_pointer("/a", "b/c~d", 0, "")
    assert pointer == "/a/b~1c~0d/0/"
    assert split_pointer(pointer) == ("a", "b/c~d", "0", "")
    assert split_pointer("") == ()


@pytest.mark.parametrize("text", ["a", "/~2", "/~", "a/b"])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a JSON Pointer"):
        split_pointer(text)


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", True),
        ("/a/1/b", True),
        ("/a/2", False),
        ("/a/-1", False),
        ("/a/x", False),
        ("/c", False),
        ("/a/0/x", False),
    ],
)
def test_a_pointer_leads_into_a_document_or_not(pointer: str, expected: bool) -> None:
    assert points_into({"a": [1, {"b": 2}]}, pointer) is expected


def test_the_most_similar_name_is_suggested_whatever_its_case() -> None:
    assert did_you_mean("HTTPrequest", ["wait", "httpRequest"]) == "did you mean 'httpRequest'?"
    assert did_you_mean("xyz", ["wait"]) == ""
    assert did_you_mean("w" * 200, ["w" * 200]) == ""


@pytest.mark.parametrize(
    ("patterns", "status", "expected"),
    [
        (["404"], "404", True),
        (["4xx"], "404", True),
        (["4xx"], "500", False),
        (["4xx"], "4", False),
        ([], "404", False),
    ],
)
def test_a_status_fits_itself_and_its_hundred(patterns: list[str], status: str, expected: bool) -> None:
    assert matches_status(patterns, status) is expected


def test_a_policy_matches_failures_by_code_and_answers_by_status() -> None:
    policy = RetryPolicy()
    assert (policy.max_attempts, policy.interval) == (3, timedelta(seconds=1))
    assert policy.matches("CONNECTION", None)
    assert policy.matches("TIMEOUT", None)
    assert policy.matches("STATUS", "503")
    assert not policy.matches("STATUS", "404")
    assert not policy.matches("BAD_INPUT", None)
    assert not RetryPolicy(on=("5xx",)).matches("CONNECTION", None)
    assert RetryPolicy(on=("5xx",)).matches("STATUS", "599")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), {"a": [1, {"b": 2}]}),
        (("a", "1", "b"), 2),
        (("a", "2"), None),
        (("a", "²"), None),
        (("a", "-1"), None),
        (("a", "0", "b"), None),
        (("c",), None),
    ],
)
def test_the_value_at_a_path_is_null_where_there_is_none(path: tuple[str, ...], expected: Json) -> None:
    assert value_at({"a": [1, {"b": 2}]}, path) == expected
