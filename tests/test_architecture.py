"""The shape of the code: which way imports point, and what the pure packages may not see."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeGuard

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "looply"

LAYERS = (
    (
        "errors",
        "limits",
        "settings",
        "clock",
        "log",
        "jsontext",
        "sealing",
        "durable",
        "suggest",
        "permissions",
        "master_keys",
        "slots",
        "rates",
    ),
    ("definition", "expressions"),
    ("execution", "schedule"),
    ("connectors",),
    ("testing",),
    ("engine",),
    ("catalog",),
    ("app",),
    ("server", "cli", "demo"),
    ("bootstrap",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
PURE = ("definition", "expressions", "execution", "schedule")
IMPURE_MODULES = {
    "asyncio",
    "os",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "apsw",
    "httpx2",
}
WITHIN_EXPRESSIONS = [
    "errors",
    "evaluation",
    "values",
    "javascript",
    "parsing",
    "closures",
    "dates",
    "texts",
    "queries",
    "functions",
    "compiling",
    "expression",
    "templating",
    "shapes",
    "inference",
    "editing",
]
ROOMS = {
    "engine": (
        "records",
        "ports",
        "coding",
        "sql",
        "processing",
        "effects",
        "shell",
        "upkeep",
    ),
    "execution": (
        "facts",
        "document",
        "approvals",
        "evolving",
        "deciding",
        "answering",
        "views",
    ),
    "server": (
        "http",
        "description",
        "connection",
        "authoring",
        "executions",
        "administration",
    ),
    "app": (
        "context",
        "authoring",
        "executions",
        "administration",
    ),
    "cli": (
        "display",
        "terminal",
        "offline",
        "authoring",
        "executions",
        "operating",
        "measuring",
    ),
    "catalog": (
        "storage",
        "trail",
        "tenants",
        "authored",
    ),
    "definition": (
        "values",
        "schemas",
        "settings",
        "graph",
        "calls",
    ),
    "engine.sqlite": (
        "file",
        "pending",
        "histories",
    ),
    "engine.postgres": (
        "database",
        "pending",
        "histories",
    ),
    "expressions.functions": (
        "declaring",
        "dates",
        "texts",
        "structures",
    ),
    "connectors": (
        "outbound",
        "http",
    ),
}
"""The rooms of packages, lowest first: what is in one imports from its own and from those before it."""
MOST_SIDE_BY_SIDE = 15
STORES = ("sqlite", "postgres")
MOST_IN_COMMON = 0.05
"""The share of equal lines in files of the same name."""
JUNK = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
# Where a lower layer may be told of a higher one: the command line puts processes together by bootstrap.
EXCUSED = {("cli", "bootstrap"), ("demo", "bootstrap")}
BROAD_EXCEPTS = {"engine/effects/worker.py", "server/http/boundary.py", "cli/__init__.py"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def part_of(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or "", node.lineno


def test_the_code_map_names_every_part() -> None:
    text = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    code_map = text.partition("src/looply/")[2].partition("```")[0]
    parts = {path.name for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    # A line begins with the names of parts; two spaces stand before what they are.
    first = [line.strip().partition("  ")[0] for line in code_map.splitlines()]
    named = {name.rstrip("/") for line in first for name in line.split()} - {"ui", "deploy", "tests"}
    assert {name for name in parts if not name.startswith("__")} == named


def test_imports_point_downwards() -> None:
    wrong = []
    for path, tree in modules():
        part = part_of(path)
        if part not in RANK:
            continue
        for name, line in imported(tree):
            if not name.startswith("looply."):
                continue
            target = name.split(".")[1]
            if RANK.get(target, -1) > RANK[part] and (part, target) not in EXCUSED:
                wrong.append(f"{path.relative_to(SOURCE)}:{line} imports {name}")
    assert wrong == []


def test_imports_within_expressions_point_downwards_too() -> None:
    rank = {name: rank for rank, name in enumerate(WITHIN_EXPRESSIONS)}
    wrong = []
    for path, tree in modules():
        part, *rest = path.relative_to(SOURCE).parts
        if part != "expressions" or rest == ["__init__.py"]:
            continue
        for name, line in imported(tree):
            _, found, target = name.partition("looply.expressions.")
            if found and rank[target.split(".")[0]] > rank[rest[0].removesuffix(".py")]:
                wrong.append(f"{'/'.join(rest)}:{line} imports {name}")
    assert wrong == []


def test_the_rooms_of_a_package_import_downwards() -> None:
    wrong = []
    for path, tree in modules():
        name = module_of(path).removeprefix("looply.")
        for package, rooms in ROOMS.items():
            if (rank := room_of(name, package, rooms)) is None:
                continue
            for target, line in imported(tree):
                found = room_of(target.removeprefix("looply."), package, rooms)
                if found is not None and found > rank:
                    wrong.append(f"{path.relative_to(SOURCE)}:{line} imports {target}")
    assert wrong == []


def room_of(module: str, package: str, rooms: Sequence[str]) -> int | None:
    """Returns the place of a module's room in the order of its package, None where it is in none."""
    first, _, _ = module.removeprefix(f"{package}.").partition(".")
    return rooms.index(first) if module.startswith(f"{package}.") and first in rooms else None


@pytest.mark.parametrize("package", ROOMS)
def test_each_room_says_what_it_is_what_it_imports_and_what_never_belongs_there(package: str) -> None:
    for room in ROOMS[package]:
        said = ast.get_docstring(ast.parse((SOURCE / package.replace(".", "/") / room / "__init__.py").read_text()))
        assert said is not None, room
        what, _, rest = said.partition("\n\n")
        assert what.endswith("."), room
        assert re.fullmatch(r"Imports [^\n]+\.\nNever here: [^\n]+\.", rest), (room, rest)


