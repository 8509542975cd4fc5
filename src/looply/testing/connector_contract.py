"""The contract of connectors, as checks that the author of one runs in the tests of any framework.

`find_breaches` calls each operation that a `Case` names with scripted answers of its system, and asks each kind of
connection what it says of good and bad settings. No network is used, so operations of protocols other than HTTP are
checked by their declarations only.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import jsonschema_rs
import msgspec
import structlog.testing

from looply.connectors.outbound.urls import origin
from looply.connectors.port import ConnectionKind, Connector, HttpRequest, HttpResponse, Operation, Target
from looply.connectors.registry import load_connectors
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
_TAKEN: Final = (200, 204, 500, 503)
"""Statuses with which a system may have done what was asked."""
_FOR_THE_ENGINE: Final = (429, 500, 503)
"""Statuses after which the retry policy of the step decides."""
_MOST_REQUESTS: Final = 20
_NO_END: Final = Timeout("the call sends requests without an end", sent=True)
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

    - An input that fits makes one request for each answer; its output fits the output type.
    - What fails is not made again by the connector, and an error says truly whether the request was sent.
    - An input that does not fit is refused before anything is sent.
    - `repeat` is stated for every input; with `with_key` the key of the visit is sent.
    - A connection that cannot be made is an error with `sent` false, one that breaks later an error with `sent` true.
    - Whatever the system answers is an output or an `OperationError`, and can be judged.
    - Requests go only where the secrets of the connection may be sent.
    - No secret is in an error, in an output that the system did not put it into, or in a log.
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
    for input_ in ({}, dict.fromkeys(operation.input.__struct_encode_fields__, _EXPRESSION)):
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

    def __init__(self, answer: Callable[[int], HttpResponse | OperationError]) -> None:
        self.requests: list[HttpRequest] = []
        self._answer = answer

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the next answer. Raises: the next answer, where it is an error; Timeout after many requests."""
        self.requests.append(request)
        found = self._answer(len(self.requests) - 1) if len(self.requests) <= _MOST_REQUESTS else _NO_END
        if isinstance(found, OperationError):
            raise found
        return found


