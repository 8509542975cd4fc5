"""The JSON Schema (2020-12) of each step type's settings.

A field that decides the shape of the graph or the kind of the step (an operator, an action, a branch id) is constant.
Every other string may hold `${...}`; where a field has a closed list of values, `computed` lets an expression in.
"""

from typing import Final

from looply.definition.values.choice import OPERATORS
from looply.definition.values.cron import LONGEST
from looply.definition.values.repeat import REPEATS
from looply.definition.values.retry import STATUS_PATTERN
from looply.jsontext import Json

EXPRESSION: Final[Json] = {"type": "string", "pattern": r"\$\{"}
IDENTIFIER: Final = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPERATION_NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+$"
SOURCES: Final = ("SAP", "TEAMS")
"""On whose behalf an execution is resumed: the ordering system's, or people's."""
BODY_TYPES: Final = ("json", "multipart", "urlencoded", "xml", "raw")

_TEXT: Json = {"type": "string"}
_NAME: Json = {"type": "string", "minLength": 1}
_STEP: Json = {"type": "string", "pattern": IDENTIFIER}
_BRANCH_ID: Json = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"}
_RULE: Json = {"$ref": "#/$defs/rule"}
_FAIL_ON: Json = {"type": "array", "items": {"type": "string", "pattern": STATUS_PATTERN}, "uniqueItems": True}


