"""The shape of the code: which way imports point, and what the pure packages may not see."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from looply.cli import on_demand

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "looply"

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
        "closing",
        "approvals",
        "evolving",
        "steps",
        "deciding",
        "answering",
        "views",
    ),
    "server": (
        "callers",
        "http",
        "description",
        "connection",
        "authoring",
        "executions",
        "inbox",
        "people",
        "administration",
    ),
    "app": ("context", "authoring", "executions", "inbox", "people", "administration"),
    "cli": (
        "display",
        "terminal",
        "offline",
        "authoring",
        "executions",
        "operating",
        "measuring",
    ),
    "catalog": ("storage", "trail", "tenants", "people", "authored"),
    "definition": ("values", "schemas", "settings", "graph", "calls"),
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
    "expressions": (
        "values",
        "parsing",
        "closures",
        "dates",
        "texts",
        "queries",
        "functions",
        "compiling",
        "templating",
        "shapes",
        "inference",
        "editing",
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
MOST_LATE_IMPORTS = 20
MOST_LINES = 500
JUNK = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
# Where a lower layer may know a higher one: the command line puts processes together by bootstrap.
EXCUSED = {("cli", "bootstrap")}
LATE_IMPORTS = {
    # Optional dependencies, each slow to import.
    "bootstrap.py": 2,
    "catalog/catalog.py": 1,
    # Most starts find nothing to upgrade.
    "catalog/storage/schema.py": 2,
    # Help pages, and commands that show JSON or evaluate an expression, must start at once.
    "cli/__init__.py": 2,
    "cli/terminal/instants.py": 1,
    "cli/terminal/options.py": 3,
    "cli/terminal/progress.py": 2,
    "cli/terminal/terminal.py": 2,
    # A worker process imports one interpreter, and nothing that its system does not have.
    "connectors/function/child.py": 3,
}
"""The imports within functions: how many a file has, which is how many things there are that it imports late."""
LOADED_BY_NAME = {"cli/on_demand.py", "demo/sap.py"}
"""Files that load modules by their names: what commands need, and the SAP-like system, which the demo may lack."""
LARGE_TEST_CLASSES = {
    # Rules and invariants of a state machine of Hypothesis, which must be methods of one class.
    "property/test_execution_machine.py Execution": 27,
    # One method for each kind of event, found by its name.
    "simulation/checking/oracle.py Model": 32,
    # One method for each command of the core, or for each call of a client.
    "kit/execution/driver.py Simulator": 20,
    "simulation/clients/actors.py Clients": 20,
    # The life of a simulated installation: not divided yet.
    "simulation/running/life.py Simulation": 34,
}
"""Classes of tests with more than 15 methods, and how many they have; they may only shrink."""
BROAD_EXCEPTS = {"engine/effects/worker.py", "server/http/boundary.py", "cli/__init__.py"}


def files(root: Path) -> list[Path]:
    """Returns the Python files of the project below a folder, without those of installed packages."""
    return sorted(path for path in root.rglob("*.py") if "node_modules" not in path.parts)


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Returns the modules of the product, parsed once for all tests of this file."""
    return tuple((path, ast.parse(path.read_text())) for path in files(SOURCE))


@pytest.fixture(scope="module", autouse=True)
def _forget_modules() -> Iterator[None]:
    yield
    modules.cache_clear()


