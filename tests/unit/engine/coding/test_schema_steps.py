"""The schemas of the stores: one base, in which everything is defined once, and steps that later releases add."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from looply.engine.coding.schema_steps import read_steps

STORES = ("looply.engine.sqlite", "looply.engine.postgres")
_DEFINED = re.compile(
    r"^\s*CREATE (?:OR REPLACE |UNIQUE )*(TABLE|VIEW|FUNCTION|INDEX|TRIGGER|SEQUENCE) (\w+)", re.MULTILINE
)


@pytest.mark.parametrize("package", STORES)
def test_each_table_view_index_and_function_of_the_base_is_defined_once_and_never_altered(package: str) -> None:
    base = read_steps(package)[1]
    defined = Counter(_DEFINED.findall(base))
    assert len(defined) > 50
    assert {what: count for what, count in defined.items() if count > 1} == {}
    assert re.findall(r"^\s*(?:DROP|CREATE OR REPLACE|ALTER TABLE \w+ (?:ADD|DROP)) .*", base, re.MULTILINE) == []


@pytest.mark.parametrize("package", STORES)
def test_the_steps_are_numbered_from_1_without_a_hole(package: str) -> None:
    steps = read_steps(package)
    assert list(steps) == list(range(1, len(steps) + 1))
    assert len(steps) == len(list(files(package).joinpath("schema").iterdir()))
