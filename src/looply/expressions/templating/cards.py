"""Card templates: Adaptive Card templating, as Microsoft's `adaptivecards-templating` expands them.

Besides `${...}` in strings, an object may have `$data`, the object that names are looked up in (a list repeats the
card's object), and `$when`, which drops the object unless it is true. `$root` is the whole document, `$data` the value
of an enclosing `$data`, `$index` the number of the repetition, `$host` the value from the host. A path without a value,
and an expression within a text that fails, are left in the card as source text; a whole expression that fails is an
error. Source: Adaptive Cards "Template language", and the package where that is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from looply.expressions.closures.scope import CARD_VARIABLES, Names, Path
from looply.expressions.compiling.expression import Expression
from looply.expressions.templating.card_strings import CardStrings
from looply.expressions.templating.templates import escape_key
from looply.expressions.values.errors import ExpressionLimit, ExpressionSyntaxError
from looply.expressions.values.evaluation import MISSING, Closure, Evaluation, Run
from looply.jsontext import Json, size_problem
from looply.limits import DEFAULT_LIMITS, Limits

_ROOT, _DATA, _INDEX, _HOST, _VERSION = CARD_VARIABLES.values()
_EQUAL_TO: Mapping[str, Json] = MappingProxyType({"major": 2, "minor": 3, "patch": 1, "suffix": ""})
"""The version of Microsoft's package that this one is compatible with; it is `$_acTemplateVersion`."""
_RESERVED = frozenset({"$data", "$when", "$root", "$index", "$host", "$_acTemplateVersion"})
_NEVER_HELD = (None, False, 0, "")
"""The values of a `$when` without an expression that do not drop the object. Source: ECMA-262 ToBoolean."""


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """A card with expressions, ready to be expanded any number of times.

    `expressions` are the expressions with the JSON Pointers of their strings; `references` are the paths of the
    document that they read. Expressions below a `$data` read its value: their own names are no references.
    """

    value: Json
    expressions: tuple[tuple[str, Expression], ...]
    references: tuple[Path, ...]
    _part: Closure = field(repr=False)
    _slots: int = field(repr=False)

    def expand(self, evaluation: Evaluation, data: Json = MISSING, host: Json = MISSING) -> Json:
        """Returns the card for the data, or for the document of the evaluation when there is none.

        Null when `$when` drops the card, a list when its `$data` repeats it. The result shares values with the template
        and the data and must not be changed. Fuel is counted over the whole card, which must not be larger than
        `document_bytes`.

        Raises: ExpressionError with the pointer of the string for a whole expression that fails; its subclass
        ExpressionLimit for an exceeded limit.
        """
        return self.expand_in(self.begin(evaluation), data, host)

    def begin(self, evaluation: Evaluation) -> Run:
        """Returns a run for `expand_in`."""
        return Run(evaluation, self._slots)

    def expand_in(self, run: Run, data: Json = MISSING, host: Json = MISSING) -> Json:
        """Returns the card as `expand` does, within a run of `begin`, which records the fuel that it uses."""
        limits = run.limits
        run.variables[_HOST], run.variables[_VERSION] = host, dict(_EQUAL_TO)
        _enter(run, run.data if data is MISSING else data)
        run.variables[_ROOT] = run.variables[_DATA]
        try:
            made = self._part(run)
        except RecursionError as error:
            reason = f"a card nested deeper than {limits.json_levels} levels"
            raise ExpressionLimit("json_levels", reason) from error
        if reason := size_problem(made, limits.document_bytes, limits):
            raise ExpressionLimit("json_levels" if "levels" in reason else "document_bytes", f"the card {reason}")
        return None if made is MISSING else made


