"""The Python files of the project as syntax trees, for the tests of its shape."""

import ast
import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

PROJECT: Final = Path(__file__).parents[2]
TESTS: Final = PROJECT / "tests"
SOURCE: Final = PROJECT / "src" / "looply"
FUNCTION: Final = ast.FunctionDef | ast.AsyncFunctionDef
Graph: TypeAlias = Mapping[str, Mapping[str, int]]
"""The files that each file needs, by their dotted names, with the line that says so."""


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
    """Returns the dotted names that a module imports, each with its line.

    They are those of all import statements, at its top, within functions and for the type checker. What is taken from a
    package of the product is a name of its own where it is a module.
    """
    return tuple(
        (name, line)
        for node in nodes(tree)
        for package, taken, line in _named_by(node)
        for name in [f"{package}.{taken}" if taken and _is_module(f"{package}.{taken}") else package]
    )


def _named_by(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yields the modules that an import statement names, what it takes of each (or nothing), and its line."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, "", node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        yield from ((node.module or "", alias.name, node.lineno) for alias in node.names)


@cache
def _is_module(name: str) -> bool:
    if not name.startswith("looply."):
        return False
    path = SOURCE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or is_package(name)


def is_package(module: str) -> bool:
    """Returns whether a dotted name of the product is that of a package."""
    return (SOURCE.parent.joinpath(*module.split(".")) / "__init__.py").is_file()


def module_of(path: Path) -> str:
    """Returns the dotted name of a file of the product."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def statements_at_the_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yields the import statements of a module that run when it is loaded."""
    to_read: list[ast.AST] = [tree]
    while to_read:
        node = to_read.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        if not isinstance(node, FUNCTION | ast.Lambda) and not is_for_the_type_checker(node):
            to_read += ast.iter_child_nodes(node)


def is_for_the_type_checker(node: ast.AST) -> bool:
    """Returns whether a statement is a block that only the type checker reads."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_within_functions(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Returns the import statements of a module that run when a function is called."""
    found = {
        node.lineno: node
        for function in nodes(tree)
        if isinstance(function, FUNCTION)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return [found[line] for line in sorted(found)]


def needed(tree: ast.Module, known: Collection[str]) -> set[str]:
    """Returns the modules of `known` that one names: in import statements, or as a text `module:name` of a loader."""
    return {*_needed_by(nodes(tree), known)}


def needed_at_once(tree: ast.Module, known: Collection[str]) -> set[str]:
    """Returns the modules of `known` that are loaded with a module, by import statements of its own."""
    return {*_needed_by(statements_at_the_top(tree), known)}


def _needed_by(statements: Iterable[ast.AST], known: Collection[str]) -> dict[str, int]:
    """Returns the modules of `known` that nodes name, each with the line of the first."""
    found: dict[str, int] = {}
    for node in statements:
        for package, taken, line in _named_by(node):
            found.setdefault(f"{package}.{taken}" if f"{package}.{taken}" in known else package, line)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # Of a text that names the module alone, only its package's files are read.
            module, colon, _ = node.value.partition(":")
            found.setdefault(module if colon else "", node.lineno)
    return {name: line for name, line in found.items() if name in known}


def import_graph(trees: Mapping[str, ast.Module]) -> Graph:
    """Returns which files need which others, by all that `needed` counts, each with the line that says so.

    A module that is imported needs the `__init__.py` of its packages too, since Python runs them before it; those that
    the importing file is in itself count only where it names them.
    """
    graph: dict[str, dict[str, int]] = {}
    for name, tree in trees.items():
        used: dict[str, int] = {}
        for target, line in _needed_by(nodes(tree), trees).items():
            packages = [target[:end] for end, letter in enumerate(target) if letter == "."]
            foreign = [each for each in packages if each in trees and not f"{name}.".startswith(f"{each}.")]
            for each in (target, *foreign):
                used.setdefault(each, line)
        used.pop(name, None)
        graph[name] = used
    return graph


def circles_of(graph: Graph) -> list[str]:
    """Returns a text for each circle: its files, and the imports without which it would be none."""
    rest = {name: set(used) & graph.keys() for name, used in graph.items()}
    # What needs nothing of the rest is in no circle.
    while ends := {name for name, used in rest.items() if not used}:
        rest = {name: used - ends for name, used in rest.items() if name not in ends}
    below = {name: reached(name, rest) for name in rest}
    groups = {frozenset(other for other in found if name in below[other]) for name, found in below.items()}
    return sorted(_text_of(group, graph) for group in groups if group)


def _text_of(group: Set[str], graph: Graph) -> str:
    closing = ", ".join(f"{name}:{graph[name][target]} imports {target}" for name, target in _closing(group, graph))
    return f"{len(group)} files in a circle: {', '.join(sorted(group))}; closed by: {closing}"


def _closing(group: Set[str], graph: Graph) -> list[tuple[str, str]]:
    """Returns the imports of a circle that lead back to a file from which a walk through it, in depth, has come."""
    closing: list[tuple[str, str]] = []
    first = min(group)
    way, seen = [(first, iter(sorted(group & graph[first].keys())))], {first}
    while way:
        name, targets = way[-1]
        target = next(targets, None)
        if target is None:
            way.pop()
        elif target not in seen:
            seen.add(target)
            way.append((target, iter(sorted(group & graph[target].keys()))))
        elif target in {each for each, _ in way}:
            closing.append((name, target))
    return closing


def reached(name: str, used: Mapping[str, Set[str]]) -> set[str]:
    """Returns the modules or packages that one needs, directly or through others; itself only in a circle."""
    found: set[str] = set()
    to_read = [name]
    while to_read:
        new = used[to_read.pop()] & used.keys() - found
        found |= new
        to_read += new
    return found
