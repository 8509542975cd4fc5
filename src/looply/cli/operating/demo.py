"""`looply demo`: runs the purchase-order approval from end to end."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter, validators

from looply.cli.terminal.failures import DONE, REFUSED
from looply.cli.terminal.terminal import Here


async def demo(
    *,
    auto: Annotated[bool, Parameter(help="Answer the approval too, then stop.", negative="")] = False,
    folder: Annotated[Path | None, Parameter(help="Keep everything in this new folder; else a temporary one.")] = None,
    port: Annotated[
        int, Parameter(help="Port of the server; 0 takes a free one.", validator=validators.Number(gte=0, lte=65_535))
    ] = 0,
    teams: Annotated[
        bool, Parameter(help="Bring the card to a Teams-like client on this machine, not to the inbox.", negative="")
    ] = False,
    terminal: Here,
) -> int:
    """Run the purchase-order approval with a server and an SAP-like system of its own.

    The system triggers the workflow, a card waits in the web inbox, the answer releases the order. Without --auto you
    answer the card in the browser, and both keep running until Ctrl-C. Exit status 0 when the order was released.
    """
    import asyncio  # noqa: PLC0415 - slow import: help pages need no event loop

    from looply.demo.run import DemoOptions, run_demo  # noqa: PLC0415 - slow import: only the demo needs its program

    options = DemoOptions(auto=auto, folder=folder, port=port, teams=teams)
    result = await run_demo(options, terminal.say, stay=asyncio.Event().wait)
    document = msgspec.to_builtins(result)
    if not terminal.is_table:
        terminal.show(document, str)
    return DONE if result.outcome == "released" else REFUSED
