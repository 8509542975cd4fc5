"""Routes, the calls that their handlers receive, and the answers that they return. A handler never sees ASGI."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, TypeAlias

import msgspec

from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.jsontext import Json
from looply.permissions import Permission
from looply.server.callers.browser_calls import Browser

Access: TypeAlias = Permission | Literal["public", "metrics"]
"""The permission that a call needs; `public`: no key is checked; `metrics`: the metrics token of the process."""

SESSION_PATH: Final = "/v2/session/"
"""The beginning of the paths of calls that only the web app makes."""

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON: Final = "application/json"
JSON_TYPE: Final = b"application/json"
REDIRECT: Final = ""
"""The `answer_type` of a call that leads a browser elsewhere."""

Kind: TypeAlias = Literal["text", "count", "offset", "instant", "flag", "version"]
"""The kind of a query parameter: a text, a number from 1, a number from 0, epoch milliseconds, `true` or `false`, or a
number from 1 or `latest`."""

IF_NONE_MATCH: Final = "If-None-Match"
"""The header with the `ETag` of the caller's cached answer. A route that declares it may answer 304."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter.

    `repeats`: it may be given several times, the values are OR-ed. `kind` is for the OpenAPI document: the handler
    receives the text and checks it.
    """

    name: str
    summary: str
    is_required: bool = False
    repeats: bool = False
    kind: Kind = "text"


class Response(msgspec.Struct, frozen=True):
    """The answer to a call: a JSON value (or ready bytes of another media type), status and extra headers."""

    body: Json
    status: int = 200
    headers: Headers = ()
    media_type: bytes = JSON_TYPE


class Call(msgspec.Struct, frozen=True):
    """One call that is authenticated and parsed.

    `values` holds the path parameters. `body` is an instance of the route's body type, or the parsed JSON where the
    route accepts any; `has_body` distinguishes an absent body from `null`, `body_size` is in bytes. `headers` holds the
    headers that the route declares, `all_headers` those of a call whose body is bytes. `browser` is the caller of a
    route that `changes_session`.
    """

    services: Services
    principal: Principal
    values: Mapping[str, str]
    query: "Query"
    body: Any = None
    has_body: bool = False
    body_size: int = 0
    browser: Browser | None = None
    headers: Mapping[bytes, str] = {}
    all_headers: Headers = ()

    @property
    def organization_id(self) -> str:
        """The organization of the key. No other part of a call names the organization."""
        return self.principal.organization_id


class Query(msgspec.Struct, frozen=True):
    """The declared query parameters of a call."""

    values: Mapping[str, tuple[str, ...]]

    def get(self, name: str, default: str = "") -> str:
        """Returns the value of a parameter, `default` when it was not given."""
        values = self.values.get(name)
        return values[0] if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Returns all values of a parameter that may be repeated."""
        return self.values.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self.values


NO_QUERY: Final = Query({})

CheckToken: TypeAlias = Callable[[Services, Mapping[str, str]], Awaitable[None]]
"""Checks the token among the path parameters. Raises: NotFound when the token is not valid."""

Handle: TypeAlias = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route of the server, the source of its checks, its dispatch and its documentation."""

    method: Literal["GET", "POST"]
    path: str
    access: Access
    handle: Handle
    summary: str
    description: str = ""
    tag: str = "Workflows"
    operation: str = ""
    """The name of the call, where the last part of its path does not say what it is."""
    parameters: tuple[Parameter, ...] = ()
    path_values: Mapping[str, str] = field(default_factory=dict)
    """What each part of the path in braces is, by its name."""
    header_values: Mapping[str, str] = field(default_factory=dict)
    """What each declared header is, by its name."""
    header_characters: int = 255
    """The longest value of a declared header."""
    prefix: str = ""
    """Query parameters that begin with it are admitted too; all other undeclared ones are refused."""
    has_strict_query: bool = True
    """False: undeclared query parameters are ignored."""
    body: Any = None
    """The type of the JSON body, None for calls without one; the handler receives an instance of it."""
    is_body_optional: bool = False
    has_strict_body: bool = True
    """False: `body` is documentation, and the handler receives the parsed JSON."""
    takes_text: bool = False
    """A call with a key may declare its JSON as `text/plain` or `text/json`."""
    body_bytes: int = 0
    """Not 0: the handler receives the bytes of a body of at most so many, of any media type; none is read before."""
    check_token: CheckToken | None = None
    """Called before the body is read."""
    answer: Any = None
    """The type of the answer."""
    answer_type: str = JSON
    """The media type of a success."""
    refusals: tuple[int, ...] = ()
    """Error statuses in addition to those of every route."""
    takes_bound_keys: bool = False
    """A key that is bound to workflows may call the route too; every other route refuses such a key.

    The route names workflows only in its field or parameter `workflow_id`, and reads executions only from the engine.
    """
    takes_tabs: bool = False
    """The personal tab of Teams may make the call too, by a token of its person instead of a session."""
    changes_session: bool = False
    """The call begins, changes or ends a session: pages of this server alone may make it, on connections on which a
    cookie may be used."""
    needs_confirmation: bool = False
    """A person must have entered the password within the last ten minutes."""
    required: tuple[Parameter, ...] = field(init=False, repr=False, compare=False)
    """The parameters that a call must have."""
    header_keys: tuple[bytes, ...] = field(init=False, repr=False, compare=False)
    """The names of `header_values` as they are in a request: in lower case."""

    def __post_init__(self) -> None:
        """Computes what every call needs."""
        object.__setattr__(self, "required", tuple(each for each in self.parameters if each.is_required))
        object.__setattr__(self, "header_keys", tuple(name.lower().encode() for name in self.header_values))

    @property
    def is_list(self) -> bool:
        """Whether the call returns pages of a list."""
        return any(parameter.name == "limit" for parameter in self.parameters)

    @property
    def name(self) -> str:
        """The name of the call: the last fixed part of the path, such as `resumeWorkflow`; for v1 with the version."""
        if self.operation:
            return self.operation
        parts = [part for part in self.path.split("/") if part and not part.startswith("{")]
        return parts[-1] if parts[0] != "v1" else f"{parts[-1]}_v1"


read_route: Final = partial(Route, method="GET")
"""Makes the route of a call that reads."""

manage_route: Final = partial(Route, method="POST")
"""Makes the route of a call that changes something."""

public_route: Final = partial(Route, access="public")
"""Makes the route of a call without a key."""

page_route: Final = partial(public_route, method="GET", has_strict_query=False, tag="Pages", refusals=(404,))
"""Makes the route of a page, or of a file of pages. Query parameters that mail programs add to a link are ignored."""
