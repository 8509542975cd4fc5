"""One call of an operation of a connector: its context, and an HTTP sender with scripted responses."""

from collections import deque
from datetime import timedelta
from functools import partial
from typing import Final

from looply.connectors.credentials.sessions import SessionCache
from looply.connectors.outbound.documents import DocumentCache
from looply.connectors.port import CallContext, HttpRequest, HttpResponse, HttpSender
from looply.errors import OperationError
from looply.testing.clock import FakeClock
from looply.testing.world import FakeConnections

_ORGANIZATION: Final = "organization-1"


class ScriptedHttp:
    """Records every request and answers with the scripted outcomes, in order."""

    def __init__(self, *outcomes: HttpResponse | OperationError) -> None:
        self.requests: list[HttpRequest] = []
        self._outcomes = deque(outcomes)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the next response. Raises: the next outcome, where it is an error; AssertionError after the last."""
        self.requests.append(request)
        assert self._outcomes, f"no outcome is left for {request.method} {request.url}"
        outcome = self._outcomes.popleft()
        if isinstance(outcome, OperationError):
            raise outcome
        return outcome


def call_context(http: HttpSender, connections: FakeConnections | None = None, *, attempt: int = 1) -> CallContext:
    """Returns the context of an attempt of the step `step_1`, with the key `execution-1:step_1:1`, at `START_TIME`."""
    known = connections or FakeConnections()
    clock = FakeClock()
    return CallContext(
        idempotency_key="execution-1:step_1:1",
        execution_id="execution-1",
        step="step_1",
        attempt=attempt,
        timeout=timedelta(seconds=30),
        http=http,
        connection=partial(known.find_by_name, _ORGANIZATION),
        matching_connection=partial(known.find_by_settings, _ORGANIZATION),
        clock=clock,
        cache=SessionCache(clock),
        documents=DocumentCache(clock),
        organization_id=_ORGANIZATION,
    )