def fields(properties: dict[str, Json], required: tuple[str, ...] = (), **more: Json) -> Json:
    """Returns the schema of an object that has these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False, **more}


def described(schema: Json, description: str, **more: Json) -> Json:
    """Returns the schema with what editors show about it."""
    return {**schema, "description": description, **more}


def one_of(*values: str, **more: Json) -> Json:
    """Returns the schema of a closed list of texts."""
    return {"type": "string", "enum": list(values), **more}


def computed(schema: Json, **more: Json) -> Json:
    """Returns the schema of a value that may also be made by an expression."""
    return {"anyOf": [schema, EXPRESSION], **more}


def items_of(schema: Json, *, least: int = 1, **more: Json) -> Json:
    """Returns the schema of a list with at least `least` items."""
    return {"type": "array", "items": schema, "minItems": least, **more}


def _pairs(description: str) -> Json:
    return computed({"type": "object"}, description=description)


_TESTS = [operator.name for operator in OPERATORS.values() if operator.is_type_test]
_IS_NOT: Json = {"properties": {"operator": {"const": "Not"}}, "required": ["operator"]}
_IS_TEST: Json = {"properties": {"operator": {"enum": _TESTS}}}
_NEGATED: Json = {"properties": {"value": {"$ref": "#/$defs/negatedRule"}}, "required": ["value"]}


def _rule_schema(*, inherits: bool = False, **more: Json) -> Json:
    """Returns the schema of a rule. Within `Not` a rule may leave its variable to the rule around it."""
    negation = {"if": _IS_NOT, "then": _NEGATED}
    return fields(
        {
            **more,
            "variable": described(_TEXT, "What is looked at, such as ${payload.output.amount}."),
            "operator": one_of(*OPERATORS),
            "value": described({}, "What it is compared with; true for an `Is...` test that leaves it out."),
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
"""Schemas that others refer to."""

_DURATION: Json = {"$ref": "#/$defs/duration"}

_CALL: dict[str, Json] = {
    "params": _pairs("Query parameters by name."),
    "headers": _pairs("Headers by name."),
    "body_type": computed(one_of(*BODY_TYPES), default="json"),
    "body": described({}, "Any JSON value; text for `xml` and `raw`."),
    "fail_on": described(_FAIL_ON, "Statuses such as 404 or 4xx with which the step fails."),
}

_RAW: Json = {
    "type": "boolean",
    "default": False,
    "description": "With `true` values are put into the address as they are, and may change it.",
}

_AUTH: Json = {
    "anyOf": [
        EXPRESSION,
        fields({"type": one_of("bearer"), "token": _TEXT}, ("type", "token")),
        fields({"type": one_of("basic"), "user": _TEXT, "password": _TEXT}, ("type", "user", "password")),
    ],
    "description": "Credentials made by expressions; constant ones belong into a connection.",
}

_ADDRESSES: Json = {"anyOf": [_NAME, items_of(_NAME)]}

_CARD: dict[str, Json] = {
    "card": described({"type": "object"}, "Adaptive Card template."),
    "card_id": described(_NAME, "A card of the organization, in place of `card`."),
    "card_version": described({"type": "integer", "minimum": 1}, "Its version; the newest ACTIVE one when left out."),
}

_CONDITION = _rule_schema(
    join=one_of("simple", "and", "or", description="`or` opens a new group, `and` adds to the current one.")
)

SETTINGS: Final[dict[str, Json]] = {
    "trigger": fields(
        {
            "trigger_type": one_of("REQUEST", "SCHEDULED"),
            "schema": described(
                {"type": "object"}, "JSON Schema of the caller's body; a call whose body does not fit is refused."
            ),
            "schedule": fields(
                {
                    "every": described(_DURATION, "Time between two starts."),
                    "cron": described(
                        {**_NAME, "maxLength": LONGEST},
                        "Cron expression: minute, hour, day of the month, month, day of the week; a sixth field before"
                        " them is the second.",
                    ),
                    "timezone": described(_NAME, "IANA name; the workflow's own zone when left out."),
                    "start": described(_TEXT, "RFC 3339; `every` counts from here, else from activation."),
                    "end": described(_TEXT, "RFC 3339; nothing starts after it."),
                    "jitter": described(_DURATION, "Each start is put off by some time below this.", default="PT0S"),
                    "overlap": one_of(
                        "skip",
                        "queue",
                        "allow",
                        default="skip",
                        description="What a start does while the last execution is open.",
                    ),
                    "catch_up": one_of(
                        "last",
                        "none",
                        "all",
                        default="last",
                        description="Which of the starts that were missed while no server ran are made up for.",
                    ),
                    "catch_up_window": described(_DURATION, "How late such a start may be.", default="PT1H"),
                    "dst": one_of(
                        "once",
                        "skip",
                        "twice",
                        default="once",
                        description="What a time of the day does that the clocks leave out or show twice.",
                    ),
                },
            ),
        },
        ("trigger_type",),
    ),
    "httpRequest": fields(
        {
            "method": computed(one_of(*METHODS), default="GET"),
            "url": described(_TEXT, "Absolute; with a connection also a path below its address."),
            "raw": _RAW,
            **_CALL,
            "auth": _AUTH,
            "connection": described(_NAME, "Name of a connection of kind http."),
        },
    ),
    "sapRequest": fields(
        {
            "connection": described(_NAME, "Name of a connection of kind sap."),
            "system_id": described(_NAME, "In place of `connection`, together with `client`."),
            "client": {"type": ["string", "integer"]},
            "service_path": _NAME,
            "entity": _TEXT,
            "raw": _RAW,
            "method": computed(one_of(*METHODS), default="GET"),
            **_CALL,
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
            "connection": described(_NAME, "Name of a connection of the kind that the operation needs."),
            "input": {
                "type": "object",
                "default": {},
                "description": "What the operation gets. Its schema is the operation's own; values may be expressions.",
            },
            "fail_on": described(_FAIL_ON, "Statuses such as 404 or 4xx of the output with which the step fails."),
            "repeat": one_of(
                *REPEATS,
                description="Whether the operation may be repeated. It is set when the definition is saved, by what the"
                " operation declares; `on_unknown` overrides it.",
            ),
        },
        ("operation",),
    ),
    "function": fields(
        {
            "language": one_of("javascript", "python"),
            "code": described(_NAME, "The body of a function of `input`; its `return` is the output of the step."),
            "input": described({}, "What the code gets as `input`; any JSON value with expressions."),
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
            "channel": one_of("inbox", "teams", "email", default="inbox"),
            "app": described(_TEXT, "The app that sends it."),
            **_CARD,
            "recipients": described(
                {"anyOf": [EXPRESSION, _NAME, items_of(_NAME)]}, "Mail addresses, or an expression that gives them."
            ),
            "wait": fields(
                {
                    "for": {"anyOf": [one_of("first", "all"), {"type": "integer", "minimum": 1}], "default": "first"},
                    "timeout": described(_DURATION, "After it the exit `timeout` is taken; never when left out."),
                }
            ),
            "target": described(_STEP, "The step whose cards are updated or deleted."),
        },
    ),
    "approval": fields(
        {
            **_CARD,
            "requester": described(EXPRESSION, "Who asks, as an expression."),
            "self_approval": {
                "type": "boolean",
                "default": True,
                "description": "With `false` the requester is not asked and may not decide.",
            },
            "api": {
                "type": "boolean",
                "default": False,
                "description": "With `true` `resumeWorkflow` decides for everybody, too.",
            },
            "recipients": {
                "anyOf": [
                    EXPRESSION,
                    _NAME,
                    items_of(_NAME),
                    fields(
                        {
                            "datastore": described(_NAME, "Name of a datastore."),
                            "path": described(_TEXT, "JSON Pointer or dotted path to the people in it."),
                        },
                        ("datastore",),
                    ),
                ],
                "description": "Mail addresses, an expression that gives them, or where they stand in a datastore.",
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
                "description": "One rejection decides, also where others could still approve.",
            },
            "comment_required": one_of(
                "reject", "always", description="When a comment must be given; never when left out."
            ),
            "reminders": items_of(
                _DURATION, maxItems=10, description="When those who have not decided are reminded, from their card on."
            ),
            "escalation": items_of(
                fields(
                    {
                        "after": described(_DURATION, "Time since the card was sent."),
                        "to": described(
                            {"anyOf": [EXPRESSION, _NAME, items_of(_NAME)]},
                            "Who takes over from those who have not decided.",
                        ),
                    },
                    ("after", "to"),
                ),
                maxItems=10,
            ),
            "calendar": described(
                _NAME, "Name of a datastore with working hours and holidays; the durations count working time then."
            ),
            "timeout": described(_DURATION, "After it the exit `timeout` is taken; never when left out."),
        },
        ("recipients",),
    ),
    "wait": fields(
        {
            "sources": items_of(one_of(*SOURCES), uniqueItems=True, default=list(SOURCES)),
            "timeout": described(_DURATION, "After it the exit `timeout` is taken; never when left out."),
            "schema": described({"type": "object"}, "JSON Schema of the answer."),
        }
    ),
    "delay": fields({"for": _DURATION, "until": described(_TEXT, "RFC 3339.")}),
    "overridePayload": fields(
        {
            "parameters": items_of(
                fields(
                    {"name": described(_NAME, "A dotted name goes deeper."), "value": {}},
                    ("name", "value"),
                )
            ),
            "payload": described({}, "Replaces the caller's part of payload.output."),
        }
    ),
    "datastore": fields(
        {
            "operation": one_of("get", "set", "merge", "delete"),
            "name": described(_NAME, "Name of the datastore, 1 to 128 characters; `set` and `merge` make a new one."),
            "path": described(_TEXT, "JSON Pointer to a place in its document; the whole document when left out."),
            "value": described({}, "What to set there, or the merge patch (RFC 7396): null removes a member."),
            "if_revision": computed(
                {"type": "integer", "minimum": 0},
                description="Another revision fails the step with CONFLICT; 0: the datastore must not exist.",
            ),
        },
        ("operation", "name"),
    ),
    "email": fields(
        {
            "connection": described(_NAME, "Name of a connection of kind smtp."),
            "to": described(_ADDRESSES, "Mail addresses: a list, or one text that separates them by commas."),
            "cc": described(_ADDRESSES, "Who gets a copy."),
            "subject": _TEXT,
            "text": described(_TEXT, "The mail as plain text."),
            "html": described(_TEXT, "The mail as HTML."),
        },
        ("connection", "to", "subject"),
    ),
    "parallel": fields(
        {
            "branches": described(
                items_of(fields({"id": _BRANCH_ID, "label": _TEXT}, ("id",))),
                "Each is an exit; all of them begin at once.",
            )
        },
        ("branches",),
    ),
    "join": fields(
        {
            "of": described(_STEP, "The `parallel` whose branches meet here."),
            "for": {
                "anyOf": [one_of("all", "any"), {"type": "integer", "minimum": 1}],
                "default": "all",
                "description": "How many branches must arrive; those that come later are given up.",
            },
        },
        ("of",),
    ),
    "forEach": fields(
        {
            "items": computed({"type": "array"}, description="A list, or an expression that gives one."),
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
            "workflow_id": described(_NAME, "The workflow to start, one of the same organization."),
            "version": described(
                {"type": ["integer", "string"], "minimum": 1},
                "Its version; `latest`, which is the newest ACTIVE one when it starts, when left out.",
            ),
            "payload": described({}, "What it is started with, any JSON value."),
            "wait": {
                "type": "boolean",
                "default": True,
                "description": "Whether the step ends with the execution that it starts, or as soon as that is stored.",
            },
        },
        ("workflow_id",),
    ),
    "redirect": fields(
        {
            "target": _STEP,
            "max_visits": described({"type": "integer", "minimum": 1}, "100 when left out; over it the step fails."),
        },
        ("target",),
    ),
    "terminate": fields({"status": one_of("COMPLETED", "FAILED", default="COMPLETED"), "reason": _TEXT}),
}
"""Step type -> schema of its settings."""
