"""The connector port: what a connector declares, and the context that one call of an operation gets.

A connector is a module that exports one `Connector`. An operation takes its input and returns its output as JSON,
and raises `OperationError`s whose `sent` is true unless nothing can have reached the other system. It uses the network
through `CallContext.http` alone, which refuses forbidden destinations, bounds time and size, and never retries.
Retries, timeouts between attempts and the evaluation of statuses belong to the decision core.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

import httpx2
import jsonschema_rs
import msgspec

from looply.clock import Clock, SystemClock
from looply.connectors.blobs import Blobs, NoBlobs
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.sessions import SessionCache
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.foreign import ConnectorDefect, guard_foreign
from looply.connectors.outbound.dialer import Dialer, NoDialer
from looply.connectors.outbound.documents import DocumentCache
from looply.connectors.outbound.routes import Route
from looply.connectors.sandbox import NoSandbox, Sandbox
from looply.connectors.verdicts import judge_status
from looply.definition.schemas.schema_checker import MAX_PROBLEMS, brief_validator, count_values, first_error, truncate
from looply.definition.values.pointer import join_pointer
from looply.definition.values.repeat import REPEATS, Repeat
from looply.errors import BadInput, Problem
from looply.execution.facts.values.far import Verdict
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits

PORT_VERSION = 1
"""Increases when a connector written for the version before would no longer work."""

_FIELD: Final = re.compile(r"`\$\.(\w+)")
"""The field of the input in the library's message: at `$.method`."""

# A person enters no larger value: for such a one the first problem is enough.
_LISTED_VALUES = 2000

Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request. `url` is made by `looply.connectors.outbound.urls`, header names are in lower case."""

    method: str
    url: httpx2.URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    route: Route | None = None
    """The TLS settings and the proxy of the call's connection, if it has any."""

    def with_headers(self, headers: Mapping[str, str]) -> "HttpRequest":
        """Returns the same request with these headers added; they replace those of the same name."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One complete response: header names in lower case and in the order of arrival, the body decoded."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Returns the values of a header joined by `, `, or None when it was not sent. `name` is in lower case."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


class HttpSender(Protocol):
    """Sends the HTTP requests of one call of an operation."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Sends one request, follows no redirect and returns the whole response, whatever its status.

        Guarantees: the connected address is allowed by the egress policy; the time of all requests of the call
        together stays within the call's timeout; the decoded body is at most `limits.response_bytes`.

        Raises: Timeout, Unavailable, Rejected (codes `EGRESS_DENIED`, `RESPONSE_TOO_LARGE`, `BAD_RESPONSE`,
        `TLS_CERTIFICATE`, `TLS_CLIENT_CERTIFICATE`, `TLS_HANDSHAKE`) and BadInput; their `sent` is False only when no
        part of the request was sent, or the other system cannot have read it.
        """
        ...


class Secrets(Mapping[str, str]):
    """Credentials by name; neither `repr` nor `str` shows a value."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "***"


Target: TypeAlias = tuple[str, str, int]
"""Scheme, host and port that a credential may be sent to; mail has the scheme `smtp`."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The targets that the secrets of a connection may be sent to, and the manner of sending.

    `manner` has the settings that decide it, by name: the kind of authentication, the header, the encryption.
    """

    targets: frozenset[Target]
    manner: Mapping[str, Json]

    def document(self) -> dict[str, Json]:
        """Returns the binding as JSON, equal for equal bindings: secrets are sealed together with it."""
        return {"targets": sorted(map(list, self.targets)), "manner": dict(sorted(self.manner.items()))}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionValues:
    """A named connection as stored at the moment of the call."""

    name: str
    kind: str
    """Name of the `ConnectionKind`: `sap`, `http`."""
    settings: Mapping[str, Json]
    secrets: Mapping[str, str] = field(default_factory=lambda: Secrets({}))
    targets: frozenset[Target] | None = None
    """Where the secrets may be sent; None when the connection has no secrets."""
    revision: int = 0
    """Another one after each time that the connection was saved."""

    def __post_init__(self) -> None:
        if not isinstance(self.secrets, Secrets):
            object.__setattr__(self, "secrets", Secrets(self.secrets))

    def read(self, kind: str, shape: type[Shape], operation: str) -> Shape:
        """Returns the settings as the typed shape of a kind, for a call of an operation.

        Raises: BadInput for a connection of another kind, or whose settings do not fit the shape.
        """
        if self.kind != kind:
            raise BadInput(f"connection {self.name} is of kind {self.kind}; {operation} needs one of kind {kind}")
        try:
            return msgspec.convert(dict(self.settings), shape)
        except msgspec.ValidationError as error:
            raise BadInput(f"the settings of connection {self.name} do not fit: {error}") from error


