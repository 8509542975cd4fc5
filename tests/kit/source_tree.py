"""The Python files of the project as syntax trees, for the tests of its shape."""

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
TESTS: Final = PROJECT / "tests"
SOURCE: Final = PROJECT / "src" / "looply"


def files(root: Path) -> list[Path]:
    """Returns the Python files of the project below a folder, without those of installed packages."""
    return sorted(path for path in root.rglob("*.py") if "node_modules" not in path.parts)


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Returns the modules of the product, parsed once for all tests of this file."""
    return tuple((path, ast.parse(path.read_text())) for path in files(SOURCE))


def part_of(path: Path) -> str:
    """Returns the first part of a module's path below `looply`."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yields the dotted names that a module imports, also within functions, each with its line."""
    for node in ast.walk(tree):
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


def needed(tree: ast.Module, known: Collection[str]) -> set[str]:
    """Returns the modules that one imports, also within functions; what it takes from a package may be one of these."""
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            package = node.module or ""
            taken = {f"{package}.{alias.name}" for alias in node.names}
            found |= taken & {*known} or {package}
    return found & {*known}
