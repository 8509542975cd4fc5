"""Single flights: of equal pieces of work that are requested at once, one is done, and all get its result."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from looply.errors import LooplyError

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Shares work by key. The first caller does it; callers that come in the meantime wait, and get the same result."""

    def __init__(self) -> None:
        self._flights: dict[bytes, asyncio.Future[Result]] = {}

    async def share(self, key: bytes, work: Callable[[], Awaitable[Result]]) -> Result:
        """Returns the result of `work`, or of the same work of a caller that came before.

        When that caller is cancelled, or its time is over, the next one does the work. An error of the other system is
        shared too, so that it is not asked again for each waiting caller. Raises: what `work` raises.
        """
        while (flight := self._flights.get(key)) is not None:
            await asyncio.wait({flight})
            if not flight.cancelled():
                return flight.result()
        flight = asyncio.get_running_loop().create_future()
        self._flights[key] = flight
        try:
            result = await work()
        except LooplyError as error:
            flight.set_exception(error)
            flight.exception()  # it is raised below, also when no caller waits
            raise
        else:
            flight.set_result(result)
            return result
        finally:
            # Without an outcome, because its caller was cancelled or broke, the next one does the work.
            flight.cancel()
            del self._flights[key]
