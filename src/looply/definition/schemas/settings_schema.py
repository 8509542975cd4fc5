"""The JSON Schema (2020-12) of each step type's settings.

A field that decides the shape of the graph or the kind of the step (an operator, an action, a branch id) is constant.
Every other string may contain `${...}`; for a field with a closed list of values, `or_expression` allows one.
"""

from typing import Final

from looply.definition.schemas.card_schemas import CARD, CHANNELS
from looply.definition.schemas.http_schemas import PAGES, SOAP
from looply.definition.schemas.odata_schemas import BATCH, ODATA_METHODS, ODATA_PAGES, PROBE
from looply.definition.schemas.schema_parts import (
    EXPRESSION,
    fields,
    items_of,
    one_of,
    or_expression,
    pairs,
    with_description,
)
from looply.definition.values.choice import OPERATORS
from looply.definition.values.cron import LONGEST
from looply.definition.values.repeat import REPEATS
from looply.definition.values.retry import STATUS_PATTERN
from looply.jsontext import Json

IDENTIFIER: Final = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
BRANCH_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
OPERATION_NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+$"
SOURCES: Final = ("SAP", "TEAMS")
"""The sources of a resume: the ordering system, or people."""
SAP_OUTPUTS: Final = ("typed", "raw")
BODY_TYPES: Final = ("json", "multipart", "urlencoded", "xml", "raw")

_TEXT: Json = {"type": "string"}
_NAME: Json = {"type": "string", "minLength": 1}
_STEP: Json = {"type": "string", "pattern": IDENTIFIER}
_BRANCH_ID: Json = {"type": "string", "pattern": BRANCH_ID}
_RULE: Json = {"$ref": "#/$defs/rule"}
_STATUSES: Json = {"type": "array", "items": {"type": "string", "pattern": STATUS_PATTERN}, "uniqueItems": True}


_TESTS = [operator.name for operator in OPERATORS.values() if operator.is_type_test]
_IS_NOT: Json = {"properties": {"operator": {"const": "Not"}}, "required": ["operator"]}
_IS_TEST: Json = {"properties": {"operator": {"enum": _TESTS}}}
_NEGATED: Json = {"properties": {"value": {"$ref": "#/$defs/negatedRule"}}, "required": ["value"]}


def _rule_schema(*, inherits: bool = False, **more: Json) -> Json:
    """Returns the schema of a rule. Within `Not` a rule may inherit the variable of the enclosing rule."""
    negation = {"if": _IS_NOT, "then": _NEGATED}
    return fields(
        {
            **more,
            "variable": with_description(_TEXT, "The value to test, such as ${payload.output.amount}."),
            "operator": one_of(*OPERATORS),
            "value": with_description({}, "The value to compare with; true for an `Is...` test that leaves it out."),
        },
        ("operator",),
        allOf=[
            negation if inherits else {**negation, "else": {"required": ["variable"]}},
            {"if": _IS_TEST, "else": {"required": ["value"]}},
        ],
    )


RULES: Final[dict[str, Json]] = {
    "rule": _rule_schema(),
    "negatedRule": _rule_schema(inherits=True),
    "duration": {
        "type": "string",
        "description": "ISO 8601 duration; date parts are calendar arithmetic in the workflow's zone.",
        "examples": ["PT30S", "PT2H", "P3D"],
    },
}
"""Schemas that other schemas reference."""

_DURATION: Json = {"$ref": "#/$defs/duration"}

_CALL: dict[str, Json] = {
    "params": pairs("Query parameters by name."),
    "headers": pairs("Headers by name."),
    "body_type": or_expression(one_of(*BODY_TYPES), default="json"),
    "body": with_description({}, "Any JSON value; text for `xml` and `raw`."),
    "fail_on": with_description(_STATUSES, "Statuses such as 404 or 4xx with which the step fails."),
    "ok_on": with_description(
        _STATUSES, "Statuses of answers that are data although they would be a failure, such as 302 of a POST."
    ),
}

_RAW: Json = {
    "type": "boolean",
    "default": False,
    "description": "With `true` values are inserted into the URL without escaping, and may change it.",
}

_AUTH: Json = {
    "anyOf": [
        EXPRESSION,
        fields({"type": one_of("bearer"), "token": _TEXT}, ("type", "token")),
        fields({"type": one_of("basic"), "user": _TEXT, "password": _TEXT}, ("type", "user", "password")),
    ],
    "description": "Credentials from expressions; constant ones belong into a connection.",
}

