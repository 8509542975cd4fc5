"""`errors.md`: every error code of the source with its HTTP status, found by reading the source.

Theory of operation: classes bring their codes by `code = "..."`. Everywhere else a code is a constant argument:
`code="..."` of a constructor, or an argument of the few functions that make refusals and incidents. Two codes are
made of a noun (`WORKFLOW_NOT_FOUND`); the nouns are constants in the calls of the functions that make them.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

import looply
from looply.errors import LooplyError, OperationError
from looply.execution.facts.commands import DeclineCode
from looply.expressions.values.errors import ExpressionError
from reference_pages.error_notes import GROUPS, NOTES
from reference_pages.markdown import code, json_block, page, table

SOURCE: Final = Path(looply.__file__).parent

_INTRO: Final = """
Every refusal has one shape, and its `code` is stable. `errors` lists the problems of the content, each with a
JSON Pointer; `request_id` identifies the log lines of the call.
"""
_EXAMPLE: Final = {
    "message": "the body does not fit at /workflow_id: expected `str`, got `int`",
    "code": "BAD_BODY",
    "errors": [{"path": "/workflow_id", "message": "expected `str`, got `int`"}],
    "request_id": "0199c0de-0000-7000-8000-000000000000",
}
_STATUS: Final = """
| status | meaning |
|---|---|
| 400, 404, 405, 413, 415, 422 | the call, or what it names, is wrong: nothing was done, repeating will not help |
| 403 | `{"message":"Forbidden"}` for a bad key; `"code":"SCOPE"` and the missing `permission` for a good one |
| 409 | the state of the object does not allow the call now: nothing was done |
| 429, 503 | nothing was done, repeat after `Retry-After` seconds; except `OUTCOME_UNKNOWN`, which may have been done |
| 503 without `Retry-After` | operators must act (`SEAL_BROKEN`, `STORE_CORRUPT`, `RECORD_DAMAGED`): nothing was done |
| 500 | a defect of Looply |
"""
# Function -> position of the code among its arguments, and the HTTP status of the refusal (0: none).
_MAKERS: Final = {
    "_decline": (0, 409),
    "failed": (0, 0),
    "open_incident": (2, 0),
    "error_body": (1, 500),
    "_refusal": (1, -1),
}
_STATE_MAKERS: Final = {"Declined": 409}
_AT_A_FIELD: Final = {"CODE_EXPIRED": 422, "CODE_WRONG": 422}
"""Codes by which the core declines what one field of a body says; the answer names the field."""
# A program and a script of Alembic: importing them has side effects.
_NOT_IMPORTED: Final = frozenset({"__main__", "env"})
# The `code` of an answer that is no refusal.
_SUCCESSES: Final = frozenset({"ResumeAnswer"})
_VERDICT: Final = ("failure", "Verdict")
"""The argument with which a connector gives the code of an answer that it judges a failure."""
_NOUN_MAKERS: Final = frozenset({"not_found_error", "lookup_name", "validate_id", "VersionedTable", "Bulks"})


class Found(NamedTuple):
    """One expression that creates a code; `status` is 0 where no HTTP answer carries it."""

    code: str
    status: int


def find_codes() -> dict[str, set[int]]:
    """Returns every code of the source with the HTTP statuses that it comes with."""
    codes: dict[str, set[int]] = {}
    for found in (*_class_codes(), *_call_codes()):
        codes.setdefault(found.code, set()).update({found.status} - {0})
    return codes


def errors_page() -> str:
    """Returns the page of all error codes."""
    codes = find_codes()
    parts = [_INTRO, json_block(_EXAMPLE), _STATUS]
    for group, (title, text) in GROUPS.items():
        rows = [
            (code(name), _shown(codes[name]) if group != "step" else "", note)
            for name, (where, note) in sorted(NOTES.items())
            if where == group and name in codes
        ]
        columns = (0, 2) if group in ("step", "command", "inside") else (0, 1, 2)
        head = [("code", "status", "meaning")[column] for column in columns]
        parts += [f"## {title}", text, table(head, [[row[column] for column in columns] for row in rows])]
    unknown = sorted(codes.keys() - NOTES.keys())
    if unknown:
        parts += ["## Others", table(("code", "status"), [(code(name), _shown(codes[name])) for name in unknown])]
    return page("Error codes", *parts)


def _shown(statuses: set[int]) -> str:
    return ", ".join(str(status) for status in sorted(statuses))


def _class_codes() -> Iterator[Found]:
    for module in pkgutil.walk_packages(looply.__path__, "looply."):
        if module.name.rsplit(".", 1)[-1] not in _NOT_IMPORTED:
            importlib.import_module(module.name)
    pending = [LooplyError]
    while pending:
        class_ = pending.pop()
        pending += class_.__subclasses__()
        if class_.__module__.startswith("looply."):
            yield Found(class_.code, _status_of(class_))


def _status_of(class_: type[LooplyError]) -> int:
    from looply.server.http.problems import STATUSES  # noqa: PLC0415 - statuses belong to the server alone

    if issubclass(class_, OperationError | ExpressionError) or class_.__module__.startswith("looply.cli"):
        return 0
    return next(STATUSES[parent] for parent in class_.__mro__ if parent in STATUSES)


def _call_codes() -> Iterator[Found]:
    classes = _error_classes()
    for file in sorted(SOURCE.rglob("*.py")):
        if "migrations" in file.parts:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        refusals = dict(_constant_refusals(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _codes_of(node, classes)
                yield from _raw_refusals(node, refusals)
    yield from (Found(name, _AT_A_FIELD.get(name, 409)) for name in get_args(DeclineCode))


def _codes_of(call: ast.Call, classes: dict[str, type[LooplyError]]) -> Iterator[Found]:
    owner, _, name = ast.unparse(call.func).rpartition(".")
    if name == "at":  # `Refused.at("/name", ...)` makes one of the class.
        name = owner.rpartition(".")[2]
    status = _status_of(classes[name]) if name in classes else _STATE_MAKERS.get(name, 0)
    for keyword in call.keywords:
        is_code = keyword.arg == "code" and name not in _SUCCESSES
        if is_code or (keyword.arg, name) == _VERDICT:
            codes = _constants(keyword.value)
            yield from (Found(text, _AT_A_FIELD.get(text, status) if status else 0) for text in codes)
    if name in _MAKERS and len(call.args) > _MAKERS[name][0]:
        position, status = _MAKERS[name]
        if status == -1:
            status = next((int(text) for text in map(ast.unparse, call.args) if text.isdigit()), 0)
        yield from (Found(text, status) for text in _constants(call.args[position]))
    if name in _NOUN_MAKERS:
        nouns = [
            text
            for argument in call.args
            if isinstance(argument, ast.Constant)
            for text in _constants(argument, upper=False)
        ]
        for noun in nouns:
            if name == "validate_id":
                yield Found(f"INCORRECT_{noun.upper()}_ID", 400)
            else:
                yield Found(f"{noun.upper()}_NOT_FOUND", 404)
                if name in ("VersionedTable", "Bulks"):
                    yield Found(f"INCORRECT_{noun.upper()}_ID", 400)


def _constant_refusals(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yields name and code of the constants of a module that are a message and a code."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            yield from ((ast.unparse(node.target), text) for text in _constants(node.value.elts[1]))


def _raw_refusals(call: ast.Call, refusals: dict[str, str]) -> Iterator[Found]:
    """Yields refusals before there is a call: a status and one of those constants as arguments."""
    names = [ast.unparse(argument.value) for argument in call.args if isinstance(argument, ast.Starred)]
    statuses = [int(text) for text in map(ast.unparse, call.args) if text.isdigit()]
    yield from (Found(refusals[name], status) for name in names if name in refusals for status in statuses)


def _constants(node: ast.expr, *, upper: bool = True) -> Iterator[str]:
    """Yields the constant codes of an expression, both branches of a conditional one included."""
    for part in ast.walk(node):
        text = part.value if isinstance(part, ast.Constant) else None
        if isinstance(text, str) and text.isidentifier() and text.isupper() == upper and text.strip("_") == text:
            yield text


def _error_classes() -> dict[str, type[LooplyError]]:
    classes: dict[str, type[LooplyError]] = {}
    pending: list[type[LooplyError]] = [LooplyError]
    while pending:
        class_ = pending.pop()
        classes[class_.__name__] = class_
        pending += class_.__subclasses__()
    return classes