async def _no_matching_connection(kind: str, settings: Mapping[str, str]) -> ConnectionValues:
    criteria = ", ".join(f"{name} {value}" for name, value in settings.items())
    raise BadInput(f"no {kind} connection can be looked up by {criteria} here; name it in `connection`")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """The context of one attempt of one step, given to an operation."""

    idempotency_key: str
    """The same for all attempts of a visit: `<execution>:<step>:<visit>`, with its scope in loops and branches."""
    execution_id: str
    step: str
    attempt: int
    """Counted from 1."""
    timeout: timedelta
    """Bound of the whole call; `http` enforces it."""
    http: HttpSender
    connection: Callable[[str], Awaitable[ConnectionValues]]
    """Returns the named connection of the execution's organization as stored now. Raises: BadInput without one."""
    clock: Clock
    cache: SessionCache
    """Sessions with other systems, kept in memory and shared by all calls of the process, by credentials."""
    tokens: TokenCache = field(default_factory=lambda: TokenCache(SystemClock()))
    """Access tokens, kept and shared as sessions are."""
    logons: Logons = field(default_factory=Logons)
    """Counts refused logons, shared by all calls of the process."""
    is_unsettled: bool = False
    """Whether an earlier attempt of the visit may have taken effect, which is unknown. Only an operation whose
    `repeat` is `ask` is called then: it repeats the call where the other system recognizes it, or finds out what
    became of it, or raises `Unsettled`."""
    entered_on: datetime | None = None
    """When the visit began: the same for all of its attempts."""
    documents: DocumentCache = field(default_factory=lambda: DocumentCache(SystemClock()))
    """Documents that describe services, kept in memory and shared by all calls of the process, by credentials."""
    matching_connection: Callable[[str, Mapping[str, str]], Awaitable[ConnectionValues]] = _no_matching_connection
    """Returns the one connection of a kind that has these settings. Raises: BadInput when it is not exactly one."""
    dialer: Dialer = field(default_factory=NoDialer)
    """Connects for protocols other than HTTP. The operation itself keeps within `timeout`."""
    sandbox: Sandbox = field(default_factory=NoSandbox)
    """Runs code of authors."""
    blobs: Blobs = field(default_factory=NoBlobs)
    """Keeps the bytes of answers that are no text, and opens those that the input refers to."""
    limits: Limits = DEFAULT_LIMITS
    organization_id: str = ""
    """The organization of the execution; shared resources are divided fairly among organizations."""
    depth: int = 0
    """The number of executions that called each other down to this one."""
    has_secrets: bool = False
    """Whether the input has secrets; if so, messages must not quote values derived from it."""


OperationCall = Callable[[CallContext, dict[str, Json]], Awaitable[Json]]
Judge = Callable[[Mapping[str, Json], Json, datetime], Verdict | None]
"""Takes the input, the output with its secrets masked, and the instant of the receipt."""
CommandLine = Callable[[Mapping[str, Json], Mapping[str, Json]], str]
"""Takes the input with its secrets masked, and the settings of its connection. Raises: BadInput when there is none."""


