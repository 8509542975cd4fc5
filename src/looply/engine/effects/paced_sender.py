"""A sender whose large responses come one after the other, so that those of one organization leave time to others."""

from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.jsontext import work_units
from looply.rates import HEAVY_BYTES, Turns


class PacedSender:
    """See `HttpSender`. The slot of the call stays taken while its response waits, which bounds how many wait."""

    def __init__(self, sender: HttpSender, owner: str, turns: Turns) -> None:
        self._sender = sender
        self._owner = owner
        self._turns = turns

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Sends one request; a large response is returned when its turn has come. Raises: as `HttpSender.send`."""
        response = await self._sender.send(request)
        if len(response.content) > HEAVY_BYTES:
            await self._turns.wait(self._owner, work_units(response.content))
        return response