class _CaseCheck:
    """Calls one operation as one case says."""

    def __init__(self, connector: Connector, operation: Operation, case: Case) -> None:
        self._operation, self._case = operation, case
        self._kind = _kind_of(connector, operation)
        self._connections = FakeConnections()
        self._connections.put("X", case.secrets, operation.connection_kind, case.settings)
        self._targets: frozenset[Target] | None = None
        self._strange: set[Target] = set()
        answered = b"".join(answer.content for answer in case.answers)
        # A secret that the system returns is for Looply to mask.
        self._secrets = [text for text in case.secrets.values() if text and text.encode() not in answered]

    async def breaches(self) -> list[str]:
        """Returns what the operation, and the kind of its connection, do against the contract."""
        if self._kind is not None:
            if problems := self._kind.problems(dict(self._case.settings), dict(self._case.secrets)):
                return [f"the settings of the case are refused: {problems[0].path} {problems[0].message}"]
            if self._kind.binding is not None:
                self._targets = self._kind.binding(self._case.settings).targets
                self._connections.by_name["X"] = replace(self._connections.by_name["X"], targets=self._targets)
        with _caught_logs() as logs:
            found = [
                *await self._of_success(),
                *await self._of_input(),
                *await self._of_failures(),
                *await self._of_odd_answers(),
            ]
            if self._kind is not None:
                found += [*_of_kind(self._kind, self._case), *await self._of_test(self._kind)]
        if self._leaks("\n".join(logs)):
            found.append("a log has a secret of the connection")
        if self._strange:
            found.append(f"it calls {sorted(self._strange)}, which the binding of its connection does not name")
        return found

    async def _call(
        self, answer: Callable[[int], HttpResponse | OperationError], input_: Mapping[str, Json] | None = None
    ) -> tuple[_Recorder, Json | Exception]:
        recorder = _Recorder(answer)
        outcome: Json | Exception
        try:
            context = call_context(recorder, self._connections)
            outcome = await self._operation.perform(context, self._case.input if input_ is None else input_)
        except Exception as error:
            outcome = error
        if self._targets is not None:
            self._strange |= {origin(request.url) for request in recorder.requests} - self._targets
        return recorder, outcome

    def _answers(self, last: HttpResponse | OperationError) -> Callable[[int], HttpResponse | OperationError]:
        """Returns the answers of the case, but for the last one and those after it."""
        before = self._case.answers[:-1]
        return lambda number: before[number] if number < len(before) else last

    def _leaks(self, text: str) -> bool:
        return any(secret in text for secret in self._secrets)

    async def _of_success(self) -> list[str]:
        answers = self._case.answers
        left = Timeout("no answer is left", sent=True)
        recorder, outcome = await self._call(lambda number: answers[number] if number < len(answers) else left)
        if isinstance(outcome, Exception):
            return [f"a good call raises {outcome!r}"]
        found = []
        if len(recorder.requests) != len(answers):
            found.append(f"a good call sends {len(recorder.requests)} requests, expected {len(answers)}")
        found += self._of_output(outcome, "the output")
        key = call_context(recorder).idempotency_key
        sent = [text for request in recorder.requests for text in (*request.headers.values(), str(request.url))]
        bodies = b"".join(request.content for request in recorder.requests)
        is_with_key = self._operation.repeat_of(self._case.input) == "with_key"
        if is_with_key and key.encode() not in bodies and not any(key in text for text in sent):
            found.append("`repeat` is with_key, and the key of the visit is not sent")
        return found

    def _of_output(self, output: Json, what: str) -> list[str]:
        found = []
        if (problem := _unfit(output, self._operation.output)) is not None:
            found.append(f"{what} does not fit {self._operation.output.__name__}: {problem}")
        if self._leaks(msgspec.json.encode(output).decode()):
            found.append(f"{what} has a secret that the system did not return")
        return found

    async def _of_input(self) -> list[str]:
        found = []
        for name in self._operation.input.__struct_encode_fields__:
            wrong = {**self._case.input, name: {"not": ["a", "value"]}}
            if _unfit(wrong, self._operation.input) is None:
                continue
            recorder, outcome = await self._call(lambda _: self._case.answers[-1], wrong)
            if recorder.requests or not isinstance(outcome, OperationError) or outcome.sent:
                found.append(f"an input whose `{name}` does not fit is not refused before a request is sent")
        return found

    async def _of_failures(self) -> list[str]:
        found = []
        for error in (Unavailable("the connection is refused"), Timeout("no answer came", sent=True)):
            what = "breaks after the request was sent" if error.sent else "cannot be made"
            recorder, outcome = await self._call(self._answers(error))
            if not isinstance(outcome, OperationError) or outcome.sent is not error.sent:
                found.append(f"a connection that {what} gives {outcome!r}, expected an error with sent={error.sent}")
            elif self._leaks(str(outcome)):
                found.append(f"the error of a connection that {what} has a secret")
            if len(recorder.requests) > len(self._case.answers):
                found.append(f"a connection that {what} is tried again by the connector: that is for the engine to do")
        return found

    async def _of_odd_answers(self) -> list[str]:
        found = []
        for answer in _ODD_ANSWERS:
            said = f"{answer.status} {answer.content.decode()[:40]}".strip()
            recorder, outcome = await self._call(self._answers(answer))
            if len(recorder.requests) > len(self._case.answers) and answer.status in _FOR_THE_ENGINE:
                found.append(f"the answer {said} makes the connector try again: that is for the engine to do")
            elif len(recorder.requests) > _MOST_REQUESTS:
                found.append(f"the answer {said} makes the connector send requests without an end")
            if isinstance(outcome, OperationError):
                if self._leaks(str(outcome)):
                    found.append(f"the error of the answer {said} has a secret")
                if not outcome.sent and answer.status in _TAKEN:
                    found.append(f"the answer {said} gives {outcome!r} with sent=False, though the system answered")
            elif isinstance(outcome, Exception):
                found.append(f"the answer {said} raises {outcome!r}, expected an output or an OperationError")
            else:
                found += self._of_output(outcome, f"the output of the answer {said}")
                found += self._of_judge(outcome, said)
        return found

    def _of_judge(self, output: Json, answer: str) -> list[str]:
        try:
            self._operation.judge(self._case.input, output, START_TIME)
        except Exception as error:
            return [f"`judge` raises {error!r} for the answer {answer}"]
        return []

    async def _of_test(self, kind: ConnectionKind) -> list[str]:
        if kind.test is None:
            return []
        recorder = _Recorder(lambda _: Unavailable("the connection is refused"))
        try:
            checks = await kind.test(call_context(recorder, self._connections), self._connections.by_name["X"], "")
        except Exception as error:
            return [f"the test of a connection raises {error!r}, expected checks"]
        if not any(check.state == "failed" for check in checks):
            return ["the test of a connection that reaches nothing has no check that failed"]
        said = "\n".join(f"{check.text} {check.fix}" for check in checks)
        return ["a check of the test of a connection has a secret"] if self._leaks(said) else []


def _kind_of(connector: Connector, operation: Operation) -> ConnectionKind | None:
    """Returns the kind of an operation's connection, which another installed connector may declare; None without."""
    name = operation.connection_kind
    if not name:
        return None
    own = next((kind for kind in connector.connection_kinds if kind.name == name), None)
    return own or load_connectors().connection_kind(name)


def _of_kind(kind: ConnectionKind, case: Case) -> Iterator[str]:
    settings, secrets = dict(case.settings), dict(case.secrets)
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
    """Collects what is logged by `logging` at any level, with its tracebacks, and by structlog."""
    found: list[str] = []
    formatter = logging.Formatter()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(formatter.format(record))

    collector = Collector(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as events:
            yield found
            found.extend(map(str, events))
    finally:
        root.setLevel(level)
        root.removeHandler(collector)
