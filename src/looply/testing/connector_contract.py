"""The contract of connectors, as checks that the author of one runs in the tests of any framework.

`find_breaches` calls each operation that a `Case` names with scripted answers of its system, and asks each kind of
connection what it says of good and bad settings. No network is used, so operations of protocols other than HTTP are
checked by their declarations only.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import jsonschema_rs
import msgspec

from looply.connectors.outbound.urls import origin
from looply.connectors.port import ConnectionKind, Connector, HttpRequest, HttpResponse, Operation
from looply.definition.values.repeat import REPEATS
from looply.errors import LooplyError, OperationError, Timeout, Unavailable
from looply.jsontext import Json
from looply.testing.calls import call_context
from looply.testing.clock import START_TIME
from looply.testing.world import FakeConnections

_JSON: Final = (("content-type", "application/json"),)
_HTML: Final = (("content-type", "text/html"),)
_ODD_ANSWERS: Final = (
    HttpResponse(status=204, reason="No Content"),
    HttpResponse(status=200, reason="OK", headers=_HTML, content=b"<form><input type=password></form>"),
    HttpResponse(status=200, reason="OK", headers=_JSON, content=b'{"cut'),
    HttpResponse(status=200, reason="OK", headers=_JSON, content=b"null"),
    HttpResponse(status=302, reason="Found", headers=(("location", "https://elsewhere.invalid/"),)),
    *(
        HttpResponse(status=status, reason="No", headers=_JSON, content=b'{"error": {"code": "X/1"}}')
        for status in (400, 401, 403, 404, 409, 423, 500, 503)
    ),
    HttpResponse(status=429, reason="No", headers=(("retry-after", "7"),)),
)
"""What systems answer, and the proxies before them."""
_EXPRESSION: Final = "${payload.output}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call of an operation.

    `input` names the connection `X` where the operation has one. `answers` are what the system answers to the requests
    of one successful call, in order; `settings` and `secrets` are those of the connection.
    """

    operation: str
    input: Mapping[str, Json]
    answers: tuple[HttpResponse, ...] = (HttpResponse(status=200, reason="OK", headers=_JSON, content=b"{}"),)
    settings: Mapping[str, Json] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


async def find_breaches(connector: Connector, cases: Sequence[Case]) -> list[str]:
    """Returns what the connector does against the contract, a sentence each; nothing when it keeps all of it.

    - An input that fits makes one request for each answer, and none a second time; its output fits the output type.
    - An input that does not fit is refused before anything is sent.
    - `repeat` is stated for every input; with `with_key` the key of the visit is sent.
    - A connection that cannot be made is an error with `sent` false, one that breaks later an error with `sent` true.
    - Whatever the system answers is an output or an `OperationError`, and can be judged.
    - Requests go only where the secrets of the connection may be sent.
    - No secret is in an error, in an output that the system did not put it into, or in a record of `logging`.
    - Settings and secrets are checked, and the same settings have the same binding and target.
    - A test of a connection raises nothing, and says that something failed where nothing answers.

    Raises: AssertionError when the connector has no operation of the name that a case has.
    """
    operations = {each.name: each for each in connector.operations}
    unknown = sorted({case.operation for case in cases} - operations.keys())
    assert not unknown, f"connector {connector.name} has no operation {', '.join(unknown)}"
    found: list[str] = []
    for operation in connector.operations:
        found += [f"{operation.name}: {text}" for text in _declaration(operation)]
    for case in cases:
        check = _CaseCheck(connector, operations[case.operation], case)
        found += [f"{case.operation}: {text}" for text in await check.breaches()]
    return found


def _declaration(operation: Operation) -> Iterator[str]:
    for input_ in ({}, dict.fromkeys(operation.input.__struct_fields__, _EXPRESSION)):
        try:
            said = operation.repeat(input_) if callable(operation.repeat) else operation.repeat
        except Exception as error:
            yield f"`repeat` raises {error!r} for an input of expressions or none, expected one of {', '.join(REPEATS)}"
            return
        if said not in REPEATS:
            yield f"`repeat` is {said!r}, expected one of {', '.join(REPEATS)}"
    for shape in (operation.input, operation.output):
        if not msgspec.json.schema(shape).get("$defs"):
            yield f"{shape.__name__} has no fields that can be checked"


