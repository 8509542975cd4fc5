"""Checks the references of expressions: unknown names, values of a wrong type, statuses that no expression reads.

The shapes of the data document define what a step can see. An expression that fails for every payload is an error;
everything else, including what follows only from a payload's schema, is a warning: other bodies are not refused.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from looply.definition.graph.document_shapes import DocumentShapes, waiting_steps
from looply.definition.graph.outline import Outline
from looply.definition.graph.regions import find_regions, has_type
from looply.definition.schemas.schema import RESERVED_IDS
from looply.definition.values.choice import OPERATORS
from looply.definition.values.pointer import split_pointer
from looply.definition.values.report import LocatedTemplate, Operand, Reference, Report, write
from looply.errors import Sentence, say
from looply.expressions import CardTemplate, Expression, ExpressionSyntaxError, Shape, Template
from looply.expressions.inference.cards import card_expressions, findings_in_card
from looply.expressions.inference.expressions import Budget, infer
from looply.expressions.inference.findings import Finding, FindingKind
from looply.expressions.inference.visible import Visible, visible_in_step
from looply.expressions.shapes.shape import BOOLEAN, NULL, NUMBER, TEXT, TEXTUAL, kinds_text
from looply.jsontext import Json
from looply.limits import Limits

_KINDS: Final[Mapping[str, int]] = {"boolean": BOOLEAN, "number": NUMBER, "text": TEXT, "time": TEXT}
_CONVERSIONS: Final[Mapping[tuple[int, int], str]] = {(NUMBER, TEXT): "float", (TEXT, 0): "string"}
"""(what an operator compares, whether the value is a text) -> the function that makes it of the value."""
_ROOTS: Final = ("$root", "$data")
_STEP_FIELDS: Final = ("output", "description")


def check_references(outline: Outline, schema: Json, report: Report, limits: Limits) -> None:
    """Reports the findings of each expression. `schema` is that of the payload, None when it is unknown."""
    if len(outline.steps) > limits.definition_steps:
        return  # every step may see every other one, so the cost is quadratic: too many steps are not checked
    checker = _Checker(outline, schema, report)
    for written in report.templates:
        checker.check(written)
    for operand in report.operands:
        checker.check_operand(operand)
    _check_statuses(outline, map(_strip_root, report.references), report)


class _Checker:
    """Infers expressions from the data that their steps can see, and words the findings for workflow authors."""

    def __init__(self, outline: Outline, schema: Json, report: Report) -> None:
        self._steps = {id_.casefold(): id_ for id_ in outline.by_id}
        self._ids = {str(step.index): step.id for step in outline.steps}
        self._waiting = waiting_steps(outline)
        self._loops = frozenset(id_ for id_, step in outline.by_id.items() if has_type(step, "forEach"))
        self._folded_waits = {id_.casefold(): id_ for id_ in self._waiting}
        self._regions = find_regions(outline).regions
        self._shapes = DocumentShapes(outline, schema)
        self._sure = DocumentShapes(outline) if schema is not None else self._shapes
        self._documents: dict[str, Shape] = {}
        self._budget = Budget()
        self._pointers = {id(written.template): written.pointer for written in report.templates}
        self._report = report

    def check(self, written: LocatedTemplate) -> None:
        """Reports the findings of the expressions of one template or card."""
        step_id = self._ids.get(split_pointer(written.pointer)[1], "")
        document = self._document(written.pointer)
        if isinstance(written.template, CardTemplate):
            for pointer, expression, visible in card_expressions(written.template, document, self._budget):
                self._check_in_card(written.pointer + pointer, expression, visible)
            return
        visible = visible_in_step(document)
        for pointer, expression in written.template.expressions:
            self._check_in_settings(written.pointer + pointer, expression, visible, step_id)

    def check_operand(self, operand: Operand) -> None:
        """Reports a value whose type the operator of a rule never, or not always, compares; it may be missing."""
        pointer = self._pointers.get(id(operand.template))
        if pointer is None:
            return  # it does not parse, which is an error already
        declared = OPERATORS[operand.operator]
        expression = _sole_expression(operand.template)
        if expression is None:
            shape, shown = TEXTUAL, str(operand.template.value)
        else:
            visible = visible_in_step(self._document(pointer))
            shape, shown = infer(expression.tree, visible, expression.source, self._budget).shape, expression.source
        kinds, expected = shape.kinds & ~NULL, _KINDS[declared.operand]
        if kinds and not kinds & expected:
            wording = "`{value}` is {kinds}, which {operator} never compares"
            message = say("NEVER_COMPARED", wording, value=shown, kinds=kinds_text(kinds), operator=operand.operator)
        elif expected == NUMBER and shape.may_be_text_number:
            wording = "`{value}` may be a text ({text}), and then {operator} is false"
            text = str(shape.text_numbers)
            message = say("MAY_BE_TEXT", wording, value=shown, text=text, operator=operand.operator)
        else:
            return
        converts = expression is not None and _CONVERSIONS.get((expected, kinds & TEXT))
        self._report.warning(pointer, message, write(f"${{{converts}({shown})}}") if converts else None)

    def _document(self, pointer: str) -> Shape:
        step_id = self._ids.get(split_pointer(pointer)[1], "")
        document = self._documents.get(step_id)
        if document is None:
            document = self._documents[step_id] = self._shapes.of(step_id)
        return document

    def _check_in_settings(self, pointer: str, expression: Expression, visible: Visible, step_id: str) -> None:
        found = infer(expression.tree, visible, expression.source, self._budget).findings
        if any(finding.severity == "error" for finding in found) and self._sure is not self._shapes:
            sure = infer(expression.tree, visible_in_step(self._sure.of(step_id)), expression.source, self._budget)
            if sure.shape.kinds:
                found = tuple(finding.as_warning() for finding in found)
        for finding in found:
            self._report_finding(pointer, expression, finding)

    def _check_in_card(self, pointer: str, expression: Expression, visible: Visible) -> None:
        """Reports findings within a card, where an unresolved path is shown as it is written."""
        for finding in findings_in_card(expression, visible, self._budget):
            self._report_finding(pointer, expression, finding)

    def _report_finding(self, pointer: str, expression: Expression, finding: Finding) -> None:
        message, hint = self._explain(finding)
        if finding.kind is FindingKind.UNKNOWN and (scoped := self._scope_message(pointer, finding)) is not None:
            message, hint = scoped
        placed = ExpressionSyntaxError(message, source=expression.source, position=finding.position).message
        report = self._report.error if finding.severity == "error" else self._report.warning
        report(pointer, say("EXPRESSION", "{reason}", reason=placed), hint)

    def _scope_message(self, pointer: str, finding: Finding) -> tuple[str, Sentence] | None:
        """Returns the message for a name that is visible in some branch or body only, None for any other finding."""
        _, _, outcome = finding.message.rpartition(": ")
        match [part.casefold() if isinstance(part, str) else part for part in finding.path]:
            case ["item" | "index" as name]:
                message = f"`{name}` exists only in the body of a forEach: {outcome}"
                return message, say("READ_IN_BODY", "read it in a step of a body")
            case [str(name)] if name in self._steps:
                own = self._regions.get(self._steps[name], ())
                here = self._regions.get(self._ids.get(split_pointer(pointer)[1], ""), ())
                shared = sum(1 for ours, theirs in zip(own, here, strict=False) if ours == theirs)
                bodies = [step for step, _ in own[shared:] if step in self._loops]
                if bodies:
                    message = f"the step {self._steps[name]!r} is visible only in the body of {bodies[0]!r}: {outcome}"
                    return message, say("READ_ITEMS", "read {step}.output.items", step=bodies[0])
                return None
            case ["waits", str(name)] if (step := self._folded_waits.get(name)) is not None:
                message = f"{step!r} waits in another branch or body, whose waits have tokens of their own: {outcome}"
                return message, say("READ_TOKEN_THERE", "read the token in a step of that branch or body")
            case _:
                return None

    def _explain(self, finding: Finding) -> tuple[str, Sentence | None]:
        """Returns the message and the hint of a finding."""
        if finding.kind is not FindingKind.UNKNOWN or not finding.path:
            hint = finding.suggestion
            return finding.message, say("EXPRESSION_FIX", "{fix}", fix=hint) if hint else None
        _, _, outcome = finding.message.rpartition(": ")
        match [part.casefold() if isinstance(part, str) else part for part in finding.path]:
            case [str(name)] if name in self._steps:
                message = f"the step {self._steps[name]!r} does not run before this one: {outcome}"
                return message, say("READ_LATER", "read it in a later step")
            case [str(_)]:
                known = (*self._steps.values(), *RESERVED_IDS)
                return f"there is no step {finding.path[0]!r}: {outcome}", self._suggestion(finding, known)
            case ["waits", str(_)]:
                message = f"{finding.path[1]!r} is no step that waits: {outcome}"
                return message, self._suggestion(finding, self._waiting)
            case [str(name), str(_)] if name == "payload" or name in self._steps:
                owner = "`payload`" if name == "payload" else "a step"
                message = f"{owner} has {' and '.join(_STEP_FIELDS)}, and no {finding.path[1]!r}: {outcome}"
                return message, write(f"{self._steps.get(name, name)}.output.{finding.path[1]}")
            case ["payload", "output", *_]:
                message = f"the payload's schema has no {'.'.join(map(str, finding.path[2:]))!r}"
                return message, self._suggestion(finding, finding.known)
            case _:
                return finding.message, self._suggestion(finding, finding.known)

    def _suggestion(self, finding: Finding, known: Iterable[str]) -> Sentence | None:
        return self._report.suggest(str(finding.path[-1]), known)


def _sole_expression(template: Template) -> Expression | None:
    """Returns the expression when it is the whole template; None when there is text around it, which makes a text."""
    if len(template.expressions) != 1 or template.expressions[0][0]:
        return None
    expression = template.expressions[0][1]
    return expression if template.value == f"${{{expression.source}}}" else None


def _strip_root(reference: Reference) -> Reference:
    path = reference.path
    return Reference(reference.pointer, path[1:] if path and path[0] in _ROOTS else path)


def _check_statuses(outline: Outline, references: Iterable[Reference], report: Report) -> None:
    read = {_status_of(reference.path) for reference in references}
    for step in outline.steps:
        if (
            has_type(step, "httpRequest", "sapRequest")
            and not step.settings.get("fail_on")
            and not {step.id.casefold(), ""} & read
        ):
            wording = "the status of {step!r} is never read: the execution continues even after a 404 or 500"
            hint = say("ADD_FAIL_ON", "set `fail_on` to 4xx and 5xx, or read {step}.output.status", step=step.id)
            report.warning(step.path, say("STATUS_UNREAD", wording, step=step.id), hint)


def _status_of(path: tuple[str | int, ...]) -> str | None:
    """Returns the folded id of the step whose status the path reads; the empty text for the whole document."""
    if not path:
        return ""
    expected = ("output", "status")
    reads = all(str(part).casefold() == name for part, name in zip(path[1:3], expected, strict=False))
    return str(path[0]).casefold() if reads else None