def _unchanged(input_: Mapping[str, Json]) -> Mapping[str, Json]:
    return input_


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that a connector can do.

    A workflow calls it by a step of type `operation`. Its input is checked against `input_schema` when the workflow is
    saved, except for values with expressions, and against `input` before each call.
    """

    name: str
    """`<connector>.<verb>`, unique in the process."""
    title: str
    input: type[msgspec.Struct]
    output: type[msgspec.Struct]
    repeat: Callable[[Mapping[str, Json]], Repeat] | Repeat
    """Whether a call may be repeated when its outcome is unknown, after a crash, a time limit or a cut connection.

    `always`: a second call changes nothing. `with_key`: the other system recognizes a second call by
    `CallContext.idempotency_key`, which the operation sends. `ask`: the operation itself decides, when it is called
    again with `CallContext.is_unsettled`. `never`: an incident is opened, and an operator decides.
    A function gets the input as an author wrote it, whose values may be expressions (`${...}`). Its result is stored
    in the definition when that is saved, and `on_unknown` of the step overrides it.
    """
    call: OperationCall
    connection_kind: str = ""
    """The kind of connection that the field `connection` of the input names; empty without such a field."""
    other_kinds: tuple[str, ...] = ()
    """Further kinds that such a connection may be of."""
    normalize: Callable[[Mapping[str, Json]], Mapping[str, Json]] = _unchanged
    """Normalizes an input before it is checked, such as a method to upper case."""
    judge: Judge = judge_status
    """Returns the verdict on an output, None for a plain success. It is called once, where the call ran.

    The default judges by the HTTP `status` of the output, if it has one.
    """
    is_derived: bool = False
    """Whether the output is derived from the input alone. If so, secrets in it are kept, since later steps need them,
    and the whole output of an input with secrets is secret; in other outputs secrets are masked."""
    command: CommandLine | None = None
    """Returns the call as a command line, by which people repeat it elsewhere; without it there is none."""

    def repeat_of(self, input_: Mapping[str, Json]) -> Repeat:
        """Returns whether a call with this input may be repeated after an unknown outcome."""
        if not callable(self.repeat):
            return self.repeat
        try:
            with guard_foreign("repeat_rule_broke", operation=self.name):
                found = self.repeat(input_)
        except ConnectorDefect:
            # A definition is not refused because this function does not expect expressions.
            return "never"
        return found if found in REPEATS else "never"

    def command_of(self, input_: Mapping[str, Json], settings: Mapping[str, Json]) -> str:
        """Returns the call with this input as a command line, empty where there is none. Nothing is sent.

        Secrets of the input are masked, `settings` are those of its connection, empty without one.
        """
        if self.command is None:
            return ""
        try:
            with guard_foreign("command_rule_broke", operation=self.name):
                return self.command(self.normalize(input_), settings)
        except (BadInput, ConnectorDefect):
            # Masks are texts, also in the place of another value.
            return ""

    def verdict_on(self, input_: Mapping[str, Json], output: Json, now: datetime) -> Verdict | None:
        """Returns the verdict on an output; that of its status alone when the connector's own judge breaks."""
        try:
            with guard_foreign("judge_broke", operation=self.name):
                return self.judge(input_, output, now)
        except ConnectorDefect:
            # The call was made: its output is not lost because the judge does not expect it.
            return judge_status(input_, output, now)

    async def perform(self, ctx: CallContext, input_: Mapping[str, Json]) -> Json:
        """Returns the output of one call.

        Raises: BadInput, before the call, when the input does not fit `input`; else what `call` raises.
        """
        given = dict(self.normalize(input_))
        read_input(self.input, given, self.name)
        return await self.call(ctx, given)

    @property
    def input_schema(self) -> dict[str, Any]:
        """The input's JSON Schema (2020-12)."""
        return msgspec.json.schema(self.input)

    @property
    def output_schema(self) -> dict[str, Any]:
        """The output's JSON Schema (2020-12)."""
        return msgspec.json.schema(self.output)


def _no_further_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:  # noqa: ARG001
    return ()


def _no_secrets(settings: Mapping[str, Json]) -> tuple[str, ...]:  # noqa: ARG001
    return ()