_ADDRESSES: Json = {"anyOf": [_NAME, items_of(_NAME)]}

_ATTACHMENT: Json = fields(
    {
        "content": with_description(_NAME, "A blob, such as ${httpRequest_1.output.data}, or a text."),
        "name": with_description(_NAME, "The name of the file; left out: that of the blob."),
        "type": with_description(_NAME, "The media type; left out: that of the blob, or by the name."),
    },
    ("content",),
)

_CONDITION = _rule_schema(
    join=one_of("simple", "and", "or", description="`or` opens a new group, `and` adds to the current one.")
)

SETTINGS: Final[dict[str, Json]] = {
    "trigger": fields(
        {
            "trigger_type": one_of("REQUEST", "SCHEDULED"),
            "schema": with_description(
                {"type": "object"}, "JSON Schema of the caller's body; a call whose body does not fit is refused."
            ),
            "schedule": fields(
                {
                    "every": with_description(_DURATION, "Time between two starts."),
                    "cron": with_description(
                        {**_NAME, "maxLength": LONGEST},
                        "Cron expression: minute, hour, day of the month, month, day of the week; a sixth field before"
                        " them is the second.",
                    ),
                    "timezone": with_description(_NAME, "IANA name; the workflow's own zone when left out."),
                    "start": with_description(_TEXT, "RFC 3339; `every` counts from here, else from activation."),
                    "end": with_description(_TEXT, "RFC 3339; nothing starts after it."),
                    "jitter": with_description(
                        _DURATION, "Each start is delayed by a time below this.", default="PT0S"
                    ),
                    "overlap": one_of(
                        "skip",
                        "queue",
                        "allow",
                        default="skip",
                        description="What happens to a start while the last execution is open.",
                    ),
                    "catch_up": one_of(
                        "last",
                        "none",
                        "all",
                        default="last",
                        description="Which of the starts that were missed while no server ran are caught up.",
                    ),
                    "catch_up_window": with_description(_DURATION, "How late such a start may be.", default="PT1H"),
                    "dst": one_of(
                        "once",
                        "skip",
                        "twice",
                        default="once",
                        description="How a time of day is handled that the clocks skip or repeat.",
                    ),
                },
            ),
        },
        ("trigger_type",),
    ),
    "httpRequest": fields(
        {
            "method": or_expression(one_of(*METHODS, "HEAD", "OPTIONS"), default="GET"),
            "url": with_description(_TEXT, "Absolute; with a connection also a path below its address."),
            "raw": _RAW,
            **_CALL,
            "auth": _AUTH,
            "connection": with_description(_NAME, "Name of a connection of kind http."),
            "pages": PAGES,
            "soap": SOAP,
        },
    ),
    "sapRequest": fields(
        {
            "connection": with_description(_NAME, "Name of a connection of kind sap."),
            "system_id": with_description(_NAME, "In place of `connection`, together with `client`."),
            "client": {"type": ["string", "integer"]},
            "service_path": _NAME,
            "entity": _TEXT,
            "next": with_description(_TEXT, "The link of a next page that an earlier step returned."),
            "raw": _RAW,
            "method": or_expression(one_of(*ODATA_METHODS), default="GET"),
            **_CALL,
            "pages": ODATA_PAGES,
            "batch": BATCH,
            "probe": PROBE,
            "output": one_of(
                *SAP_OUTPUTS,
                default="typed",
                description="`typed`: numbers are numbers and dates ISO 8601, in the answer and on writing, by the"
                " metadata of the service. `raw`: OData's texts.",
            ),
        },
        ("service_path",),
    ),
    "operation": fields(
        {
            "operation": {
                "type": "string",
                "pattern": OPERATION_NAME,
                "maxLength": 128,
                "description": "Name of an operation of an installed connector, such as `warehouse.reserve`.",
            },
            "connection": with_description(_NAME, "Name of a connection of the kind that the operation needs."),
            "input": {
                "type": "object",
                "default": {},
                "description": "The input of the operation, by its own schema; values may be expressions.",
            },
            "fail_on": with_description(
                _STATUSES, "Statuses such as 404 or 4xx of the output with which the step fails."
            ),
            "ok_on": with_description(
                _STATUSES, "Statuses of outputs that are data although the connector judges them a failure."
            ),
            "repeat": one_of(
                *REPEATS,
                description="Whether the operation may be repeated. It is set from the operation's declaration when the"
                " definition is saved; `on_unknown` overrides it.",
            ),
        },
        ("operation",),
    ),
    "function": fields(
        {
            "language": one_of("javascript", "python"),
            "code": with_description(
                _NAME, "The body of a function of `input`; its `return` is the output of the step."
            ),
            "input": with_description({}, "The `input` of the code; any JSON value with expressions."),
        },
        ("language", "code"),
    ),
    "conditional": fields({"rules": items_of(_RULE)}, ("rules",)),
    "branchConditional": fields(
        {
            "variable": _TEXT,
            "operator": one_of(*OPERATORS),
            "branches": items_of(
                fields(
                    {
                        "id": _BRANCH_ID,
                        "label": _TEXT,
                        "value": {},
                        "style": one_of("default", "positive", "negative", "warning", "info", default="default"),
                    },
                    ("id",),
                )
            ),
        },
        ("variable", "operator", "branches"),
        allOf=[
            {"if": _IS_NOT, "then": {"properties": {"branches": {"items": _NEGATED}}}},
            {"if": _IS_TEST, "else": {"properties": {"branches": {"items": {"required": ["value"]}}}}},
        ],
    ),
    "advancedConditional": fields(
        {
            "branches": items_of(
                fields({"id": _BRANCH_ID, "label": _TEXT, "conditions": items_of(_CONDITION)}, ("id", "conditions"))
            )
        },
        ("branches",),
    ),
    "adaptiveCard": fields(
        {
            "action": one_of("send", "update", "delete", default="send"),
            **CHANNELS,
            **CARD,
            "recipients": with_description(
                {"anyOf": [EXPRESSION, _NAME, items_of(_NAME)]}, "Mail addresses, or an expression that gives them."
            ),
            "wait": fields(
                {
                    "for": {"anyOf": [one_of("first", "all"), {"type": "integer", "minimum": 1}], "default": "first"},
                    "timeout": with_description(
                        _DURATION, "After it the exit `timeout` is taken; never when left out."
                    ),
                }
            ),
            "target": with_description(_STEP, "The step whose cards are updated or deleted."),
        },
    ),
    "approval": fields(
        {
            **CHANNELS,
            **CARD,
            "requester": with_description(EXPRESSION, "The person who requests the approval, as an expression."),
            "self_approval": {
                "type": "boolean",
                "default": True,
                "description": "With `false` the requester is not asked and may not decide.",
            },
            "api": {
                "type": "boolean",
                "default": False,
                "description": "With `true` `resumeWorkflow` may also decide, for all approvers.",
            },
            "recipients": {
                "anyOf": [
                    EXPRESSION,
                    _NAME,
                    items_of(_NAME),
                    fields(
                        {
                            "datastore": with_description(_NAME, "Name of a datastore."),
                            "path": with_description(_TEXT, "JSON Pointer or dotted path to the people in it."),
                        },
                        ("datastore",),
                    ),
                ],
                "description": "Mail addresses, an expression that gives them, or their path in a datastore.",
            },
            "order": one_of(
                "parallel", "sequence", default="parallel", description="All at once, or one after the other."
            ),
            "quorum": {
                "anyOf": [one_of("any", "all"), {"type": "integer", "minimum": 1}],
                "default": "all",
                "description": "How many must approve.",
            },
            "veto": {
                "type": "boolean",
                "default": False,
                "description": "One rejection decides, even if the others could still reach the quorum.",
            },
            "comment_required": one_of(
                "reject", "always", description="When a comment must be given; never when left out."
            ),
            "reminders": items_of(
                _DURATION,
                maxItems=10,
                description="Times since the card was sent at which open approvers are reminded.",
            ),
            "escalation": items_of(
                fields(
                    {
                        "after": with_description(_DURATION, "Time since the card was sent."),
                        "to": with_description(
                            {"anyOf": [EXPRESSION, _NAME, items_of(_NAME)]},
                            "The people who replace the approvers that have not decided.",
                        ),
                    },
                    ("after", "to"),
                ),
                maxItems=10,
            ),
            "calendar": with_description(
                _NAME, "Name of a datastore with working hours and holidays; the durations then count working time."
            ),
            "timeout": with_description(_DURATION, "After it the exit `timeout` is taken; never when left out."),
        },
        ("recipients",),
    ),
    "wait": fields(
        {
            "sources": items_of(one_of(*SOURCES), uniqueItems=True, default=list(SOURCES)),
            "timeout": with_description(_DURATION, "After it the exit `timeout` is taken; never when left out."),
            "schema": with_description({"type": "object"}, "JSON Schema of the answer."),
        }
    ),
    "delay": fields({"for": _DURATION, "until": with_description(_TEXT, "RFC 3339.")}),
    "overridePayload": fields(
        {
            "parameters": items_of(
                fields(
                    {"name": with_description(_NAME, "A dotted name sets a nested value."), "value": {}},
                    ("name", "value"),
                )
            ),
            "payload": with_description({}, "Replaces the caller's part of payload.output."),
        }
    ),
    "datastore": fields(
        {
            "operation": one_of("get", "set", "merge", "delete"),
            "name": with_description(_NAME, "Name of the datastore, 1 to 128 characters; `set` and `merge` create it."),
            "path": with_description(_TEXT, "JSON Pointer into its document; the whole document when left out."),
            "value": with_description({}, "The value to set, or the merge patch (RFC 7396): null removes a member."),
            "if_revision": or_expression(
                {"type": "integer", "minimum": 0},
                description="Another revision fails the step with CONFLICT; 0: the datastore must not exist.",
            ),
        },
        ("operation", "name"),
    ),
    "email": fields(
        {
            "connection": with_description(_NAME, "Name of a connection of kind smtp or graph_mail."),
            "to": with_description(_ADDRESSES, "Mail addresses: a list, or one text that separates them by commas."),
            "cc": with_description(_ADDRESSES, "Recipients of a copy."),
            "reply_to": with_description(_ADDRESSES, "Where answers go, in place of the sender."),
            "subject": _TEXT,
            "text": with_description(_TEXT, "The mail as plain text."),
            "html": with_description(_TEXT, "The mail as HTML."),
            "attachments": with_description(
                {"anyOf": [EXPRESSION, items_of({"anyOf": [EXPRESSION, _ATTACHMENT]}, maxItems=50)]},
                "Files: an expression that gives a blob or a list of them, or a list.",
            ),
            "list_unsubscribe": with_description(
                _NAME, "An address https: or mailto: by which recipients end further mails."
            ),
        },
        ("connection", "to", "subject"),
    ),
    "parallel": fields(
        {
            "branches": with_description(
                items_of(fields({"id": _BRANCH_ID, "label": _TEXT}, ("id",))),
                "Each is an exit; all of them begin at once.",
            )
        },
        ("branches",),
    ),
    "join": fields(
        {
            "of": with_description(_STEP, "The `parallel` whose branches meet here."),
            "for": {
                "anyOf": [one_of("all", "any"), {"type": "integer", "minimum": 1}],
                "default": "all",
                "description": "How many branches must arrive; the others are cancelled.",
            },
        },
        ("of",),
    ),
    "forEach": fields(
        {
            "items": or_expression({"type": "array"}, description="A list, or an expression that gives one."),
            "concurrency": {
                "type": "integer",
                "minimum": 1,
                "default": 1,
                "description": "How many iterations run at once.",
            },
        },
        ("items",),
    ),
    "subworkflow": fields(
        {
            "workflow_id": with_description(_NAME, "The workflow to start, one of the same organization."),
            "version": with_description(
                {"type": ["integer", "string"], "minimum": 1},
                "Its version; `latest`, which is the newest ACTIVE one when it starts, when left out.",
            ),
            "payload": with_description({}, "The payload of the execution, any JSON value."),
            "wait": {
                "type": "boolean",
                "default": True,
                "description": "Whether the step waits for the end of the execution, or only for its start.",
            },
        },
        ("workflow_id",),
    ),
    "redirect": fields(
        {
            "target": _STEP,
            "max_visits": with_description(
                {"type": "integer", "minimum": 1}, "100 when left out; over it the step fails."
            ),
        },
        ("target",),
    ),
    "terminate": fields({"status": one_of("COMPLETED", "FAILED", default="COMPLETED"), "reason": _TEXT}),
}
"""Step type -> schema of its settings."""
