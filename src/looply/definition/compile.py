"""Validation of a definition and, when it has no errors, its compilation to a `Workflow`.

The JSON Schema is checked first. The other checks then run over everything that is readable, so that one call reports
every problem; only the settings of a step that violates the schema are not checked any further.
"""

from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

import msgspec

from looply.definition.calls import calls, scopes
from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.definition.calls.operations import NO_OPERATIONS, Operations, check_operations
from looply.definition.graph.card_channels import CheckCard, check_cards, check_channels
from looply.definition.graph.graph import check_graph
from looply.definition.graph.model import ARRIVE, START, Step, Workflow, WorkflowSettings
from looply.definition.graph.outline import Outline, StepOutline, check_steps, read_outline
from looply.definition.graph.references import check_references
from looply.definition.graph.regions import check_regions, find_regions, joins_of
from looply.definition.graph.search_fields import check_search_fields
from looply.definition.graph.trigger import trigger_schema
from looply.definition.schemas.document_check import document_problems
from looply.definition.schemas.http_schemas import FOLLOW_PATTERN, POINTER_PATTERN
from looply.definition.schemas.schema import SEARCH_POINTER, VISIBLE_NAME
from looply.definition.schemas.schema_checker import SchemaChecker
from looply.definition.schemas.schema_parts import EXPRESSION
from looply.definition.schemas.schema_problems import Patterns
from looply.definition.schemas.settings_schema import BRANCH_ID, IDENTIFIER, OPERATION_NAME
from looply.definition.settings import approvals, children, conditions, datastores, endings, pauses
from looply.definition.settings.reading import Reader, read_card, read_template
from looply.definition.settings.schedules import check_zone
from looply.definition.settings.step_settings import (
    AdaptiveCardSettings,
    ApprovalSettings,
    CallSettings,
    StepSettings,
    WaitSettings,
)
from looply.definition.values.pointer import join_pointer, split_pointer
from looply.definition.values.repeat import Repeat
from looply.definition.values.report import Report
from looply.definition.values.retry import RETRY_PATTERN, STATUS_PATTERN
from looply.errors import FAILURE_KINDS, DefinitionError, Problem, say
from looply.expressions import Template
from looply.jsontext import Json, canonical_json, encode_json
from looply.limits import DEFAULT_LIMITS, Limits

_COMPILERS: Final[Mapping[str, Callable[[Reader], StepSettings]]] = {
    **{name: row.compile for name, row in OPERATION_STEPS.items()},
    "conditional": conditions.compile_conditional,
    "branchConditional": conditions.compile_branch_conditional,
    "advancedConditional": conditions.compile_advanced_conditional,
    "adaptiveCard": pauses.compile_adaptive_card,
    "approval": approvals.compile_approval,
    "wait": pauses.compile_wait,
    "delay": pauses.compile_delay,
    "overridePayload": endings.compile_override_payload,
    "datastore": datastores.compile_datastore,
    "subworkflow": children.compile_subworkflow,
    "redirect": endings.compile_redirect,
    "terminate": endings.compile_terminate,
    "parallel": scopes.compile_parallel,
    "join": scopes.compile_join,
    "forEach": scopes.compile_for_each,
}

_INPUTS: Final[Mapping[str, Callable[[Reader], Template]]] = {
    **{name: row.input for name, row in OPERATION_STEPS.items()},
    "datastore": datastores.datastore_input,
}

_RETRY_REASON: Final = "{value} is not one of connection, timeout, {kinds}, a status such as 503, or 5xx"
_KINDS: Final = ", ".join(FAILURE_KINDS)
PATTERN_MESSAGES: Final[Patterns] = {
    IDENTIFIER: lambda value: say(
        "NO_ID", "{value} is not an id: a letter, then at most 63 letters, digits or _", value=value
    ),
    STATUS_PATTERN: lambda value: say("NO_STATUS", "{value} is not a status such as 404 or 4xx", value=value),
    RETRY_PATTERN: lambda value: say("NO_RETRY_REASON", _RETRY_REASON, value=value, kinds=_KINDS),
    EXPRESSION["pattern"]: lambda value: say(
        "NO_EXPRESSION", "{value} is not an expression such as {example}", value=value, example="${payload.output.list}"
    ),
    SEARCH_POINTER: lambda value: say(
        "NO_POINTER", "{value} is not a JSON Pointer such as /payload/output/po", value=value
    ),
    POINTER_PATTERN: lambda value: say(
        "NO_POINTER_TO_ITEMS", "{value} is not a JSON Pointer such as /items, or nothing", value=value
    ),
    FOLLOW_PATTERN: lambda value: say(
        "NO_FOLLOW", "{value} is not `link`, or a JSON Pointer such as /next", value=value
    ),
    BRANCH_ID: lambda value: say(
        "NO_BRANCH_ID", "{value} is not a branch id: at most 64 letters, digits, _ or -", value=value
    ),
    OPERATION_NAME: lambda value: say(
        "NO_OPERATION_NAME", "{value} is not the name of an operation, such as warehouse.reserve", value=value
    ),
    VISIBLE_NAME: lambda value: say("NO_VISIBLE_NAME", "{value} is not a name with a visible character", value=value),
}
_ONLY_CALLS: Final = ("retry", "timeout", "park", "on_unknown")


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the checks of a definition. `workflow` is set exactly when there are no errors."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    workflow: Workflow | None = None


