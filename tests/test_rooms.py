"""The rooms of packages: which way their imports point, and what they say of themselves."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

import pytest

from kit.source_tree import (
    PROJECT,
    SOURCE,
    imported,
    kept_modules,
    module_of,
    modules,
    needed_at_once,
)

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
        "cards",
        "sqlite",
        "postgres",
        "temporal",
    ),
    "execution": (
        "facts",
        "document",
        "closing",
        "approvals",
        "delivery",
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
        "monitoring",
        "browsing",
        "people",
        "inbox",
        "administration",
        "studio",
    ),
    "app": (
        "openid",
        "messages",
        "context",
        "authoring",
        "executions",
        "bulks",
        "monitoring",
        "browsing",
        "people",
        "inbox",
        "administration",
        "studio",
        "templates",
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
    "catalog": ("storage", "trail", "calls", "tenants", "people", "authored"),
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
        "credentials",
        "oauth",
        "http",
        "function",
        "sap",
        "email",
        "teams",
    ),
    "execution.facts": ("values",),
    "engine.sql": ("figures",),
    "connectors.sap": ("types", "calls", "discovering", "batches"),
    "connectors.email": ("cards",),
    "connectors.teams": ("calls", "cards", "inbound", "packaging"),
    "channels": ("teams", "email", "notifications"),
    "demo": ("teams",),
}
"""The rooms of packages, lowest first: what is in one imports from its own and from those before it."""
_NEVER = re.compile(r"Never here: [^\n]+\.(?:\n\n.+)?", re.DOTALL)
"""The third part of what a room says of itself; how it works may follow."""


@pytest.fixture(scope="module", autouse=True)
def _kept_modules() -> Iterator[None]:
    with kept_modules():
        yield


def test_the_rooms_of_a_package_import_downwards() -> None:
    wrong = []
    for path, tree in modules():
        name = module_of(path)
        for package, rooms in ROOMS.items():
            if (rank := room_of(name, package, rooms)) is None:
                continue
            for target, line in imported(tree):
                found = room_of(target, package, rooms)
                if found is not None and found > rank:
                    wrong.append(f"{path.relative_to(SOURCE)}:{line} imports {target}")
    assert wrong == []


def room_of(module: str, package: str, rooms: Sequence[str]) -> int | None:
    """Returns the place of a module's room in the order of its package, None where it is in none."""
    name = module.removeprefix("looply.")
    first, _, _ = name.removeprefix(f"{package}.").partition(".")
    return rooms.index(first) if name.startswith(f"{package}.") and first in rooms else None


@pytest.mark.parametrize("package", ROOMS)
def test_each_room_says_what_it_is_what_it_imports_and_what_never_belongs_there(package: str) -> None:
    wrong = []
    for room in ROOMS[package]:
        said = (
            ast.get_docstring(ast.parse((SOURCE / package.replace(".", "/") / room / "__init__.py").read_text())) or ""
        )
        what, _, rest = said.partition("\n\n")
        imports, _, never = rest.partition("\n")
        expected = f"Imports {rooms_imported_by(package, room)}."
        if not what.endswith(".") or imports != expected or not _NEVER.fullmatch(never):
            wrong.append(f"{package}.{room} has: {said}\nexpected: {expected}")
    assert wrong == []


def rooms_imported_by(package: str, room: str) -> str:
    """Returns the other rooms of a package that one of its rooms imports, as its docstring lists them."""
    known = {module_of(path) for path, _ in modules()}
    at_once: set[int | None] = set()
    on_use: set[int | None] = set()
    for path, tree in modules():
        if f"{module_of(path)}.".startswith(f"looply.{package}.{room}."):
            at_once |= {room_of(name, package, ROOMS[package]) for name in needed_at_once(tree, known)}
            on_use |= {room_of(name, package, ROOMS[package]) for name, _ in imported(tree)}
    own = {None, ROOMS[package].index(room)}
    listed = listing(ROOMS[package][each] for each in sorted(at_once - own)) or f"no other room of `{package}`"
    late_rooms = listing(ROOMS[package][each] for each in sorted(on_use - at_once - own))
    return f"{listed}; {late_rooms} on demand" if late_rooms else listed


def listing(names: Iterable[str]) -> str:
    *first, last = [f"`{name}`" for name in names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def test_the_map_shows_every_room_in_its_order() -> None:
    text = (PROJECT / "docs" / "explanation" / "rooms.md").read_text("utf-8")
    shown = [line for line in text.splitlines() if line.startswith("| `") and line.split("`")[1].endswith("/")]
    expected = []
    for package, rooms in ROOMS.items():
        folder = package.replace(".", "/")
        for room in rooms:
            said = ast.get_docstring(ast.parse((SOURCE / folder / room / "__init__.py").read_text())) or ""
            expected.append(f"| `{folder}/{room}/` | {said.partition(chr(10))[0]} |")
    assert shown == expected
