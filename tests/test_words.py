"""The words of the project: retired words do not come back, and functions are named by verbs or nouns."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kit.source_tree import SOURCE, kept_modules, modules, nodes

ROOT: Final = Path(__file__).parent.parent

RETIRED: Final = {
    r"tells|told": "return, report, notify, log; distinguish",
    r"wanted": "requested, expected, required",
    r"(no|some|any)body": "no process, no caller, an operator, another transaction: say who",
    r"who(so)?ever": "the caller who, each process that",
    r"anew": "again",
    r"meanwhile": "in the meantime, concurrently",
    r"mend(s|ed|ing)?": "repair, fix",
    r"hear(s|d)": "is notified, renews its lease",
    r"(go|goes|going|went|gone) on": "continue, resume",
    r"(stands?|standing|stood)(?![- ]ins?\b)": "is stored, is open, waits, is listed, represents",
    r"(take|takes|taking|took|taken) up": "recover, resume",
    r"(give|gives|giving|gave|given) back": "return, release",
    r"(bring|brings|bringing|brought) down": "crash, end",
    r"in line(?! with)": "queued",
    r"comes? of it": "result, follow",
    r"haste": "at once, early",
    r"(fall|falls|fell|fallen) silent": "does not renew its lease, does not answer",
    r"dear to": "expensive, slow",
    r"lookout": "completion poller",
    r"probation|parking": "quarantine",
    r"kin|kinship|heirs?": "parent, child, successor",
}
"""Words that are not used, with what is said instead. Names count by their parts: `hasHeir`, `has_heir`."""

STORED: Final = re.compile(
    r"\.(wanted|tells)\b"  # columns and fields
    r"|\b(wanted|tells)(?=(=[^=]|: (str|int|Literal)\b))"
    r"|[\"'`](wanted|tells)[\"'`]"
    r"|(?<=, )wanted(?=, (shown|due_ms)\b)|(?<=shown < )wanted\b|\bwanted (?=bigint\b)|(?<=SET )wanted(?= = excluded)"
    r"|\b(_|_on_|apply_)?(CardWanted|card_wanted)\b"  # an event, and the functions of it
    r"|\b(looply_executions_mended_total|execution_mended|in_line)\b"  # metrics, a log event
    r"|\b(approval_of_nobody|slot_given_back_by_an_incident)\b|(?<==)tells\b"  # recorded histories, and a field
    r"|\bWantedBy\b"  # of systemd
)
"""Where a retired word is a name that is stored, on the wire, or of others; docs/glossary.md explains ours."""

ALLOWED: Final = ("tests/test_words.py",)

_RULES: Final = {
    re.compile(rf"\b(?:{words})\b".replace(" ", r"\s+"), re.IGNORECASE): instead for words, instead in RETIRED.items()
}
_ANY: Final = re.compile("|".join(rule.pattern for rule in _RULES), re.IGNORECASE)
_LINE_END: Final = "\n"
_PARTS: Final = re.compile(r"_|(?<=[a-z0-9])(?=[A-Z])")
_TEXTS: Final = {
    *(".md", ".toml", ".yaml", ".yml", ".html", ".css", ".ts", ".tsx", ".mjs", ".js"),
    *(".sh", ".cfg", ".service"),
}
_GENERATED: Final = {"node_modules", "static", "build", ".venv"}

TREES: Final = {
    "code": ("src/**/*",),
    "documentation": ("docs/**/*", "*.md"),
    "tests": ("tests/**/*",),
    "surroundings": (
        *("bench/**/*", "tools/**/*", "deploy/**/*", "Makefile"),
        *("ui/*", "ui/src/**/*", "ui/tests/**/*", "ui/tools/*"),
    ),
}


PARTICIPLE: Final = re.compile(
    r"[a-z]+ed|begun|bent|bound|bought|brought|built|caught|chosen|dealt|done|drawn|driven|fallen|fed|felt|forgotten|found"
    r"|frozen|given|gone|got|grown|held|hidden|hit|kept|known|laid|led|left|lent|lost|made|meant|met|paid|ridden|risen"
    r"|said|seen|sent|shaken|shown|sold|sought|spent|spoken|stolen|struck|swept|taken|taught|thrown|told|torn|understood"
    r"|woken|won|worn|written"
)
"""Participles, but for those that are verbs in the same form: `read`, `put`, `set`, `split`."""

VAGUE: Final = frozenset(
    ("asked", "begun", "carried", "found", "given", "held", "kept", "made", "said", "seen", "shown", "sought", "taken")
)
"""Participles that say what was done to a value, and not what it is: `found` may be a card, a row or a problem."""

PLAIN_ROOMS: Final = (
    "execution/deciding",
    "engine/processing",
    "engine/upkeep",
    "server/http",
    "app/executions",
    "app/administration",
)
"""The rooms that are read most: there, variables have no vague names either."""

VAGUE_VARIABLES: Final = {
    "server/http/request_parsing.py found",
    "server/http/request_parsing.py shown",
}
"""Those that are left; they may only become fewer."""

VERBS: Final = frozenset(("embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed"))
NOUN_ENDINGS: Final = ("_from",)
"""Names of a result with its source, such as `loaded_from(rows)`, which returns a `Loaded`."""


@pytest.fixture(scope="module", autouse=True)
def _kept_modules() -> Iterator[None]:
    with kept_modules():
        yield


@pytest.mark.parametrize("tree", TREES)
def test_retired_words_do_not_come_back(tree: str) -> None:
    found = [finding for path in files(TREES[tree]) for finding in findings(path)]
    assert not found, "\n".join(found)


def files(patterns: tuple[str, ...]) -> list[Path]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in found if not _GENERATED & set(path.relative_to(ROOT).parts))


def findings(path: Path) -> Iterator[str]:
    """Yields the retired words of a file, with the line and what is said instead."""
    name = path.relative_to(ROOT).as_posix()
    if name in ALLOWED or not (path.suffix in _TEXTS | {".py", ".sql"} or path.name == "Makefile"):
        return
    source = STORED.sub(lambda match: "x" * len(match[0]), path.read_text("utf-8"))
    if not _ANY.search(_PARTS.sub(" ", source)):
        return
    for line, text in texts(path, source):
        parts = _PARTS.sub(" ", text)
        for rule, instead in _RULES.items():
            for match in rule.finditer(parts):
                yield f"{name}:{line + parts.count(_LINE_END, 0, match.start())} {match[0]!r}: {instead}"


def texts(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Yields what people read of a file, with the number of the line: of Python names, comments and texts."""
    if path.suffix == ".py":
        yield from python_texts(source, with_data=path.is_relative_to(ROOT / "src"))
        return
    lines = [line if path.suffix != ".sql" or line.lstrip().startswith("-- ") else "" for line in source.splitlines()]
    yield 1, _LINE_END.join(lines)


