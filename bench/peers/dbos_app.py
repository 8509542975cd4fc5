"""The scenario on DBOS with its SQLite store. Runs in DBOS's own environment: `python dbos_app.py PORT FOLDER`."""

import json
import sys
from typing import Any

import uvicorn
from dbos import DBOS

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
DBOS(
    config={
        "name": "bench",
        "system_database_url": f"sqlite:///{FOLDER}/dbos.sqlite",
        "log_level": "WARNING",
        "run_admin_server": False,
    }
)


@DBOS.step()
async def total(order: dict[str, Any]) -> dict[str, Any]:
    """Sets a value."""
    return {**order, "total": order["amount"] * 2}


@DBOS.step()
async def is_large(order: dict[str, Any]) -> bool:
    """Decides on it."""
    return bool(order["total"] > 100)


@DBOS.step()
async def text(order: dict[str, Any], large: bool) -> dict[str, Any]:
    """Sets a text."""
    return {**order, "text": f"Order {order['po']}: {order['total']} EUR", "large": large}


@DBOS.workflow()
async def computing(order: dict[str, Any]) -> dict[str, Any]:
    """Runs the three steps."""
    order = await total(order)
    return await text(order, await is_large(order))


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers when the workflow that the call started has ended."""
    if scope["type"] != "http":
        return
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    handle = await DBOS.start_workflow_async(computing, json.loads(body))
    done = await handle.get_result()
    answer = json.dumps({"id": handle.workflow_id, "text": done["text"]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    DBOS.launch()
    uvicorn.run(app, host="127.0.0.1", port=PORT, access_log=False, log_level="warning", lifespan="off")
