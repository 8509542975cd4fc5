"""Reads the settings of one step: parses their expressions and reports syntax errors with their JSON Pointers."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from looply.definition.schemas.schema_checker import SchemaChecker
from looply.definition.values.duration import Duration, parse_duration, parse_instant
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import LocatedTemplate, Reference, Report
from looply.errors import DefinitionError, Sentence, say
from looply.expressions import CardTemplate, ExpressionSyntaxError, Placement, Template, parse_card, parse_template
from looply.jsontext import Json

BROKEN: Final = parse_template(None)
"""Placeholder for a template with a syntax error, which is in the report."""


class Reader:
    """One object of a definition that is valid against its schema, with its JSON Pointer."""

    def __init__(self, value: dict[str, Json], path: str, report: Report) -> None:
        self.value = value
        self.path = path
        self.report = report

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def pointer(self, *names: str | int) -> str:
        """Returns the pointer of a member."""
        return join_pointer(self.path, *names)

    def child(self, name: str) -> "Reader | None":
        """Returns the reader of a member that is an object, or None when it is left out."""
        return Reader(self.value[name], self.pointer(name), self.report) if name in self.value else None

    def children(self, name: str) -> Iterator["Reader"]:
        """Returns the readers of a list of objects."""
        for index, item in enumerate(self.value[name]):
            yield Reader(item, self.pointer(name, index), self.report)

    def error(self, name: str, message: Sentence, hint: Sentence | None = None) -> None:
        """Records an error of a member, or of the object itself when the member is left out."""
        self.report.error(self.pointer(name) if name in self.value else self.path, message, hint)

    def warning(self, name: str, message: Sentence, hint: Sentence | None = None) -> None:
        """Records a warning of a member, or of the object itself when the member is left out."""
        self.report.warning(self.pointer(name) if name in self.value else self.path, message, hint)

    def json_schema(self, name: str) -> SchemaChecker | None:
        """Returns a member that is a JSON Schema, compiled; None when it is left out or not usable."""
        if name not in self.value:
            return None
        try:
            return SchemaChecker(self.value[name])
        except ValueError as error:
            message = say("SCHEMA_UNUSABLE", "is no JSON Schema that can be used: {reason}", reason=str(error))
            self.error(name, message)
            return None

    def template(self, name: str) -> Template | None:
        """Returns the template of a member, or None when it is left out."""
        return read_template(self.value[name], self.pointer(name), self.report) if name in self.value else None

    def integer(self, name: str) -> int | None:
        """Returns a whole number, which JSON may write as `2.0`; None when it is left out."""
        return int(self.value[name]) if name in self.value else None

    def card(self, name: str) -> CardTemplate | None:
        """Returns the card template of a member, or None when it is left out."""
        return read_card(self.value[name], self.pointer(name), self.report) if name in self.value else None

    def duration_template(self, name: str, *, allows_zero: bool = False) -> Template | None:
        """Returns the template of a duration; a constant one is checked here."""
        template = self.template(name)
        if template is not None and template.is_constant and template is not BROKEN:
            self.duration(name, allows_zero=allows_zero)
        return template

    def duration(self, name: str, *, allows_zero: bool = False) -> Duration | None:
        """Returns a constant duration; None when it is left out or wrong, which is reported."""
        if name not in self.value:
            return None
        try:
            duration = parse_duration(self.value[name])
        except DefinitionError as error:
            self.error(name, say("DURATION_INVALID", "{reason}", reason=error.message))
            return None
        if duration.is_zero and not allows_zero:
            self.error(name, say("DURATION_ZERO", "must be longer than zero"))
            return None
        return duration

    def instant(self, name: str) -> datetime | None:
        """Returns a constant instant; None when it is left out or wrong, which is reported."""
        if name not in self.value:
            return None
        try:
            return parse_instant(self.value[name])
        except DefinitionError as error:
            self.error(name, say("INSTANT_INVALID", "{reason}", reason=error.message))
            return None


def read_template(
    value: Json, path: str, report: Report, placements: Mapping[str, Placement] | None = None
) -> Template:
    """Returns the template of a value and records its references; every text with a syntax error is reported.

    `placements` is passed to `parse_template`.
    """
    try:
        template = parse_template(value, placements=placements)
    except ExpressionSyntaxError as error:
        _report_texts(value, path, report, parse_template, error)
        return BROKEN
    _record(template, path, report)
    return template


def read_card(value: Json, path: str, report: Report) -> CardTemplate | None:
    """Returns a card template and records its references; every text with a syntax error is reported."""
    try:
        card = parse_card(value)
    except ExpressionSyntaxError as error:
        _report_texts(value, path, report, parse_card, error)
        return None
    _record(card, path, report)
    return card


def _record(template: Template | CardTemplate, path: str, report: Report) -> None:
    if template.expressions:
        report.templates.append(LocatedTemplate(path, template))
    for pointer, expression in template.expressions:
        report.references.extend(Reference(path + pointer, reference) for reference in expression.references)


def _report_texts(
    value: Json, path: str, report: Report, parse: Callable[[Json], object], whole: ExpressionSyntaxError
) -> None:
    """Reports each text with a syntax error of its own, or else the error of the whole value."""
    found = 0
    for pointer, text in texts_in(value, path):
        try:
            parse(text)
        except ExpressionSyntaxError as error:
            found += 1
            report.error(pointer, _syntax(error))
    if not found:
        report.error(path + whole.pointer, _syntax(whole))


def _syntax(error: ExpressionSyntaxError) -> Sentence:
    return say("EXPRESSION_SYNTAX", "{reason}", reason=error.message)


def texts_in(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """Yields every text within a value, with its pointer."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts_in(item, join_pointer(path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_in(item, join_pointer(path, index))