def test_the_map_shows_every_room_in_its_order() -> None:
    text = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    shown = [line for line in text.splitlines() if line.startswith("| `") and line.split("`")[1].endswith("/")]
    expected = []
    for package, rooms in ROOMS.items():
        folder = package.replace(".", "/")
        for room in rooms:
            said = ast.get_docstring(ast.parse((SOURCE / folder / room / "__init__.py").read_text())) or ""
            expected.append(f"| `{folder}/{room}/` | {said.partition(chr(10))[0]} |")
    assert shown == expected


def test_the_map_names_files_that_are_there() -> None:
    text = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_0-9/]+(?:\.py|/))`", text)
    assert [name for name in named if not (SOURCE / name).exists() and not (SOURCE.parents[1] / name).exists()] == []


def test_no_folder_has_more_modules_side_by_side_than_a_reader_can_hold() -> None:
    # `__main__.py` is the entry of `python -m`, and holds nothing.
    counts = Counter(path.parent.relative_to(SOURCE).as_posix() for path, _ in modules() if path.name != "__main__.py")
    assert {folder: count for folder, count in counts.items() if count > MOST_SIDE_BY_SIDE} == {}


def test_packages_of_one_layer_do_not_import_each_other_but_where_the_order_says_so() -> None:
    # The command line writes the rows of the API where it works on a data folder.
    allowed = {("definition", "expressions"), ("cli", "demo"), ("cli", "server"), ("schedule", "definition")}
    wrong = []
    for path, tree in modules():
        part = part_of(path)
        for name, line in imported(tree):
            target = name.split(".")[1] if name.startswith("looply.") else part
            same_layer = RANK.get(part, 0) > 0 and RANK.get(target) == RANK.get(part)
            if same_layer and part != target and (part, target) not in allowed:
                wrong.append(f"{path.relative_to(SOURCE)}:{line} imports {name}")
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    trees = {module_of(path): tree for path, tree in modules()}
    # Raises: CycleError, which names them.
    TopologicalSorter({name: needed(tree, trees) for name, tree in trees.items()}).prepare()


def module_of(path: Path) -> str:
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


def test_nothing_in_the_product_imports_the_test_kit() -> None:
    users = [
        str(path.relative_to(SOURCE))
        for path, tree in modules()
        if part_of(path) != "testing" and any(n.startswith("looply.testing") for n, _ in imported(tree))
    ]
    assert users == []


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_have_no_clock_no_chance_and_no_io(package: str) -> None:
    wrong = []
    for path, tree in modules():
        if part_of(path) != package:
            continue
        wrong += [f"{path.name}:{line} {name}" for name, line in imported(tree) if name.split(".")[0] in IMPURE_MODULES]
        wrong += [
            f"{path.name}:{node.lineno} async"
            for node in ast.walk(tree)
            if isinstance(node, ast.AsyncFunctionDef | ast.Await)
        ]
    assert wrong == []


def test_there_is_no_junk_drawer() -> None:
    assert [str(path) for path in SOURCE.rglob("*.py") if path.stem in JUNK] == []


def test_broad_excepts_stand_in_three_places_only() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"except (Base)?Exception\b|except:", path.read_text())
    }
    assert found == BROAD_EXCEPTS


def test_only_bootstrap_names_concrete_stores_and_connectors() -> None:
    stores = ("looply.engine.sqlite", "looply.engine.postgres")
    concrete = (*stores, "looply.connectors.http.connector", "looply.connectors.sap")
    allowed = ("bootstrap", "engine", "connectors", "cli")
    users = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path, tree in modules()
        for name, _ in imported(tree)
        if name.startswith(concrete) and part_of(path) not in allowed
    ]
    assert users == []


def test_files_functions_and_classes_stay_in_their_band() -> None:
    wrong = []
    for path, tree in modules():
        lines = path.read_text().count("\n")
        if lines > 500:
            wrong.append(f"{path.relative_to(SOURCE)} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 70:
                    wrong.append(f"{path.relative_to(SOURCE)}:{node.lineno} {node.name} has {length} lines")
            elif isinstance(node, ast.ClassDef):
                methods = sum(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body)
                if methods > 16:
                    wrong.append(f"{path.relative_to(SOURCE)}:{node.lineno} {node.name} has {methods} methods")
    assert wrong == []


def test_the_two_stores_with_tables_hardly_repeat_each_other() -> None:
    sqlite, postgres = ({path.name: path for path in (SOURCE / "engine" / name).rglob("*.py")} for name in STORES)
    pairs = {name: (statements(sqlite[name]), statements(postgres[name])) for name in sqlite.keys() & postgres.keys()}
    same = {name: (one & other).total() for name, (one, other) in pairs.items()}
    sizes = {name: (one.total() + other.total()) / 2 for name, (one, other) in pairs.items()}
    table = {name: f"{same[name]} of {sizes[name]:.0f} lines" for name in sorted(same, key=lambda name: -same[name])}
    assert sum(same.values()) / sum(sizes.values()) < MOST_IN_COMMON, table


def statements(path: Path) -> Counter[str]:
    """Returns the lines of a file as they are compared: white space is folded, and what every file of its kind has is
    left out: imports, docstrings, comments, signatures (a port gives both the same) and lines of one or two words."""
    text = path.read_text()
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom) or is_text(node):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            left_out.update(range(node.lineno, node.body[0].lineno))
    lines = (" ".join(line.split()) for number, line in enumerate(text.splitlines(), 1) if number not in left_out)
    return Counter(line for line in lines if not line.startswith("#") and len(re.findall(r"\w+", line)) > 2)


def is_text(node: ast.AST) -> TypeGuard[ast.Expr]:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