def parse_definition(
    document: Json,
    limits: Limits = DEFAULT_LIMITS,
    *,
    payload_schema: Json = None,
    operations: Operations = NO_OPERATIONS,
    channels: Collection[str] | None = None,
    card_checks: Mapping[str, CheckCard] = MappingProxyType({}),
) -> Findings:
    """Returns all errors and warnings of a definition, and the compiled workflow when there are no errors.

    `payload_schema` is the JSON Schema of a sample of the caller's body; it is used when the definition has neither a
    schema of its trigger nor a `workflow_schema`. A finding that follows only from a payload's schema is never an
    error, because without a schema of the trigger other bodies are accepted.
    `operations` are those of the installed connectors; calls of any other operation are not checked. `channels` are
    those by which the installation sends cards; None: that is not known, and any name may be one. `card_checks` are
    those of channels that do not show every card.

    Guarantees: never raises, for any JSON value; each path points into the document, for a missing value to its
    container. Errors are those of the JSON Schema, then those of the graph, the settings and the expressions.
    """

    def check(outline: Outline, report: Report) -> None:
        check_references(outline, _payload_schema(document, report) or payload_schema, report, limits)
        check_search_fields(document, report)
        check_operations(outline, operations, report)
        check_channels(outline, channels, report)
        check_cards(outline, card_checks, report)

    return _analyze(document, limits, check)


def compile_definition(document: Json, limits: Limits = DEFAULT_LIMITS) -> Workflow:
    """Returns the executable workflow of a definition.

    The references and types of its expressions are not checked: a stored version remains executable when a later
    release finds more in that check.

    Raises: DefinitionError with all problems when there are errors.
    """
    findings = _analyze(document, limits, lambda _outline, _report: None)
    if findings.workflow is None:
        first = findings.errors[0]
        more = f" (and {len(findings.errors) - 1} more problems)" if len(findings.errors) > 1 else ""
        message = f"the definition is not valid: {first.path or 'the document'}: {first.message}{more}"
        raise DefinitionError(message, problems=findings.errors)
    return findings.workflow


def definition_hash(document: dict[str, Json]) -> bytes:
    """Returns the BLAKE2b-256 of a definition's canonical JSON text."""
    return blake2b(canonical_json(document), digest_size=32).digest()


def _analyze(document: Json, limits: Limits, check: Callable[[Outline, Report], None]) -> Findings:
    """Returns the findings, including those of the additional `check`, and the workflow when there are no errors."""
    if problem := _basic_problem(document, limits):
        return Findings(errors=(problem,))
    report = Report(document_problems(document, PATTERN_MESSAGES))
    if not isinstance(document, dict):
        return Findings(errors=tuple(report.errors))
    broken = frozenset(tuple(split_pointer(problem.path)[:2]) for problem in report.errors)
    outline = read_outline(document)
    check_steps(outline, report, limits)
    check_graph(outline, report)
    check_regions(outline, report, limits)
    settings = _workflow_settings(document, broken, report)
    steps = [_step(step, broken, settings.timezone, report) for step in outline.steps]
    check(outline, report)
    errors, warnings = tuple(dict.fromkeys(report.errors)), tuple(dict.fromkeys(report.warnings))
    if errors:
        return Findings(errors=errors, warnings=warnings)
    compiled = {step.id: step for step in steps if step is not None}
    return Findings(warnings=warnings, workflow=_workflow(document, outline, compiled, settings))


def _basic_problem(document: Json, limits: Limits) -> Problem | None:
    """Returns the problem that prevents all other checks: the depth, the size, or text that is no Unicode."""
    level, depth = [document], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > limits.json_levels:
            message = "is nested deeper than the limit json_levels, {limit}"
            return Problem.of("", say("NESTED_TOO_DEEPLY", message, limit=limits.json_levels))
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    try:
        size = len(encode_json(document))
    except UnicodeEncodeError:
        return Problem.of("", say("NO_UNICODE", "holds a lone surrogate, which is no Unicode text"))
    if size <= limits.definition_bytes:
        return None
    message = "has {size} bytes; the limit definition_bytes is {limit}"
    return Problem.of("", say("TOO_LARGE", message, size=size, limit=limits.definition_bytes))


