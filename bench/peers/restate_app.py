"""The scenario as a Restate workflow. Runs in the SDK's own environment: `python restate_app.py PORT`."""

import asyncio
import sys
from typing import Any

import hypercorn.asyncio
import hypercorn.config
import restate
import uvloop
from restate import Workflow, WorkflowContext

COMPUTING = Workflow("Computing")


@COMPUTING.main()
async def run(ctx: WorkflowContext, order: dict[str, Any]) -> dict[str, Any]:
    """Runs three steps, each stored for itself."""

    async def total() -> dict[str, Any]:
        return {**order, "total": order["amount"] * 2}

    with_total = await ctx.run_typed("total", total)

    async def is_large() -> bool:
        return bool(with_total["total"] > 100)

    large = await ctx.run_typed("is_large", is_large)

    async def text() -> dict[str, Any]:
        return {**with_total, "text": f"Order {with_total['po']}: {with_total['total']} EUR", "large": large}

    return await ctx.run_typed("text", text)


PLAIN = Workflow("Plain")


@PLAIN.main("run")
async def run_plain(ctx: WorkflowContext, order: dict[str, Any]) -> dict[str, Any]:
    """Computes the same without a stored step: only its start and its end are stored."""
    order = {**order, "total": order["amount"] * 2}
    return {**order, "text": f"Order {order['po']}: {order['total']} EUR", "large": order["total"] > 100}


def main() -> None:
    """Serves the workflows until the process is stopped."""
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{sys.argv[1]}"]
    config.accesslog = None
    config.h2_max_concurrent_streams = 2**31 - 1
    config.keep_alive_max_requests = 2**31 - 1
    uvloop.install()
    asyncio.run(hypercorn.asyncio.serve(restate.app([COMPUTING, PLAIN]), config))


if __name__ == "__main__":
    main()
