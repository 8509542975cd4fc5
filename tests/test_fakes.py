"""Tests use fakes: they replace no name of the product, and wait on events, not for time."""

import ast
from collections.abc import Iterator
from typing import Final, TypeGuard

import pytest

from kit.source_tree import TESTS, kept_modules, modules_of_tests, nodes

REPLACED: Final = {
    "sys": "the arguments of the process, which a page of the reference must not depend on",
    "base64": "counts what the standard library decodes",
    "task": "asyncio logs nothing of tasks that a simulated crash leaves behind",
    "HttpToolsProtocol": "counts what uvicorn's parser receives",
}
"""What tests may replace, with the reason: names of other packages only."""
SIMULATED: Final = ("simulation/", "unit/server/http/test_server_streams.py")
"""Where sleeping takes no time: event loops whose time is simulated."""
TAKE_TIME: Final = {
    "contract/postgres/test_store_postgres_faults.py": "a database is away for so long, and clients notice",
    "unit/connectors/http/test_connectors_http_faults.py": "a connection is idle for so long",
    "unit/connectors/outbound/test_connectors_network.py": "a server sends a byte now and then",
    "unit/server/connection/test_server_serving.py": "a client sends a line now and then",
}
"""Where time itself is the fault, with the reason: they wait for it by `asyncio.wait` with a timeout."""
SHORT_SECONDS: Final = 0.5
"""What a call is given less time than is expected to hang: its limit is a sleep."""
MOCKS: Final = ("unittest.mock", "mock", "pytest_mock")
PATCHES: Final = {"setattr", "delattr", "setitem", "delitem"}


@pytest.fixture(scope="module", autouse=True)
def _kept_modules() -> Iterator[None]:
    with kept_modules():
        yield


def ours(tree: ast.Module) -> set[str]:
    """Returns the names in a file that are imported from the product."""
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0] == "looply"
    }


def replaced(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yields what a file replaces, each with its line: by `monkeypatch`, by `setattr`, or by an assignment."""
    names = ours(tree)
    for node in nodes(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="monkeypatch"), attr=act), args=[target, *_]):
                if act in PATCHES:
                    yield node.lineno, ast.unparse(target)
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[target, *_]) if _root(target) in names:
                yield node.lineno, ast.unparse(target)
            case ast.Assign(targets=targets):
                yield from ((node.lineno, ast.unparse(each.value)) for each in targets if _is_foreign(each, names))
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target) if _is_foreign(target, names):
                yield node.lineno, ast.unparse(target)


def _is_foreign(target: ast.AST, names: set[str]) -> TypeGuard[ast.Attribute]:
    """Returns whether an assignment changes a name of the product, or a private attribute of another object."""
    if not isinstance(target, ast.Attribute):
        return False
    return _root(target) in names or (target.attr.startswith("_") and _root(target) not in ("self", "cls"))


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def parsed() -> Iterator[tuple[str, ast.Module]]:
    """Yields the Python files of the tests."""
    for path, tree in modules_of_tests():
        yield path.relative_to(TESTS).as_posix(), tree


def test_what_tests_replace_is_a_short_list_of_names_of_other_packages() -> None:
    found = [(name, line, target) for name, tree in parsed() for line, target in replaced(tree)]
    assert [f"{name}:{line} replaces {target}" for name, line, target in found if target not in REPLACED] == []
    assert {target for _, _, target in found} == REPLACED.keys()


def test_no_test_uses_mocks() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in parsed()
        for node in nodes(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if module in MOCKS or (module == "unittest" and any(alias.name == "mock" for alias in node.names))
    ]
    assert wrong == []


def sleeps(node: ast.AST) -> bool:
    """Returns whether an expression lets time pass, openly or by a limit that is expected to be reached."""
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    if name in ("asyncio.sleep", "time.sleep", "sleep") or name.endswith(".wait_for_timeout"):
        return not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    limits = [each.value for each in node.keywords if each.arg == "timeout"]
    match name, node.args:
        case "asyncio.wait", [_, *more]:
            return any(not isinstance(each, ast.Constant) or each.value != 0 for each in (*limits, *more))
        case "asyncio.wait_for", [_, *more]:
            return any(_is_short(each) for each in (*limits, *more))
        case "asyncio.timeout", more:
            return any(_is_short(each) for each in more)
    return False


def _is_short(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float | int) and 0 < node.value < SHORT_SECONDS


def test_nothing_sleeps_outside_of_black_box_tests() -> None:
    found = [
        (name, f"{name}:{node.lineno} {ast.unparse(node)}")
        for name, tree in parsed()
        if not name.startswith(("blackbox/", *SIMULATED))
        for node in nodes(tree)
        if sleeps(node)
    ]
    assert [text for name, text in found if name not in TAKE_TIME] == []
    assert {name for name, _ in found} == TAKE_TIME.keys()


@pytest.mark.parametrize(
    ("text", "is_sleep"),
    [
        ("asyncio.sleep(0.1)", True),
        ("asyncio.sleep(0)", False),
        ("page.wait_for_timeout(100)", True),
        ("asyncio.wait({task}, timeout=0.05)", True),
        ("asyncio.wait({task}, timeout=seconds)", True),
        ("asyncio.wait({task}, timeout=0)", False),
        ("asyncio.wait({task})", False),
        ("asyncio.wait_for(task, 0.01)", True),
        ("asyncio.wait_for(task, 60)", False),
        ("asyncio.timeout(0.01)", True),
        ("asyncio.timeout(BOUND)", False),
    ],
)
def test_each_way_to_let_time_pass_is_found(text: str, is_sleep: bool) -> None:
    (call,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    assert sleeps(call) is is_sleep


def test_each_way_to_replace_a_name_of_the_product_is_found() -> None:
    tree = ast.parse(
        "from looply import jsontext\n"
        "from looply.engine.shell.shell import Shell\n"
        "monkeypatch.setattr(jsontext, '_depth', 1)\n"
        "monkeypatch.setattr('looply.jsontext._depth', 1)\n"
        "Shell.get = 1\n"
        "setattr(jsontext, '_depth', 1)\n"
        "monkeypatch.setenv('PATH', '')\n"
        "shell.get = 1\n"
        "shell._store = 1\n"
        "shell.store._count += 1\n"
        "self._store = 1\n"
    )
    assert sorted(replaced(tree)) == [
        (3, "jsontext"),
        (4, "'looply.jsontext._depth'"),
        (5, "Shell"),
        (6, "jsontext"),
        (9, "shell"),
        (10, "shell.store._count"),
    ]