def parse_card(value: Json, limits: Limits = DEFAULT_LIMITS, *, allows_unknown: bool = False) -> CardTemplate:
    """Returns the template of a card.

    With `allows_unknown`, as in Microsoft's package, a function that does not exist fails when it is called.

    Raises: ExpressionSyntaxError with the pointer of the string, for an expression that does not parse.
    """
    strings = CardStrings(limits, allows_unknown=allows_unknown)
    try:
        part = _Builder(strings).build(value, "", Names.CARD, limits.json_levels)
    except RecursionError as error:
        raise _nested_too_deeply("") from error
    expressions = tuple(strings.expressions)
    references = tuple(dict.fromkeys(path for _, expression in expressions for path in expression.references))
    slots = max((expression.compiled.slots for _, expression in expressions), default=len(CARD_VARIABLES))
    return CardTemplate(value, expressions, references, part.closure or _constant(part.constant), slots)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a card: the closure that expands it, or its constant value. `weight` is the work of expanding it."""

    closure: Closure | None
    constant: Json
    weight: int


class _Builder:
    def __init__(self, strings: CardStrings) -> None:
        self._strings = strings

    def build(self, value: Json, pointer: str, names: Names, levels: int) -> _Part:
        """Returns a part of a card with at most `levels` levels. Raises: ExpressionSyntaxError."""
        if isinstance(value, str):
            made = self._strings.value(value, pointer, names)
            return _Part(None, made, 0) if isinstance(made, str) else _Part(made, None, 1 + (len(value) >> 4))
        if not isinstance(value, dict | list):
            return _Part(None, value, 0)
        if levels == 0:
            raise _nested_too_deeply(pointer)
        if isinstance(value, dict):
            return self._object(value, pointer, names, levels - 1)
        parts = []
        for index, item in enumerate(value):
            parts.append(self.build(item, f"{pointer}/{index}", names, levels - 1))
        return _list(parts)

    def _object(self, value: dict[str, Json], pointer: str, names: Names, levels: int) -> _Part:
        data = self._data(value["$data"], f"{pointer}/$data", names, levels) if "$data" in value else None
        inner = names if data is None else Names.ITEM
        when = self._when(value.get("$when"), f"{pointer}/$when", inner, levels)
        members = {}
        for key, item in value.items():
            if key not in _RESERVED:
                members[key] = self.build(item, f"{pointer}/{escape_key(key)}", inner, levels)
            elif key not in {"$data", "$when"}:
                self._read(item, f"{pointer}/{key}", levels)
        one = _object(members)
        if when.closure is None:
            part = one if when.constant else _Part(None, None, 0)
        else:
            part = _Part(_conditional(when.closure, one), None, when.weight + one.weight)
        return part if data is None else _with_data(data, part)

    def _data(self, value: Json, pointer: str, names: Names, levels: int) -> _Part:
        if isinstance(value, str):
            return self.build(value, pointer, names, levels)
        self._read(value, pointer, levels)
        return _Part(None, value, 0)

    def _when(self, value: Json, pointer: str, names: Names, levels: int) -> _Part:
        """Compiles `$when`: without an expression, a missing, null, false, 0 or empty one keeps the object."""
        if isinstance(value, str) and (holds := self._strings.condition(value, pointer, names)) is not None:
            return _Part(holds, None, 1 + (len(value) >> 4))
        self._read(value, pointer, levels)
        return _Part(None, not isinstance(value, dict | list) and value in _NEVER_HELD, 0)

    def _read(self, value: Json, pointer: str, levels: int) -> None:
        """Checks the syntax of a value that is kept unchanged or dropped."""
        _Builder(self._strings.for_checking()).build(value, pointer, Names.ITEM, levels)


def _nested_too_deeply(pointer: str) -> ExpressionSyntaxError:
    reason = "nested too deeply; the limit is `json_levels`"
    return ExpressionSyntaxError(reason, source="", position=0, pointer=pointer)


def _constant(constant: Json) -> Closure:
    return lambda _: constant


def _list(parts: list[_Part]) -> _Part:
    """Returns the part of a list: null is dropped, and inner lists are replaced by their items, as in Microsoft's."""
    weight = 1 + sum(part.weight for part in parts) + (len(parts) >> 3)
    if all(part.closure is None for part in parts):
        made: list[Json] = []
        for part in parts:
            made.extend(_items_of(part.constant))
        return _Part(None, made, weight)

    def expand(run: Run) -> list[Json]:
        made: list[Json] = []
        for part in parts:
            item = part.constant if part.closure is None else part.closure(run)
            if isinstance(item, list):
                run.spend(len(item) >> 2)
                made.extend(item)
                run.check_items(len(made))
            elif item is not None:
                made.append(None if item is MISSING else item)
        run.check_items(len(made))
        return made

    return _Part(expand, None, weight)


def _items_of(constant: Json) -> list[Json]:
    if isinstance(constant, list):
        return constant
    return [] if constant is None else [constant]


def _object(members: dict[str, _Part]) -> _Part:
    weight = 1 + sum(member.weight for member in members.values()) + (len(members) >> 2)
    frame = {key: member.constant for key, member in members.items()}
    moving = tuple((key, member.closure) for key, member in members.items() if member.closure is not None)
    if not moving:
        return _Part(None, frame, weight)

    def expand(run: Run) -> dict[str, Json]:
        made = frame.copy()
        for key, closure in moving:
            item = closure(run)
            if item is MISSING:
                del made[key]
            else:
                made[key] = item
        return made

    return _Part(expand, None, weight)


def _conditional(holds: Closure, part: _Part) -> Closure:
    expand = part.closure or _constant(part.constant)
    return lambda run: expand(run) if holds(run) else None


def _enter(run: Run, data: Json) -> None:
    run.data = data if isinstance(data, Mapping) else {}
    run.variables[_DATA] = data


def _with_data(data: _Part, part: _Part) -> _Part:
    """Returns the part that expands an object for the value of its `$data`: once, or for each item of a list.

    Several remaining objects are a list, none is null.
    """
    choose, expand = data.closure or _constant(data.constant), part.closure or _constant(part.constant)
    weight = 1 + part.weight

    def expand_each(run: Run) -> Json:
        chosen = choose(run)
        outer = run.data, run.variables[_DATA], run.variables[_INDEX]
        try:
            if not isinstance(chosen, list):
                if chosen is not MISSING:
                    _enter(run, chosen)
                return expand(run)
            made = []
            for index, item in enumerate(chosen):
                run.spend(weight)
                run.variables[_INDEX] = index
                _enter(run, item)
                if (one := expand(run)) is not None:
                    made.append(one)
        finally:
            run.data, run.variables[_DATA], run.variables[_INDEX] = outer
        return made if len(made) > 1 else made[0] if made else None

    return _Part(expand_each, None, data.weight + weight)
