"""Health: liveness and readiness of the process."""

from typing import Final

from looply.errors import EngineError
from looply.server.http.call import Call, Response, public_route
from looply.server.http.wire import Message


async def live(call: Call) -> Response:  # noqa: ARG001
    """Answers that the process runs."""
    return Response(Message(message="live"))


async def ready(call: Call) -> Response:
    """Answers whether the server takes calls; 503 with the reason when it does not."""
    if call.services.lifecycle.is_draining:
        raise EngineError("the server is stopping", code="NOT_READY")
    health = call.services.engine.health()
    if not health.is_ready:
        raise EngineError(health.reason, code="NOT_READY")
    return Response(Message(message="ready"))


ROUTES: Final = (
    public_route(
        method="GET",
        path="/healthz/live",
        handle=live,
        summary="Check that the process runs",
        tag="Health",
        answer=Message,
    ),
    public_route(
        method="GET",
        path="/healthz/ready",
        handle=ready,
        summary="Check that the server takes calls",
        tag="Health",
        answer=Message,
    ),
)
