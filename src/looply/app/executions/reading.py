"""The executions behind the rows of a page."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from looply.app.context.services import Services
from looply.engine.ports.lists import Execution
from looply.errors import LooplyError

_AT_ONCE: Final = 8
"""The most executions that are read at once: the states of these are in memory together."""


async def read_executions(services: Services, execution_ids: Sequence[str]) -> dict[str, Execution]:
    """Returns executions by id; those that were pruned or cannot be read are left out.

    One damaged execution does not hide the other rows of a page.
    """
    executions: dict[str, Execution] = {}
    unique_ids = list(dict.fromkeys(execution_ids))
    for begin in range(0, len(unique_ids), _AT_ONCE):
        some = unique_ids[begin : begin + _AT_ONCE]
        try:
            executions.update(await services.engine.executions.get_many(some))
        except LooplyError:
            for each in some:
                with suppress(LooplyError):
                    executions[each] = await services.engine.executions.get(each)
    return executions
