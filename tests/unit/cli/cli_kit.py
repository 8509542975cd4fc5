"""Shared by the tests of the commands: a server that answers from a table, a clock, and the result of a command."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from looply.server.application import API_ROUTES

Answer = Callable[[httpx2.Request], httpx2.Response]

KEY = {"LOOPLY_API_KEY": "lk_test_key", "LOOPLY_URL": "http://looply.test"}


@dataclass
class Done:
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


class Keyboard(io.BytesIO):
    """Input that a person types."""

    def isatty(self) -> bool:
        return True


@dataclass
class FakeClock:
    """A clock that moves when the code under test pauses."""

    seconds: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> Any:
        raise AssertionError("no wall clock is needed")

    def monotonic(self) -> float:
        return self.seconds

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


def undeclared(name: str, query: Iterable[str]) -> set[str]:
    """Returns the query parameters that the API's call of this name does not take."""
    routes = [route for route in API_ROUTES if name in (route.name, route.name.lower()) or f"/{name}" in route.path]
    declared = {parameter.name for route in routes for parameter in route.parameters}
    if any(route.is_list for route in routes):
        declared.add("organization_id")  # a field of cursors, which the server ignores
    prefixes = tuple(route.prefix for route in routes if route.prefix)
    return {each for each in query if each not in declared and not each.startswith(prefixes)}


class Looply:
    """A server that answers calls by name from a table, remembers them, and refuses unknown query parameters."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, Any], Any]] = []
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        name = request.url.path.removeprefix("/v2/workflows/")
        query: dict[str, Any] = {}
        for key, value in request.url.params.multi_items():
            query[key] = [*query[key], value] if key in query else [value]
        body = json.loads(request.content) if request.content else None
        assert not undeclared(name.partition("/")[0], query), f"{name} takes no {query}"
        self.calls.append((name, {key: v[0] if len(v) == 1 else v for key, v in query.items()}, body))
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, httpx2.Response):
            return answer
        return httpx2.Response(200, json={"message": "success", **answer})


Command = Callable[..., Done]


def refusal(status: int, **body: Any) -> httpx2.Response:
    """An error as the API sends it."""
    return httpx2.Response(status, json={"code": "REFUSED", "errors": [], "request_id": "r-1", **body})


ID = "01a20e69-0006-7f8b-a23c-443896d21064"
WORKFLOW = "01a20e65-a0ff-7d22-b3cd-096c128b7bea"
BULK: dict[str, Any] = {
    "bulk_id": "b-1",
    "action": "redrive",
    "status": "RUNNING",
    "filter": {"workflow_id": WORKFLOW, "status": ["FAILED"]},
    "reason": "corrected",
    "rate_per_second": 5,
    "workflow_version": 2,
    "mapping": {},
    "done": 3,
    "refused": 1,
    "created_by": None,
    "created_on": 1_700_000_000_000,
    "modified_on": 1_700_000_000_000,
    "ended_on": None,
}


def row(execution_id: str = ID, process_id: str = "PO-1", **more: Any) -> dict[str, Any]:
    """Returns an execution as lists show it."""
    return {
        "workflow_execution_id": execution_id,
        "workflow_id": WORKFLOW,
        "workflow_version": 1,
        "workflow_current_state": "wait_for_response_state",
        "workflow_details": {"workflow_name": "Test"},
        "status": "WAITING",
        "process_id": process_id,
        "created_on": 1_700_000_000_000,
        "modified_on": 1_700_000_001_000,
        **more,
    }