def part_of(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if node.module == "looply":
                yield from ((f"looply.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module or "", node.lineno


def test_the_code_map_names_every_part() -> None:
    text = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    code_map = text.partition("src/looply/")[2].partition("```")[0]
    parts = {path.name for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    # A line begins with the names of parts; two spaces precede what they are.
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


@pytest.mark.parametrize("root", [SOURCE, TESTS], ids=["product", "tests"])
def test_no_folder_has_more_modules_side_by_side_than_a_reader_can_hold(root: Path) -> None:
    named = (path for path in files(root) if not path.stem.startswith("__"))
    counts = Counter(path.parent.relative_to(root).as_posix() for path in named)
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


def test_no_packages_import_each_other_in_a_circle() -> None:
    trees = {module_of(path): tree for path, tree in modules()}
    package_of = {name: name if is_package(name) else name.rpartition(".")[0] for name in trees}
    used: dict[str, set[str]] = {package: set() for package in package_of.values()}
    for name, tree in trees.items():
        used[package_of[name]] |= {package_of[target] for target in needed(tree, trees)} - {package_of[name]}
    # The root has what is above all others beside what is below all: `bootstrap.py` and `errors.py`.
    del used["looply"]
    below = {package: reached(package, used) for package in used}
    circles = {frozenset(other for other in found if package in below[other]) for package, found in below.items()}
    assert [sorted(circle) for circle in circles if circle] == []


def reached(package: str, used: Mapping[str, Set[str]]) -> set[str]:
    """Returns the packages that one imports, directly or through others; itself only where they form a circle."""
    found: set[str] = set()
    to_read = [package]
    while to_read:
        new = used[to_read.pop()] & used.keys() - found
        found |= new
        to_read += new
    return found


def is_package(module: str) -> bool:
    return (SOURCE.parent.joinpath(*module.split(".")) / "__init__.py").is_file()


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


def test_imports_within_functions_have_one_place_for_each_need() -> None:
    found: Counter[str] = Counter()
    for path, tree in modules():
        name = path.relative_to(SOURCE).as_posix()
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        late = {node for each in functions for node in ast.walk(each) if isinstance(node, ast.Import | ast.ImportFrom)}
        found.update({name: len(late)} if late else {})
    assert found == LATE_IMPORTS
    assert found.total() <= MOST_LATE_IMPORTS


def test_modules_are_loaded_by_name_in_few_places_only() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in modules()
        for name, _ in imported(tree)
        if name.split(".")[0] == "importlib" and re.search(r"\bimport_module\b|__import__", path.read_text())
    }
    assert found == LOADED_BY_NAME


def test_what_is_loaded_on_demand_is_named_once_for_readers_and_for_the_type_checker() -> None:
    typed = {}
    for node in ast.walk(ast.parse(Path(on_demand.__file__).read_text())):
        if isinstance(node, ast.Import):
            typed |= {alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("looply"):
            typed |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    assert typed == dict(on_demand._MODULES)
    assert sorted(on_demand.__all__) == sorted(typed)


def test_nothing_takes_names_from_what_is_loaded_on_demand() -> None:
    assert [
        path.name for path, tree in modules() if any(name.endswith("on_demand") for name, _ in imported(tree))
    ] == []


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
        if lines > MOST_LINES:
            wrong.append(f"{path.relative_to(SOURCE)} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 70:
                    wrong.append(f"{path.relative_to(SOURCE)}:{node.lineno} {node.name} has {length} lines")
            elif isinstance(node, ast.ClassDef):
                methods = sum(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body)
                if methods > 15:
                    wrong.append(f"{path.relative_to(SOURCE)}:{node.lineno} {node.name} has {methods} methods")
    assert wrong == []


def test_no_file_of_tests_is_longer_than_one_of_the_product() -> None:
    lengths = {path.relative_to(TESTS).as_posix(): path.read_text().count("\n") for path in files(TESTS)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_and_classes_of_tests_stay_in_the_band_of_the_product() -> None:
    wrong = []
    for path in files(TESTS):
        for node in ast.walk(ast.parse(path.read_text())):
            place = f"{path.relative_to(TESTS).as_posix()} {getattr(node, 'name', '')}"
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                wrong += [f"{place} has {length} lines"] if length > 70 else []
            elif isinstance(node, ast.ClassDef):
                methods = sum(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body)
                wrong += [f"{place} has {methods} methods"] if methods > LARGE_TEST_CLASSES.get(place, 15) else []
    assert wrong == []


def test_no_test_imports_a_test_of_another_folder() -> None:
    wrong = []
    for path in files(TESTS):
        if "import test_" in (text := path.read_text()) or "from test_" in text:
            names = {name for name, _ in imported(ast.parse(text)) if name.startswith("test_")}
            wrong += [f"{path.relative_to(TESTS)} imports {n}" for n in names if not path.with_name(f"{n}.py").exists()]
    assert wrong == []
