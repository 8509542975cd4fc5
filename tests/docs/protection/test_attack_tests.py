"""The tests that the page of attacks names are collected by pytest, are not skipped, and assert something."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from docs_pages import ROOT
from reference_pages.attacks import cases, known_tests

CHECKS: Final = ("raises", "warns", "fail", "wait_for")
"""Functions that fail a test, beside `assert`: of pytest, and the one that waits for what must happen."""

SKIPS: Final = frozenset({"skip", "skipif", "xfail", "importorskip"})

STORIES: Final = ROOT / "tests/contract/engine"
"""The classes of this folder whose names end in `Stories` are collected by `tests/contract/test_engine.py`."""

SUITE: Final = "tests/contract/store/suite.py"
"""The last class of this file has all tests of stores; `tests/contract/test_store.py` collects it."""

NEEDS: Final = {"a_server_starts_without_a_network": "only root may make a network of its own"}
"""Tests that are skipped on some machines, with the reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Named(NamedTuple):
    """A test that the page names: the attack, the module with its file, and the class around the test, if any."""

    case: str
    file: Path
    module: ast.Module
    around: ast.ClassDef | None
    function: Function

    @property
    def name(self) -> str:
        return self.function.name.removeprefix("test_")


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


@cache
def named() -> tuple[Named, ...]:
    return tuple(
        Named(case["id"], ROOT / file, tree(file), around, function)
        for case in cases()
        for name in case.get("tests", ())
        for file in known_tests()[name]
        for around, function in functions_of(tree(file))
        if function.name == f"test_{name}"
    )


def functions_of(module: ast.Module) -> Iterator[tuple[ast.ClassDef | None, Function]]:
    """Yields the functions of a module and of its classes."""
    for node in module.body:
        if isinstance(node, Function):
            yield None, node
        elif isinstance(node, ast.ClassDef):
            yield from ((node, each) for each in node.body if isinstance(each, Function))


def is_collected(test: Named) -> bool:
    """Returns whether pytest collects a test: from its file, as a story of every engine, or in the suite of stores."""
    if test.file.name.startswith("test_"):
        return test.around is None or test.around.name.startswith("Test")
    if test.around is None:
        return False
    if test.file.is_relative_to(STORIES):
        return test.around.name.endswith("Stories")
    return test.around.name in {ast.unparse(each) for each in suite_of_stores().bases}


@cache
def suite_of_stores() -> ast.ClassDef:
    *_, last = (node for node in tree(SUITE).body if isinstance(node, ast.ClassDef))
    return last


def is_marked(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(ast.unparse(each) == "pytestmark" for each in node.targets)


def skips(test: Named) -> set[str]:
    """Returns what could skip a test: marks on it, its class and its module, and calls in its body."""
    around = test.around.decorator_list if test.around is not None else []
    places = [test.function, *around, *(node for node in test.module.body if is_marked(node))]
    return {each.attr for node in places for each in ast.walk(node) if isinstance(each, ast.Attribute)} & SKIPS


def has_check(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Assert) or (isinstance(each, ast.Attribute) and each.attr in CHECKS)
        for each in ast.walk(node)
    )


def asserts(test: Named) -> bool:
    """Returns whether a test asserts something, itself or by a function of its file that it calls."""
    if has_check(test.function):
        return True
    called = {ast.unparse(each.func) for each in ast.walk(test.function) if isinstance(each, ast.Call)}
    return any(has_check(each) for _, each in functions_of(test.module) if each.name in called)


def test_every_named_test_is_found_in_a_file_that_is_collected() -> None:
    found = {test.name for test in named()}
    assert {name for case in cases() for name in case.get("tests", ())} == found
    assert [(test.case, test.name, test.file.name) for test in named() if not is_collected(test)] == []


def test_no_named_test_is_skipped_or_expected_to_fail() -> None:
    assert {test.name for test in named() if skips(test)} == NEEDS.keys()


def test_every_named_test_asserts_something() -> None:
    assert [(test.case, test.name) for test in named() if not asserts(test)] == []