CheckState: TypeAlias = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that a test of a connection looked at.

    `skipped`: an earlier check failed, or the settings have nothing to check. `text` says what was found, without
    secrets, `fix` what to do.
    """

    name: str
    """`dns`, `tcp`, `tls`, `logon`, `service`, `csrf`, `clock`."""
    state: CheckState
    ms: int = 0
    """How long it took, in milliseconds."""
    text: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedCall:
    """A call as a definition has it: its operation, and its input, in which any value may have expressions."""

    operation: str
    input: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCheck:
    """What a call names that its system does not have, by what the system says of itself."""

    problems: tuple[Problem, ...] = ()
    """Their paths are pointers into the input."""
    unchecked: int = 0
    """How many places of the input are not known before the workflow runs, because an expression gives them."""
    failure: Problem | None = None
    """Why the call could not be checked, None when it was; its path is as those of `problems`."""
    is_compared: bool = True
    """Whether any of it was compared: not when an expression gives what it would be compared with, or when the kind
    of connection does not know the operation."""
    further: int = 0
    """How many problems are not in `problems`, because all calls together have more than one check lists."""


CheckCalls: TypeAlias = Callable[
    [CallContext, ConnectionValues, Sequence[DefinedCall]], Awaitable[tuple[CallCheck, ...]]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionKind:
    """One kind of connection: the shape that connections of it are checked against when they are saved."""

    name: str
    title: str
    settings: type[msgspec.Struct]
    secrets: type[msgspec.Struct]
    check: Callable[[Mapping[str, Json]], tuple[Problem, ...]] = _no_further_problems
    """Returns the problems, of settings that fit the schema, that a schema cannot express."""
    required_secrets: Callable[[Mapping[str, Json]], tuple[str, ...]] = _no_secrets
    """Returns the names of the secrets that settings need, such as those of their kind of authentication."""
    test: Callable[[CallContext, ConnectionValues, str], Awaitable[tuple[Check, ...]]] | None = None
    """Tests a connection, saved or not, from this process, and returns what it found. The text is a path of the system
    that is called too; empty: the connector chooses one. `looply.connectors.checking` has what the tests share."""
    discover: Callable[[CallContext, ConnectionValues, Mapping[str, str]], Awaitable[Json]] | None = None
    """Returns what the system offers, for completion while a workflow is written; the question names what is requested.
    Raises: OperationError."""
    check_calls: CheckCalls | None = None
    """Compares calls of definitions with what the system says of itself at present, and returns a check for each call,
    in their order. Nothing is changed, and no call is made as it is defined. Raises: OperationError."""
    binding: Callable[[Mapping[str, Json]], Binding] | None = None
    """Returns where and how the secrets are sent, for settings without `problems`; a kind with secrets must have it.
    Secrets are sealed together with the result: they must be entered again when it changes, and a release that computes
    another result from the same settings cannot open them. Raises: BadInput or msgspec.ValidationError for other
    settings."""
    target: Callable[[Mapping[str, Json]], str] | None = None
    """Returns the canonical name of the system that connections with these settings lead to, without any secret:
    `https://s4.example.com:44300#100`. Calls through connections with one target share its bound and its outages.
    Without it each connection counts as a system of its own. Raises: as `binding`."""
    criteria: Callable[[Mapping[str, Json]], Mapping[str, str]] | None = None
    """Returns the settings of the one connection that a call means which names its system by `system_id` and `client`
    of its input: the client as three digits. Without it calls name the connection. Raises: BadInput."""

    @property
    def has_secrets(self) -> bool:
        """Whether connections of this kind can have secrets."""
        return bool(self.secrets.__struct_fields__)

    def problems(self, settings: Json, secrets: Json) -> tuple[Problem, ...]:
        """Returns every problem of a connection; paths start with `/settings` or `/secrets`, no value is quoted."""
        found = (
            *_schema_problems("/settings", self.settings, settings),
            *_schema_problems("/secrets", self.secrets, secrets),
        )
        if found:
            return found
        missing = (name for name in self.required_secrets(settings) if not secrets.get(name))
        needed = (
            Problem(path=f"/secrets/{name}", message="is missing, and these settings need it") for name in missing
        )
        return (*self.check(settings), *needed)

    @property
    def settings_schema(self) -> dict[str, Any]:
        """The JSON Schema of the settings, for forms."""
        return msgspec.json.schema(self.settings)

    @property
    def secrets_schema(self) -> dict[str, Any]:
        """The JSON Schema of the secrets, for forms."""
        return msgspec.json.schema(self.secrets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """The export of a plugin: its operations and the kinds of connection that they use."""

    name: str
    title: str
    operations: tuple[Operation, ...]
    connection_kinds: tuple[ConnectionKind, ...] = ()
    port_version: int = PORT_VERSION


def read_input(shape: type[Shape], input_: Mapping[str, Json], operation: str) -> Shape:
    """Returns an operation's input as its typed shape; fields that the shape does not have are ignored.

    Raises: BadInput with the path of the first value that does not fit.
    """
    try:
        return msgspec.convert(input_, shape)
    except msgspec.ValidationError as error:
        wrong = BadInput(f"the input of {operation} does not fit: {error}")
        wrong.input_fields = tuple(_FIELD.findall(str(error)))
        raise wrong from error


def _schema_problems(root: str, shape: type[msgspec.Struct], value: Json) -> tuple[Problem, ...]:
    """Returns the problems of a value by the schema of a struct; only the first when it is far larger than any setting.

    No value is quoted.
    """
    schema = msgspec.json.schema(shape)
    validator = jsonschema_rs.validator_for(schema, mask="***")
    if validator.is_valid(value):
        return ()
    errors: Iterable[jsonschema_rs.ValidationError]
    if count_values(value) <= _LISTED_VALUES:
        errors = validator.iter_errors(value)
    else:
        errors = [error] if (error := first_error(brief_validator(schema), value)) else []
    return tuple(
        # The path says which value it is, in the place of its masked text.
        Problem(path=join_pointer(root, *error.instance_path), message=truncate(error.message).removeprefix("*** "))
        for error in islice(errors, MAX_PROBLEMS)
    )