class _Recorder:
    """An HTTP sender that answers by a function and keeps what was sent."""

    def __init__(self, answer: Callable[[], HttpResponse | OperationError]) -> None:
        self.requests: list[HttpRequest] = []
        self._answer = answer

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the next answer. Raises: the next answer, where it is an error."""
        self.requests.append(request)
        found = self._answer()
        if isinstance(found, OperationError):
            raise found
        return found


class _CaseCheck:
    """Calls one operation as one case says."""

    def __init__(self, connector: Connector, operation: Operation, case: Case) -> None:
        self._operation, self._case = operation, case
        kinds = {operation.connection_kind, *operation.other_kinds} - {""}
        self._kinds = [kind for kind in connector.connection_kinds if kind.name in kinds]
        self._connections = FakeConnections()
        kind = operation.connection_kind
        self._connections.put("X", case.secrets, kind, case.settings)
        targets = self._kinds[0].binding(case.settings).targets if self._kinds and self._kinds[0].binding else None
        self._connections.by_name["X"] = replace(self._connections.by_name["X"], targets=targets)
        self._targets = targets

    async def breaches(self) -> list[str]:
        """Returns what the operation, and the kind of its connection, do against the contract."""
        with _caught_logs() as logs:
            found = [
                *await self._of_success(),
                *await self._of_input(),
                *await self._of_failures(),
                *await self._of_odd_answers(),
            ]
            for kind in self._kinds[:1]:
                found += [*_of_kind(kind, self._case), *await self._of_test(kind)]
        if self._leaks("\n".join(logs)):
            found.append("a log has a secret of the connection")
        return found

    async def _call(
        self, answer: Callable[[], HttpResponse | OperationError], input_: Mapping[str, Json] | None = None
    ) -> tuple[_Recorder, Json | Exception]:
        recorder = _Recorder(answer)
        try:
            context = call_context(recorder, self._connections)
            return recorder, await self._operation.perform(context, self._case.input if input_ is None else input_)
        except Exception as error:
            return recorder, error

    def _leaks(self, text: str) -> bool:
        return any(secret in text for secret in self._case.secrets.values())

    async def _of_success(self) -> list[str]:
        answers = deque(self._case.answers)
        recorder, outcome = await self._call(lambda: answers.popleft() if answers else Timeout("no answer is left"))
        if isinstance(outcome, Exception):
            return [f"a good call raises {outcome!r}"]
        found = []
        if len(recorder.requests) != len(self._case.answers):
            found.append(f"a good call sends {len(recorder.requests)} requests, expected {len(self._case.answers)}")
        if (problem := _unfit(outcome, self._operation.output)) is not None:
            found.append(f"the output does not fit {self._operation.output.__name__}: {problem}")
        if self._leaks(msgspec.json.encode(outcome).decode()):
            found.append("the output has a secret that the system did not return")
        strange = {origin(request.url) for request in recorder.requests} - (self._targets or frozenset())
        if self._targets is not None and strange:
            found.append(f"it calls {sorted(strange)}, which the binding of its connection does not name")
        key = call_context(recorder).idempotency_key
        sent = [text for request in recorder.requests for text in (*request.headers.values(), str(request.url))]
        bodies = b"".join(request.content for request in recorder.requests)
        is_with_key = self._operation.repeat_of(self._case.input) == "with_key"
        if is_with_key and key.encode() not in bodies and not any(key in text for text in sent):
            found.append("`repeat` is with_key, and the key of the visit is not sent")
        return found

    async def _of_input(self) -> list[str]:
        found = []
        for name in self._operation.input.__struct_fields__:
            wrong = {**self._case.input, name: {"not": ["a", "value"]}}
            if _unfit(wrong, self._operation.input) is None:
                continue
            recorder, outcome = await self._call(lambda: self._case.answers[0], wrong)
            if recorder.requests or not isinstance(outcome, OperationError) or outcome.sent:
                found.append(f"an input whose `{name}` does not fit is not refused before a request is sent")
        return found

    async def _of_failures(self) -> list[str]:
        found = []
        for error in (Unavailable("the connection is refused"), Timeout("no answer came", sent=True)):
            what = "breaks after the request was sent" if error.sent else "cannot be made"
            recorder, outcome = await self._call(lambda error=error: error)  # type: ignore[misc]
            if not isinstance(outcome, OperationError) or outcome.sent is not error.sent:
                found.append(f"a connection that {what} gives {outcome!r}, expected an error with sent={error.sent}")
            elif self._leaks(str(outcome)):
                found.append(f"the error of a connection that {what} has a secret")
            if len(recorder.requests) > 1:
                found.append(f"a connection that {what} is tried again by the connector: that is for the engine to do")
        return found

    async def _of_odd_answers(self) -> list[str]:
        found = []
        for answer in _ODD_ANSWERS:
            said = f"{answer.status} {answer.content.decode()[:40]}".strip()
            _, outcome = await self._call(lambda answer=answer: answer)  # type: ignore[misc]
            if isinstance(outcome, OperationError):
                if self._leaks(str(outcome)):
                    found.append(f"the error of the answer {said} has a secret")
            elif isinstance(outcome, Exception):
                found.append(f"the answer {said} raises {outcome!r}, expected an output or an OperationError")
            elif (problem := _unfit(outcome, self._operation.output)) is not None:
                found.append(f"the output of the answer {said} does not fit: {problem}")
            else:
                try:
                    self._operation.judge(self._case.input, outcome, START_TIME)
                except Exception as error:
                    found.append(f"`judge` raises {error!r} for the answer {said}")
        return found

    async def _of_test(self, kind: ConnectionKind) -> list[str]:
        if kind.test is None:
            return []
        recorder = _Recorder(lambda: Unavailable("the connection is refused"))
        try:
            checks = await kind.test(call_context(recorder, self._connections), self._connections.by_name["X"], "")
        except Exception as error:
            return [f"the test of a connection raises {error!r}, expected checks"]
        if not any(check.state == "failed" for check in checks):
            return ["the test of a connection that reaches nothing has no check that failed"]
        said = "\n".join(f"{check.text} {check.fix}" for check in checks)
        return ["a check of the test of a connection has a secret"] if self._leaks(said) else []


def _of_kind(kind: ConnectionKind, case: Case) -> Iterator[str]:
    settings, secrets = dict(case.settings), dict(case.secrets)
    if problems := kind.problems(settings, secrets):
        yield f"the settings of the case are refused: {problems[0].path} {problems[0].message}"
        return
    if not kind.problems({**settings, "not_a_setting": 1}, secrets):
        yield "a setting that does not exist is accepted"
    if not kind.problems(settings, {**secrets, "not_a_secret": "x"}):
        yield "a secret that does not exist is accepted"
    if kind.has_secrets and kind.binding is None:
        yield "a kind of connection with secrets has no `binding`"
    turned = dict(reversed(settings.items()))
    if kind.binding is not None and kind.binding(settings).document() != kind.binding(turned).document():
        yield "`binding` depends on the order of the settings"
    if kind.target is not None and kind.target(settings) != kind.target(turned):
        yield "`target` depends on the order of the settings"
    if kind.target is not None and any(secret in kind.target(settings) for secret in secrets.values()):
        yield "`target` has a secret"


def _unfit(value: Json, shape: type[msgspec.Struct]) -> str | None:
    """Returns why a value does not fit a type and its JSON Schema, None when it does."""
    try:
        msgspec.convert(value, shape)
        jsonschema_rs.validate(msgspec.json.schema(shape), msgspec.to_builtins(value))
    except (msgspec.ValidationError, jsonschema_rs.ValidationError) as error:
        return str(error).splitlines()[0]
    except LooplyError as error:
        return str(error)
    return None


@contextmanager
def _caught_logs() -> Iterator[list[str]]:
    """Collects what is logged by the standard library's loggers, which Looply's log ends in."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    collector = Collector(logging.DEBUG)
    root = logging.getLogger()
    root.addHandler(collector)
    try:
        yield found
    finally:
        root.removeHandler(collector)
