"""The metrics of the process, for operators. No API key of an organization gives access to them."""

import asyncio
from typing import Final

from looply.app.context.metrics import CONTENT_TYPE
from looply.server.http.call import Call, Response, Route


async def get_metrics(call: Call) -> Response:
    """Returns the metrics as text."""
    metrics = call.services.metrics
    metrics.take_snapshot()
    # Thousands of text lines: a thread renders them while the event loop serves other calls.
    return Response(await asyncio.to_thread(metrics.render), media_type=CONTENT_TYPE)


ROUTES: Final = (
    Route(
        method="GET",
        path="/metrics",
        access="metrics",
        handle=get_metrics,
        summary="Read the metrics of the process in the Prometheus text format",
        tag="Health",
        answer=str,
        answer_type="text/plain",
    ),
)
