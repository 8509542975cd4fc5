"""Fills a folder that `looply init` made: `python -m bench.harness.seeding DATA COUNT < what init answered`.

The folder gets the three workflows of `orders`, and so many executions of them within the last thirty days. Printed are
the ids of the workflows by kind, as JSON. It is a program of its own for stories in a browser, whose process has an
event loop already.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bench.harness.filling import Folder
from bench.harness.in_process import activated, in_process, note_of
from bench.harness.scenario import orders
from bench.scale.searching import fill_orders

DAYS: Final = timedelta(days=30)
_NOTED: Final = ("organization_id", "workspace_id", "api_key")


async def seed(data: Path, made: dict[str, Any], count: int) -> dict[str, str]:
    """Fills the folder; returns the ids of its workflows by kind."""
    noted: dict[str, Any] = {**{name: made[name] for name in _NOTED}, "workflow_ids": {}}
    note_of(data).write_text(json.dumps(noted), "utf-8")
    async with in_process(data) as held:
        ids = {kind: await activated(held, definition) for kind, definition in orders().items()}
    note_of(data).write_text(json.dumps({**noted, "workflow_ids": ids}), "utf-8")
    await fill_orders(Folder(data, noted["api_key"], ids), count, DAYS)
    return ids


if __name__ == "__main__":
    folder, number = sys.argv[1:]
    print(json.dumps(asyncio.run(seed(Path(folder), json.load(sys.stdin), int(number)))))