def python_texts(source: str, *, with_data: bool) -> Iterator[tuple[int, str]]:
    """Yields names, comments, docstrings and, `with_data`, all other strings. Those of tests are data of any kind."""
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_docstring = token.type == tokenize.STRING and before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        is_data = token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE"
        if token.type in (tokenize.NAME, tokenize.COMMENT) or is_docstring or (with_data and is_data):
            yield token.start[0], token.string
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.type


def test_public_functions_are_verbs_or_nouns() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path, tree in modules()
        for function in public_functions(tree)
        if is_participle(function.name)
    ]
    assert not found, "\n".join(found)


def test_parameters_are_named_by_what_they_are() -> None:
    vague = {
        f"{place} {function.name} {each.arg}"
        for place, tree in product()
        for function in nodes(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        if each.arg in VAGUE
    }
    assert vague == set()


def test_classes_are_named_by_what_they_are() -> None:
    vague = {
        f"{place} {node.name}"
        for place, tree in product()
        for node in nodes(tree)
        if isinstance(node, ast.ClassDef) and node.name.lower() in VAGUE
    }
    assert vague == set()


def test_variables_of_the_rooms_that_are_read_most_are_named_by_what_they_are() -> None:
    vague = {
        f"{place} {node.id}"
        for place, tree in product(PLAIN_ROOMS)
        for node in nodes(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE
    }
    assert vague == VAGUE_VARIABLES


def product(rooms: tuple[str, ...] = ("",)) -> Iterator[tuple[str, ast.Module]]:
    """Yields the path of each module of the product below one of `rooms`, and its syntax tree."""
    for path, tree in modules():
        place = path.relative_to(SOURCE).as_posix()
        if place.startswith(rooms):
            yield place, tree


def public_functions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yields the functions of a module and the methods of its classes, without properties, which are no acts."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield from () if is_property(node) else (node,)


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def is_participle(name: str) -> bool:
    word = name.partition("_")[0]
    return PARTICIPLE.fullmatch(word) is not None and word not in VERBS and not name.endswith(NOUN_ENDINGS)