def _workflow_settings(
    document: dict[str, Json], broken: frozenset[tuple[str, ...]], report: Report
) -> WorkflowSettings:
    if "workflow_settings" not in document or any(path[:1] == ("workflow_settings",) for path in broken):
        return WorkflowSettings()
    reader = Reader(document["workflow_settings"], "/workflow_settings", report)
    on_failure: str | None = reader.value.get("on_failure")
    if on_failure is not None and not children.is_uuid(on_failure):
        reader.error("on_failure", children.no_workflow_id(on_failure))
    return WorkflowSettings(
        timeout=reader.duration("timeout"),
        max_concurrency=reader.integer("max_concurrency"),
        timezone=check_zone(reader, "timezone", "UTC"),
        search_fields=tuple(reader.value.get("search_fields", ())),
        retention=reader.duration("retention"),
        log=reader.value.get("log", "full"),
        on_failure=on_failure,
    )


def _step(outline: StepOutline, broken: frozenset[tuple[str, ...]], zone: str, report: Report) -> Step | None:
    """Returns the compiled step, or None when it violates the schema or its type is unknown."""
    if ("workflow_steps", str(outline.index)) in broken or outline.type is None:
        _check_expressions(outline, report)
        return None
    step = Reader(outline.raw, outline.path, report)
    reader = Reader(
        outline.settings, join_pointer(outline.path, "settings") if "settings" in step else step.path, report
    )
    name = outline.type.name
    settings = endings.compile_trigger(reader, zone) if name == "trigger" else _COMPILERS[name](reader)
    if not outline.type.is_call:
        for field in _ONLY_CALLS:
            if field in step:
                hint = say("WAIT_LIMIT_IN_SETTINGS", "the time limit of a wait belongs into its settings")
                message = say("NO_EFFECT_ON_STEP", "`{field}` has no effect on a {type}", field=field, type=name)
                step.warning(field, message, hint if field == "timeout" else None)
    if name == "datastore":
        datastores.check_step_fields(step)
    return Step(
        id=outline.id,
        type=name,
        description=outline.raw.get("description", ""),
        settings=settings,
        retry=calls.retry_policy(step),
        timeout=calls.read_timedelta(step, "timeout"),
        park=calls.read_timedelta(step, "park"),
        on_unknown=calls.on_unknown(step, _repeat(settings)),
        secret=calls.secret_pointers(step, outline.settings),
        input=_INPUTS[name](reader) if name in _INPUTS else None,
    )


def _repeat(settings: StepSettings) -> Repeat:
    if isinstance(settings, CallSettings):
        return settings.repeat
    # An approval only reads a datastore.
    return "always" if isinstance(settings, ApprovalSettings) else "never"


def _check_expressions(outline: StepOutline, report: Report) -> None:
    """Parses the expressions of settings that are not compiled."""
    for field, value in outline.settings.items():
        path = join_pointer(outline.path, "settings", field)
        if field == "card":
            read_card(value, path, report)
        elif field not in ("code", "schema", "schedule"):
            read_template(value, path, report)


def _payload_schema(document: dict[str, Json], report: Report) -> Json:
    """Returns the payload's schema, or None without a usable one."""
    if schema := trigger_schema(document):
        # An unusable one is reported as an error of the trigger.
        return schema
    schema = document.get("workflow_schema")
    if not isinstance(schema, dict):
        return None
    try:
        SchemaChecker(schema)
    except ValueError as error:
        message = "is no JSON Schema that can be used, so fields are not checked: {reason}"
        report.warning("/workflow_schema", say("PAYLOAD_SCHEMA_UNUSABLE", message, reason=str(error)))
        return None
    return schema


def _workflow(
    document: dict[str, Json], outline: Outline, steps: dict[str, Step], settings: WorkflowSettings
) -> Workflow:
    waiting = (step.id for step in steps.values() if _waits(step.settings))
    return Workflow(
        name=document["workflow_name"],
        steps=MappingProxyType(steps),
        edges=MappingProxyType(
            {
                **{(edge.source, edge.branch): edge.target for edge in outline.edges},
                **{(parallel, ARRIVE): join for parallel, join in joins_of(outline).items()},
            }
        ),
        settings=settings,
        definition=document,
        hash=definition_hash(document),
        waiting_steps=tuple(waiting),
        regions=MappingProxyType({id_: region for id_, region in find_regions(outline).regions.items() if region}),
        start=START,
        # Fixed by the contract: the payload says so of this type alone, whose system can be named without a connection.
        requires_sap_profile=any(
            step.type == "sapRequest" and "connection" in each.settings
            for each in outline.steps
            if (step := steps.get(each.id)) is not None
        ),
    )


def _waits(settings: StepSettings) -> bool:
    is_card = isinstance(settings, AdaptiveCardSettings) and settings.wait is not None
    return is_card or isinstance(settings, ApprovalSettings | WaitSettings)
