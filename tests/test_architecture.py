"""The shape of the code: which way imports point, and what the pure packages may not see."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kit.class_tree import classes_of_the_product, methods_of, names_of_classes
from kit.source_tree import (
    FUNCTION,
    PROJECT,
    SOURCE,
    TESTS,
    circles_of,
    files,
    import_graph,
    imported,
    imports_within_functions,
    is_package,
    kept_modules,
    module_of,
    modules,
    modules_of_tests,
    needed,
    nodes,
    part_of,
    reached,
)
from looply.server.application import API_ROUTES

LAYERS = (
    (
        "errors",
        "limits",
        "settings",
        "instants",
        "clock",
        "log",
        "jsontext",
        "sealing",
        "durable",
        "permissions",
        "master_keys",
        "slots",
        "rates",
        "decimals",
        "setting_values",
    ),
    ("definition", "expressions"),
    ("execution", "schedule"),
    ("connectors",),
    ("testing",),
    ("engine",),
    ("catalog",),
    ("app",),
    ("channels",),
    ("server", "cli", "demo"),
    ("bootstrap",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
PURE = ("definition", "expressions", "execution", "schedule")
PURE_MODULES = {
    # Of the standard library: what computes.
    *("abc", "base64", "binascii", "bisect", "calendar", "collections", "contextlib", "copy"),
    *("dataclasses", "datetime", "decimal", "difflib", "enum"),
    *("functools", "hashlib", "hmac", "itertools", "math", "operator", "re", "types", "typing"),
    *("unicodedata", "urllib.parse", "uuid"),
    *("xml.parsers", "zoneinfo"),
    # For the limits of numbers.
    "sys",
    # Of others: URLs, cron expressions, persistent mappings, JSON Schemas, structs, regular expressions of linear time.
    *("can_ada", "cronsim", "immutables", "jsonschema_rs", "msgspec", "re2"),
    # Of the small modules below all.
    *("looply.decimals", "looply.errors", "looply.instants", "looply.jsontext", "looply.limits"),
    *(f"looply.{package}" for package in PURE),
}
"""What the pure packages may import, with what is in it; a new module is a decision, which a reviewer sees here."""
ENGINES = ("sqlite", "postgres", "temporal")
"""The stores and the dispatcher of `engine` that a setting chooses: only `bootstrap` and `cli/offline` put them in."""
SURROUNDINGS = (TESTS, PROJECT / "bench", PROJECT / "tools")
MOST_SIDE_BY_SIDE = 15
MOST_LINES = 500
MOST_LINES_OF_THE_MAP = 200
MOST_CHARACTERS_OF_A_LINE = 520
"""Of a line of the map, so that one line answers one question."""
JUNK = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
# Where a lower layer may know a higher one: the command line puts processes together by bootstrap.
EXCUSED = {("cli", "bootstrap")}
REASON = re.compile(r"  # noqa: PLC0415 - (?:slow|optional) import: \S+ \S.+")
"""What a line says that imports within a function: why that is not at the top of the file."""
LOADED_BY_NAME = {"demo/sap.py"}
"""The file that loads modules by name: those of the SAP-like system, which the demo may lack."""
LOADERS = {"import_module", "__import__", "resolve_name"}
LARGE_CLASSES = {
    # The life of every background loop (wake, stop, run), and one round of this one.
    "looply.engine.cards.reconciler Reconciler": 16,
    "looply.engine.upkeep.auditor Auditor": 19,
    "looply.engine.upkeep.pump Pump": 17,
    # A store with its parts, each of which is one attribute.
    "looply.engine.ports.store Store": 20,
    # A cursor over a text or tokens, and one method for each rule of a grammar.
    "looply.expressions.compiling.compiler _Compiler": 22,
    "looply.expressions.queries.jspath.parsing _Parser": 24,
    "looply.expressions.queries.xpath.parsing _Parser": 23,
    "looply.expressions.texts.patterns _Translation": 16,
    # What the library calls of a connection, in two layers.
    "looply.server.connection.guard GuardedProtocol": 21,
}
"""Classes with more than 15 methods where those are counted that they inherit of ours; they may only shrink."""
LARGE_TEST_CLASSES = {
    # Rules and invariants of a state machine of Hypothesis, which must be methods of one class.
    "property/test_execution_machine.py Execution": 27,
    # One method for each command of the core, or for each call of a client.
    "kit/execution/driver.py Simulator": 20,
    "simulation/clients/actors.py Clients": 20,
}
"""Classes of tests with more than 15 methods, and how many they have; they may only shrink."""
KNOWING_TABLES = {"engine/coding/orphans.py", "engine/coding/retention.py"}
"""Modules beside the stores with statements on the tables of executions, which all stores use."""
CONCRETE = (
    "looply.engine.sqlite",
    "looply.engine.postgres",
    "looply.engine.temporal",
    "looply.connectors.email",
    "looply.connectors.function",
    "looply.connectors.http.connector",
    "looply.connectors.sap",
    "looply.connectors.teams",
)
NAME_ENGINES = {
    "bootstrap/channels.py",
    "bootstrap/effects.py",
    "bootstrap/services.py",
    "bootstrap/stores.py",
    # Backup, move and the work on a data folder without a server each know the files of one store.
    "cli/offline/copies.py",
    "cli/offline/moving.py",
    "cli/offline/store.py",
    # The commands that move a folder and read its label.
    "cli/operating/move.py",
    "cli/operating/prune.py",
    # The app package is Microsoft's format, of one connector.
    "cli/authoring/teams.py",
}
"""The files outside of `engine`, `connectors` and `channels` that name concrete engines or connectors."""
CALLERS = {"server", "cli", "demo", "testing"}
"""What speaks the API: it serves or calls it."""
KNOWING_WIRE_NAMES = {
    # Expressions read the id of an execution as the API calls it.
    "definition/settings/endings.py",
    "execution/document/payload.py",
    # The body of a webhook has the names that its receiver knows from the API.
    "app/administration/notification_runner.py",
    # What a bulk selects is stored as its callers wrote it.
    "catalog/authored/bulks.py",
}
BROAD_EXCEPTS = {"engine/effects/worker.py", "connectors/foreign.py", "server/http/boundary.py", "cli/__init__.py"}
"""Of the product; the test kit reports whatever a connector raises."""


@pytest.fixture(scope="module", autouse=True)
def _kept_modules() -> Iterator[None]:
    with kept_modules():
        yield


def test_the_picture_of_the_layers_is_their_order() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text("utf-8").partition("\n## The layers\n")[2]
    rows = [tuple(line.split("  ")[0].split(", ")) for line in text.split("```")[1].strip().splitlines()]
    small, *layers = reversed(rows)
    assert layers == [*LAYERS[1:]]
    assert set(small) < set(LAYERS[0])


def test_the_code_map_names_every_part() -> None:
    text = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    code_map = text.partition("src/looply/")[2].partition("```")[0]
    parts = {path.name for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    # A line begins with the names of parts; two spaces precede what they are.
    first = [line.strip().partition("  ")[0] for line in code_map.splitlines()]
    named = {name.rstrip("/") for line in first for name in line.split()} - {"ui", "deploy", "tests"}
    assert {name for name in parts if not name.startswith("__")} == named


def test_the_map_is_short_and_has_a_row_for_each_folder_of_the_web_app() -> None:
    text = (PROJECT / "ARCHITECTURE.md").read_text("utf-8")
    web = text.partition("\n## The web app\n")[2].partition("\n## ")[0]
    rows = {name for line in web.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)/`", line[:30])}
    assert rows == {path.name for path in (PROJECT / "ui" / "src").iterdir() if path.is_dir()}
    assert text.count("\n") <= MOST_LINES_OF_THE_MAP
    assert [line for line in text.splitlines() if len(line) > MOST_CHARACTERS_OF_A_LINE] == []


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


def test_the_map_names_files_that_are_there() -> None:
    text = (SOURCE.parent.parent / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_0-9/]+(?:\.py|/))`", text)
    assert [name for name in named if not (SOURCE / name).exists() and not (SOURCE.parents[1] / name).exists()] == []


def test_each_name_that_answers_a_question_of_the_map_is_in_the_code() -> None:
    text = (PROJECT / "ARCHITECTURE.md").read_text("utf-8")
    questions = text.partition("\n## Where to begin\n")[2].partition("\n## ")[0]
    lines = [line.partition("**: ")[2] for line in questions.splitlines() if line.startswith("- **")]
    assert len(lines) > 50
    assert [missing for line in lines for missing in missing_names(line)] == []


def missing_names(line: str) -> Iterator[str]:
    """Yields the names of a line of the map that lead nowhere.

    A path begins at the sources or at the project; a name without a folder is beside the file before it, or in the
    folder before it. A symbol in parentheses is in that file.
    """
    last, depth = SOURCE, 0
    for name, bracket in re.findall(r"`([^`]+)`|([()])", line):
        depth += {"(": 1, ")": -1}.get(bracket, 0)
        if re.fullmatch(r"[\w./-]+(?:\.(?:py|sql|tsx?|mjs)|/)", name):
            beside = last if last.is_dir() else last.parent
            roots = (SOURCE, PROJECT) if "/" in name.rstrip("/") else (beside, SOURCE)
            found = next((root / name for root in roots if (root / name).exists()), None)
            if found is None:
                yield name
            last = found or last
        elif name and depth and last.is_file() and not re.search(rf"\b{re.escape(name)}\b", last.read_text("utf-8")):
            yield f"{name} in {last.relative_to(PROJECT)}"


def test_a_name_of_the_map_that_leads_nowhere_is_found() -> None:
    line = (
        "`execution/deciding/decide.py` (`retry_delay`, `no_such_name`), `no_such_file.py`, `engine/sql/` (`work.py`)"
    )
    assert list(missing_names(line)) == [
        "no_such_name in src/looply/execution/deciding/decide.py",
        "no_such_file.py",
    ]


@pytest.mark.parametrize("root", [SOURCE, *SURROUNDINGS], ids=lambda root: root.name)
def test_no_folder_has_more_modules_side_by_side_than_a_reader_can_hold(root: Path) -> None:
    named = (path for path in files(root) if not path.stem.startswith("__"))
    counts = Counter(path.parent.relative_to(root).as_posix() for path in named)
    assert {folder: count for folder, count in counts.items() if count > MOST_SIDE_BY_SIDE} == {}


def test_packages_of_one_layer_do_not_import_each_other_but_where_the_order_says_so() -> None:
    # ARCHITECTURE.md, below the order of the layers, has the reasons.
    allowed = {("definition", "expressions"), ("cli", "demo"), ("cli", "server")}
    found = set()
    for path, tree in modules():
        part = part_of(path)
        for name, line in imported(tree):
            target = name.split(".")[1] if name.startswith("looply.") else part
            same_layer = RANK.get(part, 0) > 0 and RANK.get(target) == RANK.get(part)
            if same_layer and part != target:
                found.add((part, target))
                assert (part, target) in allowed, f"{path.relative_to(SOURCE)}:{line} imports {name}"
    assert found == allowed


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles_of(import_graph({module_of(path): tree for path, tree in modules()})) == []


@pytest.mark.parametrize(
    ("texts", "closing"),
    [
        ({"a": "import b", "b": "def run():\n    from a import run"}, "b:2 imports a"),
        ({"a": "import b", "b": "if TYPE_CHECKING:\n    from a import A"}, "b:2 imports a"),
        ({"a": "import b", "b": "class B:\n    async def run(self):\n        import a"}, "b:3 imports a"),
        ({"a": "import b", "b": "load('a:run')"}, "b:1 imports a"),
        ({"a": "from a.part import run", "a.part": "from a import LIMIT"}, "a.part:1 imports a"),
        ({"a": "from a.part import run", "a.part": "import b", "a.other": "", "b": "import a.other"}, "b:1 imports a"),
        ({"a": "from a import part", "a.part": "import a.other", "a.other": "import a.part"}, "a.part"),
    ],
    ids=["function", "type checker", "method", "text", "package", "package of another", "within a package"],
)
def test_a_circle_is_found_however_it_is_closed(texts: Mapping[str, str], closing: str) -> None:
    (found,) = circles_of(import_graph({name: ast.parse(text) for name, text in texts.items()}))
    assert " files in a circle: a" in found
    assert closing in found


def test_files_that_form_no_circle_are_not_taken_for_one() -> None:
    texts = {"a": "from a.part import run", "a.part": "import b", "b": "import c.part", "c": "", "c.part": "read('a')"}
    assert circles_of(import_graph({name: ast.parse(text) for name, text in texts.items()})) == []


def test_no_packages_import_each_other_in_a_circle() -> None:
    trees = {module_of(path): tree for path, tree in modules()}
    package_of = {name: name if is_package(name) else name.rpartition(".")[0] for name in trees}
    used: dict[str, set[str]] = {package: set() for package in package_of.values()}
    for name, tree in trees.items():
        used[package_of[name]] |= {package_of[target] for target in needed(tree, trees)} - {package_of[name]}
    # The root has what is above all others beside what is below all: `__main__.py` and `errors.py`.
    del used["looply"]
    below = {package: reached(package, used) for package in used}
    circles = {frozenset(other for other in found if package in below[other]) for package, found in below.items()}
    assert [sorted(circle) for circle in circles if circle] == []


def test_imports_within_functions_and_for_the_type_checker_count_with_the_module_that_they_take() -> None:
    text = (
        "def run():\n    from looply.engine import temporal\nif TYPE_CHECKING:\n    from looply.errors import Refused"
    )
    assert {*imported(ast.parse(text))} == {("looply.engine.temporal", 2), ("looply.errors", 4)}


def test_each_import_within_a_function_says_why() -> None:
    wrong = []
    for path, tree in modules():
        lines = path.read_text("utf-8").splitlines()
        found = (node for node in imports_within_functions(tree) if not REASON.search(lines[node.lineno - 1]))
        wrong += [f"{path.relative_to(SOURCE)}:{node.lineno} {ast.unparse(node)}" for node in found]
    assert wrong == []


def test_modules_are_loaded_by_name_in_one_place_only() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in modules()
        for node in nodes(tree)
        if {getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")} & LOADERS
    }
    assert found == LOADED_BY_NAME


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
        wrong += [f"{path.name}:{line} {name}" for name, line in imported(tree) if not is_pure(name)]
        for node in nodes(tree):
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                wrong.append(f"{path.name}:{node.lineno} async")
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                wrong.append(f"{path.name}:{node.lineno} open")
    assert wrong == []


def is_pure(module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in PURE_MODULES for length in range(1, len(parts) + 1))


def test_the_list_of_pure_modules_has_only_what_is_imported() -> None:
    names = {name for path, tree in modules() if part_of(path) in PURE for name, _ in imported(tree)}
    unused = {each for each in PURE_MODULES if not any(f"{name}.".startswith(f"{each}.") for name in names)}
    assert unused == set()


def test_there_is_no_junk_drawer() -> None:
    assert [str(path) for path in SOURCE.rglob("*.py") if path.stem in JUNK] == []


def test_broad_excepts_stand_in_four_places_only() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.parent.name != "testing" and re.search(r"except (Base)?Exception\b|except:", path.read_text())
    }
    assert found == BROAD_EXCEPTS


def test_concrete_engines_and_connectors_are_named_where_processes_are_composed_and_stores_copied_only() -> None:
    users = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in modules()
        for name, _ in imported(tree)
        if name.startswith(CONCRETE) and part_of(path) not in ("engine", "connectors", "channels")
    }
    assert users == NAME_ENGINES


def test_no_part_of_the_engine_knows_a_store_or_dispatcher_of_the_settings_and_these_do_not_know_each_other() -> None:
    known = {module_of(path) for path, _ in modules()}
    wrong = []
    for path, tree in modules():
        parts = path.relative_to(SOURCE).parts
        if parts[0] == "engine":
            others = tuple(f"looply.engine.{engine}." for engine in ENGINES if engine != parts[1])
            found = (name for name in needed(tree, known) if f"{name}.".startswith(others))
            wrong += [f"{'/'.join(parts)} imports {name}" for name in found]
    assert wrong == []


def test_only_the_engine_s_stores_know_the_tables_of_executions() -> None:
    schema = "".join(path.read_text() for path in (SOURCE / "engine" / "postgres" / "schema").rglob("*.sql"))
    tables = "|".join(sorted(set(re.findall(r"CREATE TABLE (\w+)", schema))))
    statement = re.compile(rf"\b(?:FROM|INTO|UPDATE|JOIN) (?:{tables})\b")
    knowing = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in modules()
        for node in nodes(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.search(node.value)
    }
    rooms = ("engine/sql/", "engine/sqlite/", "engine/postgres/")
    assert {name for name in knowing if not name.startswith(rooms)} == KNOWING_TABLES


def test_only_the_server_and_its_callers_know_calls_and_executions_by_their_names_on_the_wire() -> None:
    # A name without a capital, such as `metrics`, is a word of the code too.
    names = {route.name for route in API_ROUTES if not route.name.islower()} | {"workflow_execution_id"}
    knowing = {
        path.relative_to(SOURCE).as_posix()
        for path, tree in modules()
        if part_of(path) not in CALLERS
        for node in nodes(tree)
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert knowing == KNOWING_WIRE_NAMES


def test_files_and_functions_stay_in_their_band() -> None:
    wrong = []
    for path, tree in modules():
        lines = path.read_text().count("\n")
        if lines > MOST_LINES:
            wrong.append(f"{path.relative_to(SOURCE)} has {lines} lines")
        for node in nodes(tree):
            if isinstance(node, FUNCTION):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 70:
                    wrong.append(f"{path.relative_to(SOURCE)}:{node.lineno} {node.name} has {length} lines")
    assert wrong == []


def test_no_class_has_more_than_15_methods_of_its_own_and_inherited_of_ours() -> None:
    classes, names = classes_of_the_product(), names_of_classes()
    counts = {f"{module} {name}": methods_of((module, name), classes, names) for module, name in classes}
    assert {place: count for place, count in counts.items() if count > 15} == LARGE_CLASSES


@pytest.mark.parametrize("root", SURROUNDINGS, ids=lambda root: root.name)
def test_no_file_around_the_product_is_longer_than_one_of_it(root: Path) -> None:
    lengths = {path.relative_to(root).as_posix(): path.read_text().count("\n") for path in files(root)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_and_classes_of_tests_stay_in_the_band_of_the_product() -> None:
    wrong = []
    for path, tree in modules_of_tests():
        for node in nodes(tree):
            place = f"{path.relative_to(TESTS).as_posix()} {getattr(node, 'name', '')}"
            if isinstance(node, FUNCTION):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                wrong += [f"{place} has {length} lines"] if length > 70 else []
            elif isinstance(node, ast.ClassDef):
                methods = sum(isinstance(item, FUNCTION) for item in node.body)
                wrong += [f"{place} has {methods} methods"] if methods > LARGE_TEST_CLASSES.get(place, 15) else []
    assert wrong == []


def test_no_test_imports_a_test_of_another_folder() -> None:
    wrong = []
    for path, tree in modules_of_tests():
        if names := {name for name, _ in imported(tree) if name.startswith("test_")}:
            wrong += [f"{path.relative_to(TESTS)} imports {n}" for n in names if not path.with_name(f"{n}.py").exists()]
    assert wrong == []
