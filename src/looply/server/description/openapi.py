"""The OpenAPI 3.1 document, generated from the table of routes and the wire types."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from looply import __version__
from looply.definition import definition_schema
from looply.permissions import FOR_KEYS, PERMISSIONS
from looply.server.callers.browser_calls import SECURE_COOKIE
from looply.server.description.examples import add_examples
from looply.server.description.openapi_schemas import REFERENCE, components_of, make_explicit
from looply.server.http.call import IF_NONE_MATCH, JSON, REDIRECT, Kind, Parameter, Route
from looply.server.http.wire import ConflictAnswer, ErrorAnswer, ForbiddenAnswer, SignedOutAnswer

_KEY: Final = "ApiKey"
_TOKEN: Final = "MetricsToken"  # noqa: S105 - the name of a scheme
_TAB: Final = "TeamsTab"
_SESSION: Final = "Session"
_OPEN: Final = ("public", "metrics")

_REFUSALS: Final = {
    400: "The call is malformed. Nothing was done.",
    401: (
        "A call of the web app: no person has signed in, or (code `SIGN_IN_REFUSED`) the sign-in was refused. "
        "Nothing was done."
    ),
    403: (
        "The key is missing or invalid, or (code `SCOPE`) its scopes, or the role of the person, do not permit the "
        "call. With another code a person must do something first. Nothing was done."
    ),
    404: "The object does not exist.",
    409: "The state of the object does not allow the call; `code` gives the reason. Nothing was done.",
    413: "The body is larger than the limit.",
    415: "The body is not JSON.",
    422: "The call is well formed but refused; `errors` names the values. Nothing was done.",
    429: (
        "A queue is full, or (code `RATE_LIMITED`) too many calls of this address had no valid key or token. "
        "Nothing was done. Repeat the call after `Retry-After` seconds."
    ),
    501: "What was sent is of a kind that is not used here.",
    503: (
        "The server is stopping, or its store has failed. With code `OUTCOME_UNKNOWN` the call may have taken effect; "
        "otherwise nothing was done."
    ),
}
_REFUSAL_TYPES: Final = {401: SignedOutAnswer, 403: ForbiddenAnswer, 409: ConflictAnswer}
_KINDS: Final[Mapping[Kind, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "count": {"type": "integer", "minimum": 1},
    "offset": {"type": "integer", "minimum": 0},
    "instant": {"type": "integer", "minimum": 0},
    "flag": {"type": "boolean"},
    "version": {"type": ["integer", "string"]},
}
_REQUEST_ID: Final = {"x-request-id": {"description": "Identifies the call in the log.", "schema": {"type": "string"}}}


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """Returns the OpenAPI document of the routes: each with its parameters, body, answers, errors and examples."""
    shapes = [shape for route in routes for shape in (route.body, route.answer) if _is_shape(shape)]
    types = list(dict.fromkeys([*shapes, ErrorAnswer, *_REFUSAL_TYPES.values()]))
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    references = dict(zip(types, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Looply",
            "version": __version__,
            "summary": "Durable workflows between SAP, people and any HTTP system",
            "description": (
                "All times are epoch milliseconds. Every call needs the header `x-api-key`, or the cookie of a person "
                "who has signed in; each operation names the permission that it needs. Paths match without regard to "
                "letter case."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {
                **{name: make_explicit(schema) for name, schema in components.items()},
                **components_of(definition_schema(), "WorkflowDefinition", "Definition"),
            },
            "securitySchemes": {
                _KEY: {"type": "apiKey", "in": "header", "name": "x-api-key"},
                _SESSION: {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SECURE_COOKIE.decode(),
                    "description": "The session of a person. A POST also needs the header `x-looply-csrf`.",
                },
                _TAB: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": (
                        "The personal tab of Microsoft Teams: the token of Entra for its person. The header "
                        "`x-looply-connection` has the id of the connection."
                    ),
                },
                _TOKEN: {"type": "http", "scheme": "bearer", "description": "The setting `metrics_token`."},
            },
        },
        "security": [{_KEY: []}, {_SESSION: []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
    }
    return add_examples(document)


def _operation(route: Route, references: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route),
        "responses": _responses(route, references),
    }
    permission = "" if route.access in _OPEN else f"Permission `{route.access}`."
    types = "The call may also declare its JSON as `text/plain` or `text/json`." if route.takes_text else ""
    confirmation = (
        "A person must have entered the password within the last 10 minutes." if route.needs_confirmation else ""
    )
    if text := " ".join(part for part in (route.description, types, confirmation, permission) if part):
        operation["description"] = text
    if route.access == "public":
        operation["security"] = []
    if route.access == "metrics":
        operation["security"] = [{_TOKEN: []}]
    if route.access in PERMISSIONS and route.access not in FOR_KEYS:
        operation["security"] = [{_SESSION: []}, *([{_TAB: []}] if route.takes_tabs else [])]
    if route.body_bytes:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": {}}}}
    elif route.body is not None:
        schema = references[route.body] if _is_shape(route.body) else _plain_schema(route.body)
        content = {JSON: {"schema": schema}}
        operation["requestBody"] = {"required": not route.is_body_optional, "content": content}
    return operation


_NAMES_OF_PAGES: Final = {
    "/": "getStart",
    "/app/{path}": "getAppPage",
    "/openapi.json": "getDescription",
    "/card-frame": "getCardFramePage",
    "/mail-frame": "getMailFramePage",
    "/teams/inbox": "getTeamsTabPage",
    "/teams/card-frame": "getTeamsCardFramePage",
    "/docs": "getDescriptionPage",
    "/inbox/{token}": "getInboxPage",
    "/static/{path}": "getPageFile",
}


def _operation_id(route: Route) -> str:
    if route.path in _NAMES_OF_PAGES:
        return _NAMES_OF_PAGES[route.path]
    name = route.name if route.path.startswith("/v") else route.path.strip("/").replace("/", "_")
    if name == "inbox":
        return "getInboxCard" if route.method == "GET" else "answerInboxCard"
    if name == "inboxCode":
        return "sendInboxCode"
    if len(route.path_values) > 1 and name != "receive":
        return f"{name}Version"
    return name


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "description": summary, "schema": dict(_KINDS["text"])}
        for name, summary in route.path_values.items()
    ]
    in_query = [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.is_required,
            "description": parameter.summary,
            "schema": _schema_of(parameter),
        }
        for parameter in route.parameters
    ]
    in_header = [
        {"name": name, "in": "header", "required": False, "description": summary, "schema": dict(_KINDS["text"])}
        for name, summary in route.header_values.items()
    ]
    return [*in_path, *in_query, *in_header]


def _schema_of(parameter: Parameter) -> dict[str, Any]:
    one = dict(_KINDS[parameter.kind])
    return {"type": "array", "items": one} if parameter.repeats else one


def _responses(route: Route, references: dict[Any, Any]) -> dict[str, Any]:
    schema = references[route.answer] if _is_shape(route.answer) else make_explicit({"type": "object"})
    if route.answer_type != JSON:
        schema = {"type": "string"}
    responses: dict[str, Any] = {"200": _response("Done.", schema, route.answer_type)}
    if route.answer_type == REDIRECT:
        responses = {"302": {"description": "The browser goes to the `Location`.", "headers": _REQUEST_ID}}
    if IF_NONE_MATCH in route.header_values:
        responses["304"] = {"description": "The caller's copy is current.", "headers": _REQUEST_ID}
    for status in sorted(refusal_statuses(route)):
        responses[str(status)] = _response(_REFUSALS[status], references[_REFUSAL_TYPES.get(status, ErrorAnswer)])
    return responses


def refusal_statuses(route: Route) -> set[int]:
    """Returns the statuses with which a call of the route may be refused."""
    statuses = {400, *route.refusals, 503}
    if route.access != "public":
        statuses |= {403, 429}
    if route.access not in _OPEN:
        statuses.add(401)
    if route.check_token is not None:
        statuses.add(429)
    if route.body is not None:
        statuses |= {413, 415}
    return statuses


def _response(description: str, schema: Any, media_type: str = JSON) -> dict[str, Any]:
    return {"description": description, "headers": _REQUEST_ID, "content": {media_type: {"schema": schema}}}


def _plain_schema(body: Any) -> dict[str, Any]:
    return {} if body is Any else dict(make_explicit(msgspec.json.schema(body)))


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)
