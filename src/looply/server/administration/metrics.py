"""The metrics of the process, for who runs it: no key of an organization opens them."""

import asyncio
from typing import Final

from looply.app.context.metrics import CONTENT_TYPE
from looply.server.http.call import Answer, Call, Route


async def get_metrics(call: Call) -> Answer:
    """Returns the metrics as text."""
    metrics = call.services.metrics
    metrics.look()
    # Some thousand lines of text: others are answered meanwhile.
    return Answer(await asyncio.to_thread(metrics.render), media_type=CONTENT_TYPE)


ROUTES: Final = (
    Route(
        method="GET",
        path="/metrics",
        access="metrics",
        handle=get_metrics,
        summary="Metrics of the process in the text format of Prometheus",
        tag="Health",
        answer=str,
        answer_type="text/plain",
    ),
)
