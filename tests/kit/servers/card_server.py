"""A server of the product with a channel of cards that writes what its readers see to a file.

Started in the place of the command (`Server.prefix`), with the arguments of `looply serve`; the file is named by
`CARD_MESSAGES`. The channel is named `teams`. Some calls of it are refused with a pause, and a process
that is killed leaves the messages that it sent: then no process knows whether they were.
"""

import argparse
import asyncio
import json
import os
import random
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from looply.bootstrap.channels import Channels
from looply.bootstrap.foundations import Foundations
from looply.bootstrap.running import serve
from looply.clock import SystemClock
from looply.engine.cards.handles import message_ids
from looply.engine.ports.card_channel import Budget, Copy, Delivered, TryAgain
from looply.execution.approvals.card_view import CardView
from looply.jsontext import encode_json
from looply.log import configure_log
from looply.settings import load_settings

MESSAGES = "CARD_MESSAGES"
PYTHON = sys.executable


class FileChannel:
    """Messages in a file, one line for each call that was carried out."""

    budget = Budget(per_second=200.0)

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chance = random.Random(path.stat().st_size if path.exists() else 0)

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """Sends the first message, or updates all of them."""
        if self._chance.random() < 0.2:
            raise TryAgain(timedelta(milliseconds=200))
        ids = message_ids(copy.handle)
        is_new = not ids or copy.is_reminder
        all_ids = (*ids, uuid4().hex) if is_new else ids
        line = {
            "card": copy.card_id,
            "execution": copy.execution_id,
            "ids": all_ids,
            "sent": is_new,
            "status": view.status,
            "number": view.number,
            "token": copy.token,
        }
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")
            await asyncio.to_thread(os.fsync, file.fileno())  # the answer is on its way
        return Delivered(handle=encode_json({"a": list(all_ids)}).decode())


def open_file_channel(_base: Foundations, _stack: AsyncExitStack) -> Channels:
    """Opens the channel."""
    return Channels(cards={"teams": FileChannel(Path(os.environ[MESSAGES]))})


def main() -> None:
    """Runs the server until it is asked to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="+")
    parser.add_argument("--data")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--ready-file")
    options = parser.parse_args()
    flags = {"data": options.data, "host": options.host, "port": options.port}
    settings = load_settings(environment=os.environ, flags=flags)
    configure_log(settings.log_level, SystemClock())

    def ready(address: str) -> None:
        Path(options.ready_file).write_text(f"{address}\n", encoding="utf-8")

    asyncio.run(serve(settings, ready, channels=open_file_channel))


if __name__ == "__main__":
    main()
