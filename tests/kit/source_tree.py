"""The Python files of the project as syntax trees, for the tests of its shape."""

import ast
import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from looply import on_demand

PROJECT: Final = Path(__file__).parents[2]
TESTS: Final = PROJECT / "tests"
SOURCE: Final = PROJECT / "src" / "looply"
FUNCTION: Final = ast.FunctionDef | ast.AsyncFunctionDef


def files(root: Path) -> list[Path]:
    """Returns the Python files of the project below a folder, without those of installed packages."""
    return sorted(path for path in root.rglob("*.py") if "node_modules" not in path.parts)


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Returns the modules of the product, parsed once for all tests of a file."""
    return tuple((path, ast.parse(path.read_text("utf-8"))) for path in files(SOURCE))


@cache
def modules_of_tests() -> tuple[tuple[Path, ast.Module], ...]:
    """Returns the modules of the tests, parsed once for all tests of a file."""
    return tuple((path, ast.parse(path.read_text("utf-8"))) for path in files(TESTS))


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Returns all nodes of a module, which is walked once for all tests of a file."""
    return tuple(ast.walk(tree))


@contextmanager
def kept_modules() -> Iterator[None]:
    """Keeps what is read of modules until the end of the block, and then frees it.

    Within it nothing is searched for cycles: their millions of nodes took more time for that than to be read.
    """
    gc.disable()
    try:
        yield
    finally:
        for kept in (modules, modules_of_tests, nodes, imported):
            kept.cache_clear()
        gc.enable()


def part_of(path: Path) -> str:
    """Returns the first part of a module's path below `looply`."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


@cache
def imported(tree: ast.Module) -> tuple[tuple[str, int], ...]:
    """Returns the dotted names that a module imports, at once or on demand, each with its line."""
    return (*imported_at_once(tree), *imported_on_demand(tree))


def imported_on_demand(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yields the dotted names of modules that one names through `on_demand`, in annotations too, each with its line."""
    if "looply.on_demand" not in {name for name, _ in imported_at_once(tree)}:
        return
    for node in nodes(tree):
        attributes = [each for each in (node, *parts_of_annotation(node)) if isinstance(each, ast.Attribute)]
        for each in attributes:
            if isinstance(each.value, ast.Name) and each.value.id == "on_demand" and each.attr in on_demand.__all__:
                yield on_demand._MODULES[each.attr], getattr(node, "lineno", 0)


def parts_of_annotation(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the nodes of the types that are written as texts in the signature or declaration that `node` is."""
    for field in ("annotation", "returns"):
        text = getattr(node, field, None)
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield from ast.walk(ast.parse(text.value, mode="eval"))


def imported_at_once(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yields the dotted names that the import statements of a module name, but those for the type checker only."""
    for node in statements_that_run(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "looply":
                yield from ((f"looply.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module or "", node.lineno


def is_package(module: str) -> bool:
    """Returns whether a dotted name of the product is that of a package."""
    return (SOURCE.parent.joinpath(*module.split(".")) / "__init__.py").is_file()


def module_of(path: Path) -> str:
    """Returns the dotted name of a file of the product."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def statements_that_run(tree: ast.Module) -> Iterator[ast.AST]:
    """Yields the nodes of a module without its blocks `if TYPE_CHECKING`."""
    for statement in tree.body:
        if not is_for_the_type_checker(statement):
            yield from ast.walk(statement)


def is_for_the_type_checker(node: ast.AST) -> bool:
    """Returns whether a statement is a block that only the type checker reads."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def needed(tree: ast.Module, known: Collection[str]) -> set[str]:
    """Returns the modules of `known` that one imports, at once or on demand."""
    return needed_at_once(tree, known) | {name for name, _ in imported_on_demand(tree)} & {*known}


def needed_at_once(tree: ast.Module, known: Collection[str]) -> set[str]:
    """Returns the modules of `known` in a module's import statements; what they take from a package may be one."""
    nodes = list(statements_that_run(tree))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            package = node.module or ""
            taken = {f"{package}.{alias.name}" for alias in node.names}
            found |= taken & {*known} or {package}
    return found & {*known}
